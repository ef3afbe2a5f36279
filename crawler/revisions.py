"""What changed from one version of an article to the next, for people to read. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

# Longer sentences are shown whole, before and after: comparing by words takes the square of them,
# 2 ms at this length.
MAX_COMPARED = 150  # words
# Two sentences that have less in common are not versions of each other.
MIN_ALIKE = 0.5


@dataclass(frozen=True, slots=True)
class Piece:
    """`change` is `+` (came), `-` (went) or empty (stayed)."""

    text: str
    change: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A place that changed: the title, or paragraphs by number, before and after.

    Each line is a sentence, in pieces.
    """

    title: bool
    before: str
    after: str
    lines: tuple[tuple[Piece, ...], ...]


PLACE = re.compile(r"@@ (?:(title)|(?:-([\d-]+))? ?(?:\+([\d-]+))?) @@")


def passages(diff: str) -> tuple[Passage, ...]:
    """A diff as enrich.changes writes it."""
    found: list[tuple[re.Match[str], list[str]]] = []
    for line in diff.split("\n"):
        if place := PLACE.fullmatch(line):
            found.append((place, []))
        elif found:
            found[-1][1].append(line)
    return tuple(
        Passage(bool(place[1]), place[2] or "", place[3] or "", tuple(_lines(lines)))
        for place, lines in found
    )


def _lines(lines: list[str]) -> Iterator[tuple[Piece, ...]]:
    """A sentence that went and the one that came for it are one line."""
    at = 0
    while at < len(lines):
        sign, text = lines[at][:1], lines[at][2:]
        following = lines[at + 1] if at + 1 < len(lines) else ""
        both = _compared(text, following[2:]) if (sign, following[:1]) == ("-", "+") else None
        yield both or (Piece(text, sign),) if sign in "+-" else (Piece(lines[at]),)
        at += 2 if both else 1


def _compared(before: str, after: str) -> tuple[Piece, ...] | None:
    """Two sentences in one; None if they have too little in common."""
    old, new = re.findall(r"\S+\s*", before), re.findall(r"\S+\s*", after)
    if max(len(old), len(new)) > MAX_COMPARED:
        return None
    matcher = SequenceMatcher(None, _stripped(old), _stripped(new), autojunk=False)
    if matcher.ratio() < MIN_ALIKE:
        return None
    pieces: list[Piece] = []
    for tag, low, high, left, right in matcher.get_opcodes():
        if tag == "equal":
            # The longer one has the space before what was only put or only taken at the end.
            same = "".join(old[low:high]), "".join(new[left:right])
            pieces.append(Piece(max(same, key=len)))
            continue
        pieces += [Piece("".join(old[low:high]), "-"), Piece("".join(new[left:right]), "+")]
    return tuple(piece for piece in pieces if piece.text)


def _stripped(words: list[str]) -> list[str]:
    return [word.strip() for word in words]
