"""Which organisations a text names: a gazetteer, matched with care, shown as evidence.

A file of `gazetteer/` holds records, a table each; its name is the organisation's id:

    [wfp]
    kind = "un"                     one of KINDS
    country = "BE"                  where it works, if in one country; may stand atop the file
    parent = "un"                   the organisation it is a part or a member of
    family = true                   its bare name may mean the one member that a text names in full
    source = ["wfp"]                its records in the registry of sources
    context = ["ration"]            beginnings of words that keep a doubtful name company
    en = ["World Food Programme"]   names by language; `any` is looked for in all languages
    any = ["WFP"]

A name is written with as few capitals as it may have: a text may have more, not fewer. One in
capitals is an acronym. It is found in every language if it has several words, else in its own.

    "?PAM"      doubtful: wants company, which is a sure name of the same organisation, a word of
                `context`, a sure organisation of the same country (or another international one),
                or the country itself
    "??DRC"     counts only where the text has its full name

`rules.toml` makes the names of national societies, and says which names hide others. All of it is
public knowledge, written by us, and ids of our own registry.
"""

import math
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import ahocorasick

from enrich.names import keys, longest, place_of
from enrich.places import country_name
from enrich.text import Evidence, fold_cased

GAZETTEER = Path(__file__).parent / "gazetteer"
RULES = "rules.toml"
KINDS = (
    "un", "igo", "red-cross", "ngo", "federation", "network", "public-body", "ministry",
    "research", "union", "mutual", "donor", "programme",
)  # fmt: skip
LANGUAGES = ("fr", "nl", "en", "de", "es", "pt", "it", "ar", "ru", "uk", "sk")
ANY = "any"
# As for countries: who stands in the title is what the text is about.
TITLE = 1.5
# A doubtful name in company; the company itself is what makes it more than a guess.
DOUBTFUL = 0.5


class GazetteerError(ValueError):
    """A file of the gazetteer is wrong: names the file, the record and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """An organisation that a text names. `name` is in the text's language; `score` > 0."""

    organisation: str
    name: str
    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationRecord:
    """A record of the gazetteer. `names` keep their signs; its keys are LANGUAGES and ANY."""

    id: str
    kind: str
    names: Mapping[str, tuple[str, ...]]
    country: str | None = None
    parent: str | None = None
    family: bool = False
    source: tuple[str, ...] = ()
    context: tuple[str, ...] = ()

    def name(self, language: str) -> str:
        """What it is called in that language, else anywhere; spelt out rather than an acronym."""
        written = [
            name.lstrip("?")
            for tag in dict.fromkeys((language, ANY, "en", *self.names))
            for name in self.names.get(tag, ())
        ]
        return next((name for name in written if not is_acronym(name)), written[0])

    @property
    def acronym(self) -> str | None:
        """Its first acronym."""
        written = (name.lstrip("?") for names in self.names.values() for name in names)
        return next(filter(is_acronym, written), None)


def organisations_of(
    title: str, text: str, language: str, countries: Collection[str] = ()
) -> tuple[Organisation, ...]:
    """Return the organisations that an article names, best first; ties in their order in it.

    `countries` are those that it names (ISO 3166-1 alpha-2). It finds only what the gazetteer
    has: an association of one town is not there.
    """
    base = _base(language)
    folded = {where: f" {fold_cased(part)} " for where, part in (("title", title), ("text", text))}
    found: dict[_Meant, dict[str, int]] = {}
    for where, part in folded.items():
        for meant in _names_in(part, base):
            counts = found.setdefault(meant, {})
            counts[where] = counts.get(where, 0) + 1
    mentions: dict[str, list[tuple[float, Evidence]]] = {}
    for meant, name in _settled(found, " ".join(folded.values()).lower(), countries):
        weight = DOUBTFUL if name.doubt else 1.0
        mentions.setdefault(name.organisation, []).extend(
            (
                weight * count * (TITLE if where == "title" else 1.0),
                Evidence(term=name.name, count=count, where=where),
            )
            for where, count in found[meant].items()
        )
    _hand_down(mentions)
    organisations = [
        Organisation(
            organisation=ident,
            name=gazetteer()[ident].name(base),
            score=round(math.log1p(sum(weight for weight, _ in all_of)) / math.log(2), 3),
            evidence=tuple(
                evidence
                for _, evidence in sorted(all_of, key=lambda m: (-m[0], m[1].term, m[1].where))
            ),
        )
        for ident, all_of in mentions.items()
    ]
    return tuple(sorted(organisations, key=lambda one: -one.score))


