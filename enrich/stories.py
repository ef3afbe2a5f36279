"""Which two articles tell one story in words of their own, in one language or two, and why.

What survives translation is compared: names, numbers, dates, organisations, countries. A name or a
number that hardly anybody else writes says most, so the caller tells how rare each is (`Rarity`).
"""

import math
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Any

from babel.dates import get_day_names

from enrich.placenames import automaton, base
from enrich.published import month_numbers
from enrich.text import fold, fold_cased

NUMERALS = Path(__file__).parent / "data" / "numerals.toml"
BODIES = Path(__file__).parent / "data" / "bodies.toml"

# Characters that are read below the title: two paragraphs. News tells first what has happened;
# farther down it names what else has, and whoever reported it.
LEAD = 900
# A day or two lie between an event and its reports abroad, what is later is another event.
MOST_DAYS = 3
# So many articles at least a key is thought to be rare among, in a window that has just begun.
FEW = 100
# And so many articles may share a key that is as rare as can be: a story has a few reports.
TOLD_BY = 3
# A country that is named in passing makes no story.
PASSING = 0.3
# Nor does one of many: a round of the world's news. Up to so many, each counts whole.
SEVERAL = 3


@dataclass(frozen=True, slots=True)
class Name:
    """A word of a name, as `written`. `key` is what spellings of it share; `run` tells which name.

    `sure` where a capital shows that it is a name: not in German, nor in Arabic.
    """

    key: str
    written: str
    run: int
    sure: bool


