"""What was crawled when, and what became of every address: source by day, and the flow.

Reads the published database, as crawler.published does, and fills the tables for that
(schema.m001_coverage) when `publish` asks. Days are UTC. A day without a row was not crawled.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from crawler.published import Label, moment, snapshot

# Every outcome, in the order of a flow: what became an article, what was fetched and is none, what
# was not fetched, what waits. They are those of crawler.frontier.OUTCOMES.
OUTCOMES = (
    "stored", "duplicate", "not_an_article", "too_short", "robots", "blocked", "not_found", "gone",
    "too_large", "failed", "expired", "forgotten", "fetched", "pending",
)  # fmt: skip
DAY_WIDTH = 2  # of its strip in SVG, in units: a zigzag needs a middle
STATES = ("new", "nothing_new", "failed", "not_crawled")
LAST_DAYS = 90  # a quarter: gaps of a day are still seen, on a telephone too
# Sources on a page of the calendar: a year of 40, the state of each day drawn at random, is 97 kB,
# and pages are to stay under 100. Days that resemble those before take less.
SOURCES = 40


# --- Counting, for `publish` ---------------------------------------------------------------------


def read_coverage(conn: sqlite3.Connection) -> None:
    """Read what is to be counted into temporary tables, once; nothing else is written."""
    for sql in (ADDRESSES, ARTICLES, LINES):
        conn.execute(sql)


def count_coverage(conn: sqlite3.Connection, visited: Iterable[tuple[str, str, int, int]]) -> None:
    """Fill the tables of schema.m001_coverage anew, once ledger and articles are in.

    `visited` has source, day, visits, and how many of them failed. What `read_coverage` has read
    is taken as it is.
    """
    read_coverage(conn)
    for table in TABLES:
        conn.execute(f"DELETE FROM {table}")
    conn.executemany(
        "INSERT INTO source_days (source, day, visits, failed, state, found, stored)"
        " VALUES (?1, ?2, ?3, ?4, iif(?3 = ?4, 'failed', 'nothing_new'), 0, 0)",
        visited,
    )
    for sql in (DAYS, COUNTS, FACTS, LANGUAGES, BOILERPLATE):
        conn.execute(sql)
    for table in ("addresses", "counted", "repeated"):
        conn.execute(f"DROP TABLE temp.{table}")


TABLES = ("source_days", "ledger_counts", "source_facts", "source_languages", "boilerplate")
# Ledger and articles are read once each: at a million, each reading takes some four seconds.
# A reason is counted where it tells more than its outcome, and of it what stands before its colon
# ("HTTP 500", "listing", "TimeoutError"): the rest is about one address.
ADDRESSES = """
    CREATE TEMP TABLE IF NOT EXISTS addresses AS
      SELECT source, substr(discovered, 1, 10) AS day, outcome,
             iif(outcome IN ('not_an_article', 'blocked', 'too_large', 'failed', 'pending'),
                 coalesce(substr(reason, 1, instr(reason || ':', ':') - 1), ''), '') AS reason,
             count(*) AS n
      FROM ledger GROUP BY 1, 2, 3, 4
"""
DAYS = """
    INSERT INTO source_days (source, day, state, found, stored)
      SELECT source, day, 'new', sum(n), sum(iif(outcome = 'stored', n, 0))
      FROM addresses WHERE true GROUP BY 1, 2
    ON CONFLICT (source, day) DO UPDATE
      SET state = excluded.state, found = excluded.found, stored = excluded.stored
"""
COUNTS = """
    INSERT INTO ledger_counts (source, month, outcome, reason, n)
      SELECT source, substr(day, 1, 7), outcome, reason, sum(n) FROM addresses GROUP BY 1, 2, 3, 4
"""
ARTICLES = """
    CREATE TEMP TABLE IF NOT EXISTS counted AS
      SELECT source, language, words, count(*) AS n, count(published) AS dated,
             sum(authors <> '[]') AS signed
      FROM articles GROUP BY 1, 2, 3