def is_acronym(name: str) -> bool:
    """Tell whether a name is letters rather than words: UNHCR, FdSS, but not HelpAge."""
    capitals = sum(char.isupper() for char in name)
    return " " not in name and capitals > 1 and 2 * capitals >= len(name)


@cache
def gazetteer() -> Mapping[str, OrganisationRecord]:
    """Read all files once: id -> record, those of rules.toml last.

    Raises GazetteerError for the first thing that is wrong.
    """
    records: dict[str, OrganisationRecord] = {}
    for path in _files():
        if path.name == RULES:
            continue
        for record in _records(path):
            if record.id in records:
                raise GazetteerError(f"{path.name}: [{record.id}] is another file's id; choose one")
            records[record.id] = record
    for record in _members():
        # What is written out by hand is better known.
        records.setdefault(record.id, record)
    for record in records.values():
        if record.parent is not None and record.parent not in records:
            raise GazetteerError(
                f"[{record.id}] has parent {record.parent!r}, which is no id; add it"
            )
    return records


@cache
def version() -> str:
    """Return 12 hex digits that change when a record or a rule does."""
    digest = blake2b(digest_size=6)
    for path in _files():
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


# -- which names count


@dataclass(frozen=True, slots=True)
class _Name:
    """A name of one organisation as it is looked for. `doubt` is how many signs it has.

    `languages` are empty if it is found in all; no `organisation`: it only hides others.
    """

    organisation: str
    name: str
    folded: str
    doubt: int = 0
    acronym: bool = False
    # The same name has one key for each language: equality is that of the name.
    languages: frozenset[str] = field(default=frozenset(), compare=False)


# What is written at one place: one name or, where organisations share it, several.
_Meant = tuple[_Name, ...]


def _settled(
    found: Mapping[_Meant, Mapping[str, int]], text: str, countries: Collection[str]
) -> Iterator[tuple[_Meant, _Name]]:
    """Yield the names that count, each with what it was found as."""
    sure = {meant[0].organisation for meant in found if not meant[0].doubt}
    spelt = {name.organisation for (name, *_) in found if not name.doubt and not name.acronym}
    records = gazetteer()
    at = {records[ident].country for ident in sure}
    for meant in found:
        if not meant[0].doubt:
            yield meant, meant[0]
            continue
        meaning = [
            name
            for name in meant
            if name.organisation in spelt
            or (name.doubt == 1 and name.organisation in sure)
            or (name.doubt == 1 and _accompanied(records[name.organisation], text, at, countries))
        ]
        if len(meaning) == 1:
            yield meant, meaning[0]


def _accompanied(
    record: OrganisationRecord, text: str, at: Collection[str | None], countries: Collection[str]
) -> bool:
    """Tell whether the text has what makes a doubtful name of this organisation likely.

    A record with words of its own is kept company by these alone.
    """
    if record.context:
        return any(word in text for word in _context(record.id))
    return record.country in at or record.country in countries


def _hand_down(mentions: dict[str, list[tuple[float, Evidence]]]) -> None:
    """Give what is said of a family to its one member that is named: "Caritas" is Caritas Mali."""
    records = gazetteer()
    for ident in [ident for ident in mentions if records[ident].family]:
        members = [other for other in mentions if records[other].parent == ident]
        if len(members) == 1:
            mentions[members[0]].extend(mentions.pop(ident))


# -- matching


def _names_in(folded: str, language: str) -> Iterator[_Meant]:
    """Yield what is meant at each place of a text, the longest there."""
    lower = folded.lower()
    hits = []
    for end, (key, names) in _automaton().iter(lower):
        place = place_of(lower, end, key)
        if place is None:
            continue
        written = folded[place[0] : place[1]]
        meant = tuple(
            name
            for name in names
            if (not name.languages or language in name.languages) and _capitals(name, written)
        )
        if meant:
            hits.append((*place, meant))
    defined: dict[str, bool] = {}
    for start, stop, meant in longest(hits):
        if not meant[0].organisation:
            continue
        written = folded[start:stop]
        if " " not in written and written.isupper() and _shouted(folded, start, stop):
            continue
        if meant[0].acronym:
            if written not in defined:
                defined[written] = _defined_otherwise(folded, written)
            if defined[written]:
                continue
        yield meant


