"""The words of a page's furniture, by which a line that is no part of the article is known.

They are enrich/data/wording.toml's, which says what each list is for. All languages are tried on
every page: a page's language is not known yet, and sites mix them.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from enrich.blocks import key

DATA = Path(__file__).parent / "data" / "wording.toml"
# Longer lines say something of their own. Characters, by eye on the lines that five corpora of
# news pages leave behind: a "read also" with its headline has up to 200, a credit with the names
# of photographer and agency up to 120, a heading up to 60.
MAX_OPENING, MAX_HOLDING, MAX_CREDIT, MAX_HEAD, MAX_AGENCY = 220, 300, 160, 80, 80
BULLETS = "-•*>→▶►◆■👉 "
# What stands between the word for a picture and the name: "Photo : A. Diallo", "Foto/dpa".
CREDIT_MARKS = re.compile(r"[:：/|©(–]")
COPYRIGHT = ("©", "ⓒ", "(c) ", "(C) ", "Copyright ")
STOPS = (".", "!", "?", ":", "…")
SENTENCE_END = re.compile(r"[.!?…)\]»”|–—(/]\s*")
NO_PICTURE = frozenset({"quelle"})  # at the end of a short notice, it is the notice's own source
MAX_NAME = 5  # words of a photographer's name, with the agency's
NUMBER, YEAR, DAY = re.compile(r"\d+"), 4, re.compile(r"\d{1,4}([./-])\d{1,2}\1\d{1,4}")
# "3 minutes read", "Lecture : 4 min", "Leestijd 5 minuten", as keys.
READING_TIME = re.compile(
    r"(?:(?:reading time|temps de lecture|durée de lecture|lecture|leestijd|lesezeit|lesedauer"
    r"|tiempo de lectura|tempo di lettura|tempo de leitura) )?(?:ca |about |environ |ongeveer )?"
    r"\d{1,3} (?:min|mins|minute|minutes|minuten|minutos|minuti|minuut)"
    r"(?: (?:read|reading|de lecture|leestijd|lesezeit|de lectura|di lettura|de leitura|lezen))?"
)
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The phrases of all languages by list, as `blocks.key` writes them.

    Those that may stand anywhere are by their first word.
    """

    opens: frozenset[str]
    whole: frozenset[str]
    labels: frozenset[str]
    heads: frozenset[str]
    closes: frozenset[str]
    credits: frozenset[str]
    holds: Mapping[str, tuple[str, ...]]
    legal: Mapping[str, tuple[str, ...]]
    appeals: Mapping[str, tuple[str, ...]]
    agencies: Mapping[str, tuple[str, ...]]
    furniture: Mapping[str, tuple[str, ...]]
    standfirst: Mapping[str, tuple[str, ...]]
    body: Mapping[str, tuple[str, ...]]


@cache
def wording() -> Wording:
    """The lists of enrich/data/wording.toml, read once."""
    tables = tomllib.loads(DATA.read_text(encoding="utf-8")).values()

    def phrases(name: str) -> frozenset[str]:
        return frozenset(key(phrase) for table in tables for phrase in table.get(name, ()))

    def anywhere(name: str) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for phrase in sorted(phrases(name)):
            first = phrase.partition(" ")[0]
            found[first] = (*found.get(first, ()), phrase)
        return found

    return Wording(
        opens=phrases("opens"),
        whole=phrases("whole"),
        labels=phrases("labels"),
        heads=phrases("heads"),
        closes=phrases("closes"),
        credits=phrases("credits"),
        holds=anywhere("holds"),
        legal=anywhere("legal"),
        appeals=anywhere("appeals"),
        agencies=anywhere("agencies"),
        furniture=anywhere("furniture"),
        standfirst=anywhere("standfirst"),
        body=anywhere("body"),
    )


