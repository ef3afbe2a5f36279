"""How what a query finds is spread over time: counts by month or week, by language or theme.

Up to CAP hits are counted one by one. Of more, each period is counted in the index as a range of
documents, exactly; who shares a period is then known of the CAP newest alone, and `since` says how
far back these reach.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any

from crawler import index
from crawler.published import Label, rows
from crawler.query import Query
from crawler.search import CAP, hits, labelled, stored_counts

PERIODS = ("month", "week")
SPLITS = ("language", "theme", "source", "country")
# More bars than this are thinner than a line on a telephone; what is older is told in one figure.
MOST_PERIODS = 260
# Colours that can still be told apart, and from the grey of the rest.
MOST_SERIES = 5
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Counts by period, the oldest first; no period between the first and the last is left out.

    `starts` has the first day of each period and `totals` how many articles it has. `series` has
    the counts of the most frequent values of `split`, in the same order. Those are of the newest
    articles alone where `since`, a day, is set; and where an article may have several values, they
    may add up to more than the totals. `earlier` articles are older than the first period.
    """

    by: str
    split: str
    starts: tuple[date, ...] = ()
    totals: tuple[int, ...] = ()
    series: tuple[tuple[Label, tuple[int, ...]], ...] = ()
    since: date | None = None
    earlier: int = 0

    @property
    def total(self) -> int:
        return sum(self.totals) + self.earlier


def timeline(
    conn: sqlite3.Connection,
    query: Query,
    *,
    by: str = "month",
    split: str = "language",
    language: str = "en",
) -> Timeline:
    """Of all that fits, whatever the page; values of `split` are named in `language`."""
    query = replace(query, page=None, order="newest")
    found = hits(conn, query, split)
    if not found:
        return Timeline(by=by, split=split)
    start = START[by]
    newest = index.day_of(found[0][0])
    capped = len(found) > CAP
    oldest = _oldest(conn, query) if capped else index.day_of(found[-1][0])
    starts = _starts(start(oldest), start(newest), by)
    earlier = _count(conn, query, before=starts[0]) if starts[0] > start(oldest) else 0
    stored = stored_counts(conn).get("month") if query.plain and by == "month" else None
    if stored:
        totals = tuple(stored[f"{first:%Y-%m}"] for first in starts)
    elif capped:
        totals = tuple(
            _count(conn, query, since=first, before=end)
            for first, end in pairwise((*starts, _next(starts[-1], by)))
        )
    else:
        counted = Counter(start(index.day_of(doc)) for doc, _ in found)
        totals = tuple(counted[first] for first in starts)
    return Timeline(
        by=by,
        split=split,
        starts=starts,
        totals=totals,
        series=_series(conn, found[:CAP], starts, by=by, split=split, language=language),
        since=index.day_of(found[CAP - 1][0]) if capped else None,
        earlier=earlier,
    )


def as_data(told: object) -> Any:
    """As JSON can hold it: days as ISO 8601 text."""
    if isinstance(told, dict):
        return {name: as_data(value) for name, value in told.items()}
    if isinstance(told, list | tuple):
        return [as_data(value) for value in told]
    return told.isoformat() if isinstance(told, date) else told


def _month(day: date) -> date:
    return day.replace(day=1)


def _week(day: date) -> date:
    """Its Monday (ISO 8601), but never before the first day there is."""
    return day - timedelta(days=min(day.weekday(), day.toordinal() - 1))


START: dict[str, Callable[[date], date]] = {"month": _month, "week": _week}


def _next(start: date, by: str) -> date:
    """The first day of the period after this one; the last day there is has none after it."""
    if by == "week":
        return start + WEEK if start <= date.max - WEEK else date.max
    return _month(start + timedelta(days=31)) if start < date(9999, 12, 1) else date.max


def _starts(oldest: date, newest: date, by: str) -> tuple[date, ...]:
    """The first days of all periods from one to the other, or of the latest MOST_PERIODS."""
    starts = [newest]
    while starts[-1] > oldest and len(starts) < MOST_PERIODS:
        starts.append(START[by](starts[-1] - timedelta(days=1)))
    return tuple(reversed(starts))


def _oldest(conn: sqlite3.Connection, query: Query) -> date:
    ((doc,),) = rows(
        conn,
        "SELECT rowid FROM articles_fts WHERE articles_fts MATCH ? AND rowid >= ? AND rowid < ?"
        " ORDER BY rowid LIMIT 1",
        (query.expression, *query.documents),
    )
    return index.day_of(doc)


def _count(
    conn: sqlite3.Connection, query: Query, *, since: date = date.min, before: date = date.max
) -> int:
    first, end = query.documents
    limits = max(first, index.first_of(str(since))), min(end, index.first_of(str(before)))
    if before == date.max:
        limits = limits[0], end
    ((n,),) = rows(
        conn,
        "SELECT count(*) FROM articles_fts WHERE articles_fts MATCH ? AND rowid >= ? AND rowid < ?",
        (query.expression, *limits),
    )
    return int(n)


def _series(
    conn: sqlite3.Connection,
    found: Iterable[tuple[int, str]],
    starts: tuple[date, ...],
    *,
    by: str,
    split: str,
    language: str,
) -> tuple[tuple[Label, tuple[int, ...]], ...]:
    start = lru_cache(maxsize=None)(START[by])
    lists: dict[date, list[str]] = {}
    for doc, codes in found:
        lists.setdefault(start(index.day_of(doc)), []).append(codes)
    counted: dict[str, Counter[date]] = {}
    totals: Counter[str] = Counter()
    for period, several in lists.items():
        for code, n in Counter(" ".join(several).split()).items():
            counted.setdefault(code, Counter())[period] += n
            totals[code] += n
    frequent = labelled(conn, {split: dict(totals.most_common(MOST_SERIES))}, language)[split]
    return tuple(
        (label, tuple(counted[label.code][first] for first in starts)) for label in frequent
    )
