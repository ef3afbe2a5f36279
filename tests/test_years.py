"""What would go wrong only after weeks: states that nothing leads out of, and floods."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlite_utils import Database
from web import RSS, Answer, Crawl, Web, article, feed

from crawler import clock, enrichment, store
from crawler.channels import GIVEN_UP, IDLE, DueChannel
from crawler.frontier import Frontier
from crawler.items import Address, Harvest, Link, Page, Part, Source
from crawler.schedule import Failing
from enrich.annotate import version

LATER = "2099-01-01T00:00:00Z"
SITE = "http://quai.example.org"


def addresses(source: Source) -> list[tuple[str, Address]]:
    feeds = [("feed", at) for at in source.feeds]
    maps = [("sitemap", at) for at in source.sitemaps]
    return [*feeds, *maps, *(("wordpress", at) for at in source.wordpress)]


@pytest.fixture
def frontier(db: Database, source: Source) -> Frontier:
    frontier = Frontier(db)
    frontier.channels.sync([source], addresses)
    return frontier


def channel(frontier: Frontier, url: str, *, now: str = LATER) -> DueChannel | None:
    urls = [row["url"] for row in frontier.db.table("channels").rows if row["root"] is None]
    return next((each for each in frontier.channels.due(urls, now=now) if each.url == url), None)


def due(frontier: Frontier, url: str) -> DueChannel:
    found = channel(frontier, url)
    assert found is not None
    return found


def at(name: str) -> Address:
    return Address(url=f"{SITE}/{name}", grade="probed")


def links(*names: str, **more: Any) -> Harvest:
    return Harvest(links=tuple(Link(url=f"{SITE}/{name}", **more) for name in names))


def test_a_sitemap_that_becomes_part_of_another_record_is_visited_on(
    frontier: Frontier, source: Source
) -> None:
    """First the record names the robots.txt, later the index that it led to."""
    part = f"{SITE}/sitemap-1.xml"
    for name in ("robots.txt", "index.xml"):
        moved = replace(source, sitemaps=(at(name),))
        frontier.channels.sync([moved], addresses)
        index = due(frontier, f"{SITE}/{name}")
        frontier.channels.harvested(index, Harvest(links=(), parts=(Part(url=part),)))
        found = channel(frontier, part, now=clock.now())
        assert found is not None, name
        assert found.root == index.id
        frontier.channels.harvested(found, links("a"))


def test_a_part_that_its_index_names_no_longer_is_not_asked_for(
    frontier: Frontier, source: Source
) -> None:
    frontier.channels.sync([replace(source, sitemaps=(at("index.xml"),))], addresses)
    index = due(frontier, f"{SITE}/index.xml")
    for names in (("old.xml", "new.xml"), ("new.xml",)):
        parts = tuple(Part(url=f"{SITE}/{name}") for name in names)
        frontier.channels.harvested(index, Harvest(links=(), parts=parts))
    assert channel(frontier, f"{SITE}/old.xml") is None
    assert channel(frontier, f"{SITE}/new.xml") is not None


def test_an_index_that_left_the_registry_and_comes_back_names_its_parts_again(
    frontier: Frontier, source: Source
) -> None:
    listed = replace(source, sitemaps=(at("index.xml"),))
    frontier.channels.sync([listed], addresses)
    named = Harvest(links=(), parts=(Part(url=f"{SITE}/1.xml"),))
    frontier.channels.harvested(due(frontier, f"{SITE}/index.xml"), named, etag='"1"')
    frontier.channels.sync([source], addresses)
    assert channel(frontier, f"{SITE}/1.xml") is None
    frontier.channels.sync([listed], addresses)
    index = due(frontier, f"{SITE}/index.xml")
    assert index.etag is None  # or a 304 would leave the parts out for ever
    frontier.channels.harvested(index, named, etag='"1"')
    assert channel(frontier, f"{SITE}/1.xml", now=clock.now()) is not None


def test_a_page_of_older_links_that_always_fails_is_given_up(
    frontier: Frontier, source: Source
) -> None:
    url = source.feeds[0].url
    older = replace(links("a"), older=f"{SITE}/feed?page=2")
    frontier.channels.harvested(due(frontier, url), older)
    for _ in range(GIVEN_UP):
        assert due(frontier, url).depth == 1
        frontier.channels.failed(due(frontier, url), "failed", "?", failing=Failing.TEMPORARY)
    assert (due(frontier, url).depth, due(frontier, url).cursor) == (0, None)


def test_an_api_that_refuses_for_a_day_goes_on_where_it_was(
    frontier: Frontier, source: Source
) -> None:
    url = source.feeds[0].url
    frontier.channels.harvested(due(frontier, url), replace(links("a"), cursor="since Monday"))
    frontier.channels.failed(due(frontier, url), "blocked", "HTTP 403", failing=Failing.HARD)
    assert due(frontier, url).cursor == "since Monday"


def test_an_api_that_brings_nothing_for_long_waits_for_its_next_day(
    frontier: Frontier, source: Source
) -> None:
    url, visits = source.feeds[0].url, 0
    while (found := channel(frontier, url, now=clock.now())) is not None:
        answer = replace(links("a"), cursor=str(visits), again=True)
        frontier.channels.harvested(found, answer)
        visits += 1
        assert visits < 2 * IDLE
    assert visits == IDLE + 1


def test_an_address_that_becomes_another_kind_of_channel_starts_anew(
    frontier: Frontier, source: Source
) -> None:
    url = source.feeds[0].url
    frontier.channels.harvested(due(frontier, url), replace(links("a"), cursor="{}"), etag='"1"')
    frontier.channels.sync([replace(source, feeds=(), wordpress=source.feeds)], addresses)
    found = due(frontier, url)
    assert (found.kind, found.cursor, found.etag) == ("wordpress", None, None)


def test_a_sitemap_that_dates_everything_of_today_floods_nobody(
    frontier: Frontier, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page whose bytes differ at each visit, for 200 days."""
    fetched, began = 0, datetime(2027, 1, 1, 8, tzinfo=UTC)
    for day in range(200):
        morning = began + timedelta(days=day)
        today = clock.stamp(morning)
        monkeypatch.setattr(clock, "now", lambda today=today: today)
        monkeypatch.setattr(
            clock, "after", lambda s, now=morning: clock.stamp(now + timedelta(seconds=s))
        )
        frontier.channels.harvested(due(frontier, source.feeds[0].url), links("a", updated=today))
        for url in frontier.draw(["quai"], now=clock.now(), limit=9):
            page = Page(url=url.url, fetched=clock.now(), status=200, content_type=None,
                        body=f"<p>{day}</p>".encode())  # fmt: skip
            frontier.fetched(url, page)
            frontier.writes.flush()
            frontier.db.execute("UPDATE urls SET outcome = 'too_short', enricher = '1'")
            fetched += 1
    assert 5 <= fetched <= 15


