"""Which countries and regions a text is about: names matched with care, shown as evidence.

Names decide. Demonyms say where people come from as often as where something happens, and capitals
stand for governments and treaties, so these count half, and only for what is named otherwise.
Other cities are other cities, or people (measured on annotated humanitarian texts: cities over
15,000 souls take precision from .98 to .61), and are not looked for.
"""

import html
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from enrich import placenames
from enrich.names import longest, place_of
from enrich.placenames import CAPITAL, DEMONYM, HALF_REGION, NAME, REGION, Name, automaton
from enrich.text import Evidence, fold_cased

# A country in the title is what the text is about; in the text, one of several perhaps.
TITLE = 1.5
# Each of the countries that share a name ("Congo") when nothing says which is meant; a demonym, a
# capital or a region beside a country's name.
HALF = 0.5
# Of a country that is not named: a demonym or a capital if the text has both, or a demonym among
# others ("Eritreans and Ghanaians"). Of 235 annotated humanitarian texts, the first adds 3 right
# countries and 1 wrong one, the second 30 and 3; any demonym would add 45 and 25, and a demonym
# with a word of state ("the Chinese government") 6 and 5.
QUARTER = 0.25
# What a name that two countries share scores: with less ("Syrian and Afghan families", once), a
# text is hardly about that country more than about where it was written.
MAIN = 0.585
# So many demonyms stand together, each so near to the last ("Nigerian (n=12), followed by Ghanaian"
# has 25 characters between). Three, or 25 or 60 characters, leave precision as it is.
LISTED, NEXT = 2, 40
# A region's own name, or two of the halves (a town, an adjective): enough to tell of its country.
ONCE = 1.0
BELGIUM = "BE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """A country that a text names. `country` is ISO 3166-1 alpha-2, or XK; `score` > 0."""

    country: str
    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A region or province of Belgium that a text names: ISO 3166-2, and a score as countries'."""

    region: str
    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What a text is about, best first; ties in the order of their names."""

    countries: tuple[Country, ...] = ()
    regions: tuple[Region, ...] = ()


def places_of(title: str, text: str, language: str) -> Places:
    """Return the countries and regions that an article names.

    Names are looked for in the article's language (BCP 47) and in English, as CLDR writes them,
    so an inflected name (Russian "в Сирии") is missed rather than guessed.
    """
    found: dict[Name, Counter[str]] = {}
    listed: set[str] = set()
    for where, part in (("title", title), ("text", text)):
        hits = list(_names_in(part, language))
        for hit in hits:
            found.setdefault(hit.name, Counter())[where] += 1
        listed |= _nationalities(hits)
    named = _named(found)
    regions = _regions(found, named)
    countries = [*_by_name(named), *_by_half(found, named, listed, belgian=bool(regions))]
    tagged = {code for code, _, _ in countries}
    weights = {name: weight * _times(found[name]) for _, name, weight in regions}
    if BELGIUM in tagged or sum(weights.values()) >= ONCE:
        countries += [(BELGIUM, name, HALF) for name in weights]
    return Places(
        countries=tuple(
            Country(country=code, score=score, evidence=evidence)
            for code, score, evidence in _scored(countries, found)
        ),
        regions=tuple(
            Region(region=code, score=score, evidence=evidence)
            for code, score, evidence in _scored(regions, found)
        ),
    )


def countries_of(title: str, text: str, language: str) -> tuple[Country, ...]:
    return places_of(title, text, language).countries


def main_country(
    countries: Iterable[tuple[str, float]], source: str | None
) -> tuple[str | None, str | None]:
    """The country that an article is mainly about, and who says so: `text` or `source`.

    `countries` are those of its text with their scores, best first; `source` is the country of whom
    it comes from, which counts where the text names none, and is no evidence of what it is about.
    """
    code, score = next(iter(countries), (None, 0.0))
    if code and (score >= MAIN or not source):
        return code, "text"
    return (source, "source") if source else (None, None)


def country_name(code: str, locale: str) -> str:
    """Return CLDR's name of a country; in English, or the code itself, where it has none."""
    return _cldr_name("territories", code.upper(), locale) or code


def region_name(code: str, locale: str) -> str:
    """Return the name of a region of Belgium, in fr, nl, de or en; else in English, or the code."""
    labels = placenames.data("regions")["labels"]
    return str(labels.get(locale, labels["en"]).get(code, code))


def known_regions() -> tuple[str, ...]:
    return tuple(placenames.data("regions")["labels"]["en"])


def is_country(code: str) -> bool:
    """Whether it is what `Country.country` may be."""
    return code in placenames.territories("en")


