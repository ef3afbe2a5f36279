"""What visits to channels bring, in a real database."""

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlite_utils import Database

from crawler import archive, channels, clock
from crawler.channels import MAX_DEPTH, DueChannel
from crawler.frontier import Frontier, PendingUrl
from crawler.items import Address, Harvest, Link, Page, Part, Source
from crawler.schedule import CEILING, Failing
from enrich.rights import SILENT

LATER = "2099-01-01T00:00:00Z"
AGES_AGO = "2020-01-01T00:00:00Z"


@pytest.fixture
def source(source: Source) -> Source:
    """A source with a feed and a sitemap."""
    site_map = Address(url="http://quai.example.org/sitemap.xml", grade="probed")
    return replace(source, sitemaps=(site_map,))


def addresses(source: Source) -> list[tuple[str, Address]]:
    feeds = [("feed", at) for at in source.feeds]
    return [*feeds, *(("sitemap", at) for at in source.sitemaps)]


@pytest.fixture
def frontier(db: Database, source: Source) -> Frontier:
    frontier = Frontier(db)
    frontier.channels.sync([source], addresses)
    return frontier


def due(frontier: Frontier, source: Source, *, now: str = LATER) -> dict[str, DueChannel]:
    urls = [at.url for _, at in addresses(source)]
    return {channel.url: channel for channel in frontier.channels.due(urls, now=now)}


def of_kind(frontier: Frontier, source: Source, kind: str) -> DueChannel:
    found = due(frontier, source).values()
    return next(channel for channel in found if channel.kind == kind and not channel.root)


def fetch(frontier: Frontier, *, body: bytes = b"<p>Un.</p>", fetched: str = "") -> None:
    for url in frontier.draw(["quai", "pont"], now=LATER, limit=99):
        page = Page(
            url=url.url, fetched=fetched or clock.now(), status=200, content_type=None, body=body
        )
        frontier.fetched(url, page)
    frontier.writes.flush()


def row(frontier: Frontier, table: str, **where: Any) -> dict[str, Any]:
    ((name, value),) = where.items()
    (found,) = frontier.db.query(f"SELECT * FROM {table} WHERE {name} = ?", [value])
    return dict(found)


def links(*names: str, **more: Any) -> tuple[Link, ...]:
    return tuple(Link(url=f"http://quai.example.org/{name}", **more) for name in names)


# Parts.


def test_the_sitemaps_of_an_index_are_visited_and_dated_ones_only_when_they_changed(
    frontier: Frontier, source: Source
) -> None:
    index = of_kind(frontier, source, "sitemap")
    at = "http://quai.example.org/sitemap-1.xml"
    harvest = Harvest(links=(), parts=(Part(url=at, changed="2026-11-20"),))
    frontier.channels.harvested(index, harvest)
    part = due(frontier, source, now=clock.now())[at]
    assert (part.kind, part.source, part.root) == ("sitemap", "quai", index.id)
    frontier.channels.harvested(part, Harvest(links=links("a")))
    frontier.channels.harvested(index, harvest)
    assert at not in due(frontier, source, now=clock.now())
    anew = Harvest(links=(), parts=(Part(url=at, changed="2026-11-21"),))
    frontier.channels.harvested(index, anew)
    assert at in due(frontier, source, now=clock.now())


def test_a_part_cannot_take_the_place_of_another_sources_channel(
    frontier: Frontier, source: Source
) -> None:
    other = replace(source, id="pont", sitemaps=(), feeds=(
        Address(url="http://pont.test/feed", grade="probed"),
    ))  # fmt: skip
    frontier.channels.sync([source, other], addresses)
    index = of_kind(frontier, source, "sitemap")
    parts = (Part(url="http://pont.test/feed"), Part(url=index.url))
    frontier.channels.harvested(index, Harvest(links=(), parts=parts))
    assert row(frontier, "channels", url="http://pont.test/feed")["source"] == "pont"
    assert row(frontier, "channels", url=index.url)["root"] is None


def test_what_a_part_names_was_named_by_its_channel(frontier: Frontier, source: Source) -> None:
    index = of_kind(frontier, source, "sitemap")
    at = "http://quai.example.org/sitemap-1.xml"
    frontier.channels.harvested(index, Harvest(links=(), parts=(Part(url=at),)))
    frontier.channels.harvested(due(frontier, source)[at], Harvest(links=links("a")))
    assert row(frontier, "urls", url="http://quai.example.org/a")["channel"] == index.id


