"""Where terms stand in a text, for a page that marks them. Pure.

Compared as the full-text index does: folded, and by the light inflection of the text's language.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from unicodedata import category

from crawler.query import ELIDED, MAX_TERMS, MIN_PREFIX, QUOTES, TERM
from crawler.words import folded, stems

# Of a longer text the beginning is searched: so much takes 50 ms.
MOST_SEARCHED = 100_000
# Parts of what stands between spaces, where folding makes several words of it.
PARTS = (
    re.compile("[^\\s!-/:-@\\[-`{-~\u00a0-\u00bf\u2000-\u206f\u3000-\u303f\u060c\u061b\u061f]+"),
    re.compile("."),
)


@dataclass(frozen=True, slots=True)
class Sought:
    """Words that stand side by side; with `prefix`, the last may go on."""

    tokens: tuple[str, ...]
    prefix: bool = False


class Token(NamedTuple):
    """A folded word, and where it stands."""

    word: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a text; `marked` if it is what was sought."""

    text: str
    marked: bool = False


def sought(terms: Iterable[str], *, prefix: bool = False) -> tuple[Sought, ...]:
    """Terms to look for; with `prefix`, they may be the beginning of a word."""
    found = (tuple(folded(term).split()) for term in terms)
    return tuple(
        Sought(tokens, prefix and len(tokens[-1]) >= MIN_PREFIX)
        for tokens in dict.fromkeys(found)
        if tokens
    )


def typed(words: str) -> tuple[Sought, ...]:
    """What a search (crawler.query.match) wants, to look for."""
    found: list[Sought] = []
    for minus, _, phrase, word in (each.groups() for each in TERM.finditer(QUOTES.sub('"', words))):
        if not minus and word != "OR":
            term = ELIDED.sub("", word) if word else phrase
            found += sought([term], prefix=bool(word) and word.endswith("*"))
    return tuple(found[:MAX_TERMS])


def marked(text: str, wanted: Sequence[Sought], language: str) -> tuple[Part, ...]:
    """`text` in parts, which together are the text as it is."""
    parts, done = [], 0
    for start, end in _spans(text, wanted, language) if wanted else ():
        parts += [Part(text[done:start]), Part(text[start:end], marked=True)]
        done = end
    parts.append(Part(text[done:]))
    return tuple(part for part in parts if part.text)


def _spans(text: str, wanted: Sequence[Sought], language: str) -> list[tuple[int, int]]:
    """Where they stand, in order; what overlaps is one."""
    found = list(tokens(text[:MOST_SEARCHED]))
    begin: dict[str, list[Sought]] = {}
    for each in wanted:
        for form in _forms(each.tokens[0], language):
            begin.setdefault(form, []).append(each)
    prefixes = tuple(each.tokens[0] for each in wanted if each.prefix and len(each.tokens) == 1)
    joined: list[tuple[int, int]] = []
    for at, (word, start, _) in enumerate(found):
        here = (each for form in _forms(word, language) for each in begin.get(form, ()))
        length = max((_length(each, found, at, language) for each in here), default=0)
        length = length or int(bool(prefixes) and word.startswith(prefixes))
        if length:
            last = found[at + length - 1].end
            if joined and start < joined[-1][1]:
                joined[-1] = joined[-1][0], max(last, joined[-1][1])
            else:
                joined.append((start, last))
    return joined


def _length(each: Sought, found: Sequence[Token], at: int, language: str) -> int:
    """How many tokens from `at` on are what is sought, if its first is; 0 if they are not."""
    here = found[at : at + len(each.tokens)]
    if len(here) < len(each.tokens):
        return 0
    fits = all(
        not _forms(token.word, language).isdisjoint(_forms(word, language))
        or (each.prefix and number == len(each.tokens) - 1 and token.word.startswith(word))
        for number, (token, word) in enumerate(zip(here, each.tokens, strict=True))
    )
    return len(here) if fits else 0


# An article has some hundred different words, and a theme twenty terms at the most.
@lru_cache(maxsize=20_000)
def _forms(word: str, language: str) -> frozenset[str]:
    return frozenset((word, *stems(word, language).split()))


def tokens(text: str) -> Iterator[Token]:
    """The words of a text, in order."""
    for found in re.finditer(r"\S+", text):
        for word, start, end in _tokens(found[0]):
            yield Token(word, found.start() + start, found.start() + end)


@lru_cache(maxsize=20_000)
def _tokens(piece: str, level: int = 0) -> tuple[tuple[str, int, int], ...]:
    """The words of what has no space in it, without the punctuation around them."""
    words = folded(piece).split()
    if len(words) > 1 and level < len(PARTS):
        return tuple(
            (word, found.start() + start, found.start() + end)
            for found in PARTS[level].finditer(piece)
            for word, start, end in _tokens(found[0], level + 1)
        )
    letters = [at for at, character in enumerate(piece) if category(character)[0] in "LNM"] or [0]
    end = len(piece) if len(piece) == 1 else letters[-1] + 1
    return tuple((word, letters[0], end) for word in words)