# Babel's CLDR has Northern Kurdish under the name of both Kurdish languages.
LISTED_AS = {"kmr": "ku"}


def language_name(code: str, locale: str) -> str:
    """Return CLDR's name of a language (BCP 47 code), as it stands in a sentence; else the code."""
    code = LISTED_AS.get(code, code).replace("-", "_")
    return (
        _cldr_name("languages", code, locale)
        or _cldr_name("languages", placenames.base(code), locale)
        or code.replace("_", "-")
    )


def _cldr_name(kind: str, code: str, locale: str) -> str | None:
    for tag in (locale, "en"):
        found = placenames.locale(tag)
        name = getattr(found, kind).get(code) if found is not None else None
        if name:
            return str(name)
    return None


def version() -> str:
    return placenames.version()


# -- judging

Found = Mapping[Name, Mapping[str, int]]
# A code, the name that tells of it, and how much each time.
Mention = tuple[str, Name, float]


def _named(found: Found) -> dict[Name, tuple[str, ...]]:
    """The countries that each name of a country stands for here, if any."""
    sure = {
        name.codes[0]
        for name in found
        if name.kind == NAME and len(name.codes) == 1 and not name.doubtful
    }
    capitals = {name.codes[0] for name in found if name.kind == CAPITAL}
    demonyms = {name.codes[0] for name in found if name.kind == DEMONYM and len(name.codes) == 1}
    named = {}
    for name in found:
        if name.kind != NAME:
            continue
        for known in (sure, capitals, demonyms):
            meant = tuple(code for code in name.codes if code in known)
            if meant:
                break
        else:
            meant = () if name.doubtful else name.codes
        named[name] = meant
    return {name: meant for name, meant in named.items() if meant}


def _by_name(named: Mapping[Name, tuple[str, ...]]) -> Iterator[Mention]:
    for name, meant in named.items():
        # What is said of two, and nothing says which.
        weight = HALF if len(name.codes) > 1 and meant == name.codes else 1.0
        for code in meant:
            yield code, name, weight


def _by_half(
    found: Found, named: Mapping[Name, tuple[str, ...]], listed: set[str], *, belgian: bool
) -> Iterator[Mention]:
    """Demonyms and capitals: of countries that are named, that both tell of, or that are listed."""
    there = {code for meant in named.values() for code in meant}
    capitals = {name.codes[0] for name in found if name.kind == CAPITAL}
    if belgian:  # its regions do as well as its capital
        capitals.add(BELGIUM)
    demonyms = {code for name in found if name.kind == DEMONYM for code in name.codes}
    both = ((capitals & demonyms) | listed) - there
    for name in found:
        if name.kind not in (CAPITAL, DEMONYM):
            continue
        for known, weight in ((there, HALF), (both, QUARTER)):
            meant = [code for code in name.codes if code in known]
            if meant:
                for code in meant:
                    yield code, name, weight / len(meant)
                break


def _nationalities(hits: Iterable["_Hit"]) -> set[str]:
    """The countries of demonyms that stand in a list: of whom there are, where they come from."""
    listed: set[str] = set()
    row: list[_Hit] = []
    for hit in hits:
        if hit.name.kind != DEMONYM or len(hit.name.codes) > 1:
            continue
        if row and hit.start - row[-1].stop > NEXT:
            listed |= _list(row)
            row = []
        row.append(hit)
    return listed | _list(row)


def _list(row: Iterable["_Hit"]) -> set[str]:
    codes = {hit.name.codes[0] for hit in row}
    # "In French, English and Spanish" is a list of languages.
    sure = codes.difference(placenames.data("demonyms")["languages"])
    return codes if len(sure) >= LISTED else set()


def _regions(found: Found, named: Mapping[Name, tuple[str, ...]]) -> list[Mention]:
    there = {code for meant in named.values() for code in meant}
    belgian = BELGIUM in there or any(
        name.kind == REGION
        or (name.kind == DEMONYM and name.codes == (BELGIUM,))
        or (name.kind == HALF_REGION and not name.doubtful)
        for name in found
    )
    mentions = []
    for name in found:
        if name.kind not in (REGION, HALF_REGION):
            continue
        if name.doubtful and not belgian:
            continue
        weight = 1.0 if name.kind == REGION else HALF
        mentions += [(code, name, weight) for code in name.codes]
    return mentions


def _times(counts: Mapping[str, int]) -> float:
    return sum(count * (TITLE if where == "title" else 1.0) for where, count in counts.items())


