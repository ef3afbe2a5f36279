"""What a query finds in the published database: a page of it, and how many there are of what.

One expression over the full-text index answers any query; `listed` has, in the order of the index,
what is counted.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from crawler import index
from crawler.published import (
    Entry,
    Label,
    countries,
    entries,
    languages,
    organisations,
    rows,
    sources,
    themes,
)
from crawler.query import FACETS, Cursor, Query

# Counting stops here, facets are counted over as many of the newest, and the best are the best of
# these: at 1,000,000 articles that keeps every page below 50 ms (tests/bench_site.py).
CAP = 10_000
PAGE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One page of what was found. If `capped`, there are more than `total`, which were counted."""

    entries: tuple[Entry, ...]
    total: int
    facets: dict[str, tuple[Label, ...]]
    newer: Cursor | None = None
    older: Cursor | None = None

    capped: bool = False


def search(conn: sqlite3.Connection, query: Query, language: str = "en") -> Results:
    """One page of what fits, the newest or the best first, with how many there are of what.

    Languages, themes, countries and organisations are named in `language`.
    """
    if query.expression is None:
        return Results(entries=(), total=0, facets=dict.fromkeys(FACETS, ()))
    counts = _counts(conn, query)
    if query.order == "best":
        ids, newer, older = _best(conn, query, counts.hits)
    else:
        ids, newer, older = _newest(conn, query)
    return Results(
        entries=entries(conn, ids, language),
        total=counts.total,
        capped=counts.capped,
        facets=labelled(conn, counts.tallies, language),
        newer=newer,
        older=older,
    )


def count(conn: sqlite3.Connection, query: Query) -> int:
    """How many articles fit, exactly, on whatever page."""
    if query.expression is None:
        return 0
    if query.plain and (stored := stored_counts(conn)):
        return sum(stored["language"].values())
    ((n,),) = rows(
        conn,
        """
        SELECT count(*) FROM articles_fts
        WHERE articles_fts MATCH ? AND articles_fts.rowid >= ? AND articles_fts.rowid < ?
        """,
        (query.expression, *query.documents),
    )
    return int(n)


def summary(conn: sqlite3.Connection, query: Query, language: str = "en") -> Results:
    """What `search` says, but for the articles."""
    if query.expression is None:
        return Results(entries=(), total=0, facets=dict.fromkeys(FACETS, ()))
    counts = _counts(conn, query)
    facets = labelled(conn, counts.tallies, language)
    return Results(entries=(), total=counts.total, capped=counts.capped, facets=facets)


def feed_entries(
    conn: sqlite3.Connection, query: Query, n: int, language: str = "en"
) -> tuple[Entry, ...]:
    """The `n` newest articles that fit, themes named in `language`."""
    return entries(conn, [id_ for _, id_ in documents(conn, query, n)], language)


# --- Asking the index ----------------------------------------------------------------------------


def documents(
    conn: sqlite3.Connection, query: Query, limit: int, *, backwards: bool = False
) -> list[tuple[int, int]]:
    """(document, article) of those that fit, the newest first; of the last `limit` if backwards."""
    if query.expression is None:
        return []
    found = rows(
        conn,
        f"""
        SELECT doc, article_id FROM articles_fts CROSS JOIN listed ON doc = articles_fts.rowid
        WHERE articles_fts MATCH ? AND articles_fts.rowid >= ? AND articles_fts.rowid < ?
        ORDER BY articles_fts.rowid {"ASC" if backwards else "DESC"} LIMIT ?
        """,
        (query.expression, *_range(query), limit),
    )
    return [(doc, id_) for doc, id_ in (reversed(found) if backwards else found)]


def _range(query: Query) -> tuple[int, int]:
    first, end = query.documents
    if query.page and query.page.direction == "older":
        end = min(end, query.page.doc)
    if query.page and query.page.direction == "newer":
        first = max(first, query.page.doc + 1)
    return first, end


def _newest(
    conn: sqlite3.Connection, query: Query
) -> tuple[list[int], Cursor | None, Cursor | None]:
    """The articles of a page and the ways to its neighbours."""
    back = query.page is not None and query.page.direction == "newer"
    found = documents(conn, query, PAGE + 1, backwards=back)
    more = len(found) > PAGE
    chosen = found[1:] if back and more else found[:PAGE]
    if not chosen:
        return [], None, None
    newer = Cursor("newer", chosen[0][0]) if (more if back else query.page) else None
    older = Cursor("older", chosen[-1][0]) if (back or more) else None
    return [id_ for _, id_ in chosen], newer, older


