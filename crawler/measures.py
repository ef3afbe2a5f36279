"""What each source gave each day, counted from what the private database has of these days.

A page counts on the day on which it was first fetched, whenever it is read. So the last days are
counted again each time; a day that is counted twice without news between has the same row.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import groupby
from operator import itemgetter
from statistics import median_low
from typing import Any

from sqlite_utils import Database

from crawler.days import NOTHING, Day
from crawler.drift import enough_since, is_new
from crawler.writes import transaction

# Days counted again: what is fetched is read within a few days, unless reading is put off.
AGAIN = 7
# Days kept, and at most counted the first time: a year, and what stands before the first of it.
KEPT = 400
ONE = timedelta(days=1)
# Characters of a line that are kept, and lines of a day, the commonest.
LINE, LINES = 60, 8
# A line that fewer articles of the site have is no block: enrich.memory takes out no rarer one
# but by chance of a shorter year.
REPEATED = 3

VISITS = """
    SELECT source, day, sum(answered + unchanged + visits.failed) AS visits,
           sum(visits.failed) AS failed,
           coalesce(sum(visits.failed) FILTER (WHERE visits.failing = 'temporary'), 0) AS temporary,
           coalesce(sum(visits.failed) FILTER (WHERE visits.failing = 'soft'), 0) AS soft,
           coalesce(sum(visits.failed) FILTER (WHERE visits.failing = 'hard'), 0) AS hard,
           max(visits.reason) AS reason
    FROM visits JOIN channels ON channels.id = channel
    WHERE day BETWEEN :first AND :last GROUP BY 1, 2
"""
FOUND = """
    SELECT source, substr(discovered, 1, 10) AS day, count(*) AS n
    FROM urls WHERE discovered >= :first AND discovered < :after GROUP BY 1, 2
"""
# What waits is not known yet; what leads to another address is counted there; what was let go or
# taken down says nothing of its source.
PAGES = """
    SELECT source, substr(first_fetched, 1, 10) AS day, outcome, count(*) AS n FROM urls
    WHERE first_fetched >= :first AND first_fetched < :after
      AND outcome NOT IN ('pending', 'fetched', 'duplicate', 'expired', 'forgotten')
    GROUP BY 1, 2, 3
"""
ARTICLES = """
    SELECT urls.source, substr(first_fetched, 1, 10) AS day, words, language,
           articles.published IS NOT NULL AS dated, authors <> '[]' AS signed
    FROM urls JOIN articles ON url_id = urls.id
    WHERE first_fetched >= :first AND first_fetched < :after AND outcome = 'stored'
"""
LINES_OF = """
    SELECT urls.source, substr(first_fetched, 1, 10) AS day, substr(text, 1, :line) AS text,
           count(DISTINCT article_id) AS n
    FROM urls JOIN articles ON url_id = urls.id JOIN removed_lines ON article_id = articles.id
    WHERE first_fetched >= :first AND first_fetched < :after AND outcome = 'stored'
      AND removed_lines.line IS NOT NULL AND removed_lines.articles >= :repeated
    GROUP BY 1, 2, 3