@dataclass(frozen=True, slots=True)
class Number:
    """A number of weight, in full (`1.2 million` is 1200000)."""

    value: float
    percent: bool = False

    @property
    def key(self) -> str:
        """Two digits of it: what is rounded, and what not, can meet here."""
        return f"{_rounded(self.value, 2):.12g}{'%' if self.percent else ''}"

    def __str__(self) -> str:
        return f"{self.value:.12g}{' %' if self.percent else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What an article has to tell a story by. `countries` are codes with their scores.

    `dates` are days that it names, as MM-DD. `organisations` are ids and `themes` slugs.
    """

    language: str
    published: date | None = None
    names: tuple[Name, ...] = ()
    numbers: frozenset[Number] = frozenset()
    dates: frozenset[str] = frozenset()
    countries: Mapping[str, float]
    organisations: frozenset[str] = frozenset()
    themes: frozenset[str] = frozenset()

    @property
    def keys(self) -> frozenset[str]:
        """By these, an index finds articles that may tell the same; two that do share one."""
        main = (number for number in self.numbers if _information(number) >= MAIN)
        return frozenset(
            (
                *(f"name:{name.key}" for name in self.names),
                *(f"number:{number.key}" for number in main),
                *(f"date:{day}" for day in self.dates),
                *(f"organisation:{one}" for one in self.organisations),
            )
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What two articles share: `kind` is one of WEIGHTS, `weight` its part in the score."""

    kind: str
    value: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Two articles tell one story. `score` is above 0.5, below 1; the best reason comes first."""

    score: float
    reasons: tuple[Reason, ...]


NONE: Mapping[str, Iterable[str]] = {}

# Raised by hand when signatures become others, so that stored ones are made anew.
VERSION = 1


def as_json(of: Signature) -> list[Any]:
    """A signature to store; `from_json` gives it back."""
    return [
        of.language,
        of.published and of.published.isoformat(),
        [[name.key, name.written, name.run, name.sure] for name in of.names],
        sorted([number.value, number.percent] for number in of.numbers),
        sorted(of.dates),
        dict(of.countries),
        sorted(of.organisations),
        sorted(of.themes),
    ]


def from_json(stored: list[Any]) -> Signature:
    language, published, names, numbers, dates, countries, organisations, themes = stored
    return Signature(
        language=language,
        published=date.fromisoformat(published) if published else None,
        names=tuple(Name(*name) for name in names),
        numbers=frozenset(Number(*number) for number in numbers),
        dates=frozenset(dates),
        countries=countries,
        organisations=frozenset(organisations),
        themes=frozenset(themes),
    )


# How rare a key of a signature is, from 0 (everybody has it) to 1 (nobody else).
Rarity = Callable[[str], float]


def rarity(articles_with: Callable[[str], int], articles: int) -> Rarity:
    """How rare keys are in a window of so many articles.

    A key that a few share is as rare as one that two do: all of them may tell the one story.
    """
    many = articles + FEW

    def of(key: str) -> float:
        others = max(1, articles_with(key) - TOLD_BY)
        return max(0.0, math.log(many / others) / math.log(many))

    return of


def signature(
    title: str,
    text: str,
    language: str,
    published: str | None = None,
    *,
    countries: Iterable[tuple[str, float]] = (),
    organisations: Mapping[str, Iterable[str]] = NONE,
    themes: Iterable[str] = (),
) -> Signature:
    """Read an article. `language` is BCP 47, `published` ISO 8601, of which the day counts.

    `organisations` are ids, each with the names by which it was found; these are not names again.
    """
    lead = _lead(title, text)
    # In a headline that has most words in capitals, none of them says anything.
    read = lead if _is_in_title_case(title) else f"{title}.\n{lead}"
    whole = f"{title}.\n{lead}"
    dates, rest = _dates(whole)
    return Signature(
        language=base(language),
        published=date.fromisoformat(published[:10]) if published else None,
        names=tuple(_names(read, base(language), _words_of(organisations))),
        numbers=frozenset(_numbers(rest)),
        dates=dates,
        countries=dict(countries),
        organisations=frozenset(organisations),
        themes=frozenset(themes),
    )


def _words_of(organisations: Mapping[str, Iterable[str]]) -> frozenset[str]:
    return frozenset(
        word for names in organisations.values() for name in names for word in fold(name).split()
    )


def _lead(title: str, text: str) -> str:
    text = text.strip().removeprefix(title.strip())
    return text if len(text) <= LEAD else text[:LEAD].rpartition(" ")[0]


# -- names

_WORD = re.compile(r"[^\W\d_]+(?:['’\-‐‑][^\W\d_]+)*|[.!?…:;\n«»„“”\"()—–]|\S")
_PART = re.compile(r"[^\W\d_]+")
_ENDS = frozenset('.!?…:\n«»„“”"(—–')
# Of a word in the Arabic script, what is written onto it: and, so, in, as, for; the article.
_ONTO = re.compile(r"^[وف]?(?:[بك]?ال|لل|[بلك])?(?=\w{3})")
# So many consonants a key has at least: with fewer, too many words have the same ones.
CONSONANTS = 3
ARABIC = "ar"
# Languages in which a capital does not show a name.
_NOUNS_IN_CAPITALS = frozenset(("de", "lb", ARABIC))


def _names(text: str, language: str, but: frozenset[str]) -> Iterator[Name]:
    """The words of names in the text, each once: not those of countries, days and months."""
    known = but | _places_in(text, language) | _calendar(language) | _bodies()
    seen: set[str] = set()
    for run, word in _name_words(text, language):
        plain = fold(word)
        if plain in known or plain in seen:
            continue
        seen.add(plain)
        for key in _keys(word, plain):
            yield Name(key, word, run, sure=language not in _NOUNS_IN_CAPITALS)


def _name_words(text: str, language: str) -> Iterator[tuple[int, str]]:
    """Words with a capital inside a sentence, and which name they stand in; in Arabic, all words.

    What stands with a small letter too is no name, nor what only begins sentences.
    """
    words = _WORD.findall(text)
    if language == ARABIC:
        yield from ((run, word) for run, word in enumerate(words) if word[0].isalpha())
        return
    small = {word.lower() for word in words if word[0].islower()}
    first, run, before = True, 0, False
    for at, word in enumerate(words):
        capital = word[0].isupper() and word.lower() not in small
        if capital:
            beside = at + 1 < len(words) and words[at + 1][0].isupper()
            run += not before
            # "Maire Étienne Cazalou" begins a sentence too, and only its first word may be no name.
            if not first or beside or word in words[at + 1 :] or word in words[:at]:
                for part in _PART.findall(word):
                    if part[0].isupper():
                        yield run, part
        before = capital
        first = word in _ENDS


def _is_in_title_case(title: str) -> bool:
    words = [word for word in _PART.findall(title) if len(word) > 3]  # noqa: PLR2004 (not "the")
    return len(words) > 2 and sum(word[0].isupper() for word in words) > 0.6 * len(words)  # noqa: PLR2004


def _places_in(text: str, language: str) -> frozenset[str]:
    """Words of countries, their capitals and people, and Belgium's regions: counted elsewhere."""
    folded = f" {fold_cased(text)} "
    return frozenset(
        word
        for _, (key, name) in automaton(language).iter(folded)
        if name.codes
        for word in fold(key).split()
    )