# Pages of older links, and cursors.


def test_older_pages_are_visited_at_once_while_most_links_are_new(
    frontier: Frontier, source: Source
) -> None:
    older = "http://quai.example.org/feed/?paged=2"
    feed = of_kind(frontier, source, "feed")
    frontier.channels.harvested(feed, Harvest(links=links("a", "b"), older=older), etag='"1"')
    again = due(frontier, source, now=clock.now())[feed.url]
    assert (again.cursor, again.depth, again.etag) == (older, 1, '"1"')
    third = Harvest(links=links("b", "c", "a"), older=older + "3")
    frontier.channels.harvested(again, third, etag='"2"')
    assert feed.url not in due(frontier, source, now=clock.now())
    home = due(frontier, source)[feed.url]
    assert (home.cursor, home.depth, home.etag) == (None, 0, '"1"')


def test_there_is_an_end_to_older_pages(frontier: Frontier, source: Source) -> None:
    for page in range(MAX_DEPTH + 1):
        feed = of_kind(frontier, source, "feed")
        assert feed.depth == (page if page < MAX_DEPTH else 0)
        harvest = Harvest(links=links(f"n{page}"), older=f"http://quai.example.org/{page}")
        frontier.channels.harvested(feed, harvest)


def test_an_api_goes_on_where_its_cursor_says(frontier: Frontier, source: Source) -> None:
    feed = of_kind(frontier, source, "feed")
    frontier.channels.harvested(feed, Harvest(links=links("a"), cursor="2", again=True))
    again = due(frontier, source, now=clock.now())[feed.url]
    assert again.cursor == "2"
    frontier.channels.harvested(again, Harvest(links=links("b"), cursor="3"))
    assert feed.url not in due(frontier, source, now=clock.now())
    assert due(frontier, source)[feed.url].cursor == "3"


def test_an_older_page_that_is_gone_leads_back_to_the_first(
    frontier: Frontier, source: Source
) -> None:
    feed = of_kind(frontier, source, "feed")
    frontier.channels.harvested(feed, Harvest(links=links("a"), older="http://quai.example.org/2"))
    second = of_kind(frontier, source, "feed")
    frontier.channels.failed(second, "not_found", "HTTP 404", failing=Failing.HARD)
    assert of_kind(frontier, source, "feed").cursor is None


# Who named what.


def test_whichever_channel_comes_first_the_best_gives_source_and_hints(
    db: Database, source: Source
) -> None:
    other = replace(
        source, id="pont", homepage="http://pont.test/", sitemaps=(),
        feeds=(Address(url="http://pont.test/feed", grade="probed"),),
    )  # fmt: skip
    frontier = Frontier(db)
    frontier.channels.sync([source, other], addresses)
    theirs = Link(url="http://quai.example.org/a", title="Repris", authors=("Le Pont",))
    ours = Link(url="http://quai.example.org/a", title="Un abri")
    bare = Link(url="http://quai.example.org/a", image="http://quai.example.org/a.jpg")
    every = due(frontier, source) | due(frontier, other)
    told = {"http://pont.test/feed": theirs, source.feeds[0].url: ours}
    seen: set[tuple[str, str]] = set()
    for order in (list(told), list(reversed(told))):
        for table in ("discoveries", "urls"):
            db.execute(f"DELETE FROM {table}")
        for url in order:
            frontier.channels.harvested(every[url], Harvest(links=(told[url],)))
        site_map = every["http://quai.example.org/sitemap.xml"]
        frontier.channels.harvested(site_map, Harvest(links=(bare,)))
        found = row(frontier, "urls", url="http://quai.example.org/a")
        hints = channels.hints(db, [found["id"]])[found["id"]]
        seen.add((found["source"], json.dumps(hints, sort_keys=True)))
    ((who, text),) = seen
    assert who == "quai"
    assert json.loads(text) == {
        "title": "Un abri", "authors": ["Le Pont"], "language": "fr",
        "image": "http://quai.example.org/a.jpg",
    }  # fmt: skip


def test_what_was_read_with_worse_hints_is_read_again(db: Database, source: Source) -> None:
    frontier = Frontier(db)
    frontier.channels.sync([source], addresses)
    frontier.channels.harvested(of_kind(frontier, source, "sitemap"), Harvest(links=links("a")))
    fetch(frontier)
    db.execute("UPDATE urls SET outcome = 'stored', enricher = 'v1'")
    better = Harvest(links=links("a", title="Un abri"))
    frontier.channels.harvested(of_kind(frontier, source, "feed"), better)
    assert row(frontier, "urls", outcome="fetched")["url"] == "http://quai.example.org/a"