"""

Row = dict[str, Any]
Key = tuple[str, str]


def measure(db: Database, today: date) -> None:
    """Count the days up to `today` that may have changed since the last time."""
    (last,) = db.execute("SELECT max(day) FROM measures").fetchone()
    oldest = first = today - KEPT * ONE
    if last:
        first = max(oldest, min(date.fromisoformat(last), today) - (AGAIN - 1) * ONE)
    with transaction(db):  # what a clock that ran ahead has left, too
        db.conn.execute("DELETE FROM measures WHERE day < ? OR day > ?", (str(oldest), str(today)))
        db.conn.execute("DELETE FROM blocks WHERE last < ?", (str(oldest),))
    while first <= today:  # by weeks, so that the first time needs no more memory than the others
        last = min(first + (AGAIN - 1) * ONE, today)
        with transaction(db):
            _measure(db, first, last)
        first = last + ONE


def _measure(db: Database, first: date, last: date) -> None:
    told = {
        "first": str(first), "last": str(last), "after": str(last + ONE), "line": LINE,
        "repeated": REPEATED,
    }  # fmt: skip
    rows = _rows(db, told)
    db.conn.execute("DELETE FROM measures WHERE day BETWEEN :first AND :last", told)
    for row in rows.values():
        _insert(db, row)


def _rows(db: Database, told: Row) -> dict[Key, Row]:
    rows: dict[Key, Row] = {}

    def row(found: Row) -> Row:
        key = found["source"], found["day"]
        return rows.setdefault(
            key,
            {
                "source": key[0], "day": key[1], "visits": 0, "failed": 0, "temporary": 0,
                "soft": 0, "hard": 0, "reason": None, "found": 0, "read": 0, "stored": 0,
                "words": 0, "dated": 0, "signed": 0, "languages": Counter(), "blocks": {},
                "others": {},
            },
        )  # fmt: skip

    for found in db.query(VISITS, told):
        row(found).update(found)
    for found in db.query(FOUND, told):
        row(found)["found"] = found["n"]
    for found in db.query(PAGES, told):
        of = row(found)
        of["read"] += found["n"]
        if found["outcome"] != "stored":
            of["others"][found["outcome"]] = found["n"]
    words: defaultdict[Key, list[int]] = defaultdict(list)
    for found in db.query(ARTICLES, told):
        of = row(found)
        of["stored"] += 1
        of["dated"] += found["dated"]
        of["signed"] += found["signed"]
        of["languages"][found["language"]] += 1
        words[found["source"], found["day"]].append(found["words"])
    for key, lengths in words.items():
        rows[key]["words"] = median_low(lengths)
    for found in _blocks(db, told, rows):
        of = row(found)["blocks"]
        if len(of) < LINES:
            of[found["text"]] = found["n"]
    return rows


def _blocks(db: Database, told: Row, rows: Mapping[Key, Row]) -> Iterator[Row]:
    """The lines that a site has only begun to repeat, of each day the commonest first."""
    seen = list(db.query(LINES_OF, told))
    db.conn.executemany(
        "INSERT INTO blocks (source, line, first, last) VALUES (:source, :text, :day, :day)"
        " ON CONFLICT (source, line) DO UPDATE"
        " SET first = min(first, excluded.first), last = max(last, excluded.last)",
        seen,
    )
    begun = {
        (source, line): date.fromisoformat(first)
        for source, line, first in db.execute(
            "SELECT source, line, first FROM blocks WHERE last >= ?", (told["first"],)
        )
    }
    enough: dict[tuple[str, date], date] = {}
    for each in sorted(seen, key=lambda row: (-row["n"], row["text"])):
        source, day = each["source"], date.fromisoformat(each["day"])
        if (source, day) not in enough:
            enough[source, day] = enough_since(_articles(db, told, rows, source, day))
        if is_new(day, begun[source, each["text"]], enough[source, day]):
            yield each


def _articles(
    db: Database, told: Row, rows: Mapping[Key, Row], source: str, day: date
) -> Iterator[tuple[date, int]]:
    """How many articles a source had on the days before one, from the last to the first."""
    while (day := day - ONE) >= date.fromisoformat(told["first"]):
        if row := rows.get((source, str(day))):
            yield day, row["stored"]
    for before, stored in db.execute(
        "SELECT day, stored FROM measures WHERE source = ? AND day <= ? ORDER BY day DESC",
        (source, str(day)),
    ):
        yield date.fromisoformat(before), stored


def _insert(db: Database, row: Row) -> None:
    values = {
        name: json.dumps(value, ensure_ascii=False, sort_keys=True)
        if isinstance(value, dict) else value
        for name, value in row.items()
    }  # fmt: skip
    names = ", ".join(values)
    db.conn.execute(
        f"INSERT INTO measures ({names}) VALUES ({', '.join(f':{name}' for name in values)})",
        values,
    )


# --- Reading ------------------------------------------------------------------------------------


def days(db: Database, first: date) -> Iterator[tuple[str, tuple[Day, ...]]]:
    """Of each source the days since `first` on which it was visited, in order."""
    rows = db.execute(
        f"SELECT source, {', '.join(Day._fields)} FROM measures"
        " WHERE day >= ? AND visits > 0 ORDER BY source, day",
        (first.isoformat(),),
    )
    for source, of in groupby(rows, key=itemgetter(0)):
        yield source, tuple(_day(values) for _, *values in of)


def _day(values: list[Any]) -> Day:
    day, *plain, languages, blocks, others = values
    return Day(date.fromisoformat(day), *plain, *map(_parts, (languages, blocks, others)))


def _parts(told: str) -> Mapping[str, int]:
    if told == "{}":
        return NOTHING
    parts: dict[str, int] = json.loads(told)
    return parts
