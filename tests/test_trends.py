"""How what is found spreads over time: exact counts, however many there are."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import httpx
import pytest
from lxml import etree, html
from published_fixture import add, article, index_all, make_news

from crawler import charts, search, trends
from crawler.query import Query
from crawler.serving import site
from crawler.trends import Timeline, timeline


@pytest.fixture(name="conn", scope="module")
def _conn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """The dozen, and sixty more in French and Dutch over three months."""
    path = make_news(tmp_path_factory.mktemp("trends") / "news.db")
    with closing(sqlite3.connect(path)) as conn:
        for number in range(100, 160):
            day = f"2026-0{number % 3 + 4}-{number % 28 + 1:02}T08:00:00Z"
            values = (number, "quai", "nl" if number % 4 else "fr", day, "Titre", "La digue tient.")
            add(conn, article(values), values[-1])
        index_all(conn)
        conn.commit()
        yield conn


def told(found: Timeline) -> dict[str, int]:
    return {f"{start}": n for start, n in zip(found.starts, found.totals, strict=True) if n}


def test_each_month_from_the_first_hit_to_the_last_has_its_count(conn: sqlite3.Connection) -> None:
    found = timeline(conn, Query(words="digue"))
    assert found.starts == tuple(date(2026, month, 1) for month in (4, 5, 6))
    assert found.totals == (20, 20, 20)
    assert [(label.name, counts) for label, counts in found.series] == [
        ("Dutch", (15, 15, 15)), ("French", (5, 5, 5)),
    ]  # fmt: skip
    assert (found.since, found.earlier, found.total) == (None, 0, 60)


def test_months_without_a_hit_are_there_with_none(conn: sqlite3.Connection) -> None:
    found = timeline(conn, Query(source="quai", language="fr"))
    assert len(found.starts) == 8
    assert told(found) == {
        "2026-04-01": 5, "2026-05-01": 5, "2026-06-01": 5, "2026-09-01": 1, "2026-11-01": 1,
    }  # fmt: skip


def test_weeks_begin_on_monday(conn: sqlite3.Connection) -> None:
    found = timeline(conn, Query(theme="housing"), by="week")
    assert {start.weekday() for start in found.starts} == {0}
    assert told(found) == {"2026-08-31": 1, "2026-09-28": 1, "2026-10-05": 1, "2026-11-16": 1}


@pytest.mark.parametrize("query", [Query(words="digue"), Query(), Query(reprints=True)])
@pytest.mark.parametrize("by", trends.PERIODS)
def test_beyond_the_cap_periods_are_counted_in_the_index_and_just_as_exactly(
    conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, query: Query, by: str
) -> None:
    counted = timeline(conn, query, by=by)
    for module in (search, trends):
        monkeypatch.setattr(module, "CAP", 10)
    ranged = timeline(conn, query, by=by)
    assert (ranged.starts, ranged.totals) == (counted.starts, counted.totals)
    assert ranged.since is not None
    assert sum(sum(counts) for _, counts in ranged.series) <= 10


def test_what_is_older_than_the_chart_is_told_in_one_figure(
    conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trends, "MOST_PERIODS", 2)
    found = timeline(conn, Query(words="digue"))
    assert (found.totals, found.earlier, found.total) == ((20, 20), 20, 60)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("by", trends.PERIODS)
def test_the_first_and_the_last_day_there_is_have_their_place(
    conn: sqlite3.Connection, day: str, by: str
) -> None:
    with closing(sqlite3.connect(":memory:")) as copy:
        conn.backup(copy)
        values = (900, "quai", "fr", day, "Hors du temps", "Une faute de frappe.")
        add(copy, article(values), values[-1])
        index_all(copy)
        assert timeline(copy, Query(words="frappe"), by=by).totals == (1,)


def test_themes_and_an_empty_result_have_their_timeline(conn: sqlite3.Connection) -> None:
    found = timeline(conn, Query(), split="theme", language="fr")
    assert [label.name for label, _ in found.series] == ["Logement", "Migration"]
    assert timeline(conn, Query(words="introuvable")) == Timeline(by="month", split="language")
    assert timeline(conn, Query(words="***")).total == 0


def test_a_page_of_the_list_has_the_timeline_of_the_whole(conn: sqlite3.Connection) -> None:
    query = Query(words="digue")
    older = search.search(conn, query).older
    assert older
    assert timeline(conn, replace(query, page=older)) == timeline(conn, query)


def test_a_chart_is_well_formed_small_and_says_each_figure() -> None:
    labels = [f"<{month}> & 12" for month in range(240)]
    drawn = charts.bars(range(240), labels, name='A "chart"', peak=239)
    (tree, path) = (etree.fromstring(drawn), etree.fromstring(drawn).find("path"))
    assert [title.text for title in tree.iter("title")] == labels
    assert path is not None
    assert path.get("d", "").count("M") == 239  # nothing is drawn for none
    assert len(drawn) < 40_000
    assert "style" not in drawn  # which our pages forbid


def test_nothing_to_draw_is_drawn_as_nothing() -> None:
    assert "M" not in (
        etree.fromstring(charts.bars([0, 0], ["", ""], name="", peak=0))[0].get("d") or ""
    )
    assert 'd="M0 0h0v8h-0z"' in charts.bar(0, peak=0)


# --- The page ------------------------------------------------------------------------------------


@pytest.fixture(name="news", scope="module")
def _news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_news(tmp_path_factory.mktemp("site") / "news.db")


def page(news: Path, path: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=site(news).app())
        async with httpx.AsyncClient(transport=transport, base_url="http://news.test") as client:
            return await client.get(path)

    return asyncio.run(ask())


def test_the_page_draws_the_search_and_says_each_figure_in_a_table(news: Path) -> None:
    answer = page(news, "/fr/trends?theme=housing")
    tree = html.fromstring(answer.text)
    drawn = [svg.get("aria-label") for svg in tree.iter("svg") if svg.get("role")]
    assert drawn[0].startswith("Tous, septembre 2026 – novembre 2026")
    rows = [
        [cell.text_content().strip() for cell in row] for row in tree.xpath("//details//tbody/tr")
    ]
    assert rows == [
        ["septembre 2026", "1", "1", "", ""],
        ["octobre 2026", "2", "", "1", "1"],
        ["novembre 2026", "1", "1", "", ""],
    ]
    (country,) = tree.xpath("//table[@class='ranked']/tbody/tr")
    assert [cell.text_content() for cell in country][:2] == ["Belgique", "2"]
    assert tree.xpath("//a[contains(@href, '/fr/?theme=housing')]")
    assert "Thème" in answer.text


@pytest.mark.parametrize("split", trends.SPLITS)
@pytest.mark.parametrize("by", trends.PERIODS)
def test_every_period_and_split_has_an_address(news: Path, by: str, split: str) -> None:
    answer = page(news, f"/trends?by={by}&split={split}")
    assert answer.status_code == 200
    chosen = html.fromstring(answer.text).xpath("//ul[@class='chosen']//a[@aria-current]/@href")
    assert chosen == [f"/trends?by={by}&split={split}"] * 2


@pytest.mark.parametrize("typed", ["q=introuvable", "by=day&split=%00", "q=%22%22*", "month=13"])
def test_whatever_is_asked_there_is_a_page(news: Path, typed: str) -> None:
    assert page(news, f"/nl/trends?{typed}").status_code == 200


def test_the_figures_are_there_as_json(news: Path) -> None:
    told = page(news, "/trends.json?language=fr&by=week").json()
    assert (told["starts"][0], told["totals"][0], sum(told["totals"])) == ("2026-08-31", 1, 2)
    assert told["countries"] == [{"code": "BE", "name": "Belgium", "n": 2}]