def test_what_a_second_channel_says_no_better_is_not_read_again(
    db: Database, source: Source
) -> None:
    frontier = Frontier(db)
    frontier.channels.sync([source], addresses)
    first = Harvest(links=links("a", title="Un abri"))
    frontier.channels.harvested(of_kind(frontier, source, "feed"), first)
    fetch(frontier)
    db.execute("UPDATE urls SET outcome = 'stored', enricher = 'v1'")
    again = Harvest(links=links("a", title="Autrement", updated=AGES_AGO))
    frontier.channels.harvested(of_kind(frontier, source, "sitemap"), again)
    assert row(frontier, "urls", outcome="stored")["url"] == "http://quai.example.org/a"


# What is given whole.


def test_an_article_given_whole_is_archived_and_its_page_only_looked_at(
    frontier: Frontier, source: Source
) -> None:
    feed = of_kind(frontier, source, "feed")
    whole = links("a", title="Un <abri>", content="<p>Quarante lits.</p>", whole=True)
    frontier.channels.harvested(feed, Harvest(links=whole))
    (url,) = frontier.draw(["quai"], now=LATER, limit=9)
    assert (url.given, url.again) == (1, True)
    (page,) = frontier.db.table("pages").rows
    body = archive.unpack(page["body"]).decode()
    assert "<h1>Un &lt;abri&gt;</h1>" in body
    assert "<p>Quarante lits.</p>" in body
    assert "content" not in json.loads(next(frontier.db.table("discoveries").rows)["hints"])


@pytest.mark.parametrize(
    ("summary", "shown"), [("Chacun son lit.", 1), ("Quarante lits pour les familles du …", 0)]
)
def test_its_standfirst_is_part_of_it_unless_it_was_cut_from_the_text(
    frontier: Frontier, source: Source, summary: str, shown: int
) -> None:
    text = "<p>Quarante <b>lits</b> pour les familles du quai, dès lundi.</p>"
    feed = of_kind(frontier, source, "feed")
    whole = links("a", title="A", summary=summary, content=text, whole=True)
    frontier.channels.harvested(feed, Harvest(links=whole))
    (page,) = frontier.db.table("pages").rows
    assert archive.unpack(page["body"]).decode().count(f"<p>{summary}</p>") == shown


def test_it_is_archived_again_when_the_channel_says_it_changed_and_it_did(
    frontier: Frontier, source: Source
) -> None:
    def told(text: str, updated: str) -> None:
        feed = of_kind(frontier, source, "feed")
        given = links("a", title="A", content=text, whole=True, updated=updated)
        frontier.channels.harvested(feed, Harvest(links=given))

    told("<p>Un.</p>", "2026-11-20T00:00:00Z")
    frontier.db.execute("UPDATE urls SET last_fetched = '2026-11-20T00:00:00Z'")
    told("<p>Un.</p>", "2026-11-20T08:00:00Z")
    assert frontier.db.table("pages").count == 1
    told("<p>Deux.</p>", "2026-11-20T09:00:00Z")
    assert frontier.db.table("pages").count == 2


@pytest.mark.parametrize("seen", ["noticed", "not changed", "failed"])
def test_a_look_at_its_page_hides_no_change_that_the_channel_tells_later(
    frontier: Frontier, source: Source, seen: str
) -> None:
    def told(text: str, updated: str) -> None:
        feed = of_kind(frontier, source, "feed")
        given = links("a", title="A", content=text, whole=True, updated=updated)
        frontier.channels.harvested(feed, Harvest(links=given))

    told("<p>Un.</p>", "2026-11-20T00:00:00Z")
    frontier.db.execute("UPDATE urls SET last_fetched = '2026-11-20T08:00:00Z'")
    (url,) = frontier.draw(["quai"], now=LATER, limit=9)
    page = Page(url=url.url, fetched=clock.now(), status=200, content_type=None, body=b"")
    if seen == "noticed":
        frontier.noticed(url, page, SILENT)
    elif seen == "failed":
        frontier.decided(url, "failed", "HTTP 500")
    else:
        frontier.same(url)
    frontier.writes.flush()
    assert frontier.draw(["quai"], now=clock.now(), limit=9) == []
    told("<p>Deux.</p>", "2026-11-20T09:00:00Z")
    assert frontier.db.table("pages").count == 2
    assert len(frontier.draw(["quai"], now=LATER, limit=9)) == 1


