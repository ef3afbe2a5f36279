"""What helps a reader whose question has no answer: what there is instead, what to leave out."""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from operator import attrgetter

from crawler.published import Label, countries, languages, organisations, rows, sources, themes
from crawler.query import DAYS, TAGGED, Query
from crawler.search import CAP, summary
from crawler.words import folded

OFFERED = 12  # values instead of an unknown one: what a reader takes in at a glance
# Words of a search that finds nothing, left out one by one; each costs a look at the index.
MOST_WORDS = 6


@dataclass(frozen=True, slots=True)
class Unknown:
    """A filter whose value is none that there is; `instead` are some that there are."""

    facet: str
    value: str
    instead: tuple[Label, ...]


def known(conn: sqlite3.Connection, query: Query) -> tuple[Query, str]:
    """The query with its codes as they are written, and the first filter that is none ("" if none).

    The index does not tell capitals apart, and so an address may not either.
    """
    for facet, names in _names(conn, "en", query).items():
        value = getattr(query, facet)
        code = value if value in names else _written(value, names)
        if code is None:
            return query, facet
        query = query.only(facet, code).at(query.page)
    return query, ""


def instead(conn: sqlite3.Connection, query: Query, facet: str, language: str) -> Unknown:
    """For a value that is not known: those that resemble it, then the most frequent."""
    value = getattr(query, facet)
    there = summary(conn, Query(), facet, language).facets[facet]
    by_word = {folded(word): label for label in there for word in (label.code, label.name)}
    close = [by_word[word] for word in get_close_matches(folded(value), by_word, n=3, cutoff=0.75)]
    return Unknown(facet, value, tuple(dict.fromkeys([*close, *there]))[:OFFERED])


def _names(
    conn: sqlite3.Connection, language: str, query: Query
) -> Mapping[str, Mapping[str, str]]:
    """The names of the codes that the query's filters may have."""
    tables = {
        "language": lambda: languages(conn, language),
        "theme": lambda: themes(conn, language),
        "country": lambda: countries(conn, language),
        "source": lambda: sources(conn),
        "organisation": lambda: organisations(conn, language),
    }
    return {facet: tables[facet]() for facet in TAGGED if getattr(query, facet)}


def _written(value: str, names: Mapping[str, str]) -> str | None:
    return next((code for code in names if code.lower() == value.lower()), None)


# --- Nothing found -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WayOut:
    """A query that leaves out one thing of another, and finds.

    `what` is a facet, a day, `words` (`value` is one of them, or none for all) or `all` filters;
    `n` beyond CAP means "more than CAP".
    """

    what: str
    value: str
    query: Query
    n: int


def ways_out(conn: sqlite3.Connection, query: Query) -> tuple[WayOut, ...]:
    """What finds something where `query` does not, the most first."""
    found = ((*wider, _how_many(conn, wider[-1])) for wider in _wider(query))
    ways = [WayOut(*each) for each in found if each[-1]]
    return tuple(sorted(ways, key=attrgetter("n"), reverse=True))


def _wider(query: Query) -> Iterator[tuple[str, str, Query]]:
    for field in (*TAGGED, "month", *DAYS):
        if value := getattr(query, field):
            yield field, value, query.only(field, "")
    words = query.words.split()
    if '"' not in query.words and 1 < len(words) <= MOST_WORDS:
        for word in dict.fromkeys(words):
            yield "words", word, query.only("words", " ".join(w for w in words if w != word))
    if query.words and any(getattr(query, field) for field in (*TAGGED, "month", *DAYS)):
        yield "words", "", query.only("words", "")
        yield "all", "", Query(words=query.words)


def _how_many(conn: sqlite3.Connection, query: Query) -> int:
    if query.expression is None:
        return 0
    ((n,),) = rows(
        conn,
        """
        SELECT count(*) FROM (
          SELECT 1 FROM articles_fts
          WHERE articles_fts MATCH ? AND articles_fts.rowid >= ? AND articles_fts.rowid < ? LIMIT ?
        )
        """,
        (query.expression, *query.documents, CAP + 1),
    )
    return int(n)
