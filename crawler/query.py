"""What a reader asks for: the query in an address, and the expression that FTS5 answers it with.

Pure, and it never raises, whatever a person typed: it is cleaned, quoted and bound.
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Any, Literal, Self

from crawler import index
from crawler.words import folded, variants

# More is a paste by mistake; FTS5 itself refuses an expression some 250 terms deep.
MAX_WORDS = 500  # characters
MAX_TERMS = 32

FACETS = ("language", "theme", "country", "source", "organisation", "month")
TAGGED = ("language", "theme", "country", "source", "organisation")  # as words of the index
ORDERS = ("newest", "best")
FLAGS = ("reprints", "stories")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: beside this document of the index, exclusive, in the order of dates.

    Of the best matches (`best`), `doc` is how many stand on the pages before.
    """

    direction: Literal["older", "newer", "best"]
    doc: int

    def __str__(self) -> str:
        return f"{self.direction}~{self.doc}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        match = re.fullmatch(r"(older|newer|best)~(\d{1,18})", text, re.ASCII)
        if match is None:
            return None
        direction: Any = match[1]
        return cls(direction, int(match[2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a reader asks for. Empty strings mean "any". `after` and `before` are days, inclusive.

    Reprints are left out unless `reprints` is set, so that each article is listed once; `stories`
    leaves out as well what tells again what another has told.
    """

    words: str = ""
    language: str = ""
    theme: str = ""
    country: str = ""
    source: str = ""
    organisation: str = ""
    month: str = ""
    after: str = ""
    before: str = ""
    reprints: bool = False
    stories: bool = False
    order: str = "newest"
    page: Cursor | None = None

    def parameters(self) -> dict[str, str]:
        """The query string of the address which asks this; `parse` reads it back."""
        named = {"q": self.words} | {
            name: getattr(self, name) for name in (*FACETS, "after", "before")
        }
        named |= {name: "1" if getattr(self, name) else "" for name in FLAGS}
        named |= {
            "order": self.order if self.order != ORDERS[0] else "",
            "page": str(self.page or ""),
        }
        return {name: value for name, value in named.items() if value}

    def only(self, name: str, value: str) -> Self:
        """The same, from its first page, with one field set (or lifted, if `value` is empty)."""
        changes: dict[str, Any] = {name: value, "page": None}
        return replace(self, **changes)

    def at(self, page: Cursor | None) -> Self:
        """The same, at another page; None is the first."""
        return replace(self, page=page)

    @property
    def plain(self) -> bool:
        """Whether nothing narrows the list, so that the counts made by `publish` hold."""
        return self == type(self)(page=self.page, order=self.order)

    @property
    def expression(self) -> str | None:
        """What FTS5 is asked; None if something was typed, and nothing in it is a word."""
        words = match(self.words)
        if self.words and not (words.wanted or words.unwanted):
            return None
        wanted = [words.wanted] if words.wanted else []
        wanted += [_tag(name, value) for name in TAGGED if (value := getattr(self, name))]
        unwanted = [words.unwanted] if words.unwanted else []
        unwanted += [] if self.reprints else [f"tags : {index.COPY}"]
        unwanted += [f"tags : {index.RETOLD}"] if self.stories else []
        every = " AND ".join(wanted) or f"tags : {index.EVERY}"
        return f"({every}) NOT ({' OR '.join(unwanted)})" if unwanted else every

    @property
    def documents(self) -> tuple[int, int]:
        """The numbers of the days asked for: from, and up to but not including."""
        first, last = self.after or str(date.min), self.before or str(date.max)
        if self.month:
            first = max(first, f"{self.month}-01")
            last = min(last, f"{self.month}-{_length(self.month):02}")
        return index.first_of(first), index.after(last)


def _length(month: str) -> int:
    return monthrange(int(month[:4]), int(month[5:]))[1]


def _tag(name: str, value: str) -> str:
    return f'tags : "{index.tag(name, value)}"'


def parse(parameters: Mapping[str, str]) -> tuple[Query, tuple[str, ...]]:
    """The query in an address, and what in it was not understood (and is ignored)."""
    given = {name: _clean(value) for name, value in parameters.items()}
    problems = []
    days = {"after": "", "before": ""}
    for name in days:
        text = given.get(name, "")
        try:
            days[name] = date.fromisoformat(text).isoformat() if text else ""
        except ValueError:
            problems.append(
                f"“{text[:40]}” is not a day for “{name}” and was ignored: write 2026-01-31."
            )
    month = given.get("month", "")
    if month and not re.fullmatch(r"(?!0000)\d{4}-(0[1-9]|1[0-2])", month, re.ASCII):
        problems.append(f"“{month[:40]}” is not a month and was ignored: write 2026-01.")
        month = ""
    order = given.get("order", "")
    query = Query(
        words=given.get("q", "")[:MAX_WORDS],
        month=month,
        reprints=given.get("reprints") == "1",
        stories=given.get("stories") == "1",
        order=order if order in ORDERS else ORDERS[0],
        page=Cursor.parse(given.get("page", "")),
        **{facet: given.get(facet, "")[:100] for facet in TAGGED},
        **days,
    )
    return query, tuple(problems)


def _clean(text: str) -> str:
    """NFC, one line, and nothing that SQLite or FTS5 cannot hold (NUL, lone surrogates)."""
    text = unicodedata.normalize("NFC", text.encode("utf-8", "ignore").decode("utf-8"))
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in text).split())


@dataclass(frozen=True, slots=True)
class Match:
    """FTS5 expressions: what must be there and what must not; either may be empty."""

    wanted: str
    unwanted: str


TERM = re.compile(r"""(-?)(?:(title):)?(?:"([^"]*)"|([^\s"]+))""", re.IGNORECASE)
# What French and Italian join to a word by an apostrophe; aujourd'hui is one word.
ELIDED = re.compile(r"^(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)['’ʼ](?=\w)", re.IGNORECASE)


def match(words: str) -> Match:
    """Typed words as FTS5 expressions: all must occur, in any inflection, and -word must not.

    "A phrase" is meant as it stands; title:word must stand in the title. All is
    quoted, so that no operator, column name or stray quote reaches FTS5's parser.
    """
    straight = re.sub("[“”„‟«»＂]", '"', _clean(words)[:MAX_WORDS])
    terms = ((found[1], found[2], found[3], found[4]) for found in TERM.finditer(straight))
    asked = ((sign, _term(title, phrase, word)) for sign, title, phrase, word in terms)
    usable = list(islice(((sign, term) for sign, term in asked if term), MAX_TERMS))
    return Match(
        " AND ".join(term for sign, term in usable if not sign),
        " OR ".join(term for sign, term in usable if sign),
    )


def _term(title: str | None, phrase: str | None, word: str | None) -> str:
    """One of them; empty if there is no letter or number in it."""
    typed = phrase if word is None else ELIDED.sub("", word)
    tokens = folded(typed or "")
    if not tokens:
        return ""
    if phrase is not None or " " in tokens:
        return f'{{title{"" if title else " text"}}} : "{tokens}"'
    anywhere = "title" if title else "title text stems"
    either = " OR ".join(f'"{each}"' for each in variants(tokens))
    return f"{{{anywhere}}} : ({either})"
