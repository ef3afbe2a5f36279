"""Where a name may begin and end in folded text, whatever its script. Serves places, organisations.

What is looked for are keys of an automaton: cased names bring the blanks around them, names of
scripts without capitals come bare, since articles and prepositions are written onto them.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

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


def keys(folded: str) -> Iterator[str]:
    """Yield what the automaton looks for: cased names with the blanks around, others bare."""
    if folded[0].lower() != folded[0].upper():
        yield f" {folded} "
        return
    yield folded
    if folded.startswith("ال"):  # "for the" melts into it: للسودان
        yield "لل" + folded[2:]


def place_of(folded: str, end: int, key: str) -> tuple[int, int] | None:
    """Where the name of a hit starts and stops; None where it is a part of another word.

    `end` is the last character of `key` in `folded`, as automata say it.
    """
    start, stop = end + 1 - len(key), end + 1
    if key[0] == " ":
        return start + 1, stop - 1
    return (start, stop) if _stands_alone(folded, start, stop) else None


def longest(hits: Iterable[tuple[int, int, Any]]) -> Iterator[tuple[int, int, Any]]:
    """Of names (start, stop, what) that overlap, only the first and there the longest."""
    free = 0
    for start, stop, name in sorted(hits, key=lambda hit: (hit[0], -hit[1])):
        if start >= free:
            free = stop
            yield start, stop, name


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


@cache
def _script(char: str) -> str:
    return unicodedata.name(char, "").split(" ")[0]
