"""What a reader asks for: the query in an address, and its words as FTS5 understands them.

Pure, and it never raises, whatever a person typed: it is cleaned, quoted and bound.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Any, Literal, Self

# More is a paste by mistake; FTS5 itself refuses an expression some 250 terms deep.
MAX_WORDS = 500  # characters
MAX_TERMS = 32

FACETS = ("language", "theme", "country", "source")

# Scripts written without spaces between words: Thai and Lao, Burmese, Khmer, kana, Han.
UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff])"
)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: beside this article, exclusive, in the direction of reading."""

    direction: Literal["older", "newer"]
    dated: str
    id: int

    def __str__(self) -> str:
        return f"{self.direction}~{self.dated}~{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        match = re.fullmatch(r"(older|newer)~([^~]{1,40})~(\d{1,18})", text)
        if match is None:
            return None
        return cls("newer" if match[1] == "newer" else "older", match[2], int(match[3]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a reader asks for. Empty strings mean "any". `after` and `before` are days, inclusive.

    Reprints are left out unless `reprints` is set, so that each article is listed once.
    """

    words: str = ""
    language: str = ""
    theme: str = ""
    country: str = ""
    source: str = ""
    after: str = ""
    before: str = ""
    reprints: bool = False
    page: Cursor | None = None

    def parameters(self) -> dict[str, str]:
        """The query string of the address which asks this; `parse` reads it back."""
        named = {"q": self.words} | {
            name: getattr(self, name) for name in (*FACETS, "after", "before")
        }
        named |= {"reprints": "1" if self.reprints else "", "page": str(self.page or "")}
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
        return self == type(self)(page=self.page)


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
    query = Query(
        words=given.get("q", "")[:MAX_WORDS],
        reprints=given.get("reprints") == "1",
        page=Cursor.parse(given.get("page", "")),
        **{facet: given.get(facet, "")[:100] for facet in FACETS},
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


def spaced(text: str) -> str | None:
    """`text` with its unspaced scripts cut between characters; None if it has none of them.

    FTS5 then sees one token a character, and a word is found as a phrase. Both the stored text and
    the typed query go through here.
    """
    if not UNSPACED.search(text):
        return None
    return " ".join(UNSPACED.sub(r" \1 ", text).split())


def search_text(title: str, text: str) -> str | None:
    """What article_texts.search_text holds: title too, since the index sees it whole otherwise."""
    return spaced(f"{title}\n{text}")


def match(words: str) -> Match:
    """Typed words as FTS5 expressions: all must occur; "a phrase" as it stands; -word must not.

    Everything is quoted, so that no operator, column name or stray quote reaches FTS5's parser.
    """
    straight = re.sub("[“”„‟«»＂]", '"', _clean(words)[:MAX_WORDS])
    terms = re.finditer(r'(-?)(?:"([^"]*)"|([^\s"]+))', straight)
    found = ((term[1], term[2] or term[3] or "") for term in terms)
    usable = list(islice(((sign, text) for sign, text in found if _has_token(text)), MAX_TERMS))
    quoted = [(sign, f'"{spaced(text) or text}"') for sign, text in usable]
    return Match(
        " AND ".join(text for sign, text in quoted if not sign),
        " OR ".join(text for sign, text in quoted if sign),
    )


def _has_token(text: str) -> bool:
    """Whether the unicode61 tokenizer finds anything: a letter, a number or private use."""
    return any(unicodedata.category(c)[0] in "LN" or unicodedata.category(c) == "Co" for c in text)