def _best(
    conn: sqlite3.Connection, query: Query, hits: list["Hit"]
) -> tuple[list[int], Cursor | None, Cursor | None]:
    """A page of the best matches among the CAP newest: a word of the title counts for more."""
    first, end = query.documents
    skipped = min(query.page.doc, CAP) if query.page else 0
    found = rows(
        conn,
        """
        SELECT article_id FROM articles_fts CROSS JOIN listed ON doc = articles_fts.rowid
        WHERE articles_fts MATCH ? AND articles_fts.rowid >= ? AND articles_fts.rowid < ?
        ORDER BY bm25(articles_fts, 8, 1, 0.5, 0), doc DESC LIMIT ? OFFSET ?
        """,
        (query.expression, hits[CAP - 1][0] if len(hits) > CAP else first, end, PAGE, skipped),
    )
    newer = Cursor("best", max(0, skipped - PAGE)) if skipped else None
    older = Cursor("best", skipped + PAGE) if skipped + PAGE < min(len(hits), CAP) else None
    return [id_ for (id_,) in found], newer, older


# --- Counting ------------------------------------------------------------------------------------

Hit = tuple[int, str, str, str, str, str]
LISTED = "SELECT doc, language, source, themes, countries, organisations FROM"


@dataclass(frozen=True, slots=True)
class _Counts:
    """`hits` are empty where the counts of the whole were stored by `publish`."""

    total: int
    tallies: Mapping[str, Counter[str]]
    hits: list[Hit]
    capped: bool = False


def _counts(conn: sqlite3.Connection, query: Query) -> _Counts:
    if query.plain and (stored := stored_counts(conn)):
        return _Counts(sum(stored["language"].values()), stored, [])
    hits = counted(conn, query)
    newest = hits[:CAP]
    found = tallies(newest)
    for facet in FACETS:  # what was chosen is named, even where nothing has it
        if value := getattr(query, facet):
            found[facet].setdefault(value, 0)
    return _Counts(len(newest), found, hits, capped=len(hits) > CAP)


def counted(conn: sqlite3.Connection, query: Query) -> list[Hit]:
    """What counts are made of: the newest that fit, whatever the page; at most CAP and one."""
    if query.expression is None:
        return []
    return rows(
        conn,
        f"""
        {LISTED} articles_fts CROSS JOIN listed ON doc = articles_fts.rowid
        WHERE articles_fts MATCH ? AND articles_fts.rowid >= ? AND articles_fts.rowid < ?
        ORDER BY articles_fts.rowid DESC LIMIT ?
        """,
        (query.expression, *query.documents, CAP + 1),
    )


def tallies(hits: Iterable[Hit]) -> dict[str, Counter[str]]:
    """How often each value of each facet is among `hits`."""
    columns = list(zip(*hits, strict=True)) or [()] * 6
    docs, spoken, at, on, of, by = columns
    return {
        "language": Counter(spoken),
        "theme": _codes(on),
        "country": _codes(of),
        "source": Counter(at),
        "organisation": _codes(by),
        "month": _months(docs),
    }


def _codes(lists: Iterable[str]) -> Counter[str]:
    return Counter(" ".join(lists).split())


def _months(docs: Iterable[int]) -> Counter[str]:
    months: Counter[str] = Counter()
    for day, n in Counter(doc >> index.PLACES for doc in docs).items():
        months[f"{date.fromordinal(day):%Y-%m}"] += n
    return months


def count_facets(conn: sqlite3.Connection) -> None:
    """Fill facet_counts anew. `publish` calls it last; each article counts once."""
    conn.execute("DELETE FROM facet_counts")
    totals = {facet: Counter[str]() for facet in FACETS}
    cursor = conn.execute(f"{LISTED} listed WHERE NOT copy")
    while hits := cursor.fetchmany(CAP):
        for facet, tally in tallies(hits).items():
            totals[facet] += tally
    conn.executemany(
        "INSERT INTO facet_counts VALUES (?, ?, ?)",
        ((facet, code, n) for facet, tally in totals.items() for code, n in tally.items()),
    )


def stored_counts(conn: sqlite3.Connection) -> dict[str, Counter[str]]:
    """The counts of all articles, as `publish` made them; none if it did not."""
    stored: dict[str, Counter[str]] = {facet: Counter() for facet in FACETS}
    for facet, value, n in rows(conn, "SELECT facet, value, n FROM facet_counts"):
        stored[facet][value] = n
    return stored if stored["language"] else {}


def labelled(
    conn: sqlite3.Connection, counts: Mapping[str, Mapping[str, int]], language: str
) -> dict[str, tuple[Label, ...]]:
    """The values of each facet with their names, the most frequent first; months the latest."""
    named: dict[str, Callable[[], Mapping[str, str]]] = {
        "language": lambda: languages(conn, language),
        "theme": lambda: themes(conn, language),
        "country": lambda: countries(conn, language),
        "source": lambda: sources(conn),
        "organisation": lambda: organisations(conn, language),
        "month": dict,
    }
    return {
        facet: _sorted(facet, [Label(code, names.get(code, code), n) for code, n in tally.items()])
        for facet, tally in counts.items()
        for names in [named[facet]()]
    }


def _sorted(facet: str, found: list[Label]) -> tuple[Label, ...]:
    if facet == "month":
        return tuple(sorted(found, key=lambda label: label.code, reverse=True))
    return tuple(sorted(found, key=lambda label: (-label.n, label.name)))