def _capitals(name: _Name, written: str) -> bool:
    """Tell whether a text has all the capitals of a name: it may have more, an acronym may not."""
    if name.folded == written:
        return True
    if " " not in name.folded:
        # An acronym has all its capitals or is another word; Arabic has none.
        return not name.acronym and written.upper() == written
    # What melts into the article of Arabic is of another length, and has no capitals anyway.
    return all(
        there.isupper() or not char.isupper()
        for char, there in zip(name.folded, written, strict=False)
    )


# So many words on either side of a name tell whether its line is all in capitals.
_BESIDE = 4


def _shouted(folded: str, start: int, stop: int) -> bool:
    """Tell whether a word in capitals stands in a line of capitals, where it means nothing.

    Sure acronyms beside it do not count: a list of agencies is no shouting.
    """
    words = [
        word
        for word in (
            *folded[max(0, start - 80) : start].replace(";", "").split()[-_BESIDE:],
            *folded[stop : stop + 80].replace(";", "").split()[:_BESIDE],
        )
        if len(word) > 1 and word not in _sure_acronyms()
    ]
    loud = [word for word in words if word.isupper() and word.isalpha()]
    return len(loud) > 1 and 2 * len(loud) > len(words)


# Words that acronyms leave out.
_SHORT = 4


def _defined_otherwise(folded: str, acronym: str) -> bool:
    """Tell whether a text introduces an acronym with a name that is none of ours.

    In brackets behind a name whose initials it is, or followed by that name in brackets.
    """
    letters = acronym.lower()
    start = folded.find(f"; {acronym} ;")
    while start >= 0:
        before = folded[:start].rsplit(";", maxsplit=1)[-1].split()
        words = _spelt(before[::-1], letters[::-1])
        if words and not _is_ours(" ".join(words[::-1]), acronym):
            return True
        start = folded.find(f"; {acronym} ;", start + 1)
    start = folded.find(f" {acronym} ; ")
    while start >= 0:
        after = folded[start + len(acronym) + 4 :].split(";", maxsplit=1)[0].split()
        words = _spelt(after, letters)
        if words and len(words) == len(after) and not _is_ours(" ".join(words), acronym):
            return True
        start = folded.find(f" {acronym} ; ", start + 1)
    return False


def _spelt(words: list[str], letters: str) -> list[str]:
    """The words whose initials are the letters, short ones between them included; [] if none."""
    wanted, taken = list(letters), list[str]()
    for word in words:
        if word[0].lower() == wanted[0]:
            wanted.pop(0)
        elif not (word.islower() and len(word) <= _SHORT and taken):
            return []
        taken.append(word)
        if not wanted:
            return taken if any(each[0].isupper() for each in taken) else []
    return []


def _is_ours(words: str, acronym: str) -> bool:
    """Tell whether words that spell an acronym are a name of an organisation that has it."""
    spoken = f" {words.lower()} "
    return any(
        f" {known} " in spoken or spoken in f" {known} "
        for name in _by_key().get(f" {acronym.lower()} ", ())
        for known in _spelt_out(name.organisation)
    )


@cache
def _spelt_out(ident: str) -> tuple[str, ...]:
    return tuple(name.folded.lower() for name in _names(gazetteer()[ident]) if not name.acronym)


@cache
def _automaton() -> Any:
    automaton = ahocorasick.Automaton()
    for key, names in _by_key().items():
        automaton.add_word(key, (key, names))
    automaton.make_automaton()
    return automaton


@cache
def _by_key() -> Mapping[str, tuple[_Name, ...]]:
    """Map what is looked for, in small letters, to the names that it may be; blockers first."""
    by_key: dict[str, dict[_Name, _Name]] = {}
    for name in (*_blockers(), *(name for one in gazetteer().values() for name in _names(one))):
        for key in keys(name.folded.lower()):
            same = by_key.setdefault(key, {})
            there = same.get(name)
            if there is not None:
                # Found in all languages, or in those of either.
                both = there.languages and name.languages
                languages = there.languages | name.languages if both else frozenset[str]()
                name = _Name(  # noqa: PLW2901 (the same one, for more languages)
                    name.organisation, name.name, name.folded, name.doubt, name.acronym, languages
                )
            same[name] = name
    # A sure name first; a blocker hides all.
    return {
        key: tuple(sorted(same.values(), key=lambda name: (bool(name.organisation), name.doubt)))
        for key, same in by_key.items()
    }


# An acronym of so many letters may be written as a word: Unicef, Ofpra.
_PRONOUNCED = 5


