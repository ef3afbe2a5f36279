"""Datasette 0.65 and 1.0 show and refuse the same: `make test` and `make test-next` run this."""

import asyncio
import html
import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from published_fixture import make_news

from crawler.serving import Newest, site

FOLDER = Path(__file__).parent.parent / "datasette"
OLDER = yaml.safe_load((FOLDER / "metadata.yml").read_text(encoding="utf-8"))
NEWER = yaml.safe_load((FOLDER / "datasette.yaml").read_text(encoding="utf-8"))
TABLES = OLDER["databases"]["news"]["tables"]

Ask = Callable[..., Any]


@pytest.fixture(name="db", scope="module")
def _db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_news(tmp_path_factory.mktemp("site") / "news.db")


@pytest.fixture(name="ask", scope="module", params=["public", "private"])
def _ask(db: Path, request: pytest.FixtureRequest) -> Iterator[Ask]:
    if request.param == "private":
        db = make_news(db.with_name("private.db"))
        with closing(sqlite3.connect(db)) as conn, conn:
            conn.execute("INSERT INTO snapshot VALUES ('level', 'private')")
    transport = httpx.ASGITransport(app=site(db).app())
    client = httpx.AsyncClient(transport=transport, base_url="http://news.test")
    with asyncio.Runner() as runner:
        yield lambda path, method="GET", **more: runner.run(client.request(method, path, **more))
        runner.run(client.aclose())


def closed(tables: dict[str, Any]) -> set[str]:
    return {name for name, table in tables.items() if table.get("allow") is False}


def test_what_either_reads_says_the_same() -> None:
    settings = json.loads((FOLDER / "settings.json").read_text(encoding="utf-8"))
    assert NEWER["settings"] == settings
    older, newer = OLDER["databases"]["news"], NEWER["databases"]["news"]
    assert newer["queries"] == older["queries"]
    assert closed(newer["tables"]) == closed(older["tables"])


def test_tables_columns_and_queries_are_described_on_their_pages(ask: Ask) -> None:
    assert TABLES["articles"]["title"] in ask("/news").text
    page = html.unescape(ask("/news/articles").text)
    assert [told for told in TABLES["articles"]["columns"].values() if told not in page] == []
    queries = NEWER["databases"]["news"]["queries"]
    assert queries["most_reprinted"]["title"] in ask("/news/most_reprinted").text


def test_rows_as_objects_are_the_same_in_json(ask: Ask) -> None:
    told = ask("/news/articles.json?_shape=objects&_size=2&_sort=id").json()
    assert [row["id"] for row in told["rows"]] == [1, 2]
    assert told["next"]
    assert ask("/news/articles.json?_shape=array&_size=2&_sort=id").json() == told["rows"]
    (row,) = ask("/news/most_reprinted.json?_shape=objects").json()["rows"]
    assert row["id"] == 10


@pytest.mark.parametrize("table", sorted(closed(TABLES)))
def test_tables_of_words_are_closed_whatever_is_asked_of_them(ask: Ask, table: str) -> None:
    for asked in ("", ".json", ".csv", "/1", "/1.json", "/1.blob?_blob_column=block",
                  "/-/autocomplete?q=a", "/-/fragment", "/-/schema"):  # fmt: skip
        assert ask(f"/news/{table}{asked}").status_code in {403, 404}, asked
    assert ask(f"/news/{table}/-/count", "POST").status_code in {403, 404}


@pytest.mark.parametrize(
    "path",
    [
        "/news", "/news/most_reprinted", "/news/articles", "/news/articles/1",
        "/news/articles/-/insert", "/news/articles/-/upsert", "/news/articles/-/alter",
        "/news/articles/-/drop", "/news/articles/1/-/update", "/news/articles/1/-/delete",
        "/news/-/create", "/news/-/execute-write", "/news/-/queries/store",
        "/news/most_reprinted/-/update", "/news/most_reprinted/-/delete",
    ],
)  # fmt: skip
def test_nothing_is_written_to_what_is_published(ask: Ask, path: str) -> None:
    answer = ask(path, "POST", json={"row": {"id": 99, "title": "Un faux"}, "sql": "select 1"})
    assert answer.status_code == 405
    assert "set-cookie" not in answer.headers


def test_a_browser_may_ask_first_what_it_may_ask(ask: Ask) -> None:
    assert ask("/news.json", "OPTIONS").status_code == 200


def test_snapshots_that_were_replaced_leave_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    app = Newest(make_news(tmp_path / "news.db"))

    async def left() -> list[int]:
        transport = httpx.ASGITransport(app=app)
        found = []
        async with httpx.AsyncClient(transport=transport, base_url="http://news.test") as client:
            for number in range(4):
                assert (await client.get("/news/most_reprinted")).status_code == 200
                found.append(len(list(temporary.glob("*.db"))))
                make_news(tmp_path / f"{number}.db").replace(app.db)
        return found

    assert max(asyncio.run(left())) <= 2