def test_a_host_at_rest_is_left_alone_by_the_next_crawl_too(web: Web, crawl: Crawl) -> None:
    web.pages = {
        "/feed": Answer(feed(f"{web.url}/a"), content_type=RSS),
        "/a": Answer(b"", 429, headers={"Retry-After": "7200"}),
    }
    crawl("--no-enrich")
    before = web.hits.copy()
    web.pages["/b"] = Answer(article("B", "Une permanence ouvre au quai ce soir."))
    assert "asked to be left alone: 1" in crawl("--no-enrich").stdout
    assert web.hits == before


def test_one_address_that_always_refuses_does_not_starve_its_host(
    frontier: Frontier, source: Source
) -> None:
    frontier.channels.harvested(due(frontier, source.feeds[0].url), links("a", "b"))
    (first, second) = frontier.draw(["quai"], now=clock.now(), limit=9)
    frontier.postponed(first, "HTTP 429", seconds=0)
    again = frontier.draw(["quai"], now=LATER, limit=9)
    assert [url.id for url in again] == [second.id, first.id]


def test_what_was_overtaken_while_it_was_read_is_read_again(
    frontier: Frontier, source: Source
) -> None:
    frontier.channels.harvested(due(frontier, source.feeds[0].url), links("a"))
    (url,) = frontier.draw(["quai"], now=clock.now(), limit=9)
    body = article("Le centre rouvre", "Quarante lits pour les familles du quai, dès lundi.")
    page = Page(url=url.url, fetched="2026-11-20T08:00:00Z", status=200, content_type=None,
                body=body)  # fmt: skip
    frontier.fetched(url, page)
    frontier.writes.flush()
    (waiting,) = store.unread(frontier.db, 9)
    reading = enrichment.read(waiting)
    frontier.fetched(url, replace(page, fetched="2026-11-21T08:00:00Z", body=body + b" "))
    frontier.writes.flush()
    store.save(frontier.db, [reading], version())
    assert [row["outcome"] for row in frontier.db.table("urls").rows] == ["fetched"]
    store.save(frontier.db, [enrichment.read(each) for each in store.unread(frontier.db, 9)],
               version())  # fmt: skip
    assert [row["outcome"] for row in frontier.db.table("urls").rows] == ["stored"]


def test_what_another_version_of_tamis_reads_differently_is_no_change_of_the_article(
    frontier: Frontier, source: Source
) -> None:
    frontier.channels.harvested(due(frontier, source.feeds[0].url), links("a"))
    (url,) = frontier.draw(["quai"], now=clock.now(), limit=9)
    for day, text, by in (
        (20, "Quarante lits pour les familles du quai, dès lundi.", "old"),
        (21, "Soixante lits pour les familles du quai, dès mardi.", "new"),
        (22, "Cent lits pour les familles du quai, dès jeudi soir.", "new"),
    ):
        page = Page(url=url.url, fetched=f"2026-11-{day}T08:00:00Z", status=200,
                    content_type=None, body=article("Le centre rouvre", text))  # fmt: skip
        frontier.fetched(url, page)
        frontier.writes.flush()
        store.save(frontier.db, [enrichment.read(each) for each in store.unread(frontier.db, 9)],
                   by)  # fmt: skip
    (kept,) = frontier.db.table("versions").rows
    assert "Soixante" in kept["diff"]
    assert "Quarante" not in kept["diff"]