@cache
def _bodies() -> frozenset[str]:
    return frozenset(tomllib.loads(BODIES.read_text(encoding="utf-8"))["words"].split())


@cache
def _calendar(language: str) -> frozenset[str]:
    days = {
        fold(name)
        for tag in dict.fromkeys((language, "en"))
        for name in _days(tag)
    }  # fmt: skip
    return frozenset(days | {fold(name) for name in month_numbers(language)})


def _days(language: str) -> Iterable[str]:
    try:
        return [str(name) for name in get_day_names("wide", locale=language).values()]
    except (ValueError, LookupError):
        return ()


def _keys(word: str, plain: str) -> Iterator[str]:
    """What a name is found by: its consonants, as scripts and spellings share them."""
    if "\u0600" <= plain[0] <= "\u06ff":
        bare = _ONTO.sub("", plain)
        for form in dict.fromkeys((plain, bare, bare.removeprefix("ال"))):
            key = _consonants(form)
            if len(key) >= CONSONANTS:
                yield key
        return
    key = _consonants(plain)
    if len(key) >= CONSONANTS:
        yield key
    elif (word.isupper() and len(word) > 1) or len(plain) > 3:  # noqa: PLR2004 (an acronym, or long)
        yield plain


# What sounds alike across spellings: first groups, then letters; vowels, h, w and y are left out.
_SOUNDS = (
    (re.compile("sch|tch|tsch|sh|ch|zh|dj|cz|sz"), "s"),
    (re.compile("kh|ck|q"), "k"),
    (re.compile("gh|gu(?=[eiy])"), "g"),
    (re.compile("ph"), "f"),
    (re.compile("x"), "ks"),
    (re.compile("c(?=[eiy])"), "s"),
    (re.compile("th|dt"), "t"),
)
_CONSONANT = str.maketrans(
    {
        "c": "k", "z": "s", "p": "b", "v": "f",
        "ب": "b", "ت": "t", "ث": "t", "ط": "t", "ج": "j", "خ": "k", "د": "d", "ذ": "d", "ض": "d",
        "ر": "r", "ز": "s", "ظ": "s", "س": "s", "ش": "s", "ص": "s", "غ": "g", "ف": "f", "ق": "k",
        "ك": "k", "ل": "l", "م": "m", "ن": "n", "پ": "b", "چ": "s", "ڤ": "f", "گ": "g",
    }
)  # fmt: skip
_VOWELS = re.compile("[aeiouhwyءآأؤإئاحعهوي]")
_DOUBLED = re.compile(r"(.)\1+")


def _consonants(plain: str) -> str:
    for sound, letter in _SOUNDS:
        plain = sound.sub(letter, plain)
    return _DOUBLED.sub(r"\1", _VOWELS.sub("", plain.translate(_CONSONANT)))


# -- numbers and days

_SPACES = "\u0020\u00a0\u202f\u2009"
_NUMERAL = re.compile(
    rf"(?<![\w.,:/\-])(?P<digits>\d{{1,3}}(?:[.,'’{_SPACES}]\d{{3}})+(?![\d])|\d+(?:[.,]\d{{1,2}})?)"
    rf"(?P<percent>[{_SPACES}]?%)?(?![\d:/]|[.,]\d|\w)"
)
# Times of the day, and ordinals, which count nothing.
_TIME = re.compile(
    r"\d{1,2}(?:[:h]\d{2}|[.:]\d{2}\s?(?:uhr|uur))\b|\d+(?:st|nd|rd|th|ste|e|ère|er|º|ª)\b",
    re.IGNORECASE,
)
_YEARS = range(1900, 2101)
# A number says as much as it has digits that are not rounded away, and counts more than a few.
MAIN = 0.5


@cache
def _numerals() -> Mapping[str, Mapping[str, int]]:
    data = tomllib.loads(NUMERALS.read_text(encoding="utf-8"))
    words = {fold(word): int(value) for value, those in data["words"].items() for word in those}
    tens = {word: value for word, value in words.items() if value >= 20 and value % 10 == 0}  # noqa: PLR2004
    units = {word: value for word, value in words.items() if value < 10} | {"een": 1, "ein": 1}  # noqa: PLR2004
    within = data["and"]["within"]
    made = {
        f"{unit}{link}{ten}": one + many
        for unit, one in units.items()
        for ten, many in tens.items()
        for link in within
    }
    times = {fold(word): int(value) for value, those in data["times"].items() for word in those}
    return {
        "words": made | words,
        "tens": tens,
        "units": units,
        "times": times,
        "percent": dict.fromkeys(map(fold, data["percent"]["words"]), 0),
        "links": dict.fromkeys(data["and"]["before"], 0),
    }


