"""The pages of coverage on a real Datasette: calendar, flow, sources, method."""

import asyncio
import random
import re
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from published_fixture import BUILT, make_news

from crawler.coverage import OUTCOMES, STATES, count_coverage
from crawler.labels import TABLES
from crawler.limits import in_force
from crawler.overview import asked
from crawler.portraits import HEALTH
from crawler.serving import site

YEAR, MONTH = BUILT[:4], BUILT[:7]
PAGES = (
    "/coverage", f"/coverage?year={YEAR}", "/coverage?q=aide&after=2026-11", "/coverage?year=1987",
    "/sources", "/sources?sort=articles", "/source/quai", "/source/phare?year=2024", "/method",
)  # fmt: skip


@pytest.fixture(name="db", scope="module")
def _db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = make_news(tmp_path_factory.mktemp("site") / "news.db")
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.executemany(
            "INSERT INTO snapshot VALUES (?, ?)",
            [(f"limit_{name}", value) for name, value in in_force().items()],
        )
        conn.execute("INSERT INTO boilerplate VALUES ('quai', 'Faites un don au quai', 4, 3)")
        conn.execute("INSERT INTO snapshot VALUES ('enricher', 'tamis-6 trafilatura-2.3.1')")
    return path


def get(db: Path, *paths: str) -> list[Any]:
    async def answers() -> list[Any]:
        client = site(db).client
        return [await client.get(path) for path in paths]

    return asyncio.run(answers())


def page(db: Path, path: str) -> str:
    (answer,) = get(db, path)
    assert answer.status_code == 200
    return str(answer.text)


def cells(html: str) -> Counter[str]:
    """The cells of a source's year, by what a reader sees in them without colour."""
    (grid,) = re.findall(r'<table class="grid">.*?</table>', html, re.DOTALL)
    shown = re.findall(r"<td[^>]*>([^<]*(?:<span[^>]*>[^<]*)?)", grid.partition("<tbody>")[2])
    return Counter(re.sub(r"<[^>]*>|\s", "", cell) for cell in shown)


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_every_page_has_headings_in_order_ids_once_no_script_and_little_weight(
    db: Path, language: str
) -> None:
    for path, found in zip(PAGES, get(db, *(f"/{language}{path}" for path in PAGES)), strict=True):
        html = found.text
        assert found.status_code == 200, path
        assert f'<html lang="{language}"' in html
        levels = [int(level) for level in re.findall(r"<h([1-6])", html)]
        assert levels.count(1) == 1, path
        assert all(below - above <= 1 for above, below in pairwise(levels)), path
        ids = re.findall(r' id="([^"]+)"', html)
        assert sorted(ids) == sorted(set(ids)), path
        assert "<script" not in html
        assert " style=" not in html
        assert len(found.content) < 100_000, path


def test_a_calendar_tells_the_four_states_apart_without_colour(db: Path) -> None:
    shown = cells(page(db, f"/source/quai?year={YEAR}"))
    assert (shown["5"], shown["0"], shown["✕"]) == (1, 1, 1)
    assert shown["·"] == date.fromisoformat(BUILT[:10]).timetuple().tm_yday - 3
    assert shown[""] == 11 * 31 - sum(shown.values()) + shown[""]
    strip = page(db, "/coverage?source=quai")
    for state, line in (("new", "h2"), ("nothing_new", "h2"), ("failed", "l1-8 1 8")):
        assert re.search(rf'<path class="{state}" d="M\d+ \d{line}"/>', strip)


def test_a_row_of_the_calendar_counts_its_days(db: Path) -> None:
    html = page(db, "/coverage?source=quai")
    row = re.search(r"<bdi>Quai Ouvert</bdi></a><td>.*?</svg>(.*)\n", html)
    assert row
    assert re.findall(r"<td>(\d+)", row[1]) == ["1", "1", "1", "87", "5"]


def test_a_flow_on_the_page_adds_up(db: Path) -> None:
    html = page(db, "/coverage")
    (body,) = re.findall(r'<table class="flow">.*?<tbody>(.*?)</tbody>', html, re.DOTALL)
    assert "14 addresses discovered" in html
    assert sum(int(n) for n in re.findall(r'<td class="n">(\d+)</td>', body)) == 14
    told = get(db, "/coverage.json")[0].json()["flow"]
    assert [(step["outcome"], step["n"]) for step in told["outcomes"]] == [
        ("stored", 13), ("not_an_article", 1),
    ]  # fmt: skip
    assert told["discovered"] == 14


def test_the_flow_of_a_search_is_that_of_its_sources_and_months_and_says_what_it_cannot_know(
    db: Path,
) -> None:
    html = page(db, "/coverage?q=aide&source=quai&after=2026-11&before=2026-11")
    assert "5 addresses discovered in November 2026" in html
    assert "Addresses that were never read have no words" in html
    assert re.search(r'href="/\?q=aide&amp;source=quai&amp;after=2026-11-01[^"]*">\s*\d', html)
    assert "Addresses that were never read" not in page(db, "/coverage?source=quai")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"after": "2026-02", "before": "2024-02"}, ("2026-02-01", "2024-02-29")),
        ({"after": "2026-02-03", "before": "2026-04-05"}, ("2026-02-03", "2026-04-05")),
        ({"after": "0000-01", "before": "0000-01"}, ("", "")),
        ({"after": "soon", "before": "2026-13"}, ("", "")),
    ],
)
def test_a_period_may_be_in_months(given: dict[str, str], meant: tuple[str, str]) -> None:
    query, _ = asked(given)
    assert (query.after, query.before) == meant


