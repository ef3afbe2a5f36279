import errno
import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from multiprocessing import forkserver

import misbehaving
import pytest
from reading import read_all
from sqlite_utils import Database
from web import article

from crawler import archive, clock, enrichment, pages, sifting, store, workers
from crawler.frontier import Frontier
from crawler.items import Harvest, Link, Page, Source
from crawler.progress import Progress
from crawler.readings import Reading, Unread
from enrich.annotate import version

FIRST = "Le centre d'hébergement du quai rouvre ses portes avec quarante lits pour les sans-abri."
SECOND = "De daklozenopvang aan de kaai gaat weer open, met veertig bedden voor gezinnen in België."

Archive = Callable[[dict[str, bytes]], None]


@pytest.fixture
def archive_pages(db: Database, source: Source) -> Archive:
    """Puts pages (path -> body) among those that wait to be read."""
    frontier = Frontier(db)
    frontier.channels.sync([source], lambda s: [("feed", s.feeds[0])])
    (channel,) = frontier.channels.due([source.feeds[0].url], now="9999")

    def put(pages: dict[str, bytes]) -> None:
        urls = {f"http://quai.example.org{path}": body for path, body in pages.items()}
        links = tuple(Link(url=url, published="2026-10-12T07:15:00Z") for url in urls)
        frontier.channels.harvested(channel, Harvest(links=links))
        for url in frontier.draw(["quai"], now=clock.now(), limit=99):
            page = Page(url=url.url, fetched="2026-11-21T08:00:00Z", status=200, content_type=None,
                        body=urls[url.url])  # fmt: skip
            frontier.fetched(url, page)
        frontier.writes.flush()

    return put


def outcomes(db: Database) -> dict[str, tuple[str, str | None]]:
    rows = db.query("SELECT url, outcome, reason FROM urls")
    return {
        row["url"].removeprefix("http://quai.example.org"): (row["outcome"], row["reason"])
        for row in rows
    }


def rows(db: Database) -> list[dict[str, object]]:
    return [dict(row) for name in ("articles", "article_texts") for row in db.table(name).rows]


def test_an_article_knows_the_organisations_that_it_names(
    db: Database, archive_pages: Archive
) -> None:
    archive_pages({"/a": article("Fedasil ouvre un centre", f"{FIRST} Fedasil y logera.")})
    enrichment.run(db, processes=1, progress=Progress("read"))
    (row,) = db.table("articles").rows
    (fedasil,) = json.loads(str(row["organisations"]))
    assert (fedasil["organisation"], len(fedasil["evidence"])) == ("fedasil", 2)


def test_an_archived_page_becomes_an_article_with_its_evidence(
    db: Database, archive_pages: Archive
) -> None:
    archive_pages({"/a": article("Le centre rouvre", FIRST)})
    progress = Progress("read")
    assert enrichment.run(db, processes=1, progress=progress) == 1
    (row,) = db.table("articles").rows
    assert (row["title"], row["language"], row["published"], row["published_source"]) == (
        "Le centre rouvre", "fr", "2026-10-12T07:15:00Z", "feed",
    )  # fmt: skip
    assert '"theme": "homelessness"' in row["themes"]
    assert '"term": "sans-abri' in row["themes"]
    assert next(db.table("article_texts").rows)["text"] == FIRST
    assert next(db.table("urls").rows)["enricher"] == version()
    assert progress.done == {"read": 1}


def test_one_page_that_crashes_hangs_or_raises_stops_no_other(
    db: Database, archive_pages: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enrichment, "read", misbehaving.read)
    monkeypatch.setattr(workers, "SECONDS_A_PAGE", 8)
    page = article("Le centre rouvre", FIRST)
    archive_pages(
        {"/a": page, "/crash": page, "/hang": page, "/raise": page, "/b": page, "/e": b""}
    )
    assert enrichment.run(db, processes=2) == 6
    found = outcomes(db)
    assert found["/a"] == found["/b"] == ("stored", None)
    assert found["/e"] == ("too_short", "the answer has no content")
    assert found["/raise"] == ("failed", "RecursionError: too deep")
    assert found["/hang"] == ("failed", "reading took over 8 s")
    crashed, why = found["/crash"]
    assert crashed == "failed"
    assert "the process that read it ended, 2 times" in (why or "")