def _scored(
    mentions: Iterable[Mention], found: Found
) -> list[tuple[str, float, tuple[Evidence, ...]]]:
    """Code, score and evidence of each place, best first."""
    weighed: dict[str, list[tuple[float, Evidence]]] = {}
    for code, name, weight in mentions:
        weighed.setdefault(code, []).extend(
            (
                weight * count * (TITLE if where == "title" else 1.0),
                Evidence(term=name.name, count=count, where=where),
            )
            for where, count in found[name].items()
        )
    scored = [
        (
            code,
            round(math.log1p(sum(weight for weight, _ in all_of)) / math.log(2), 3),
            tuple(
                evidence
                for _, evidence in sorted(all_of, key=lambda m: (-m[0], m[1].term, m[1].where))
            ),
        )
        for code, all_of in weighed.items()
    ]
    return sorted(scored, key=lambda place: -place[1])


# -- matching

# What surrounds a name is looked at so far, in characters.
WINDOW = 80


@dataclass(frozen=True, slots=True)
class _Hit:
    """Where a name stands in the folded text."""

    start: int
    stop: int
    name: Name


def _names_in(text: str, language: str) -> Iterator[_Hit]:
    """Yield the names in a text, the longest at each place, save those the guards refuse."""
    folded = f" {fold_cased(_DOLLARS.sub('$', _plain(text)))} "
    hits = []
    for end, (key, name) in automaton(language).iter(folded):
        if place := place_of(folded, end, key):
            hits.append((*place, name))
    for start, stop, name in longest(hits):
        before, after = folded[max(0, start - WINDOW) : start], folded[stop : stop + WINDOW]
        if name.codes and not _refused(name, before, after):
            yield _Hit(start, stop, name)


# Markup and addresses that were left in a text by mistake: what they name, the text does not.
_TAG = re.compile(r"</?[A-Za-z!][^<>]*>")
_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+")
# "US$" is money.
_DOLLARS = re.compile(r"\b(?:US|U\.S\.) ?\$")


def _plain(text: str) -> str:
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "&" in text:
        text = html.unescape(text)
    if "://" in text or "www." in text:
        text = _ADDRESS.sub(" ; ", text)
    return text


# A word with a capital, not a preposition; what a comma or a line's end parts does not count.
_CAPITALISED = re.compile(r" ?([A-Z]\w+) ")
_LAST_CAPITALISED = re.compile(r" ([A-Z]\w*) $")
_IN = re.compile(r" (?:in|across|throughout|inside|en|au|aux|nach|naar)$", re.IGNORECASE)
# In a list of abbreviations, the next one on either side.
_LISTED_BEFORE = re.compile(r"\b([A-Z]{2,})(?: ; | and | et | & )(?:the )?$")
_LISTED_AFTER = re.compile(r"^(?: ; | and | et )([A-Z]{2,}) ")


def _refused(name: Name, before: str, after: str) -> bool:
    """Whether what surrounds a name says that it is no country's or region's here."""
    if name.kind == DEMONYM:
        return bool(_bodies().search(f"{before} \x00 {after}"))
    if name.union:
        return bool(_union().search(before) or _union().search(after))
    if name.person:
        return _of_person(before, after)
    if len(name.name) <= 3 and name.name.isupper():  # noqa: PLR2004 (as long as acronyms are)
        return _of_body(name, before, after)
    return False


def _of_person(before: str, after: str) -> bool:
    if _IN.search(before.rstrip()):
        return False
    neighbour = _LAST_CAPITALISED.search(before)
    named = neighbour and neighbour[1] not in _lists("people", "unless_after")
    return bool(named or _CAPITALISED.match(after))


def _of_body(name: Name, before: str, after: str) -> bool:
    # In a line of capitals, "CONTACT US" and "CAR SALES" are no countries.
    beside = (before.split()[-1:], after.split()[:1])
    if any(words and words[0].isupper() and len(words[0]) > 1 for words in beside):
        return True
    if not name.body:
        return False
    listed = (_LISTED_BEFORE.search(before), _LISTED_AFTER.match(after))
    return any(each and each[1] not in _lists("bodies", "unless_beside") for each in listed)


@cache
def _lists(table: str, field: str) -> frozenset[str]:
    return frozenset(placenames.data("countries")[table][field])


@cache
def _bodies() -> re.Pattern[str]:
    """Finds a body's name directly before or after the NUL that stands for a demonym."""
    either = "|".join(map(fold_cased, placenames.data("demonyms")["bodies"]))
    return re.compile(rf"(?:{either}) +\x00|\x00 +(?:{either}) ")


@cache
def _union() -> re.Pattern[str]:
    words = placenames.data("regions")["union"]["words"]
    return re.compile(rf" (?:{'|'.join(map(fold_cased, words))}) ")