def _western(text: str) -> str:
    """Digits and separators as the West writes them; what Arabic writes onto a number, apart."""
    text = text.translate(_DIGITS).replace("٬", ",").replace("٫", ".").replace("٪", "%")
    return _ONTO_NUMBER.sub(" ", text)


_ONTO_NUMBER = re.compile(r"(?<=[\u0621-\u064a])(?=\d)")
_DIGITS = {start + digit: str(digit) for start in (0x660, 0x6F0) for digit in range(10)}


def _numbers(text: str) -> Iterator[Number]:
    text = _TIME.sub(" ", text)
    numerals = _numerals()
    for found in _NUMERAL.finditer(text):
        value, after = _value(found["digits"]), text[found.end() : found.end() + 30]
        next_words = fold(after).split()[:2]
        factor = numerals["times"].get(next_words[0], 1) if next_words else 1
        plain = found["digits"].isdigit() and factor == 1 and not found["percent"]
        if plain and value in _YEARS:
            continue
        percent = bool(found["percent"]) or _is_percent(next_words)
        if value:
            yield Number(value * factor, percent)
    yield from _spelt(fold(text).split())


def _spelt(words: list[str]) -> Iterator[Number]:
    numerals = _numerals()
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        value = numerals["words"].get(word)
        if value is None:
            continue
        if word in numerals["tens"]:
            skip = at < len(words) and words[at] in numerals["links"]
            unit = numerals["units"].get(words[at + skip]) if at + skip < len(words) else None
            if unit:
                value, at = value + unit, at + skip + 1
        factor = numerals["times"].get(words[at], 1) if at < len(words) else 1
        yield Number(float(value * factor), _is_percent(words[at : at + 2]))


def _is_percent(words: list[str]) -> bool:
    percent = _numerals()["percent"]
    return words[:1] != [] and (words[0] in percent or " ".join(words) in percent)


_GROUPED = re.compile(rf"^\d{{1,3}}(?:[.,'’{_SPACES}]\d{{3}})+$")


def _value(digits: str) -> float:
    if _GROUPED.match(digits):
        return float(re.sub(r"\D", "", digits))
    return float(digits.replace(",", "."))


_DAY_FIRST = re.compile(
    r"\b(?P<day>\d{1,2})(?:er|st|nd|rd|th|\.)?\s+(?:de |of )?(?P<month>[^\W\d_]{3,})\b\.?"
    r"(?:\s+(?:de )?\d{4}\b)?"
)
_MONTH_FIRST = re.compile(
    r"\b(?P<month>[^\W\d_]{3,})\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?\b(?![.,]\d)(?:,?\s+\d{4}\b)?"
)


def _dates(text: str) -> tuple[frozenset[str], str]:
    """The days that a text names, and the text without them: their numbers count nothing."""
    found = set()

    def note(match: re.Match[str]) -> str:
        day, month = int(match["day"]), _month_numbers().get(match["month"].casefold())
        if month is None or not 1 <= day <= 31:  # noqa: PLR2004
            return match[0]
        found.add(f"{month:02}-{day:02}")
        return " "

    rest = _MONTH_FIRST.sub(note, _DAY_FIRST.sub(note, _western(text)))
    return frozenset(found), rest


@cache
def _month_numbers() -> Mapping[str, int]:
    names = {**month_numbers("ar"), **month_numbers("en")}
    return {name: number for name, number in names.items() if len(name) > 2 and "_" not in name}  # noqa: PLR2004


def _rounded(value: float, digits: int) -> float:
    if value <= 0:
        return 0.0
    return round(value, digits - 1 - math.floor(math.log10(value)))


def _information(number: Number) -> float:
    """How much it says, from 0 to 1, that two texts have this number."""
    value = number.value
    significant = len(f"{value:.12g}".replace(".", "").strip("0"))
    if number.percent:
        return min(1.0, 0.3 + 0.2 * significant)
    if value < 13:  # noqa: PLR2004 (counted on the fingers, or months)
        return 0.15 if significant < 2 else 0.5  # noqa: PLR2004
    if value < 100:  # noqa: PLR2004
        return 0.25 if significant < 2 else 0.5  # noqa: PLR2004
    return min(1.0, 0.25 + 0.25 * significant)


