"""Languages that are written so alike that letters hardly tell them apart, and the words that do.

The words are data (enrich/data/neighbours.toml); a detector that counts letters cannot know that
a `tjedan` is Croatian and a `nedelja` Serbian.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import ahocorasick

DATA = Path(__file__).parent / "data" / "neighbours.toml"
WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)  # to count them by
class Marks:
    """What `languages` write and the rest of their family does not."""

    languages: frozenset[str]
    words: frozenset[str]
    beginnings: tuple[str, ...]
    letters: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """`alike`: where a text has no mark, detectors guess."""

    name: str
    script: str
    languages: tuple[str, ...]
    alike: bool
    marks: tuple[Marks, ...]


@cache
def families() -> tuple[Family, ...]:
    listed = tomllib.loads(DATA.read_text(encoding="utf-8"))
    return tuple(_family(name, record) for name, record in listed.items())


def against(text: str, script: str | None) -> dict[str, int]:
    """How much speaks against each language of a family: marks that only others of it write.

    What speaks against all of them alike is left out, so that the likeliest has 0. Only families
    of which a mark was found.
    """
    found: dict[str, int] = {}
    here = [family for family in families() if family.script == script]
    if not here:
        return found
    low = text.lower()
    words = _words(low, script)
    for family in here:
        told = dict.fromkeys(family.languages, 0)
        for marks in family.marks:
            if count := words[marks] + sum(letter in low for letter in marks.letters):
                for language in told.keys() - marks.languages:
                    told[language] += count
        least = min(told.values())
        if any(count > least for count in told.values()):
            found.update((language, count - least) for language, count in told.items())
    return found


def _words(low: str, script: str | None) -> Counter[Marks]:
    """How many different words of a text each of the marks has."""
    automaton = _automaton(script)
    if not automaton:  # its languages are told apart by letters
        return Counter()
    listed = f" {' '.join(set(WORD.findall(low)))} "
    hits = {
        (end - size, marks)  # a word is found once, by whatever beginnings
        for end, (size, those) in automaton.iter(listed)
        for marks in those
    }
    return Counter(marks for _, marks in hits)


@cache
def _automaton(script: str | None) -> Any:
    """Finds the words and beginnings of a script's families, in words with blanks around."""
    keys: dict[str, list[Marks]] = {}
    for marks in (each for one in families() if one.script == script for each in one.marks):
        for key in (
            *(f" {word} " for word in marks.words),
            *(f" {begins}" for begins in marks.beginnings),
        ):
            keys.setdefault(key, []).append(marks)
    found = ahocorasick.Automaton()
    for key, those in keys.items():
        found.add_word(key, (len(key), tuple(those)))
    found.make_automaton()
    return found


def _family(name: str, record: Mapping[str, Any]) -> Family:
    words, letters = record.get("words", {}), record.get("letters", {})
    return Family(
        name=name,
        script=record["script"],
        languages=tuple(record["languages"]),
        alike=record.get("alike", False),
        marks=tuple(
            _marks(sharing, words.get(sharing, ""), letters.get(sharing, ""))
            for sharing in dict.fromkeys([*words, *letters])
        ),
    )


def _marks(languages: str, words: str, letters: str) -> Marks:
    listed = words.split()
    return Marks(
        languages=frozenset(languages.split()),
        words=frozenset(word for word in listed if not word.endswith("*")),
        beginnings=tuple(word[:-1] for word in listed if word.endswith("*")),
        letters=frozenset(letters),
    )


def family_of(language: str) -> tuple[str, ...]:
    """The languages that it may be taken for, itself among them; none if it has no such family."""
    return next((one.languages for one in families() if language in one.languages), ())
