import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from crawler import archive, clock, database
from crawler.channels import DueChannel
from crawler.frontier import PER_HOST, Frontier, PendingUrl
from crawler.items import Address, Harvest, Licence, Link, Page, Source
from crawler.schedule import MAX_TRIES

LATER = "2099-01-01T00:00:00Z"


def addresses(source: Source) -> list[tuple[str, Address]]:
    return [("feed", feed) for feed in source.feeds]


@pytest.fixture
def frontier(db: Database, source: Source) -> Frontier:
    frontier = Frontier(db)
    frontier.channels.sync([source], addresses)
    return frontier


@pytest.fixture
def channel(frontier: Frontier, source: Source) -> DueChannel:
    return frontier.channels.due([feed.url for feed in source.feeds], now=clock.now())[0]


def harvest(frontier: Frontier, channel: DueChannel, *urls: str) -> int:
    links = tuple(Link(url=url) for url in urls)
    return frontier.channels.harvested(channel, Harvest(links=links), etag='"1"')


def page(body: bytes = b"<p>Bonjour</p>") -> Page:
    return Page(
        url="http://a.test/1", fetched=clock.now(), status=200, content_type=None, body=body
    )


def drawn(frontier: Frontier, *, now: str = "", limit: int = 1000) -> list[PendingUrl]:
    return frontier.draw(["quai"], now=now or clock.now(), limit=limit)


def outcomes(frontier: Frontier) -> dict[str, int]:
    frontier.writes.flush()
    return dict(frontier.db.execute("SELECT outcome, count(*) FROM urls GROUP BY 1").fetchall())


def test_links_and_validators_are_stored_together(frontier: Frontier, channel: DueChannel) -> None:
    assert harvest(frontier, channel, "http://a.test/1", "http://a.test/2") == 2
    stored = frontier.db.table("channels").get(channel.id)
    assert (stored["etag"], stored["outcome"], stored["failures"]) == ('"1"', "ok", 0)
    assert outcomes(frontier) == {"pending": 2}


def test_validators_are_not_stored_without_their_links(
    frontier: Frontier, channel: DueChannel
) -> None:
    frontier.db.execute("DROP TABLE pages")
    frontier.db.execute(
        "CREATE TRIGGER broken BEFORE INSERT ON urls WHEN new.url LIKE '%2'"
        " BEGIN SELECT raise(ABORT, 'disk full'); END"
    )
    with pytest.raises(Exception, match="disk full"):
        harvest(frontier, channel, "http://a.test/1", "http://a.test/2")
    assert frontier.db.table("channels").get(channel.id)["etag"] is None
    assert outcomes(frontier) == {}


def test_an_article_named_twice_is_one_url_and_keeps_its_first_hints(
    frontier: Frontier, channel: DueChannel
) -> None:
    link = Link(url="http://a.test/1?utm_source=rss", title="Un abri", authors=("Le Quai",))
    links = (link, replace(link, url="http://www.a.test/1", title="B"))
    frontier.channels.harvested(channel, Harvest(links=links))
    (row,) = frontier.db.table("urls").rows
    assert (row["url"], row["key"]) == ("http://a.test/1", "a.test/1")
    (named,) = frontier.db.table("discoveries").rows
    assert json.loads(named["hints"]) == {
        "title": "Un abri",
        "authors": ["Le Quai"],
        "language": "fr",
    }


def test_a_channel_is_not_due_again_at_once(
    frontier: Frontier, channel: DueChannel, source: Source
) -> None:
    harvest(frontier, channel)
    urls = [feed.url for feed in source.feeds]
    assert frontier.channels.due(urls, now=clock.now()) == []
    (due,) = frontier.channels.due(urls, now=LATER)
    assert due.etag == '"1"'


def test_a_failing_channel_is_asked_less_and_less(frontier: Frontier, channel: DueChannel) -> None:
    due = []
    for _ in range(8):
        (channel,) = frontier.channels.due([channel.url], now=LATER)
        frontier.channels.failed(channel, "failed", "HTTP 500")
        due.append(frontier.db.table("channels").get(channel.id)["due"])
    assert due == sorted(due)
    assert clock.after(60) < due[0] < due[3] < clock.after(25 * 3600)
    assert due[-1] <= clock.after(24 * 3600 + 5)


def test_the_registry_moves_a_channel_to_its_new_source(frontier: Frontier, source: Source) -> None:
    frontier.channels.sync([replace(source, id="pont", name="Le Pont")], addresses)
    assert [row["source"] for row in frontier.db.table("channels").rows] == ["pont"]


def test_a_draw_is_fair_to_every_host(frontier: Frontier, channel: DueChannel) -> None:
    harvest(frontier, channel, *(f"http://big.test/{n}" for n in range(50)), "http://small.test/1")
    assert {url.url for url in drawn(frontier, limit=2)} == {
        "http://big.test/0",
        "http://small.test/1",
    }
    assert len(drawn(frontier)) == PER_HOST + 1


