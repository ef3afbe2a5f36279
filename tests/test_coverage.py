"""What was crawled when, and what became of every address, from real crawls to the published."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from published_fixture import add, empty_news, labels
from published_fixture import article as article_row
from sqlite_utils import Database
from web import Answer, Crawl, Web, article, feed

from crawler import clock, coverage, database, publish
from crawler.coverage import Period, calendar, flow, period, years
from crawler.frontier import OUTCOMES, Frontier
from crawler.items import Harvest, Link, Source
from crawler.published import Label, connect

TEXT = "Le centre d'hébergement des sans-abri rouvre ses portes avant l'hiver. " * 12
TODAY = clock.now()[:10]


@pytest.fixture
def news(tmp_path: Path) -> Iterator[Callable[[], sqlite3.Connection]]:
    """Publishes the private database at tmp_path, and reads what that gave."""
    opened: list[sqlite3.Connection] = []

    def published() -> sqlite3.Connection:
        publish.publish(tmp_path / "tamis.db", tmp_path / "news.db")
        opened.append(connect(tmp_path / "news.db"))
        return opened[-1]

    yield published
    for conn in opened:
        conn.close()


def rows(conn: sqlite3.Connection, sql: str) -> list[tuple[object, ...]]:
    return conn.execute(sql).fetchall()


def due_again(path: Path) -> None:
    with closing(Database(path)) as db:
        db.execute("UPDATE channels SET due = ''")


def test_a_crawl_leaves_its_visits_and_each_address_its_place_in_the_flow(
    web: Web, crawl: Crawl, tmp_path: Path, news: Callable[[], sqlite3.Connection]
) -> None:
    named = [f"{web.url}/{name}" for name in ("a", "b", "lost", "closed")]
    web.pages |= {
        "/feed": Answer(feed(*named)),
        "/a": Answer(article("Un abri", TEXT)),
        "/b": Answer(article("Un autre", f"{TEXT} Ailleurs aussi.")),
        "/closed": Answer(b"no", 403),
    }
    crawl()
    due_again(tmp_path / "tamis.db")
    crawl()  # the same bytes
    web.pages["/feed"] = Answer(b"broken", 500)
    due_again(tmp_path / "tamis.db")
    crawl()
    conn = news()
    assert rows(conn, "SELECT * FROM source_days") == [("quai", TODAY, "new", 3, 1, 4, 2)]
    assert rows(conn, "SELECT outcome, reason, n FROM ledger_counts ORDER BY 1") == [
        ("blocked", "HTTP 403", 1), ("not_found", "", 1), ("stored", "", 2),
    ]  # fmt: skip
    told = flow(conn)
    assert [step.outcome for step in told.steps] == ["stored", "blocked", "not_found"]
    assert (told.discovered, told.stored) == (4, 2)


def test_the_states_of_a_day_follow_from_its_visits_and_its_addresses(
    tmp_path: Path, source: Source, news: Callable[[], sqlite3.Connection]
) -> None:
    with closing(database.private(tmp_path / "tamis.db")) as db:
        second = replace(source.feeds[0], url="http://quai.example.org/nl/feed/", language="nl")
        both = replace(source, feeds=(*source.feeds, second))
        channels = Frontier(db).channels
        channels.sync([both], lambda s: [("feed", at) for at in s.feeds])
        one, other = channels.due([at.url for at in both.feeds], now="9999")
        channels.harvested(one, Harvest(links=(Link(url="http://quai.example.org/1"),)))
        on = {
            "2026-11-01": (1, 0),
            "2026-11-02": (0, 1),
            "2026-11-04": (1, 1),
            "2026-11-05": (0, 2),
        }
        for day, (well, ill) in on.items():
            db.execute("DELETE FROM visits WHERE day = ?", (TODAY,))
            for number in range(well + ill):
                if number < well:
                    channels.unchanged(one)
                else:
                    channels.failed(other, "failed", "HTTP 500")
            db.execute("UPDATE visits SET day = ? WHERE day = ?", (day, TODAY))
        db.execute("UPDATE urls SET discovered = '2026-11-01T09:00:00Z'")
    conn = news()
    november = Period(date(2026, 11, 1), date(2026, 11, 5))
    (row,) = calendar(conn, [Label("quai", "Le Quai")], november)
    assert [(day.day[-1], day.state) for day in row.days] == [
        ("1", "new"), ("2", "failed"), ("4", "nothing_new"), ("5", "failed"),
    ]  # fmt: skip
    assert row.tally() == {"new": 1, "nothing_new": 1, "failed": 2, "not_crawled": 1}
    assert row.runs() == (
        ("new", 0, 1), ("failed", 1, 1), ("nothing_new", 3, 1), ("failed", 4, 1),
    )  # fmt: skip


def test_of_days_before_visits_were_counted_only_what_was_found_is_known(
    tmp_path: Path, source: Source, news: Callable[[], sqlite3.Connection]
) -> None:
    with closing(database.private(tmp_path / "tamis.db")) as db:
        channels = Frontier(db).channels
        channels.sync([source], lambda s: [("feed", at) for at in s.feeds])
        (one,) = channels.due([source.feeds[0].url], now="9999")
        links = tuple(Link(url=f"http://quai.example.org/{number}") for number in range(3))
        channels.harvested(one, Harvest(links=links))
        db.execute("DELETE FROM visits")
        db.execute("UPDATE urls SET discovered = '2024-02-29T23:59:59Z'")
    conn = news()
    assert rows(conn, "SELECT * FROM source_days") == [
        ("quai", "2024-02-29", "new", None, None, 3, 0)
    ]
    assert years(conn) == (2024,)


def test_a_flow_adds_up_for_any_source_and_period(tmp_path: Path) -> None:
    conn = ledger(tmp_path)
    for sources in ((), ("quai",), ("quai", "phare"), ("nobody",)):
        for after, before in (
            ("", ""),
            ("2026-10-15", ""),
            ("", "2026-09"),
            ("2026-10", "2026-10"),
        ):
            told = flow(conn, sources, after, before)
            wanted = Counter(
                outcome
                for source, outcome, month in conn.execute(
                    "SELECT source, outcome, substr(discovered, 1, 7) FROM ledger"
                )
                if source in (sources or (source,))
                and after[:7] <= month
                and (not before or month <= before)
            )
            assert {step.outcome: step.n for step in told.steps} == wanted
            assert told.discovered == wanted.total()
    conn.close()


def ledger(tmp_path: Path) -> sqlite3.Connection:
    """Addresses of two sources, of every outcome, over three months."""
    conn = empty_news(tmp_path / "news.db")
    labels(conn)
    conn.executemany(
        "INSERT INTO ledger (url, source, outcome, reason, discovered) VALUES (?, ?, ?, ?, ?)",
        [
            (f"http://{source}.example.org/{outcome}/{month}/{number}", source, outcome,
             f"HTTP {500 + number}: {number} of them", f"2026-{month:02}-17T08:00:00Z")
            for source, n in (("quai", 3), ("phare", 2))
            for month in (8, 9, 10)
            for outcome in (*coverage.OUTCOMES, "a new one")
            for number in range(n)
        ],
    )  # fmt: skip
    coverage.count_coverage(conn, ())
    return conn


def test_reasons_are_counted_without_what_is_one_addresss_own(tmp_path: Path) -> None:
    conn = ledger(tmp_path)
    steps = {step.outcome: step.reasons for step in flow(conn, ["quai"]).steps}
    assert steps["failed"] == (("HTTP 500", 3), ("HTTP 501", 3), ("HTTP 502", 3))
    assert steps["duplicate"] == ()
    conn.close()


def test_every_outcome_has_its_place_in_a_flow() -> None:
    assert sorted(coverage.OUTCOMES) == sorted(OUTCOMES)


def test_a_period_ends_with_the_snapshot() -> None:
    built = date(2026, 3, 10)
    assert period(built) == Period(date(2025, 12, 11), built)
    assert period(built, 2026).days == 69
    assert period(built, 2025).days == 365
    assert period(built, 2027).days == 0
    assert [month.month for month in period(built).months()] == [12, 1, 2, 3]
    assert period(built, 2027).months() == ()


def test_counting_twice_counts_the_same(tmp_path: Path) -> None:
    conn = ledger(tmp_path)
    before = [rows(conn, f"SELECT * FROM {table}") for table in coverage.TABLES]
    coverage.count_coverage(conn, ())
    assert [rows(conn, f"SELECT * FROM {table}") for table in coverage.TABLES] == before
    conn.close()


@pytest.mark.parametrize(
    ("lengths", "median"), [((7,), 7), ((10, 30), 10), ((30, 10, 20), 20), ((5, 5, 5, 90), 5)]
)
def test_the_median_is_that_of_all_languages(
    tmp_path: Path, lengths: tuple[int, ...], median: int
) -> None:
    conn = empty_news(tmp_path / "news.db")
    labels(conn)
    for number, words in enumerate(lengths, 1):
        row = article_row((number, "quai", ("fr", "nl")[number % 2], "2026-10-02", "T", ""))
        add(conn, row | {"words": words}, "")
    coverage.count_coverage(conn, ())
    assert rows(conn, "SELECT * FROM source_facts") == [("quai", len(lengths), 0, median)]
    conn.close()