# -- comparing

# What each kind of evidence counts at most, by its rarity and its information; these and what
# follows were tuned on the half of tests/stories.jsonl that does not judge.
WEIGHTS = {
    "name": 1.0, "number": 1.0, "date": 0.5, "organisation": 0.3, "country": 0.5, "theme": 0.15,
    "closeness": 2.0,
}  # fmt: skip
# A further word of a name that is shared already, a further name, a number that is one only
# rounded, a name that was read in another script.
AGAIN, FURTHER, ABOUT, TRANSLITERATED = 0.3, 0.8, 0.5, 0.7
# Names of two texts in one language: institutions have the same ones there, and translations not.
ONE_LANGUAGE = 0.7
# And they share more by chance, so that they need so much more.
SAME_WORDS = 0.3
# Each day between takes so much, squared: what comes later tells what came of it.
A_DAY = 0.1
# Spellings of one name have so much in common.
SPELLING = 0.6
# Texts about one topic are so close on average; closer speaks for one story, farther against.
TOPIC = 0.6
ENOUGH = 2.0
# A name, a number, a date or closeness that weighs so much is a piece of evidence; one alone, such
# as the town where two things happened, needs so much more beside it.
PIECE, ALONE = 0.25, 0.5


def same_story(
    one: Signature, other: Signature, *, rare: Rarity, closeness: float | None = None
) -> Match | None:
    """Whether both tell one story. `closeness` is the cosine of sentence embeddings, if known.

    Without a country or a number in common they do not, however close; many texts have one share
    of something in common.
    """
    apart = _days_apart(one, other)
    if apart is None or apart > MOST_DAYS:
        return None
    countries = list(_shared_countries(one, other))[:2]
    numbers = _shared_numbers(one, other, rare)
    if not countries and not any(said >= MAIN and "%" not in of.value for said, of in numbers):
        return None
    names = list(_shared_names(one, other, rare))
    dates = [_reason("date", day, rare(f"date:{day}")) for day in one.dates & other.dates]
    close = (
        [] if closeness is None else [_reason("closeness", f"{closeness:.2f}", closeness - TOPIC)]
    )
    organisations = [
        _reason("organisation", each, rare(f"organisation:{each}"))
        for each in one.organisations & other.organisations
    ]
    themes = [_reason("theme", each, 1.0) for each in one.themes & other.themes]
    specific = [*(reason for _, reason in numbers), *names, *dates, *close]
    pieces = [reason for reason in specific if reason.weight >= PIECE]
    if not pieces or (one.language == other.language and not _are_of_two_kinds(pieces)):
        return None
    reasons = [*specific, *countries, *organisations, *sorted(themes, key=lambda r: r.value)[:2]]
    total = math.fsum(reason.weight for reason in reasons) - A_DAY * apart**2
    if one.language == other.language:
        total -= SAME_WORDS
    if len(pieces) == 1:
        total -= ALONE
    if total < ENOUGH:
        return None
    reasons.sort(key=lambda reason: (-reason.weight, reason.kind, reason.value))
    return Match(
        score=round(1 / (1 + math.exp(ENOUGH - total)), 3),
        reasons=tuple(reason for reason in reasons if reason.weight > 0),
    )


def _are_of_two_kinds(pieces: Iterable[Reason]) -> bool:
    """Whether there are a name and a number or day: in one language, places of a region recur."""
    kinds = {reason.kind for reason in pieces}
    return "name" in kinds and not kinds.isdisjoint(("number", "date"))


def _days_apart(one: Signature, other: Signature) -> int | None:
    if one.published is None or other.published is None:
        return None
    return abs((one.published - other.published).days)


def _reason(kind: str, value: str, strength: float) -> Reason:
    return Reason(kind=kind, value=value, weight=round(WEIGHTS[kind] * strength, 3))


def _shared_countries(one: Signature, other: Signature) -> Iterator[Reason]:
    several = min(1.0, SEVERAL / max(1, len(one.countries), len(other.countries)))
    for code in sorted(one.countries.keys() & other.countries.keys()):
        strength = min(one.countries[code], other.countries[code])
        if strength >= PASSING:
            yield _reason("country", code, several * min(1.0, strength))


