"""What is too old goes: raw pages, then texts, then articles; what is younger stays as it is."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import warm
from reading import read_all
from sqlite_utils import Database

from crawler import clock, database, store, warc
from crawler.channels import DueChannel
from crawler.errors import TamisError
from crawler.explain import address
from crawler.frontier import Frontier
from crawler.items import Harvest, Link, Page, Source
from crawler.publish import publish
from crawler.published import connect
from crawler.query import Query
from crawler.retention import Pruned, Retention, prune
from crawler.search import search
from enrich.annotate import version

FIRST = datetime(2026, 1, 5, 8, tzinfo=UTC)
WORDS = ("jardin", "grenier", "moulin", "cuisine", "pont", "marché", "lavoir", "atelier", "verger")


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets the clock to a day after the first."""

    def set_(day: int) -> None:
        monkeypatch.setattr(clock, "moment", lambda: FIRST + timedelta(days=day))

    set_(0)
    return set_


@pytest.fixture
def frontier(db: Database, source: Source) -> Frontier:
    frontier = Frontier(db)
    frontier.channels.sync([source], lambda each: [("feed", at) for at in each.feeds])
    return frontier


def text_of(number: int) -> str:
    """Nothing like the next one's."""
    turned = [WORDS[(number * 7 + each * (1 + number % 8)) % 9] for each in range(60)]
    sentences = [" ".join(turned[start : start + 6]) for start in range(0, 60, 6)]
    return ". ".join(f"Le {each} numéro {number} attend" for each in sentences) + "."


def harvest(frontier: Frontier, *names: str) -> None:
    channel = _feed(frontier)
    links = (
        Link(url=at(name), title=f"Avis {name}", summary=f"Résumé {name} du fil.") for name in names
    )
    frontier.channels.harvested(channel, Harvest(links=tuple(links)))


def _feed(frontier: Frontier) -> DueChannel:
    (channel,) = frontier.channels.due(["http://quai.example.org/feed/"], now="9998")
    return channel


def at(name: str) -> str:
    return f"http://quai.example.org/{name}"


def day(frontier: Frontier, *names: str, text: str = "") -> None:
    """A crawl of a day: the feed names these, their pages come and are read."""
    harvest(frontier, *names)
    for url in frontier.draw(["quai"], now=clock.now(), limit=99):
        name = url.url.rpartition("/")[2]
        body = text or text_of(int(name) if name.isdigit() else 1)
        frontier.fetched(
            url,
            Page(
                url=url.url, fetched=clock.now(), status=200, content_type="text/html",
                headers={"x-robots-tag": "noarchive"},
                body=f"<html lang=fr><title>Avis {name}</title><article><h1>Avis {name}</h1>"
                f"<p>{body}</p></article>".encode(),
            ),
        )  # fmt: skip
    frontier.writes.flush()
    read_all(frontier.db)
    store.settle(frontier.db)


def one(db: Database, sql: str) -> object:
    return db.execute(sql).fetchone()[0]


def test_raw_pages_go_and_the_article_stays(
    db: Database, frontier: Frontier, today: Callable[[int], None], tmp_path: Path
) -> None:
    day(frontier, "1")
    today(29)
    assert prune(db, Retention(raw_pages=30)) == Pruned()
    today(31)
    day(frontier, "2")
    assert prune(db, Retention(raw_pages=30), dry_run=True) == Pruned(raw_pages=1)
    assert prune(db, Retention(raw_pages=30)) == Pruned(raw_pages=1)
    assert prune(db, Retention(raw_pages=30)) == Pruned()
    assert one(db, "SELECT count(*) FROM pages WHERE headers LIKE '%noarchive%'") == 2
    before = db.execute("SELECT * FROM article_texts").fetchall()
    # It is not read again, whoever asks.
    assert store.mark_stale(db, "another") == 1
    assert store.count_unread(db) == 1
    read_all(db)
    assert db.execute("SELECT * FROM article_texts").fetchall() == before
    report = address.of_address(db, at("1"), tmp_path / "news.db")
    assert (report["ledger"]["outcome"], report["page"]["pruned"]) == ("stored", True)
    assert warc.export(db, tmp_path / "all.warc.gz") == 1
    with pytest.raises(TamisError, match="no archived page"):
        warc.export(db, tmp_path / "none.warc.gz", warc.Selection(urls=(at("1"),)))