def test_reading_again_changes_no_byte_and_reads_nothing_of_todays_version(
    db: Database, archive_pages: Archive
) -> None:
    archive_pages({"/a": article("Le centre rouvre", FIRST), "/b": article("Kaai", SECOND)})
    enrichment.run(db, processes=1)
    before = rows(db)
    assert store.mark_stale(db, version()) == 0
    assert store.mark_stale(db, "of tomorrow") == 2
    assert enrichment.run(db, processes=1) == 2
    assert rows(db) == before


def test_a_page_that_is_no_article_any_more_leaves_the_articles(
    db: Database, archive_pages: Archive
) -> None:
    archive_pages({"/a": article("Le centre rouvre", FIRST)})
    read_all(db)
    (url_id,) = (row["id"] for row in db.table("urls").rows)
    store.save(db, [Reading(url_id=url_id, outcome="too_short", reason="3 words")], "v2")
    assert rows(db) == []
    assert outcomes(db) == {"/a": ("too_short", "3 words")}


def test_asked_to_stop_it_leaves_the_rest_for_the_next_time(
    db: Database, archive_pages: Archive
) -> None:
    archive_pages({"/a": article("Le centre rouvre", FIRST)})
    assert enrichment.run(db, processes=1, stop=lambda: True) == 0
    assert outcomes(db) == {"/a": ("fetched", None)}