def test_what_an_api_gives_while_its_page_is_asked_for_is_not_lost_when_that_is_refused(
    frontier: Frontier, source: Source
) -> None:
    feed = of_kind(frontier, source, "feed")
    frontier.channels.harvested(feed, Harvest(links=links("a")))
    (url,) = frontier.draw(["quai"], now=LATER, limit=9)
    whole = links("a", title="A", content="<p>Quarante lits.</p>", whole=True)
    frontier.channels.harvested(of_kind(frontier, source, "sitemap"), Harvest(links=whole))
    frontier.decided(url, "robots", "Forbidden by robots.txt")
    frontier.writes.flush()
    assert row(frontier, "urls", id=url.id)["outcome"] == "fetched"


# Changes.


def test_an_article_is_looked_at_again_when_a_channel_says_it_changed(
    frontier: Frontier, source: Source
) -> None:
    feed = of_kind(frontier, source, "feed")
    frontier.channels.harvested(feed, Harvest(links=links("a", "b", updated=AGES_AGO)))
    fetch(frontier, fetched="2026-01-01T00:00:00Z")
    frontier.db.execute("UPDATE urls SET outcome = 'stored', look = NULL")
    changed = (*links("a", updated="2026-11-21T00:00:00Z"), *links("b", updated=AGES_AGO))
    frontier.channels.harvested(feed, Harvest(links=changed))
    (again,) = frontier.draw(["quai"], now=clock.now(), limit=9)
    assert (again.url, again.again) == ("http://quai.example.org/a", True)


def test_what_was_just_fetched_is_not_looked_at_within_a_day(
    frontier: Frontier, source: Source
) -> None:
    feed = of_kind(frontier, source, "feed")
    frontier.channels.harvested(feed, Harvest(links=links("a")))
    fetch(frontier)
    frontier.db.execute("UPDATE urls SET outcome = 'stored'")
    frontier.channels.harvested(feed, Harvest(links=links("a", updated="2098-01-01T00:00:00Z")))
    assert frontier.draw(["quai"], now=clock.after(23 * 3600), limit=9) == []
    assert len(frontier.draw(["quai"], now=clock.after(25 * 3600), limit=9)) == 1


def test_an_article_is_looked_at_after_a_day_a_week_and_a_month(
    frontier: Frontier, source: Source
) -> None:
    feed = of_kind(frontier, source, "feed")
    frontier.channels.harvested(feed, Harvest(links=links("a")))
    fetch(frontier, fetched=clock.now())
    frontier.db.execute("UPDATE urls SET outcome = 'stored'")
    look = row(frontier, "urls", outcome="stored")["look"]
    assert clock.after(23.9 * 3600) < look < clock.after(24.1 * 3600)


def test_a_sites_history_is_not_fetched_four_times(frontier: Frontier, source: Source) -> None:
    feed = of_kind(frontier, source, "feed")
    found = (*links("a", published="2019-05-02T08:00:00Z"), *links("b", updated="2019-05-02"))
    frontier.channels.harvested(feed, Harvest(links=found))
    fetch(frontier, fetched=clock.now())
    assert {row["look"] for row in frontier.db.table("urls").rows} == {None}


def looked_at(frontier: Frontier, source: Source) -> PendingUrl:
    """An article that is due to be looked at again, ten days after it was fetched first."""
    feed = of_kind(frontier, source, "feed")
    frontier.channels.harvested(feed, Harvest(links=links("a")))
    fetch(frontier, fetched=clock.after(-10 * 86400))
    frontier.db.execute("UPDATE urls SET outcome = 'stored', look = ''")
    (url,) = frontier.draw(["quai"], now=clock.now(), limit=9)
    return url


@pytest.mark.parametrize(("outcome", "days"), [("not_found", 20), ("gone", None), ("robots", 20)])
def test_an_article_that_vanished_stays_one_and_the_day_is_kept(
    frontier: Frontier, source: Source, outcome: str, days: int | None
) -> None:
    url = looked_at(frontier, source)
    frontier.decided(url, outcome, "HTTP 410")
    frontier.writes.flush()
    found = row(frontier, "urls", id=url.id)
    assert found["outcome"] == "stored"
    assert (found["gone"] is not None) == (outcome in ("not_found", "gone"))
    if days is None:
        assert found["look"] is None
        assert frontier.draw(["quai"], now=LATER, limit=9) == []
    else:
        assert clock.after((days - 0.1) * 86400) < found["look"] < clock.after((days + 0.1) * 86400)


