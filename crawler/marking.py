"""The words of a search in what is shown of an article: where they stand, and whether they do.

The index finds words in whole texts; a reader sees a title and an extract. Words are compared as
the index does, folded and by their stems, and the text is shown as it was written.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup, escape

from crawler import query
from crawler.query import Term
from crawler.words import folded, stems

Token = tuple[int, int, str]  # from, to, folded
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Marked:
    """A title and the text beside it, with words in <mark>; `whole` if all that were asked are."""

    title: Markup
    text: Markup
    whole: bool


@dataclass(frozen=True, slots=True)
class Sought:
    """What a search wants: each group must stand there, by one of its terms."""

    groups: tuple[tuple[Term, ...], ...] = ()

    def mark(self, title: str, text: str, language: str) -> Marked:
        """`title` and `text`, escaped, with the words in them marked."""
        if not self.groups:
            return Marked(escape(title), escape(text), whole=True)
        heading, body = tokens(title), tokens(text)
        above: list[Span] = []
        below: list[Span] = []
        whole = True
        for group in self.groups:
            found = [
                (
                    _spans(term, heading, language),
                    [] if term.title else _spans(term, body, language),
                )
                for term in group
            ]
            whole = whole and any(spans for pair in found for spans in pair)
            above += [span for spans, _ in found for span in spans]
            below += [span for _, spans in found for span in spans]
        return Marked(_marked(title, above), _marked(text, below), whole)


def sought(words: str) -> Sought:
    return Sought(tuple(map(tuple, query.sought(words))))


def _marked(text: str, spans: list[Span]) -> Markup:
    parts, done = [], 0
    for first, last in _joined(sorted(spans)):
        parts += [escape(text[done:first]), Markup("<mark>%s</mark>") % text[first:last]]
        done = last
    return Markup("").join([*parts, escape(text[done:])])


def _spans(term: Term, found: list[Token], language: str) -> list[Span]:
    """Where a term stands in a text. Few words of a text fit, and most only once."""
    *before, wanted = term.tokens.split()
    fitting = {
        token for token in {each[2] for each in found} if _fits(term, wanted, token, language)
    }
    return [
        (found[at - len(before)][0], last)
        for at, (_, last, token) in enumerate(found)
        if token in fitting
        and at >= len(before)
        and [each[2] for each in found[at - len(before) : at]] == before
    ]


def _fits(term: Term, wanted: str, token: str, language: str) -> bool:
    """Whether a word of the text is the last of those that were typed."""
    if token == wanted or (term.prefix and token.startswith(wanted)):
        return True
    if term.phrase or term.prefix:
        return False
    if " " in term.tokens:  # sans-abri, sans-abris
        return token.removesuffix("s") == wanted.removesuffix("s")
    return _stem(token, language) == _stem(wanted, language)


@lru_cache(maxsize=100_000)
def _stem(token: str, language: str) -> str:
    return stems(token, language) or token


def _joined(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for first, last in spans:
        if joined and first <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        else:
            joined.append((first, last))
    return joined


# --- Where the tokens of a text stand ------------------------------------------------------------


def tokens(text: str) -> list[Token]:
    return [
        (run.start() + first, run.start() + last, token)
        for run in re.finditer(r"\S+", text)
        for first, last, token in _tokens(run[0])
    ]


# Articles repeat their words: a page of twenty has some 2,000, of which most were met before.
@lru_cache(maxsize=100_000)
def _tokens(run: str) -> tuple[Token, ...]:
    """Of letters without a blank between them."""
    found, token, first = [], "", 0
    for at, character in enumerate(run):
        head, *tail = _folded(character).split(" ")
        first = first if token else at
        token += head
        for part in tail:
            if token:
                found.append((first, at + bool(head), token))
            token, first = part, at
            head = part
    return (*found, (first, len(run), token)) if token else tuple(found)


@lru_cache(maxsize=10_000)
def _folded(character: str) -> str:
    """With the blanks around it that make it a token of its own."""
    return folded(f"a{character}a")[1:-1]
