"""A clock that ran ahead, and was set back."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import warm
from sqlite_utils import Database
from web import RSS, Answer, Crawl, Web, article, feed

from crawler import clock, setback
from crawler.channels import DueChannel
from crawler.frontier import Frontier, PendingUrl
from crawler.hosts import Robots
from crawler.items import Harvest, Link, Page, Source
from crawler.schedule import Failing

AHEAD = datetime(2031, 5, 6, 7, 8, tzinfo=UTC)
TODAY = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

Set = Callable[[datetime], None]


@pytest.fixture(name="set_to")
def _set_to(monkeypatch: pytest.MonkeyPatch) -> Set:
    def set_to(when: datetime) -> None:
        monkeypatch.setattr(clock, "moment", lambda: when)

    return set_to


def a_day(frontier: Frontier, source: Source) -> None:
    """Something of everything that can be made to wait, as long as it can be."""
    frontier.channels.sync([source], lambda each: [("feed", at) for at in each.feeds])
    (channel,) = visitable(frontier, source)
    links = tuple(Link(url=f"http://quai.example.org/{name}") for name in "abcd")
    frontier.channels.harvested(channel, Harvest(links=links))
    often = replace(channel, failures=20)
    frontier.channels.failed(often, "failed", "not found (404)", failing=Failing.HARD)
    found = {url.url[-1]: url for url in drawn(frontier)}
    page = Page(url=found["a"].url, fetched=clock.now(), status=200, content_type=None, body=b"-")
    frontier.fetched(found["a"], page)
    frontier.postponed(found["b"], "no answer", seconds=86_400.0)
    frontier.decided(found["c"], "gone", None)
    frontier.writes.flush()
    frontier.db.execute("UPDATE urls SET outcome = 'stored' WHERE outcome = 'fetched'")
    frontier.rest("quai.example.org", seconds=86_400.0)
    frontier.hosts.keep_robots("quai.example.org", Robots(status=200, body=b""))
    frontier.hosts.keep_tdm("quai.example.org", None)
    frontier.writes.flush()


def visitable(frontier: Frontier, source: Source) -> list[DueChannel]:
    return frontier.channels.due([at.url for at in source.feeds], now=clock.now())


def drawn(frontier: Frontier) -> list[PendingUrl]:
    return frontier.draw(["quai"], now=clock.now(), limit=9)


def test_what_waits_as_it_was_told_to_is_left_alone(
    db: Database, source: Source, set_to: Set
) -> None:
    set_to(TODAY)
    a_day(Frontier(db), source)
    before = list(db.query("SELECT * FROM urls")), list(db.query("SELECT * FROM channels"))
    assert setback.bring_back(db) == 0
    assert setback.clock_problem(db) is None
    assert before == (
        list(db.query("SELECT * FROM urls")), list(db.query("SELECT * FROM channels")),
    )  # fmt: skip


def test_nothing_waits_for_years_once_the_clock_is_right_again(
    db: Database, source: Source, set_to: Set
) -> None:
    frontier = Frontier(db)
    set_to(AHEAD)
    a_day(frontier, source)
    set_to(TODAY)
    assert (visitable(frontier, source), drawn(frontier)) == ([], [])
    assert frontier.hosts.robots("quai.example.org")
    assert setback.bring_back(db) > 0
    assert len(visitable(frontier, source)) == 1
    assert {url.url[-1] for url in drawn(frontier)} == {"a", "b", "d"}  # c is gone for good
    assert frontier.hosts.resting() == []
    assert frontier.hosts.robots("quai.example.org") is None
    assert not frontier.hosts.knows_tdm("quai.example.org")
    assert setback.bring_back(db) == 0


def test_an_article_of_tomorrow_is_looked_at_again_within_its_month(
    db: Database, source: Source, set_to: Set
) -> None:
    frontier = Frontier(db)
    set_to(AHEAD)
    a_day(frontier, source)
    set_to(TODAY)
    setback.bring_back(db)
    frontier.same(next(url for url in drawn(frontier) if url.again))
    frontier.writes.flush()
    assert db.execute("SELECT max(look) FROM urls").fetchone()[0] <= clock.after(setback.LOOK)


def test_a_clock_behind_the_newest_page_is_a_problem_and_said(
    db: Database, source: Source, set_to: Set
) -> None:
    set_to(AHEAD)
    a_day(Frontier(db), source)
    set_to(TODAY)
    said = setback.clock_problem(db)
    assert said
    assert said.startswith(
        "the clock says 2026-11-22T09:00:00Z, but there are pages of 2031-05-06T07:08:00Z"
    )


def test_a_crawl_after_the_clock_was_set_back_visits_what_it_should(
    web: Web, crawl: Crawl, tmp_path: Path
) -> None:
    web.pages = {
        "/feed": Answer(feed(f"{web.url}/a"), content_type=RSS),
        "/a": Answer(article("Le centre rouvre", "Le centre rouvre ses portes au quai.")),
    }
    ahead = (
        "from datetime import timedelta; from crawler import clock;"
        " clock.moment = lambda now=clock.moment, more=timedelta(days=1500): now() + more"
    )
    options = ["--sources", str(tmp_path / "sources"), "--db", str(tmp_path / "tamis.db")]
    options += ["--delay", "0", "--loopback", "--no-enrich"]
    assert warm.run("crawl", *options, prelude=ahead).returncode == 0
    web.hits.clear()
    ran = crawl()
    assert (ran.returncode, web.hits["/feed"], web.hits["/robots.txt"]) == (0, 1, 1)
    assert "waits of a clock that ran ahead are over" in ran.stderr
    web.hits.clear()
    ran = crawl()
    assert (ran.returncode, web.hits["/feed"]) == (0, 0)
    assert "clock" not in ran.stderr
    with closing(Database(tmp_path / "tamis.db")) as db:
        assert db.execute("SELECT max(due) FROM channels").fetchone()[0] < clock.after(86_400)
