"""Which countries a text is about: names of CLDR, matched with care, shown as evidence.

Names only. Cities are other cities, or people (measured on annotated humanitarian texts: cities
over 15,000 souls take precision from .98 to .61), and demonyms say where people come from as
often as where something happens (.92), so neither is used.
"""

import math
import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import ahocorasick

from enrich.text import Evidence, fold_cased

DATA = Path(__file__).parent / "data" / "countries.toml"

# CLDR's territories that ISO 3166-1 gives no code of its own (islets, unions, the unknown).
NOT_COUNTRIES = frozenset(
    ("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ")
)
# A country in the title is what the text is about; in the text, one of several perhaps.
TITLE = 1.5
# Each of the countries that share a name ("Congo") when nothing says which is meant.
SHARED = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """A country that a text names. `country` is ISO 3166-1 alpha-2, or XK; `score` > 0."""

    country: str
    score: float
    evidence: tuple[Evidence, ...]


def countries_of(title: str, text: str, language: str) -> tuple[Country, ...]:
    """Return the countries that an article names, best first; ties in the order of their names.

    Names are looked for in the article's language (BCP 47) and in English, as CLDR writes them,
    so an inflected name (Russian "в Сирии") is missed rather than guessed.
    """
    found: dict[_Name, dict[str, int]] = {}
    for where, part in (("title", title), ("text", text)):
        for name in _names_in(part, language):
            counts = found.setdefault(name, {})
            counts[where] = counts.get(where, 0) + 1
    sure = {name.codes[0] for name in found if len(name.codes) == 1 and not name.doubtful}
    mentions: dict[str, list[tuple[float, Evidence]]] = {}
    for name, counts in found.items():
        meant = [code for code in name.codes if code in sure]
        if name.doubtful and not meant:
            continue
        for code in meant or name.codes:
            weight = 1.0 if meant else SHARED
            mentions.setdefault(code, []).extend(
                (
                    weight * count * (TITLE if where == "title" else 1.0),
                    Evidence(term=name.name, count=count, where=where),
                )
                for where, count in counts.items()
            )
    countries = [
        Country(
            country=code,
            score=round(math.log1p(sum(weight for weight, _ in all_of)) / math.log(2), 3),
            evidence=tuple(
                evidence
                for _, evidence in sorted(all_of, key=lambda m: (-m[0], m[1].term, m[1].where))
            ),
        )
        for code, all_of in mentions.items()
    ]
    return tuple(sorted(countries, key=lambda country: -country.score))


def country_name(code: str, locale: str) -> str:
    """Return CLDR's name of a country; in English, or the code itself, where it has none."""
    return _cldr_name("territories", code.upper(), locale) or code


# Babel's CLDR has Northern Kurdish under the name of both Kurdish languages.
LISTED_AS = {"kmr": "ku"}


def language_name(code: str, locale: str) -> str:
    """Return CLDR's name of a language (BCP 47 code), as it stands in a sentence; else the code."""
    code = LISTED_AS.get(code, code).replace("-", "_")
    return (
        _cldr_name("languages", code, locale)
        or _cldr_name("languages", _base(code), locale)
        or code.replace("_", "-")
    )


# -- matching


@dataclass(frozen=True, slots=True)
class _Name:
    """A name as written; without codes, it is a blocker, which only keeps shorter names out."""

    name: str
    codes: tuple[str, ...]
    doubtful: bool = False
    person: bool = False


def _names_in(text: str, language: str) -> Iterator[_Name]:
    """Yield the names in a text, the longest at each place, save those the guards refuse."""
    folded = f" {fold_cased(_DOLLARS.sub('$', text))} "
    hits = []
    for end, (key, name) in _automaton(language).iter(folded):
        start, stop = end + 1 - len(key), end + 1
        if key[0] == " ":
            start, stop = start + 1, stop - 1
        elif not _stands_alone(folded, start, stop):
            continue
        hits.append((start, -stop, name))
    free = 0
    for start, stop, name in sorted(hits, key=lambda hit: hit[:2]):
        if start < free:
            continue
        free = -stop
        if name.codes and not _refused(name, folded[:start], folded[-stop:]):
            yield name


# "US$" is money.
_DOLLARS = re.compile(r"\b(?:US|U\.S\.) ?\$")
# A word with a capital, not a preposition; what a comma or a line's end parts does not count.
_CAPITALISED = re.compile(r" ?([A-Z]\w+) ")
_LAST_CAPITALISED = re.compile(r" ([A-Z]\w*) $")
_IN = re.compile(r" (?:in|across|throughout|inside|en|au|aux|nach|naar)$", re.IGNORECASE)


def _refused(name: _Name, before: str, after: str) -> bool:
    if name.person and not _IN.search(before.rstrip()):
        neighbour = _LAST_CAPITALISED.search(before)
        if neighbour and neighbour[1] not in _data()["people"]["unless_after"]:
            return True
        if _CAPITALISED.match(after):
            return True
    if len(name.name) <= 3 and name.name.isupper():  # noqa: PLR2004 (as long as acronyms are)
        # In a line of capitals, "CONTACT US" and "CAR SALES" are no countries.
        beside = (before.split()[-1:], after.split()[:1])
        return any(words and words[0].isupper() and len(words[0]) > 1 for words in beside)
    return False