def _shared_numbers(one: Signature, other: Signature, rare: Rarity) -> list[tuple[float, Reason]]:
    """Numbers that both have, each with what it says by itself; of small ones only the first."""
    found = sorted(_numbers_in_common(one, other), key=lambda pair: (-pair[0], pair[1].value))
    main = [pair for pair in found if pair[0] >= MAIN]
    return [
        (said, _reason("number", shown, said * rare(f"number:{number.key}")))
        for said, number, shown in (main or found[:1])
    ]


def _numbers_in_common(one: Signature, other: Signature) -> Iterator[tuple[float, Number, str]]:
    same = one.numbers & other.numbers
    for number in same:
        yield _information(number), number, str(number)
    left = _in_order(other.numbers - same)
    for number in _in_order(one.numbers - same):
        like = next((each for each in left if _is_about(number, each)), None)
        if like is not None:
            left.remove(like)
            exact = max(number, like, key=lambda each: (_information(each), each.value))
            shown = f"{number} ~ {like}"
            yield ABOUT * _information(exact), exact, shown


# The rounder of two numbers is the other one rounded, and no farther off than this; small numbers
# are not rounded.
NEAR, ROUNDED = 0.05, 100


def _in_order(numbers: Iterable[Number]) -> list[Number]:
    found = (number for number in numbers if number.value >= ROUNDED and not number.percent)
    return sorted(found, key=lambda number: number.value)


def _is_about(one: Number, other: Number) -> bool:
    near = abs(one.value - other.value) <= NEAR * max(one.value, other.value)
    return near and _information(one) != _information(other)


def _shared_names(one: Signature, other: Signature, rare: Rarity) -> list[Reason]:
    """Each name that both have, the rarest first; its further words add little."""
    by_key: dict[str, list[Name]] = {}
    for name in other.names:
        by_key.setdefault(name.key, []).append(name)
    pairs = [
        (_strength(name, like) * rare(f"name:{name.key}"), name, like)
        for name in one.names
        for like in by_key.get(name.key, ())
        if _are_one(name, like)
    ]
    pairs.sort(key=lambda pair: (-pair[0], pair[1].key, pair[1].written, pair[2].written))
    factor = ONE_LANGUAGE if one.language == other.language else 1.0
    seen: set[str] = set()
    runs: set[tuple[int, int]] = set()
    reasons = []
    for strength, name, like in pairs:
        if not seen.isdisjoint((f"0 {name.written}", f"1 {like.written}")):
            continue
        seen.update((f"0 {name.written}", f"1 {like.written}"))
        written = (
            name.written if name.written == like.written else f"{name.written} ~ {like.written}"
        )
        if runs.isdisjoint(((0, name.run), (1, like.run))):
            reasons.append(_reason("name", written, strength * factor))
            factor *= FURTHER
        else:
            reasons.append(_reason("name", written, strength * factor * AGAIN))
        runs.update(((0, name.run), (1, like.run)))
    return reasons


def _strength(name: Name, like: Name) -> float:
    return (
        1.0
        if name.written.isascii() == like.written.isascii()
        or not _is_arabic(name.written + like.written)
        else TRANSLITERATED
    )


def _is_arabic(text: str) -> bool:
    return any("\u0600" <= char <= "\u06ff" for char in text)


def _are_one(name: Name, like: Name) -> bool:
    """Whether the words are one name, of two whose consonants are alike."""
    if not name.sure and not like.sure:
        return False
    here, there = fold(name.written), fold(like.written)
    if here == there:
        return True
    if _is_arabic(here) == _is_arabic(there):
        return _alike(here, there) >= SPELLING
    if _is_arabic(there):
        here, there = there, here
    forms = {here, _ONTO.sub("", here), here.removeprefix("ال")}
    return max(_alike(_spelt_out(form), _spelt_out(there)) for form in forms) >= SPELLING


_LONG = str.maketrans({**dict.fromkeys("اأإآ", "a"), "و": "u", "ي": "i", "ه": "h"})


def _spelt_out(plain: str) -> str:
    """Consonants as in a key, with the vowels that Arabic writes: the long ones."""
    plain = plain.replace("ou", "u").replace("ee", "i").replace("oo", "u")
    for sound, letter in _SOUNDS:
        plain = sound.sub(letter, plain)
    plain = plain.translate(_LONG).translate(_CONSONANT)
    return _DOUBLED.sub(r"\1", plain.replace("w", "u").replace("y", "i").replace("o", "u"))


def _alike(here: str, there: str) -> float:
    return SequenceMatcher(None, here, there, autojunk=False).ratio()