"""
FACTS = """
    INSERT INTO source_facts (source, dated, signed, words)
      SELECT source, sum(dated), sum(signed), min(iif(2 * as_short >= all_of_them, words, NULL))
      FROM (
        SELECT source, dated, signed, words, sum(n) OVER (PARTITION BY source) AS all_of_them,
               sum(n) OVER (PARTITION BY source ORDER BY words) AS as_short
        FROM counted
      ) GROUP BY source
"""
LANGUAGES = """
    INSERT INTO source_languages (source, language, n)
      SELECT source, language, sum(n) FROM counted GROUP BY 1, 2
"""
LINES = """
    CREATE TEMP TABLE IF NOT EXISTS repeated AS
      SELECT source, text, max(removed_lines.articles) AS articles, count(*) AS removed
      FROM removed_lines JOIN articles ON articles.id = article_id
      WHERE rule = 'memory' GROUP BY source, text
"""
BOILERPLATE = """
    INSERT INTO boilerplate (source, text, articles, removed)
      SELECT source, text, articles, removed FROM repeated
"""


# --- Source by day -------------------------------------------------------------------------------


class Day(NamedTuple):
    """A day of a source; `visits` and `failed` are None before visits were counted.

    A tuple, since a page has 15,000, and as dataclasses they take 12 ms more.
    """

    day: str
    state: str
    visits: int | None
    failed: int | None
    found: int
    stored: int


Cell = Day | str | None


@dataclass(frozen=True, slots=True)
class Period:
    """Days, both included; `year` if they are those of one. None if `last` is before `first`."""

    first: date
    last: date
    year: int | None = None

    @property
    def days(self) -> int:
        return max(0, (self.last - self.first).days + 1)

    def months(self) -> tuple[date, ...]:
        """The first day of each."""
        last = self.last.year * 12 + self.last.month
        numbers = range(self.first.year * 12 + self.first.month, last + 1)
        return tuple(date((number - 1) // 12, (number - 1) % 12 + 1, 1) for number in numbers)


@dataclass(frozen=True, slots=True)
class SourceDays:
    """A source, and those days of the period on which it was crawled."""

    source: Label
    period: Period
    days: tuple[Day, ...]

    def tally(self) -> dict[str, int]:
        """How many days of the period are of which state."""
        counts = Counter(day.state for day in self.days)
        counts["not_crawled"] = self.period.days - len(self.days)
        return {state: counts[state] for state in STATES}

    def found(self) -> int:
        return sum(day.found for day in self.days)

    def runs(self) -> tuple[tuple[str, int, int], ...]:
        """Days of one state that follow each other: state, the first (0 begins), how many."""
        placed = [
            (day.state, (date.fromisoformat(day.day) - self.period.first).days) for day in self.days
        ]
        found = []
        for (state, _), run in groupby(enumerate(placed), lambda x: (x[1][0], x[1][1] - x[0])):
            places = [place for _, (_, place) in run]
            found.append((state, places[0], len(places)))
        return tuple(found)

    def paths(self) -> dict[str, str]:
        """SVG paths by state, for a box of DAY_WIDTH a day and 10 high.

        Told apart without colour: a bar, a line, a zigzag; where nothing was crawled is nothing.
        """
        drawn: dict[str, str] = dict.fromkeys(STATES[:-1], "")
        for state, first, n in self.runs():
            x = first * DAY_WIDTH
            line = "l1-8 1 8" * n if state == "failed" else f"h{n * DAY_WIDTH}"
            drawn[state] += f"M{x} {9 if state == 'failed' else 5}{line}"
        return drawn

    def grid(self) -> tuple[tuple[date, tuple[Cell, ...]], ...]:
        """Months, each with 31 days: None is none of the period, STATES[-1] was not crawled."""
        known = {day.day: day for day in self.days}
        return tuple(
            (month, tuple(self._cell(known, month, number) for number in range(31)))
            for month in self.period.months()
        )

    def _cell(self, known: Mapping[str, Day], month: date, number: int) -> Cell:
        day = month + timedelta(days=number)
        if day.month != month.month or not self.period.first <= day <= self.period.last:
            return None
        return known.get(day.isoformat(), STATES[-1])


def period(built: date, year: int | None = None) -> Period:
    """A year, or the LAST_DAYS, up to the day of the snapshot: nothing is known of later ones."""
    if year is None:
        return Period(built - timedelta(days=LAST_DAYS - 1), built)
    return Period(date(year, 1, 1), min(date(year, 12, 31), built), year)


def built(conn: sqlite3.Connection) -> date:
    """The day of the snapshot."""
    when = moment(snapshot(conn).get("built"))
    return when.date() if when else date.today()  # noqa: DTZ011 (a database that does not say)


def years(conn: sqlite3.Connection) -> tuple[int, ...]:
    """The years that have days, the newest first."""
    ((first, last),) = conn.execute(
        # Of each source the ends of its days, so that no other row is read.
        "SELECT min((SELECT min(day) FROM source_days WHERE source = sources.id)),"
        " max((SELECT max(day) FROM source_days WHERE source = sources.id)) FROM sources",
    )
    return tuple(range(int(last[:4]), int(first[:4]) - 1, -1)) if first else ()


def calendar(
    conn: sqlite3.Connection, sources: Sequence[Label], during: Period
) -> tuple[SourceDays, ...]:
    """The days of each of these sources."""
    days: dict[str, list[Day]] = {}
    for source, *told in conn.execute(
        "SELECT source, day, state, visits, failed, found, stored FROM json_each(:sources)"
        " CROSS JOIN source_days ON source = value WHERE day BETWEEN :first AND :last"
        " ORDER BY source, day",
        {
            "sources": json.dumps([each.code for each in sources]),
            "first": during.first.isoformat(),
            "last": during.last.isoformat(),
        },
    ):
        days.setdefault(source, []).append(Day(*told))
    return tuple(SourceDays(each, during, tuple(days.get(each.code, ()))) for each in sources)


# --- The flow ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """So many addresses had this outcome; `reasons` are those that are more than one address's."""

    outcome: str
    n: int
    reasons: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What became of the addresses that were discovered in these months (empty: whenever).

    The steps add up to `discovered`.
    """

    discovered: int
    steps: tuple[Step, ...]
    first: str = ""
    last: str = ""

    @property
    def stored(self) -> int:
        return sum(step.n for step in self.steps if step.outcome == "stored")


def flow(
    conn: sqlite3.Connection, sources: Sequence[str] = (), after: str = "", before: str = ""
) -> Flow:
    """The flow of these sources, or of all; of the whole months of `after` and `before`.

    They are days or months as ISO 8601; either may be empty.
    """
    conditions = {
        "source IN (SELECT value FROM json_each(:sources))": sources,
        "month >= :first": after,
        "month <= :last": before,
    }
    where = " AND ".join(sql for sql, wanted in conditions.items() if wanted) or "true"
    values: dict[str, Any] = {
        "sources": json.dumps(list(sources)),
        "first": after[: len("2026-11")],
        "last": before[: len("2026-11")],
    }
    counted: dict[str, Counter[str]] = {}
    for outcome, reason, n in conn.execute(
        f"SELECT outcome, reason, sum(n) FROM ledger_counts WHERE {where} GROUP BY 1, 2",
        values,
    ):
        counted.setdefault(outcome, Counter())[reason] = n
    ordered = sorted(counted, key=lambda name: (*OUTCOMES, name).index(name))
    steps = tuple(
        Step(
            outcome,
            sum(counted[outcome].values()),
            tuple((reason, n) for reason, n in counted[outcome].most_common() if reason),
        )
        for outcome in ordered
    )
    return Flow(
        discovered=sum(step.n for step in steps),
        steps=steps,
        first=values["first"],
        last=values["last"],
    )
