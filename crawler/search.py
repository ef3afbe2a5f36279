"""What a query finds in the published database: a page of it, and how many there are of what.

One expression over the full-text index answers any query; `listed` has, in the order of the index,
what is counted.
"""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from heapq import nlargest, nsmallest

from crawler import index
from crawler.published import Entry, Label, entries, named, rows
from crawler.query import FACETS, Cursor, Query

# Counting stops here, facets are counted over as many of the newest, and the best are the best of
# these: at 1,000,000 articles most pages then take less than 50 ms (`make pages`).
CAP = 5_000
PAGE = 20
SHOWN = 8  # values of a facet beside a list; a page of its own has all


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One page of what was found. If `capped`, there are more than `total`, which were counted.

    `facets` has the most frequent values of each, `values` how many there are.
    """

    entries: tuple[Entry, ...]
    total: int
    facets: dict[str, tuple[Label, ...]]
    values: Mapping[str, int]
    newer: Cursor | None = None
    older: Cursor | None = None
    capped: bool = False


NOTHING = Results(
    entries=(), total=0, facets=dict.fromkeys(FACETS, ()), values=dict.fromkeys(FACETS, 0)
)


def search(conn: sqlite3.Connection, query: Query, language: str = "en") -> Results:
    """One page of what fits, the newest or the best first, with how many there are of what.

    Languages, themes, countries and organisations are named in `language`.
    """
    if query.expression is None:
        return NOTHING
    counts = _counts(conn, query)
    if query.order == "best":
        ids, newer, older = _best(conn, query, counts)
    else:
        ids, newer, older = _newest(conn, query)
    return Results(
        entries=entries(conn, ids, language),
        total=counts.total,
        capped=counts.capped,
        facets=labelled(conn, _frequent(counts.tallies, query), language),
        values={facet: len(tally) for facet, tally in counts.tallies.items()},
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


def summary(conn: sqlite3.Connection, query: Query, facet: str, language: str = "en") -> Results:
    """What `search` says but for the articles, with every value of one facet."""
    if query.expression is None:
        return NOTHING
    counts = _counts(conn, query)
    shown = _frequent(counts.tallies, query) | {facet: counts.tallies[facet]}
    return Results(
        entries=(),
        total=counts.total,
        capped=counts.capped,
        facets=labelled(conn, shown, language),
        values={facet: len(tally) for facet, tally in counts.tallies.items()},
    )


def ranked(
    conn: sqlite3.Connection, query: Query, facet: str, language: str = "en"
) -> tuple[Label, ...]:
    """How often each value of a facet is among what fits (the CAP newest), the most first."""
    if query.expression is None:
        return ()
    tally = _counts(conn, query, (facet,)).tallies[facet]
    return labelled(conn, {facet: tally}, language)[facet]


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
    conn: sqlite3.Connection, query: Query, counts: "_Counts"
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
        (query.expression, max(first, counts.oldest), end, PAGE, skipped),
    )
    newer = Cursor("best", max(0, skipped - PAGE)) if skipped else None
    older = Cursor("best", skipped + PAGE) if skipped + PAGE < min(counts.total, CAP) else None
    return [id_ for (id_,) in found], newer, older


# --- Counting ------------------------------------------------------------------------------------

# Codes of an article have a space between them, and so have those of many.
LISTED = {
    "language": "language",
    "theme": "themes",
    "country": "countries",
    "source": "source",
    "organisation": "organisations",
    "month": f"doc >> {index.PLACES}",  # its day
}


@dataclass(frozen=True, slots=True)
class _Counts:
    """`oldest` is the last document that was counted."""

    total: int
    tallies: Mapping[str, Counter[str]]
    oldest: int = 0
    capped: bool = False


def _counts(conn: sqlite3.Connection, query: Query, facets: Sequence[str] = FACETS) -> _Counts:
    if query.plain and (stored := stored_counts(conn)):
        return _Counts(sum(stored["language"].values()), stored)
    asked = (query.expression, *query.documents)
    found = f"""
        SELECT listed.* FROM articles_fts CROSS JOIN listed ON doc = articles_fts.rowid
        WHERE articles_fts MATCH ? AND articles_fts.rowid >= ? AND articles_fts.rowid < ?
        ORDER BY articles_fts.rowid DESC LIMIT {CAP}
    """
    total, oldest, counts = _tallies(conn, f"({found})", asked, facets)
    for facet in facets:  # what was chosen is named, even where nothing has it
        if value := getattr(query, facet):
            counts[facet].setdefault(value, 0)
    older = "SELECT 1 FROM articles_fts WHERE articles_fts MATCH ? AND rowid >= ? AND rowid < ?"
    capped = total == CAP and bool(rows(conn, f"{older} LIMIT 1", (*asked[:2], oldest)))
    return _Counts(total, counts, oldest, capped)


def _tallies(
    conn: sqlite3.Connection,
    listed: str,
    asked: Sequence[object] = (),
    facets: Sequence[str] = FACETS,
) -> tuple[int, int, dict[str, Counter[str]]]:
    """How many there are, the oldest, and how often they have each value of each facet.

    SQLite joins the codes to one text a facet, which takes a third of the time of as many rows.
    """
    joined = ", ".join(f"group_concat({LISTED[facet]}, ' ')" for facet in facets)
    ((total, oldest, *codes),) = rows(
        conn, f"SELECT count(*), coalesce(min(doc), 0), {joined} FROM {listed}", asked
    )
    counts = {
        facet: Counter((text or "").split()) for facet, text in zip(facets, codes, strict=True)
    }
    if "month" in counts:
        days, counts["month"] = counts["month"], Counter()
        for day, n in days.items():
            counts["month"][f"{date.fromordinal(int(day)):%Y-%m}"] += n
    return total, oldest, counts


def hits(conn: sqlite3.Connection, query: Query, facet: str) -> list[tuple[int, str]]:
    """The newest that fit, CAP and one at most: each document, and its values of a facet."""
    if query.expression is None:
        return []
    found = rows(
        conn,
        f"""
        SELECT doc, {LISTED[facet]} FROM articles_fts CROSS JOIN listed ON doc = articles_fts.rowid
        WHERE articles_fts MATCH ? AND articles_fts.rowid >= ? AND articles_fts.rowid < ?
        ORDER BY articles_fts.rowid DESC LIMIT ?
        """,
        (query.expression, *query.documents, CAP + 1),
    )
    return [(doc, codes) for doc, codes in found]


def count_facets(conn: sqlite3.Connection) -> None:
    """Fill facet_counts anew. `publish` calls it last; each article counts once."""
    conn.execute("DELETE FROM facet_counts")
    totals = {facet: Counter[str]() for facet in FACETS}
    oldest = 1 << 62  # in parts: a text of a million codes takes memory
    while True:
        part = f"(SELECT * FROM listed WHERE doc < {oldest} ORDER BY doc DESC LIMIT {CAP})"
        originals = f"(SELECT * FROM {part} WHERE NOT copy)"
        (end,) = conn.execute(f"SELECT min(doc) FROM {part}").fetchone()
        if end is None:
            break
        for facet, tally in _tallies(conn, originals)[2].items():
            totals[facet].update(tally)
        oldest = end
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


def _frequent(counts: Mapping[str, Counter[str]], query: Query) -> dict[str, dict[str, int]]:
    """The SHOWN values of each facet, and what was chosen."""
    found = {facet: _first(facet, tally) for facet, tally in counts.items()}
    for facet in FACETS:
        if value := getattr(query, facet):
            found[facet][value] = counts[facet][value]
    return found


def _first(facet: str, tally: Counter[str]) -> dict[str, int]:
    if facet == "month":
        return {month: tally[month] for month in nlargest(SHOWN, tally)}
    return dict(nsmallest(SHOWN, tally.items(), key=lambda item: (-item[1], item[0])))


def labelled(
    conn: sqlite3.Connection, counts: Mapping[str, Mapping[str, int]], language: str
) -> dict[str, tuple[Label, ...]]:
    """The values of each facet with their names, the most frequent first; months the latest."""
    return {
        facet: _sorted(facet, [Label(code, names.get(code, code), n) for code, n in tally.items()])
        for facet, tally in counts.items()
        for names in [named(conn, facet, tally, language)]
    }


def _sorted(facet: str, found: list[Label]) -> tuple[Label, ...]:
    if facet == "month":
        return tuple(sorted(found, key=lambda label: label.code, reverse=True))
    return tuple(sorted(found, key=lambda label: (-label.n, label.name)))