def test_an_article_that_comes_back_is_not_gone(frontier: Frontier, source: Source) -> None:
    url = looked_at(frontier, source)
    frontier.decided(url, "not_found", "HTTP 404")
    frontier.same(url)
    frontier.writes.flush()
    assert row(frontier, "urls", id=url.id)["gone"] is None


def test_a_page_not_found_at_first_is_asked_for_again_and_one_that_is_gone_is_not(
    frontier: Frontier, source: Source
) -> None:
    feed = of_kind(frontier, source, "feed")
    frontier.channels.harvested(feed, Harvest(links=links("a", "b")))
    missing, gone = frontier.draw(["quai"], now=clock.now(), limit=9)
    frontier.decided(missing, "not_found", "HTTP 404")
    frontier.decided(gone, "gone", "HTTP 410")
    assert frontier.draw(["quai"], now=clock.after(3600), limit=9) == []
    assert [url.id for url in frontier.draw(["quai"], now=LATER, limit=9)] == [missing.id]


# Rhythm and health.


def test_a_channel_without_news_is_asked_less_often(frontier: Frontier, source: Source) -> None:
    waits = []
    for _ in range(12):
        feed = of_kind(frontier, source, "feed")
        frontier.channels.unchanged(feed)
        waits.append(row(frontier, "channels", id=feed.id)["due"])
    assert waits == sorted(waits)
    assert waits[-1] <= clock.after(CEILING + 5)


def test_the_health_of_a_channel_is_kept(frontier: Frontier, source: Source) -> None:
    feed = of_kind(frontier, source, "feed")
    frontier.channels.harvested(feed, Harvest(links=links("a", "b")))
    frontier.channels.failed(feed, "failed", "HTTP 500", failing=Failing.SOFT)
    found = row(frontier, "channels", id=feed.id)
    assert (found["visits"], found["links"], found["failures"]) == (2, 2, 1)
    assert found["failing"] == "soft"
    assert found["succeeded"] == found["found"] <= found["checked"]
    frontier.channels.unchanged(feed)
    found = row(frontier, "channels", id=feed.id)
    assert (found["failures"], found["failing"]) == (0, None)


def test_a_channel_says_itself_how_often_it_changes(frontier: Frontier, source: Source) -> None:
    feed = of_kind(frontier, source, "feed")
    frontier.channels.harvested(feed, Harvest(links=(), every=10 * 3600), every=3600)
    found = row(frontier, "channels", id=feed.id)
    assert clock.after(9.9 * 3600) < found["due"] < clock.after(10.1 * 3600)


def test_a_page_that_comes_in_from_an_archive_waits_to_be_read_once(
    frontier: Frontier, source: Source
) -> None:
    channel = frontier.channels.adopt(source, "warc", "warc:quai")
    page = Page(url="http://quai.example.org/a", fetched=AGES_AGO, status=200,
                content_type=None, body=b"<p>Un.</p>")  # fmt: skip
    assert frontier.imported(channel, links("a")[0], page) == "imported"
    assert frontier.imported(channel, links("a")[0], page) == "there"
    assert frontier.db.table("pages").count == 1
    assert row(frontier, "urls", outcome="fetched")["last_fetched"] == AGES_AGO
    assert "warc:quai" not in due(frontier, source)


def test_an_api_that_leads_in_a_circle_is_left(frontier: Frontier, source: Source) -> None:
    for _ in range(2):
        feed = of_kind(frontier, source, "feed")
        frontier.channels.harvested(feed, Harvest(links=(), cursor="2", again=True))
    assert feed.url not in due(frontier, source, now=clock.now())


def test_a_list_of_translations_knows_better_than_the_record_which_language_a_page_is_in(
    frontier: Frontier, source: Source
) -> None:
    feed = of_kind(frontier, source, "feed")
    assert feed.language == "fr"
    named = (*links("a"), *links("b", language="nl", alternate="nl"))
    frontier.channels.harvested(feed, Harvest(links=named))
    told = {row["url"][-1]: row["id"] for row in frontier.db.table("urls").rows}
    hints = channels.hints(frontier.db, told.values())
    assert [hints[told[name]]["language"] for name in "ab"] == ["fr", "nl"]
