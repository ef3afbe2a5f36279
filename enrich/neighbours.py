"""Languages that are written so alike that letters hardly tell them apart, and the words that do.

The words are data (enrich/data/neighbours.toml); a detector that counts letters cannot know that
a `tjedan` is Croatian and a `nedelja` Serbian.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data" / "neighbours.toml"
WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What `languages` write and the rest of their family does not."""

    languages: frozenset[str]
    words: frozenset[str]
    beginnings: tuple[str, ...]
    letters: frozenset[str]

    def count(self, words: frozenset[str], text: str) -> int:
        """How many words of a text, each once, and how many of the letters."""
        begun = sum(word.startswith(self.beginnings) for word in words - self.words)
        return len(words & self.words) + begun + sum(letter in text for letter in self.letters)


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
    words = frozenset(WORD.findall(low))
    for family in here:
        told = dict.fromkeys(family.languages, 0)
        for marks in family.marks:
            if count := marks.count(words, low):
                for language in told.keys() - marks.languages:
                    told[language] += count
        least = min(told.values())
        if any(count > least for count in told.values()):
            found.update((language, count - least) for language, count in told.items())
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