def test_a_text_goes_with_its_versions_its_pages_and_the_words_of_its_feed(
    db: Database, frontier: Frontier, today: Callable[[int], None], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("crawler.publish.MOST_CHANGED", 1.0)
    news = tmp_path / "news.db"
    day(frontier, "1", "2")
    today(2)
    day(frontier, text=text_of(5))  # both are looked at again, and have changed
    assert one(db, "SELECT count(*) FROM versions") == 2
    today(60)
    day(frontier, "3")
    publish(tmp_path / "tamis.db", news)
    today(61)
    assert prune(db, Retention(text=30)) == Pruned(raw_pages=4, text=2)
    harvest(frontier, "1", "2", "3")  # the feed still has them
    store.settle(db)
    kept = db.execute("SELECT title, url, words > 0, themes <> '' FROM articles").fetchall()
    assert [row[2:] for row in kept] == [(1, 1)] * 3
    for table in ("versions", "sieved", "removed_lines"):
        assert one(db, f"SELECT count(*) FROM {table} WHERE article_id <= 2") == 0
    assert one(db, "SELECT count(*) FROM article_texts WHERE text <> ''") == 1
    assert one(db, "SELECT count(*) FROM discoveries WHERE hints LIKE '%Résumé%'") == 1
    summary = str(publish(tmp_path / "tamis.db", news))
    assert "Built from what has changed" in summary
    with closing(connect(news)) as conn:
        shown = conn.execute("SELECT rights, summary, expired FROM articles ORDER BY id").fetchall()
        assert shown[:2] == [("metadata", "", clock.now())] * 2
        assert shown[2][0] != "metadata"
        assert search(conn, Query(words="lavoir")).total <= 1
        assert search(conn, Query(words="Avis")).total == 3
    prune(db, Retention(text=30))
    assert one(db, "SELECT count(*) FROM replaced_texts WHERE article_id <= 2") == 0


def test_a_text_that_was_let_go_of_does_not_come_back(
    db: Database, frontier: Frontier, today: Callable[[int], None]
) -> None:
    day(frontier, "1")
    today(40)
    prune(db, Retention(text=30))
    for later in (41, 80):
        today(later)
        day(frontier, "1")
        assert store.mark_stale(db, version()) == 0
    assert one(db, "SELECT text FROM article_texts") == ""
    assert one(db, "SELECT count(*) FROM pages WHERE length(body) > 0") == 0


def test_an_article_goes_and_its_address_stays_and_is_never_fetched_again(
    db: Database, frontier: Frontier, today: Callable[[int], None], tmp_path: Path
) -> None:
    news = tmp_path / "news.db"
    day(frontier, "nord", "midi", text=text_of(4))  # one text, two addresses
    assert one(db, "SELECT count(*) FROM articles WHERE duplicate_of IS NOT NULL") == 1
    publish(tmp_path / "tamis.db", news)
    today(20)
    day(frontier, "levant", text=text_of(4))
    today(31)
    assert prune(db, Retention(metadata=30)).metadata == 2
    store.settle(db)
    assert one(db, "SELECT duplicate_of FROM articles") is None
    assert dict(db.execute("SELECT outcome, count(*) FROM urls GROUP BY 1").fetchall()) == {
        "expired": 2, "stored": 1,
    }  # fmt: skip
    publish(tmp_path / "tamis.db", news, force=True)
    with closing(connect(news)) as conn:
        ledger = conn.execute("SELECT url, outcome FROM ledger ORDER BY id").fetchall()
    assert ledger == [(at("nord"), "expired"), (at("midi"), "expired"), (at("levant"), "stored")]
    day(frontier, "nord", "midi")
    assert one(db, "SELECT count(*) FROM articles") == 1
    page = Page(url=at("nord"), fetched=clock.now(), status=200, content_type=None, body=b"<p>")
    assert frontier.imported(_feed(frontier), Link(url=at("nord")), page) == "expired"


def test_what_waits_to_be_read_is_kept(
    db: Database, frontier: Frontier, today: Callable[[int], None]
) -> None:
    day(frontier, "1")
    store.mark_stale(db, "another")
    harvest(frontier, "2")
    today(400)
    assert prune(db, Retention(raw_pages=1, text=1, metadata=1)) == Pruned()
    assert one(db, "SELECT count(*) FROM discoveries WHERE hints LIKE '%Résumé%'") == 2


def test_days_upon_days_leave_the_file_as_long_as_it_is(
    db: Database, frontier: Frontier, today: Callable[[int], None], tmp_path: Path
) -> None:
    sizes = []
    for number in range(24):
        today(number)
        day(frontier, *(str(number * 10 + each) for each in range(4)))
        prune(db, Retention(raw_pages=3, text=5, metadata=8))
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        sizes.append((tmp_path / "tamis.db").stat().st_size)
    # What is left of each address is its row in the ledger.
    assert sizes[23] - sizes[11] < (sizes[7] - sizes[0]) / 3
    assert one(db, "SELECT count(*) FROM articles") == 36
    assert one(db, "SELECT count(*) FROM urls") == 96


def test_a_kill_between_batches_leaves_the_rest_to_the_next_time(
    db: Database, frontier: Frontier, today: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("crawler.retention.BATCH", 3)
    day(frontier, *map(str, range(4)))
    today(50)
    asked = iter([False, True])
    assert prune(db, Retention(raw_pages=30), stop=lambda: next(asked, True)).raw_pages == 3
    assert prune(db, Retention(raw_pages=30)).raw_pages == 1


def test_the_command_says_what_it_let_go_of(tmp_path: Path) -> None:
    path = str(tmp_path / "tamis.db")
    database.private(path).close()
    ran = warm.run("prune", "--raw-pages", "30", "--text", "365", "--db", path)
    assert ran.stdout == "Let go of 0 raw pages, 0 texts, 0 articles\n"
    assert "say what is too old" in warm.run("prune", "--db", path).stderr
