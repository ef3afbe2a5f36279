"""Where what was asked for stands in the texts that are shown, and whether all of it does. Pure.

The index finds words in whole texts; a reader sees a title and what may be shown. Words are
compared as the index does, folded and by their stems, and a text stays as it was written.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from crawler import query
from crawler.query import MIN_PREFIX, Term
from crawler.words import WITHIN, folded, stems

# Of a longer text the beginning is searched: for twenty terms, so many characters of French take
# 35 ms (70 if never met before), of Chinese 250 ms.
MOST_SEARCHED = 100_000
# In characters. Of 52,208 runs without a blank in tests/sector one is longer; those of scripts that
# have no blanks are, and are hardly met again.
LONGEST_KEPT = 30

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a text; `marked` if it is what was sought."""

    text: str
    marked: bool = False


Parts = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Marked:
    """A title and lines in parts, which together are what they were; `whole` if all is there."""

    title: Parts
    lines: tuple[Parts, ...]
    whole: bool

    @property
    def places(self) -> int:
        return sum(part.marked for line in (self.title, *self.lines) for part in line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Words that stand side by side: each as it is, or, `inflected`, in any of its forms.

    With `prefix` the last may go on; with `title` they count in titles only.
    """

    words: tuple[str, ...]
    inflected: bool
    prefix: bool
    title: bool = False


@dataclass(frozen=True, slots=True)
class Sought:
    """Something of each group is to be found."""

    groups: tuple[tuple[Wanted, ...], ...] = ()

    def mark(self, title: str, lines: Sequence[str], language: str) -> Marked:
        texts: list[tuple[str, list[list[Span]]]] = []
        room = MOST_SEARCHED
        for text in (title, *lines):
            spans = self._spans(text[:room], language, title=not texts)
            texts.append((text, spans))
            room = max(0, room - len(text))
        whole = all(any(spans) for spans in zip(*(spans for _, spans in texts), strict=True))
        heading, *body = (_parts(text, chain(*spans)) for text, spans in texts)
        return Marked(heading, tuple(body), whole)

    def _spans(self, text: str, language: str, *, title: bool) -> list[list[Span]]:
        """Where each group stands in a text."""
        if not self.groups:
            return []
        words = _Words(text, language)
        return [
            [span for each in group if title or not each.title for span in words.spans(each)]
            for group in self.groups
        ]


def sought(words: str) -> Sought:
    """What a search wants (crawler.query.match)."""
    groups = query.sought(words)
    return Sought(
        tuple(tuple(each for term in group for each in _wanted(term)) for group in groups)
    )


def evidence(terms: Iterable[str], *, prefix: bool) -> Sought:
    """The terms for which an article was tagged; with `prefix`, they may be beginnings of words."""
    found = (tuple(folded(term).split()) for term in terms)
    return Sought(
        (
            tuple(
                Wanted(words=words, inflected=True, prefix=prefix and len(words[-1]) >= MIN_PREFIX)
                for words in dict.fromkeys(found)
                if words
            ),
        )
    )


def _wanted(term: Term) -> Iterator[Wanted]:
    exact = term.phrase or term.prefix
    several = " " in term.tokens
    spellings = query.numbers(term.tokens) if not exact and (several or term.title) else ()
    for words in spellings or (term.tokens,):
        yield Wanted(
            words=tuple(words.split()),
            inflected=not (exact or several),
            prefix=term.prefix,
            title=term.title,
        )


def _parts(text: str, spans: Iterable[Span]) -> Parts:
    parts, done = [], 0
    for start, end in _joined(sorted(spans)):
        parts += [Part(text[done:start]), Part(text[start:end], marked=True)]
        done = end
    parts.append(Part(text[done:]))
    return tuple(part for part in parts if part.text)


def _joined(spans: Iterable[Span]) -> list[Span]:
    """What overlaps is one."""
    joined: list[Span] = []
    for start, end in spans:
        if joined and start < joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


class _Words:
    """The words of a text by what they are and by their forms, so that it is read only once."""

    def __init__(self, text: str, language: str) -> None:
        self.tokens = list(tokens(text))
        self.language = language
        self.places: dict[str, list[int]] = defaultdict(list)
        for place, token in enumerate(self.tokens):
            self.places[token.word].append(place)
        self.forms: dict[str, list[str]] = defaultdict(list)
        for word in self.places:
            for form in _forms(word, language):
                self.forms[form].append(word)

    def spans(self, wanted: Wanted) -> Iterator[Span]:
        first, *following = (
            self._fitting(word, wanted, last=number == len(wanted.words))
            for number, word in enumerate(wanted.words, 1)
        )
        for word in first:
            for place in self.places[word]:
                here = self.tokens[place : place + len(wanted.words)]
                if len(here) == len(wanted.words) and all(
                    token.word in fitting
                    for token, fitting in zip(here[1:], following, strict=True)
                ):
                    yield here[0].start, here[-1].end

    def _fitting(self, word: str, wanted: Wanted, *, last: bool) -> set[str]:
        """The words of the text that are a word which is wanted."""
        found = {word} & self.places.keys()
        if wanted.inflected:
            found.update(*(self.forms.get(form, ()) for form in _forms(word, self.language)))
        if wanted.prefix and last:
            found.update(each for each in self.places if each.startswith(word))
        return found


# An article has some hundred different words, and a page of a search some thousand.
@lru_cache(maxsize=20_000)
def _forms(word: str, language: str) -> tuple[str, ...]:
    return (word, *stems(word, language).split())


# --- Where the words of a text stand -------------------------------------------------------------


class Token(NamedTuple):
    """A folded word, and where it stands."""

    word: str
    start: int
    end: int


def tokens(text: str) -> Iterator[Token]:
    """The words of a text as crawler.words.folded has them, in order."""
    for run in re.finditer(r"\S+", text):
        found = _kept(run[0]) if len(run[0]) <= LONGEST_KEPT else _tokens(run[0])
        for word, start, end in found:
            yield Token(word, run.start() + start, run.start() + end)


def _tokens(run: str) -> tuple[Token, ...]:
    """Of what has no blank in it."""
    if run.isascii() and run.isalnum():
        return (Token(run.lower(), 0, len(run)),)
    within = {at for found in WITHIN.finditer(run) for at in range(*found.span())}
    found, token, first = [], "", 0
    for at, character in enumerate(run):
        if at in within:
            continue
        head, *tail = _folded(character)
        first = first if token else at
        token += head
        for part in tail:
            if token:
                found.append(Token(token, first, at + bool(head)))
            token, first, head = part, at, part
    return (*found, Token(token, first, len(run))) if token else tuple(found)


# Articles repeat their words: a page of twenty has some 2,000, of which most were met before.
_kept = lru_cache(maxsize=50_000)(_tokens)


@lru_cache(maxsize=10_000)
def _folded(character: str) -> tuple[str, ...]:
    """What it becomes within a word: in parts, if it ends that or is a word of its own."""
    return tuple(folded(f"a{character}a")[1:-1].split(" "))