# Scripts without capitals: what may be written onto a name, by the script's name in Unicode.
# (And, so, in, for, as; the same and "from", "the", "that"; in, of, for, from.)
_PROCLITICS = {
    "ARABIC": re.compile(r"[ ;][وف]?[بلك]?$"),
    "HEBREW": re.compile(r"[ ;][ושכ]{0,2}[בלמה]?$"),
    "ETHIOPIC": re.compile(r"[ ;][በየለከስ]?$"),
}
_SPACELESS = frozenset(
    ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")
)
# Particles follow the name without a space: in Korean any, in Ethiopic script these few (object,
# also, and, but), since other letters make other words (የመን is Yemen, የመንደር "of the village").
_OPEN_ENDED = frozenset(("HANGUL",))
_ENCLITICS = {"ETHIOPIC": re.compile(r"ን?[ምናስ]?[ ;]")}
_LONGEST_PROCLITIC = 4


@cache
def _script(char: str) -> str:
    return unicodedata.name(char, "").split(" ")[0]


def _stands_alone(folded: str, start: int, stop: int) -> bool:
    script = _script(folded[start])
    if script in _SPACELESS:
        return True
    before = folded[max(0, start - _LONGEST_PROCLITIC) : start]
    proclitic = _PROCLITICS.get(script)
    alone = proclitic.search(before) if proclitic else before[-1] in " ;"
    if not alone or script in _OPEN_ENDED:
        return bool(alone)
    enclitic = _ENCLITICS.get(script)
    return bool(enclitic.match(folded, stop)) if enclitic else folded[stop] in " ;"


# -- names


@cache
def version() -> str:
    """Return 12 hex digits that change when the data does; names themselves come with Babel."""
    return blake2b(DATA.read_bytes(), digest_size=6).hexdigest()


@cache
def _automaton(language: str) -> Any:
    automaton = ahocorasick.Automaton()
    for key, name in _names(language).items():
        automaton.add_word(key, (key, name))
    automaton.make_automaton()
    return automaton


def _names(language: str) -> dict[str, _Name]:
    """Map what is looked for in folded text to the name it stands for, or to a blocker."""
    base = _base(language)
    data = _data()
    doubtful = {fold_cased(name).lower() for name in data["doubtful"].get(base, ())}
    people = {fold_cased(name).lower() for name in data["people"]["names"]}
    names = {}
    for name, codes in _codes(language).items():
        folded = fold_cased(name)
        for key in _keys(folded):
            names[key] = _Name(
                name,
                tuple(sorted(codes)),
                doubtful=folded.lower() in doubtful,
                person=folded.lower() in people,
            )
    for tag in dict.fromkeys(("any", "en", base)):
        for blocker in data["blockers"].get(tag, ()):
            for written in (blocker, blocker[0].upper() + blocker[1:], blocker.upper()):
                for key in _keys(fold_cased(written)):
                    names.setdefault(key, _Name(blocker, ()))
    return names


def _codes(language: str) -> dict[str, set[str]]:
    """Map each name, in each way it is written, to its countries."""
    base = _base(language)
    codes: dict[str, set[str]] = {}
    for tag in dict.fromkeys(("en", language)):
        for code, name in _territories(tag).items():
            for variant in _variants(name, _base(tag)):
                codes.setdefault(variant, set()).add(code)
    # Other names are of one language: in French, US is a football club.
    for tag in ("any", "en" if base == "und" else base):
        for name, those in _data()["aliases"].get(tag, {}).items():
            for variant in _variants(name, base):
                codes.setdefault(variant, set()).update(those)
    return codes


def _base(language: str) -> str:
    return re.split("[-_]", language, maxsplit=1)[0].lower()


_AND = {"en": "and", "fr": "et", "nl": "en", "es": "y", "pt": "e", "it": "e", "de": "und"}
# Languages that put an s on a name ("Syriens Regierung"); English has an apostrophe there.
_GENITIVE = frozenset(("de", "sv", "da", "nb", "nn", "no"))
_SHORTEST_CAPITALS = 5


def _variants(name: str, language: str) -> Iterator[str]:
    """Yield ways to write a name: no brackets, "and" for "&", Saint for St., capitals."""
    name = re.sub(r"\s*[(（].*", "", name).strip()
    plain = name.replace("&", _AND.get(language, "&"))
    for variant in dict.fromkeys(
        (name, plain, plain.replace("St.", "Saint"), re.sub(r"^Saint\b", "St.", plain))
    ):
        yield variant
        if language in _GENITIVE and variant[-1] not in "sxzß":
            yield variant + "s"
        if len(variant) >= _SHORTEST_CAPITALS:
            yield variant.upper()


def _keys(folded: str) -> Iterator[str]:
    """Yield what the automaton looks for: cased names with the blanks around, others bare."""
    if folded[0].lower() != folded[0].upper():
        yield f" {folded} "
        return
    yield folded
    if folded.startswith("ال"):  # "for the" melts into it: للسودان
        yield "لل" + folded[2:]


@cache
def _data() -> dict[str, dict[str, Any]]:
    return tomllib.loads(DATA.read_text(encoding="utf-8"))


# -- CLDR


def _territories(language: str) -> dict[str, str]:
    locale = _locale(language)
    if locale is None:
        return {}
    return {
        code: name
        for code, name in locale.territories.items()
        if len(code) == len("XK") and code.isalpha() and code not in NOT_COUNTRIES
    }


@cache
def _locale(tag: str) -> Any:
    """Return babel's locale for a BCP 47 tag, or for its language alone; None if it has none."""
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 (60 ms that `--help` need not pay)

    for name in (tag.replace("-", "_"), _base(tag)):
        try:
            return Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    return None


def _cldr_name(kind: str, code: str, locale: str) -> str | None:
    for tag in (locale, "en"):
        found = _locale(tag)
        name = getattr(found, kind).get(code) if found is not None else None
        if name:
            return str(name)
    return None
