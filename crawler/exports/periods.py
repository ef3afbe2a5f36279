"""The pages of a feed's archive (RFC 5005): a month each, or days of one that holds too many.

Each article is on exactly one. What a page holds follows from the articles alone, so that of a
past month stays as it is until one of them changes, comes late or is taken down.
"""

import calendar
import sqlite3
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Self

from crawler import index
from crawler.published import Entry, rows
from crawler.query import Query
from crawler.search import feed_entries

MOST = 200  # on the page of a month: some 400 KB, where the feed itself has 50 entries
# On that of a day, which is not divided: what a query counts up to, and ten times a busy day.
MOST_OF_A_DAY = 10_000
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar month or one day; both ends belong to it."""

    first: date
    last: date

    @property
    def name(self) -> str:
        return self.first.isoformat() if self.first == self.last else self.first.isoformat()[:7]

    @classmethod
    def month(cls, day: date) -> Self:
        days = calendar.monthrange(day.year, day.month)[1]
        return cls(day.replace(day=1), day.replace(day=days))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """What `name` names: 2026-10 or 2026-10-31."""
        try:
            if text.count("-") == 1:
                return cls.month(date.fromisoformat(f"{text}-01"))
            return cls(date.fromisoformat(text), date.fromisoformat(text))
        except ValueError:
            return None


EVER = Period(date.min, date.max)


def entries_in(
    conn: sqlite3.Connection, query: Query, period: Period, language: str
) -> tuple[Entry, ...]:
    """Those of a period that fit the query, the newest first; themes are named in `language`."""
    after = max(query.after, period.first.isoformat())
    before = min(query.before or period.last.isoformat(), period.last.isoformat())
    return feed_entries(conn, replace(query, after=after, before=before), MOST_OF_A_DAY, language)


def newest(conn: sqlite3.Connection, query: Query) -> Period | None:
    """The page of the newest article of all that fit; None if none does."""
    return page_of(conn, query, EVER)


def previous(conn: sqlite3.Connection, query: Query, page: Period) -> Period | None:
    """The page of the newest article before a page."""
    if page.first == date.min:
        return None
    return page_of(conn, query, Period(date.min, page.first - DAY))


def following(conn: sqlite3.Connection, query: Query, page: Period) -> Period | None:
    """The page of the oldest article after a page."""
    if page.last == date.max:
        return None
    later = _days(conn, query, Period(page.last + DAY, date.max), 1, oldest=True)
    return page_of(conn, query, Period(later[0], later[0])) if later else None


def page_of(conn: sqlite3.Connection, query: Query, period: Period) -> Period | None:
    """The page on which the newest articles of a period are; None if it has none."""
    days = _days(conn, query, period, 1)
    if not days:
        return None
    month = Period.month(days[0])
    divided = len(_days(conn, query, month, MOST + 1)) > MOST
    return Period(days[0], days[0]) if divided else month


def _days(
    conn: sqlite3.Connection, query: Query, period: Period, limit: int, *, oldest: bool = False
) -> list[date]:
    """The days of the newest (or the oldest) articles of a period that fit, one an article.

    The index alone is asked, whose order is that of the dates (crawler.index).
    """
    if query.expression is None:
        return []
    first, end = query.documents
    found = rows(
        conn,
        f"""
        SELECT rowid FROM articles_fts WHERE articles_fts MATCH ? AND rowid >= ? AND rowid < ?
        ORDER BY rowid {"ASC" if oldest else "DESC"} LIMIT ?
        """,
        (
            query.expression,
            max(first, index.first_of(period.first.isoformat())),
            min(end, index.after(period.last.isoformat())),
            limit,
        ),
    )
    return [index.day_of(doc) for (doc,) in found]
