"""Where the terms of the vocabulary stand in a text: matched whole, on folded words."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import ahocorasick

from enrich.text import fold
from enrich.vocabulary import elsewhere, lexicon

# Where no title is given, the first line stands for one, as far as a long headline goes.
HEADLINE = 160
# Characters of the text that count as its lead: the first paragraph of a news item, two or three
# sentences. The learnt weights were learnt with it.
LEAD = 350


@dataclass(frozen=True, slots=True)
class Term:
    """A term of a theme, or (`elsewhere`) of a subject that is none; as its file writes it.

    `rest` is what must follow the automaton's key, if anything.
    """

    slug: str
    written: str
    elsewhere: bool = False
    rest: re.Pattern[str] | None = None

    @property
    def strong(self) -> bool:
        return self.written[0] == "+"

    @property
    def name(self) -> str:
        """For people: without the signs of the file."""
        return self.written.lstrip("+").replace("*", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What stands in a text: each term with how often it does in `title`, `lead` and `text`."""

    terms: Mapping[Term, Mapping[str, int]]
    words: int


def terms_in(title: str, text: str, language: str) -> Found:
    """Find the terms of a language, given as its ISO 639 code.

    Each place is evidence once in a theme, however many terms fit it.
    """
    found: dict[Term, dict[str, int]] = {}
    words = 0
    for where, part in parts(title, text).items():
        tokens = _tokens(part, language)
        words += tokens.count(" ") - 1
        for term in _matches(tokens, language):
            counts = found.setdefault(term, {})
            counts[where] = counts.get(where, 0) + 1
    return Found(terms=found, words=words)


def parts(title: str, text: str) -> dict[str, str]:
    """Split into title, lead and text; a title that the text repeats on top is not read twice."""
    text = text.strip()
    head, body = title, text.removeprefix(title.strip())
    if not title.strip():
        head = _cut(text[:HEADLINE].partition("\n")[0], HEADLINE)
        body = text[len(head) :]
    lead = _cut(body[:LEAD], LEAD)
    return {"title": head, "lead": lead, "text": body[len(lead) :]}


def _cut(text: str, limit: int) -> str:
    """Drop the last word of a text as long as the limit: half of it would be found nowhere."""
    return text.rpartition(" ")[0] if len(text) == limit and " " in text else text


def _matches(tokens: str, language: str) -> Iterator[Term]:
    """Yield a term for each place where a theme is found: one hit, however many terms fit.

    What counts is a "-" term, then a strong one, then the longest. So "logement social" is one
    piece of evidence, not two, and so is "daklozen", which both "dakloze*" and "daklozen" fit.
    """
    hits: dict[str, list[tuple[int, int, Term]]] = {}
    for end, (length, terms) in _automaton(language).iter(tokens):
        for term in terms:
            stop = end + 1
            if term.rest is not None:
                rest = term.rest.match(tokens, stop)
                if rest is None:
                    continue
                stop = rest.end()
            # The blank before the word may be the one that ends the word before.
            hits.setdefault(term.slug, []).append((end + 2 - length, stop, term))
    for found in hits.values():
        taken: set[int] = set()
        for start, stop, term in sorted(found, key=_precedence):
            place = range(start, stop)
            if taken.isdisjoint(place):
                taken.update(place)
                if term.written[0] != "-":
                    yield term


def _precedence(hit: tuple[int, int, Term]) -> tuple[int, int, int, str]:
    start, stop, term = hit
    return {"-": 0, "+": 1}.get(term.written[0], 2), start - stop, start, term.written


@cache
def _automaton(language: str) -> Any:
    """Build the automaton of a language; keys start with a blank, the border of a word."""
    terms: dict[str, list[Term]] = {}
    for term, head in _written(language):
        for key in _with_proclitics(head, language):
            terms.setdefault(key, []).append(term)
    automaton = ahocorasick.Automaton()
    for key, same in terms.items():
        automaton.add_word(key, (len(key), tuple(same)))
    automaton.make_automaton()
    return automaton


def _written(language: str) -> Iterator[tuple[Term, str]]:
    """Yield each term of a language with its literal head."""
    themes = {slug: record.terms for slug, record in lexicon().items()}
    for known, other in ((themes, False), (elsewhere(), True)):
        for slug, terms in known.items():
            for written in terms.get(language, ()):
                head, *rest = _expression(written, language)
                after = re.compile("".join(rest)) if rest else None
                yield Term(slug, written, elsewhere=other, rest=after), head


def _expression(term: str, language: str) -> list[str]:
    """Return the literal head of a term, then, where a star stands inside, an expression."""
    head, *rest = term.lstrip("+-").split("*")
    open_end = term.endswith("*")
    if not rest:
        return [_tokens(head, language)]
    pieces = [_tokens(piece, language).strip() for piece in rest if piece]
    if not pieces:
        return [_tokens(head, language)[:-1]]
    expression = r"\w* " + r"\w* ".join(map(re.escape, pieces)) + ("" if open_end else " ")
    return [_tokens(head, language)[:-1], expression]


# -- Arabic

# The article, alone or after a conjunction or preposition, is no part of the word. Words that
# begin like it (ألغام) lose their head, but in terms and texts alike.
_ARTICLE = re.compile(r" (?:[وف]?[بك]?(?:ال)+|[وف]?لل)(?=\w\w)")
# And, so, in, as, for: written onto the word.
_PROCLITICS = ("", "و", "ب", "ل", "وب", "ول")
# In shorter words a proclitic too often makes another word (بري is wild, not "in irrigation").
_SHORTEST_WITH_PROCLITIC = 4


def _tokens(text: str, language: str) -> str:
    """Fold and put a blank at both ends, so that a blank marks each word's border."""
    tokens = f" {fold(text)} "
    return _ARTICLE.sub(" ", tokens) if language == "ar" else tokens


def _with_proclitics(key: str, language: str) -> Iterator[str]:
    if language != "ar" or len(key.split(maxsplit=1)[0]) < _SHORTEST_WITH_PROCLITIC:
        yield key
        return
    for proclitic in _PROCLITICS:
        yield f" {proclitic}{key[1:]}"
    if key[1] == "ل":  # "for the" melts into it: للاجئين
        yield f" {key[2:]}"