def points_away(line: str, named: str) -> str | None:
    """The phrase by which `line`, whose key is `named`, is furniture; None if it may be text."""
    lists = wording()
    if named in lists.whole or READING_TIME.fullmatch(named):
        return named
    if len(line) > MAX_HOLDING:
        return None
    if len(line) <= MAX_OPENING and (phrase := _opening(named, lists.opens)):
        return phrase
    label, colon, _ = line[:MAX_HEAD].partition(":")
    if colon and len(line) <= MAX_OPENING and (phrase := key(label)) in lists.labels:
        return phrase
    return _held(named, lists.holds)


def heads_others(line: str, named: str) -> bool:
    """Whether `line`, whose key is `named`, can be the heading of a list of other articles."""
    return len(line) <= MAX_HEAD and _opening(named, wording().heads) is not None


def closes(line: str, named: str) -> bool:
    """Whether `line`, whose key is `named`, heads or is what a site sets below its articles."""
    return (len(line) <= MAX_HEAD and named in wording().closes) or (
        _held(named, wording().legal) is not None
    )


def appeals(named: str) -> bool:
    """Whether a line with this key asks for money or members."""
    return _held(named, wording().appeals) is not None


def credits_picture(line: str, named: str) -> bool:
    """Whether `line` is a photographer's or an agency's credit, or a claim of copyright."""
    if line.startswith(COPYRIGHT) or _ends_in_credit(line):
        return len(line) <= MAX_HOLDING
    if len(line) > MAX_CREDIT:
        return False
    mark = CREDIT_MARKS.search(line)
    if mark and key(line[: mark.start()]) in wording().credits:
        return True
    short = len(line) <= MAX_AGENCY and not line.endswith(STOPS)
    # `EPA range: 245 miles` says something, `AFP 2024` does not.
    if any(len(number) < YEAR for number in NUMBER.findall(DAY.sub("", line))):
        return False
    return short and _held(named, wording().agencies) is not None


def _ends_in_credit(line: str) -> bool:
    """Whether it is a caption: "Les tables, avant le repas. Photo : Awa Sylla"."""
    said, colon, name = line.rpartition(":")
    word = SENTENCE_END.split(said)[-1]
    picture = key(word) in wording().credits - NO_PICTURE
    return bool(colon) and picture and len(name.split()) <= MAX_NAME


@lru_cache(4000)
def is_furniture(names: str) -> bool:
    """Whether an element's class names and id say that it is no part of the article."""
    return bool(names) and _held(_spaced(names), wording().furniture) is not None


@lru_cache(4000)
def is_standfirst(names: str) -> bool:
    """Whether an element's class names and id say that it is the article's standfirst."""
    return bool(names) and _held(_spaced(names), wording().standfirst) is not None


@lru_cache(4000)
def is_body(names: str) -> bool:
    """Whether an element's class names and id say that it is the article."""
    return bool(names) and _held(_spaced(names), wording().body) is not None


@lru_cache(4000)  # some hundred names a site, on every one of its pages
def _spaced(names: str) -> str:
    """Class names as a key: `td-authorBox author_bio` is `td author box author bio`."""
    return key(CAMEL.sub(" ", names).replace("_", " "))


@cache
def _longest(phrases: frozenset[str]) -> int:
    return max(phrase.count(" ") + 1 for phrase in phrases)


def _opening(named: str, phrases: frozenset[str]) -> str | None:
    """The longest of `phrases` with which `named` begins, whole words only."""
    words = named.split(" ", _longest(phrases))[: _longest(phrases)]
    starts = (" ".join(words[:count]) for count in range(len(words), 0, -1))
    return next((start for start in starts if start in phrases), None)


def _held(named: str, phrases: Mapping[str, tuple[str, ...]]) -> str | None:
    """The first of `phrases` that `named` holds, whole words only."""
    around = f" {named} "
    for first in sorted(phrases.keys() & named.split()):
        for phrase in phrases[first]:
            if f" {phrase} " in around:
                return phrase
    return None