def test_readers_make_ready_while_the_first_page_is_fetched_and_not_on_a_day_without_one(
    db: Database, archive_pages: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, start = list[object](), workers.pool

    def noticed(processes: int | None, *, module: str) -> object:
        started.append(module)
        return start(processes, module=module)

    monkeypatch.setattr(workers, "pool", noticed)
    archive_pages({"/a": article("Le centre rouvre", FIRST)})
    read_all(db)
    crawling = iter([True, False])
    assert enrichment.run(db, processes=1, more=lambda: next(crawling)) == 0
    assert not started
    db.execute("UPDATE urls SET outcome = 'pending', due = ''")
    crawling = iter([True, True, False])
    assert enrichment.run(db, processes=1, more=lambda: next(crawling)) == 0
    assert started


def test_the_same_pages_in_another_order_give_the_same_articles(
    db: Database, archive_pages: Archive
) -> None:
    same = article("Le centre rouvre", FIRST)
    pages = {"/c": same, "/a": same, "/b": article("Kaai", SECOND)}

    def settled(order: list[str]) -> set[tuple[str, str | None]]:
        for table in ("article_texts", "articles", "pages", "discoveries", "urls"):
            db.execute(f"DELETE FROM {table}")
        for path in order:
            archive_pages({path: pages[path]})
            read_all(db)
            store.settle(db)
        return {
            (row["url"], row["original"])
            for row in db.query(
                "SELECT a.url, b.url AS original FROM articles a"
                " LEFT JOIN articles b ON b.id = a.duplicate_of"
            )
        }

    here = "http://quai.example.org"
    assert settled(["/c", "/a", "/b"]) == settled(["/b", "/a", "/c"]) == {
        (f"{here}/a", None), (f"{here}/b", None), (f"{here}/c", f"{here}/a"),
    }  # fmt: skip


def test_settling_twice_changes_nothing_and_forgets_what_is_no_duplicate_any_more(
    db: Database, archive_pages: Archive
) -> None:
    same = article("Le centre rouvre", FIRST)
    archive_pages({"/a": same, "/c": same})
    read_all(db)
    assert (store.settle(db), store.settle(db)) == (1, 0)
    db.execute("UPDATE articles SET text_hash = 'other' WHERE url LIKE '%/a'")
    db.execute(
        "UPDATE article_texts SET text = ? WHERE article_id ="
        " (SELECT id FROM articles WHERE url LIKE '%/a')",
        ["Deux juristes tiennent une permanence gratuite pour les locataires expulsés."],
    )
    assert store.settle(db) == 1
    assert [row["duplicate_of"] for row in db.table("articles").rows] == [None, None]


def test_answers_come_in_order_however_long_each_takes() -> None:
    with workers.pool(2) as pool:
        found = [
            future.result()
            for _, future in workers.in_order(pool, misbehaving.double, range(20), ahead=5)
        ]
    assert found == [number * 2 for number in range(20)]


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_readers_of_all_pools_are_forked_from_one_process_that_has_loaded_all() -> None:
    found = []
    for _ in range(2):
        with workers.pool(1, module=workers.FOR_PAGES) as pool:
            found.append(pool.schedule(misbehaving.origin, [0]).result())
    (one, server, loaded), (another, same, _) = found
    assert loaded
    assert one != another
    assert server == same != os.getpid()


def test_where_no_process_to_fork_from_can_begin_each_reader_begins_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_room() -> None:
        raise OSError(errno.ENOSPC, "no room for a socket")

    monkeypatch.setattr(forkserver, "ensure_running", no_room)
    with workers.pool(1, module="crawler.errors") as pool:
        assert pool.schedule(misbehaving.double, [2]).result() == 4


def test_an_article_without_its_reading_is_refused(db: Database) -> None:
    empty = Reading(url_id=1, outcome="stored", url="http://a.test/")
    with pytest.raises(ValueError, match=r"http://a\.test/: a stored reading without an article"):
        store.save(db, [replace(empty)], "v1")


def test_an_article_that_others_repeat_can_leave(db: Database, archive_pages: Archive) -> None:
    same = article("Le centre rouvre", FIRST)
    archive_pages({"/a": same, "/c": same})
    read_all(db)
    store.settle(db)
    (original,) = db.query("SELECT url_id FROM articles WHERE duplicate_of IS NULL")
    store.save(db, [Reading(url_id=original["url_id"], outcome="too_short")], "v2")
    (left,) = db.table("articles").rows
    assert left["duplicate_of"] is None


def test_a_reading_that_fails_leaves_the_article_of_the_one_before(
    db: Database, archive_pages: Archive
) -> None:
    archive_pages({"/a": article("Le centre rouvre", FIRST)})
    read_all(db)
    before = rows(db)
    (url_id,) = (row["id"] for row in db.table("urls").rows)
    store.save(db, [Reading(url_id=url_id, outcome="failed", reason="60 s")], "v2")
    assert rows(db) == before
    assert outcomes(db) == {"/a": ("stored", "60 s")}


CROATIAN_OR_BOSNIAN = (
    "Grad je otvorio novi centar za ljude bez doma. Vrata su otvorena svaki dan, a hrana je "
    "besplatna za sve."
)
SELF = '<link rel="alternate" hreflang="{}" href="http://quai.example.org/a/"></head>'


@pytest.mark.parametrize(
    ("languages", "hints", "head", "code"),
    [
        ((), {}, "", "bs"),
        (("hr",), {}, "", "hr"),
        ((), {"language": "hr"}, "", "hr"),
        ((), {"alternate": "hr-HR"}, "", "hr"),
        ((), {}, SELF.format("hr"), "hr"),
        ((), {}, SELF.format("x-default"), "bs"),
        ((), {}, SELF.format("hr").replace("/a/", "/b/"), "bs"),
    ],
)
def test_every_claim_reaches_the_judgement_of_a_language(
    languages: tuple[str, ...], hints: dict[str, str], head: str, code: str
) -> None:
    page = article("Novi centar na trgu", CROATIAN_OR_BOSNIAN, language="en-US").decode()
    unread = Unread(
        url_id=1, page_id=1, source="quai", url="http://quai.example.org/a", fetched="2026",
        content_type=None, body=archive.pack(page.replace("</head>", head or "</head>").encode()),
        hints=hints, languages=languages,
    )  # fmt: skip
    read = pages.read(unread)
    assert read.annotation
    assert read.extracted
    assert read.annotation.language.code == code
    # And again when the text is settled, from what is stored.
    claims = sifting.claimed(read.extracted.declared_language, read.claims)
    stored = sifting.Changed(
        id=1, title=read.extracted.title, text=read.extracted.text, url=unread.url, claims=claims
    )
    assert sifting.annotated(stored) == read.annotation