def test_a_draw_leaves_out_what_is_under_way_and_what_is_of_other_sources(
    frontier: Frontier, channel: DueChannel
) -> None:
    harvest(frontier, channel, *(f"http://a.test/{n}" for n in range(PER_HOST + 1)))
    first, *others = drawn(frontier)
    assert frontier.draw(["quai"], now=clock.now(), limit=99, under_way=[first, *others]) == []
    (last,) = frontier.draw(["quai"], now=clock.now(), limit=99, under_way=others)
    assert last.id == first.id
    frontier.decided(first, "gone", None)
    (last,) = frontier.draw(["quai"], now=clock.now(), limit=99, under_way=others)
    assert last.url == f"http://a.test/{PER_HOST}"
    assert frontier.draw(["pont"], now=clock.now(), limit=99) == []


def test_a_fetched_page_is_archived_as_it_came(frontier: Frontier, channel: DueChannel) -> None:
    harvest(frontier, channel, "http://a.test/1")
    (url,) = drawn(frontier)
    frontier.fetched(url, page(b"\xff\x00 brut"))
    assert drawn(frontier) == []
    (row,) = frontier.db.table("pages").rows
    assert archive.unpack(row["body"]) == b"\xff\x00 brut"
    assert outcomes(frontier) == {"fetched": 1}


def test_what_was_not_committed_when_the_process_died_is_pending(
    tmp_path: Path, source: Source
) -> None:
    path = tmp_path / "killed.db"
    dying = Frontier(database.private(path))
    dying.channels.sync([source], addresses)
    (channel,) = dying.channels.due([source.feeds[0].url], now=clock.now())
    harvest(dying, channel, "http://a.test/1", "http://a.test/2")
    for url in drawn(dying):
        dying.fetched(url, page())
    dying.db.close()  # without flush
    again = Frontier(database.private(path))
    assert len(drawn(again)) == 2
    assert again.db.table("pages").count == 0
    again.db.close()


def test_a_url_is_tried_again_later_and_in_the_end_fails(
    frontier: Frontier, channel: DueChannel
) -> None:
    harvest(frontier, channel, "http://a.test/1")
    for tries in range(MAX_TRIES):
        assert outcomes(frontier) == {"pending": 1}, tries
        (url,) = drawn(frontier, now=LATER)
        frontier.postponed(url, "HTTP 500")
        assert drawn(frontier) == []
    assert outcomes(frontier) == {"failed": 1}
    assert next(frontier.db.table("urls").rows)["reason"] == "HTTP 500"


def test_a_host_that_asks_for_rest_gets_it_and_others_do_not(
    frontier: Frontier, channel: DueChannel
) -> None:
    harvest(frontier, channel, "http://a.test/1", "http://a.test/2", "http://b.test/1")
    frontier.rest("a.test", seconds=3600)
    assert [url.url for url in drawn(frontier)] == ["http://b.test/1"]
    assert len(drawn(frontier, now=LATER)) == 3


def test_every_url_has_exactly_one_outcome_and_the_counts_reconcile(
    frontier: Frontier, channel: DueChannel
) -> None:
    found = harvest(frontier, channel, *(f"http://a.test/{n}" for n in range(6)))
    urls = drawn(frontier)
    frontier.fetched(urls[0], page())
    frontier.decided(urls[1], "robots", "Forbidden by robots.txt")
    frontier.decided(urls[2], "not_found", "HTTP 404")
    frontier.postponed(urls[3], "timeout")
    counts = outcomes(frontier)
    assert counts == {"fetched": 1, "robots": 1, "not_found": 1, "pending": 3}
    assert sum(counts.values()) == found


def test_a_source_without_feeds_has_no_channel(db: Database, source: Source) -> None:
    Frontier(db).channels.sync([replace(source, feeds=())], addresses)
    assert db.table("channels").count == 0


def test_syncing_the_same_records_again_changes_nothing(frontier: Frontier, source: Source) -> None:
    before = list(frontier.db.iterdump())
    frontier.channels.sync([source], addresses)
    assert list(frontier.db.iterdump()) == before


def test_a_source_keeps_its_record_in_step(frontier: Frontier, source: Source) -> None:
    more = Address(url="http://quai.example.org/feed/nl", language="nl", grade="probed")
    frontier.channels.sync([replace(source, feeds=(*source.feeds, more))], addresses)
    assert frontier.db.table("channels").count == 2
    assert len(json.loads(frontier.db.table("sources").get("quai")["record"])["feeds"]) == 2


def test_what_waits_for_a_source_that_is_off_is_taken_over_by_another_that_names_it(
    frontier: Frontier, channel: DueChannel, source: Source
) -> None:
    harvest(frontier, channel, "http://a.test/1", "http://a.test/2")
    frontier.decided(drawn(frontier)[0], "gone", None)
    off = replace(source, enabled=False, reason="Closed.")
    other = replace(source, id="rive", feeds=(replace(source.feeds[0], url="http://rive.test/f"),))
    frontier.channels.sync([off, other], addresses)
    (theirs,) = frontier.channels.due(["http://rive.test/f"], now=clock.now())
    harvest(frontier, theirs, "http://a.test/1", "http://a.test/2")
    rows = {row["url"]: row["source"] for row in frontier.db.table("urls").rows}
    assert rows == {"http://a.test/1": "quai", "http://a.test/2": "rive"}


def test_a_source_that_left_the_registry_keeps_no_licence(
    frontier: Frontier, source: Source
) -> None:
    frontier.channels.sync([replace(source, licence=Licence(id="CC-BY"))], addresses)
    frontier.channels.sync([replace(source, id="pont", feeds=())], addresses)
    assert "licence" not in json.loads(frontier.db.table("sources").get("quai")["record"])