def test_an_unknown_source_says_so_and_what_to_do(db: Path) -> None:
    for found in get(db, "/source/nobody", "/fr/source/nobody", "/coverage?source=nobody"):
        assert found.status_code == 404
        assert "“nobody”" in found.text or "«\u00a0nobody\u00a0»" in found.text
        assert "sources" in found.text


def test_a_program_that_asks_for_an_unknown_source_is_told_in_json(db: Path) -> None:
    (found,) = get(db, "/source/nobody.json")
    assert (found.status_code, found.json()["ok"]) == (404, False)


def test_odd_addresses_still_give_a_page(db: Path) -> None:
    paths = (
        "/coverage?year=1987", "/coverage?year=9999", "/source/quai?year=0001",
        "/source/quai?year=x", "/coverage?part=99", "/coverage?part=-1", "/coverage?after=2026-13",
        "/sources?sort=colour", "/coverage?q=%22&month=2026-99",
        "/coverage?after=9999-12&before=0001-01",
        "/coverage?after=%00&year=%D9%A1%D9%A2%D9%A3%D9%A4",
    )  # fmt: skip
    for path, found in zip(paths, get(db, *paths), strict=True):
        assert found.status_code == 200, path


def test_a_year_without_data_says_so(db: Path) -> None:
    assert "Nothing is known of that year" in page(db, "/coverage?year=2031")
    assert cells(page(db, "/source/quai?year=1987")).keys() == {"·", ""}


def test_a_source_shows_how_it_does_what_it_gives_and_what_it_repeats(db: Path) -> None:
    html = page(db, "/source/quai")
    for shown in ("Quai Ouvert", "Belgium", "CC-BY-4.0", "Faites un don au quai", "do not say"):
        assert shown in html
    for path in ("/feeds/source/quai.atom", "/?source=quai", "https://quai.example.org/"):
        assert f'href="{path}"' in html
    told = get(db, "/source/quai.json")[0].json()
    assert told["languages"] == [
        {"code": "fr", "name": "French", "n": 2}, {"code": "en", "name": "English", "n": 1},
        {"code": "nl", "name": "Dutch", "n": 1},
    ]  # fmt: skip
    assert (told["dated"], told["signed"]) == (4, 1)
    assert told["months"][0] == {"month": MONTH, "discovered": 5, "stored": 4}


def test_only_web_addresses_become_links(db: Path) -> None:
    assert "data:text/html" not in re.findall(r'href="([^"]*)"', page(db, "/source/phare"))


def test_sources_are_sorted_by_any_of_their_headings(db: Path) -> None:
    def order(sort: str) -> list[str]:
        return re.findall(r'href="/source/(\w+)"', page(db, f"/sources?sort={sort}"))

    assert order("name") == ["lantern", "quai", "phare"]
    assert order("articles") == ["lantern", "quai", "phare"]
    assert order("country") == ["quai", "phare", "lantern"]


def test_the_method_is_that_of_the_snapshot(db: Path) -> None:
    html = page(db, "/method")
    assert "2.3.1" in html
    for name, value in in_force().items():
        assert f"<td>{value}</td>" in html, name
    assert get(db, "/method.json")[0].json()["snapshot"]["limit_tries"] == in_force()["tries"]


def test_every_code_of_these_pages_has_a_name_for_people() -> None:
    assert TABLES["outcome"].keys() == TABLES["meaning"].keys() == set(OUTCOMES)
    assert TABLES["state"].keys() == set(STATES)
    assert TABLES["health"].keys() == set(HEALTH)
    assert TABLES["limit"].keys() == {*in_force(), "extract_characters", "open_licences"}


def test_a_year_of_three_hundred_sources_stays_under_100_kb(tmp_path: Path) -> None:
    path = make_news(tmp_path / "news.db")
    states = random.Random(7)
    with closing(sqlite3.connect(path)) as conn, conn:
        for number in range(300):
            conn.execute(
                "INSERT INTO sources SELECT ?, 'Centre de documentation sociale ' || ?, homepage,"
                " country, organisation, category, 'fr, nl', licence, licence_url, terms_read_on,"
                " tdm, publish, 1234, '2026-11-20T05:00:00Z', '2026-11-20T05:00:00Z', 0"
                " FROM sources WHERE id = 'quai'",
                (f"source-{number}", number),
            )
        count_coverage(
            conn,
            (
                (f"source-{number}", str(date(2026, 1, 1) + timedelta(days=day)), 1, failed)
                for number in range(300)
                for day in range(325)
                if (failed := states.choice((0, 0, 1, 2))) < 2
            ),
        )
        conn.execute(
            "UPDATE source_days SET state = 'new', found = 7, stored = 5"
            " WHERE state = 'nothing_new' AND abs(random() % 2)"
        )
    for answer in get(path, f"/fr/coverage?year={YEAR}", "/fr/sources", "/fr/coverage?part=2"):
        assert answer.status_code == 200
        assert len(answer.content) < 100_000
    (found,) = get(path, f"/fr/coverage?year={YEAR}&part=2&q=aide")
    for part in (1, 3):  # to its neighbours, and everything else stays
        assert f'href="/fr/coverage?q=aide&amp;year={YEAR}&amp;part={part}"' in found.text