def _names(record: OrganisationRecord) -> Iterator[_Name]:
    for tag, names in record.names.items():
        for written in names:
            name = written.lstrip("?")
            doubt = len(written) - len(name)
            acronym = is_acronym(name)
            folded = fold_cased(name)
            # Only where words go together does a name say the same in all languages.
            everywhere = tag == ANY or (" " in folded and not doubt)
            languages = frozenset[str]() if everywhere else frozenset((tag,))
            yield _Name(record.id, name, folded, doubt, acronym, languages)
            if (
                acronym
                and folded.isupper()
                and len(folded) >= _PRONOUNCED
                and name not in _rules()["capitals"]["only"]
            ):
                yield _Name(record.id, name, folded.title(), doubt, acronym, languages)


def _blockers() -> Iterator[_Name]:
    for tag, names in _rules()["blockers"].items():
        for name in names:
            yield _Name("", name, fold_cased(name), languages=frozenset((tag,)))


@cache
def _sure_acronyms() -> frozenset[str]:
    return frozenset(
        name.folded
        for names in _by_key().values()
        for name in names
        if name.acronym and not name.doubt
    )


@cache
def _context(ident: str) -> tuple[str, ...]:
    return tuple(f" {fold_cased(word).lower()}" for word in gazetteer()[ident].context)


def _base(language: str) -> str:
    return re.split("[-_]", language, maxsplit=1)[0].lower()


# -- reading

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_FIELDS = frozenset(("kind", "country", "parent", "family", "source", "context"))
# In the tables of adjectives.
_COLUMNS = ("en", "fr", "nl", "es", "ar")


def _files() -> list[Path]:
    return sorted(GAZETTEER.glob("*.toml"))


@cache
def _rules() -> dict[str, Any]:
    return _read(GAZETTEER / RULES)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise GazetteerError(f"{path.name}: not a TOML file in UTF-8 ({error}); mend it") from error


def _records(path: Path) -> Iterator[OrganisationRecord]:
    data = _read(path)
    country = data.pop("country", None)
    for ident, table in data.items():
        where = f"{path.name}: [{ident}]"
        if not _SLUG.fullmatch(ident) or not isinstance(table, dict):
            raise GazetteerError(f"{where} must be a table whose id is a-z, 0-9 and hyphens")
        for key in table.keys() - _FIELDS - {*LANGUAGES, ANY}:
            raise GazetteerError(f"{where} has unknown field {key!r}; the module names all")
        if table.get("kind") not in KINDS:
            raise GazetteerError(f"{where}: kind must be one of {', '.join(KINDS)}")
        names = {tag: _strings(where, tag, table[tag]) for tag in (ANY, *LANGUAGES) if tag in table}
        if not names:
            raise GazetteerError(f'{where} has no name; give one, as in en = ["Its Name"]')
        yield OrganisationRecord(
            id=ident,
            kind=table["kind"],
            names=names,
            country=table.get("country", country),
            parent=table.get("parent"),
            family=table.get("family", False),
            source=_strings(where, "source", table.get("source", [])),
            context=_strings(where, "context", table.get("context", [])),
        )


def _strings(where: str, key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise GazetteerError(f"{where}: {key} must be a list of texts, none of them empty")
    return tuple(value)


def _members() -> Iterator[OrganisationRecord]:
    """The national societies that the rules make, by country."""
    rules = _rules()
    adjectives = rules["adjectives"]
    every = {code: row for table in adjectives.values() for code, row in table.items()}
    for name, rule in rules["members"].items():
        for code, row in sorted(adjectives.get(name, every).items()):
            if code in rule.get("except", ()):
                continue
            columns = dict(
                zip(_COLUMNS, (cell.split("/") for cell in row.split("|")), strict=False)
            )
            names = {
                tag: tuple(dict.fromkeys(_filled(rule[tag], code, tag, columns.get(tag, ()))))
                for tag in LANGUAGES
                if tag in rule
            }
            yield OrganisationRecord(
                id=rule["id"].format(code=code.lower()),
                kind=rule["kind"],
                names={tag: written for tag, written in names.items() if written},
                country=code,
                parent=rule["parent"],
            )


def _filled(
    patterns: Iterable[str], code: str, tag: str, adjectives: Iterable[str]
) -> Iterator[str]:
    country = re.sub(r"\s*[(（].*", "", country_name(code, tag))
    for pattern in patterns:
        if "{country}" in pattern:
            yield pattern.format(country=country)
            continue
        for adjective in filter(None, map(str.strip, adjectives)):
            yield pattern.format(adjective=adjective)
