"""The site on a real Datasette: pages, metadata, queries, and what must stay inert."""

import asyncio
import html
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Any

import datasette.app
import httpx
import pytest
import yaml
from published_fixture import empty_news, make_news
from sqlite_utils import Database

from crawler import serving
from crawler.errors import ConfigError
from crawler.folder import site_folder
from crawler.frontier import OUTCOMES
from crawler.registry import CATEGORIES, ORGANISATIONS
from crawler.schema import published
from crawler.serving import Newest, serve, site
from enrich.article import Hints
from enrich.extract import extract
from enrich.language import DECLARED_CONFIDENCE, identify
from enrich.themes import SECTOR

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "datasette"
METADATA = yaml.safe_load((FOLDER / "metadata.yml").read_text(encoding="utf-8"))
NEWS = METADATA["databases"]["news"]


@pytest.fixture(name="db")
def _db(tmp_path: Path) -> Path:
    # Not called news.db: the site must find its metadata whatever the file is called.
    return make_news(tmp_path / "some-snapshot.sqlite")


def get(db: Path, *paths: str) -> list[Any]:
    async def answers() -> list[Any]:
        client = site(db).client
        return [await client.get(path) for path in paths]

    return asyncio.run(answers())


def page(db: Path, path: str) -> str:
    (answer,) = get(db, path)
    assert answer.status_code == 200
    return str(answer.text)


def titles(html: str) -> list[int]:
    return [int(number) for number in re.findall(r'<h3[^>]*>\s*<a href="/article/(\d+)[?"]', html)]


def test_our_folder_does_not_shadow_the_installed_datasette() -> None:
    assert not (FOLDER / "__init__.py").exists()
    assert FOLDER not in Path(datasette.__file__).parents


def test_home_lists_the_newest_first_each_article_once(db: Path) -> None:
    assert titles(page(db, "/")) == [2, 9, 13, 12, 10, 8, 7, 6, 5, 4, 3, 1]


def test_home_finds_words_and_says_how_many(db: Path) -> None:
    html = page(db, "/?q=aide")
    assert titles(html) == [2, 1]
    assert re.search(r"2 articles\s*for <q dir=\"auto\">aide</q>", html)
    assert 'value="aide"' in html


def test_a_facet_keeps_the_words_and_can_be_removed(db: Path) -> None:
    html = page(db, "/?q=aide")
    assert 'href="/?q=aide&amp;theme=migration"' in html
    html = page(db, "/?q=aide&theme=migration")
    assert titles(html) == [2]
    assert re.search(r'href="/\?q=aide"><span class="hidden">Remove </span>Theme', html)
    assert '<input type="hidden" name="theme" value="migration">' in html


def test_titles_and_texts_say_their_language_and_direction(db: Path) -> None:
    html = page(db, "/?language=ar")
    assert '<h3 lang="ar" dir="rtl">' in html
    assert '<p class="summary" lang="ar" dir="rtl">' in html
    assert '<h1 lang="zh-Hant" dir="ltr">' in page(db, "/article/5")


def test_an_article_in_no_known_language_has_a_page_a_facet_and_a_feed(db: Path) -> None:
    shown = page(db, "/article/13")
    assert '<h1 lang="und" dir="auto">' in shown
    assert "Unknown language" in shown
    assert 'href="/feeds/und.atom"' in shown
    assert titles(page(db, "/?language=und")) == [13]


@pytest.mark.parametrize(
    ("asked", "feed"),
    [
        ("", "/feeds/all"),
        ("?language=fr&theme=housing&order=best&q=", "/feeds/fr/housing"),
        ("?page=older~775835090944&country=BE", "/feeds/country/BE"),
    ],
)
def test_every_list_names_its_feeds(db: Path, asked: str, feed: str) -> None:
    html = page(db, f"/{asked}")
    for format_ in ("atom", "rss", "json"):
        assert re.search(rf'<link rel="alternate"[^>]+href="{re.escape(feed)}\.{format_}"', html)
    assert f'<a href="{feed}.atom"' in html


def test_nothing_found_says_what_to_do(db: Path) -> None:
    html = page(db, "/?q=xylophone")
    assert "No articles" in html
    assert "start over" in html


def test_a_list_with_reprints_leads_to_a_feed_with_them(db: Path) -> None:
    assert 'href="/feeds/en.atom?reprints=1"' in page(db, "/?language=en&reprints=1")
    with_them, without = get(db, "/feeds/en.atom?reprints=1", "/feeds/en.atom")
    assert "article/11<" in with_them.text
    assert "article/11<" not in without.text


@pytest.mark.parametrize("path", ["/", "/article/7", "/?q=markup", "/?q=<script>alert(1)</script>"])
def test_markup_is_shown_and_never_run(db: Path, path: str) -> None:
    html = page(db, path)
    # What is data to a browser (schema.org) is the only one, and is told apart by its type.
    assert set(re.findall("<script[^>]*>", html)) <= {'<script type="application/ld+json">'}
    assert "<img src=x" not in html
    assert "<b>about" not in html


@pytest.mark.parametrize("path", ["/", "/article/4", "/article/8", "/article/9"])
def test_only_web_addresses_become_links(db: Path, path: str) -> None:
    hrefs = re.findall(r'(?:href|src|action)="([^"]*)"', page(db, path))
    assert hrefs
    assert [href for href in hrefs if not re.match(r"https?://|/|#", href)] == []


def test_our_pages_allow_no_script_at_all(db: Path) -> None:
    for answer in get(db, "/", "/article/1", "/article/99", "/nowhere"):
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "script-src" not in answer.headers["content-security-policy"]
        assert "style=" not in answer.text
        assert " on" + "click" not in answer.text


LOST = [
    ("/article/99", "There is no article 99"),
    ("/article/" + "9" * 18, "There is no article 9"),
    ("/article/x", "There is no page at this address"),
    ("/nowhere", "There is no page at this address"),
    ("/a/b/c/d/e", "There is no page at this address"),
    ("/news/nowhere", "Table not found"),
    ("/feeds/xx.atom", "There is no language"),
]


@pytest.mark.parametrize(("path", "told"), LOST)
def test_what_does_not_exist_says_so_and_what_to_do(db: Path, path: str, told: str) -> None:
    (answer,) = get(db, path)
    assert answer.status_code == 404
    assert told in answer.text
    assert 'action="/"' in answer.text


def test_a_program_that_asks_for_what_does_not_exist_is_told_in_json(db: Path) -> None:
    (answer,) = get(db, "/news/nowhere.json")
    assert answer.status_code == 404
    assert answer.json()["ok"] is False
    assert "Table not found" in answer.json()["error"]


@pytest.mark.parametrize("path", [*(path for path, _ in LOST), "/nowhere.json", "/news/x.json"])
def test_what_does_not_exist_prints_nothing(
    db: Path, path: str, capfd: pytest.CaptureFixture[str]
) -> None:
    get(db, path)
    assert capfd.readouterr() == ("", "")


def test_an_empty_database_says_what_to_do(tmp_path: Path) -> None:
    empty_news(tmp_path / "empty.db").close()
    assert "tamis crawl" in page(tmp_path / "empty.db", "/")


def test_a_foreign_database_is_refused_and_says_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not a database that `tamis publish` made"):
        site(foreign(tmp_path))


@pytest.mark.parametrize("path", ["/", "/article/1"])
def test_a_foreign_database_in_the_folder_says_what_to_do(
    db: Path, tmp_path: Path, path: str
) -> None:
    async def answer() -> Any:
        datasette = site(db)  # `datasette datasette/` serves whatever is there, and asks nothing
        foreign(tmp_path).replace(db)
        return await datasette.client.get(path)

    found = asyncio.run(answer())
    assert found.status_code == 503
    assert "tamis demo" in found.text


def foreign(folder: Path) -> Path:
    with closing(Database(folder / "foreign.db")) as other:
        other.table("things").insert({"id": 1})
    return folder / "foreign.db"


# --- Metadata ------------------------------------------------------------------------------------


def test_every_table_and_every_column_is_described() -> None:
    db = Database(memory=True)
    published.apply(db)
    shadows = ("articles_fts", "_sqlite_migrations", "sqlite_")
    names = [name for name in db.table_names() + db.view_names() if not name.startswith(shadows)]
    columns = {
        name: sorted(row[1] for row in db.execute(f"PRAGMA table_info([{name}])")) for name in names
    }
    db.close()
    told = {name: table for name, table in NEWS["tables"].items() if not name.startswith(shadows)}
    assert {name: sorted(table["columns"]) for name, table in told.items()} == columns
    for table in told.values():
        assert table["title"]
        assert table["description"]
        assert all(table["columns"].values())


def listed(table: str, column: str) -> set[str]:
    """The values that a description says there are, after its colon."""
    _, _, values = NEWS["tables"][table]["columns"][column].partition(": ")
    return set(re.split(r",\s+|\s+or\s+", values))


@pytest.mark.parametrize(
    ("table", "column", "values"),
    [
        ("ledger", "outcome", OUTCOMES),
        ("sources", "organisation", ORGANISATIONS),
        ("sources", "category", CATEGORIES),
    ],
)
def test_values_that_a_column_lists_are_those_of_the_program(
    table: str, column: str, values: Collection[str]
) -> None:
    assert listed(table, column) == set(values)


def test_what_decides_on_a_language_is_described() -> None:
    decided = (
        identify("", "Het buurthuis is open voor iedereen die komt eten."),
        identify("", "Το σχολείο του χωριού άνοιξε ξανά."),
        identify("", "Trumpov skup u Virginiji"),
        identify("", "ⵜⴰⵎⴰⵣⵉⵖⵜ", declared="zgh"),
        identify("", "", declared="zgh"),
    )
    assert listed("articles", "language_method") == {language.method for language in decided}


def test_sources_of_dates_that_are_listed_are_those_that_reading_a_page_gives() -> None:
    body = "<p>" + "Het buurthuis is open voor iedereen die komt eten. " * 20 + "</p>"
    page = "<html><head>{}</head><body><article>{}" + body + "</article></body></html>"
    data = {"@type": "NewsArticle", "datePublished": "2026-10-12"}
    linked = f'<script type="application/ld+json">{json.dumps(data)}</script>'
    meta = '<meta property="article:published_time" content="2026-10-12T09:15:00+02:00">'
    shown = '<time datetime="2026-10-12">12 oktober 2026</time>'
    found = {
        extract(html, f"https://quai.example.org/{path}", hints=hints).published_source
        for html, hints, path in (
            (page.format("", ""), Hints(published="2026-10-12"), "a"),
            (page.format(linked, ""), Hints(), "a"),
            (page.format(meta, ""), Hints(), "a"),
            (page.format("", shown), Hints(), "a"),
            (page.format("", ""), Hints(), "2026/10/12/a"),
            (page.format("", "<p>12 oktober 2026</p>"), Hints(), "a"),
        )
    }
    assert listed("articles", "published_source") == found


def test_scores_are_described_with_the_limits_of_the_program() -> None:
    described = NEWS["tables"]["article_themes"]["columns"]["score"]
    assert f"at least {SECTOR}" in described
    assert (
        f"a fixed {DECLARED_CONFIDENCE} "
        in (NEWS["tables"]["articles"]["columns"]["language_confidence"])
    )


def test_the_query_with_parameters_links_to_an_example_with_an_answer(db: Path) -> None:
    empty = page(db, "/news/theme_in_a_language")
    (example,) = re.findall(r'href="(\?theme=[^"]+)"', empty)
    answer = page(db, "/news/theme_in_a_language" + html.unescape(example))
    assert "Le quai ouvre une halte de nuit" in answer


def test_metadata_holds_whatever_the_file_is_called(db: Path) -> None:
    (answer,) = get(db, "/news/articles.json?_search=refugies&_shape=array")
    assert [row["id"] for row in answer.json()] == [1]
    assert "Published articles" in page(db, "/news")


def test_the_database_cannot_be_downloaded_whole_nor_written(db: Path) -> None:
    (answer,) = get(db, "/news.db")
    assert answer.status_code in {403, 404}


# --- Serving -------------------------------------------------------------------------------------


def test_a_missing_database_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="run `tamis publish` first"):
        site(tmp_path / "none.db")


def test_the_site_folder_is_the_one_of_the_checkout() -> None:
    assert site_folder() in {FOLDER, ROOT / "crawler" / "_site"}


def test_a_port_in_use_says_to_choose_another(db: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port} .*choose another with --port"):
            serve(db, port=port)


def test_without_a_port_a_free_one_is_taken_where_the_usual_one_is_in_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(serving, "PORT", taken.getsockname()[1])
        with serving._listener("127.0.0.1", None) as found:
            assert found.getsockname()[1] not in {0, serving.PORT}


def test_a_new_snapshot_is_served_without_a_restart(db: Path, tmp_path: Path) -> None:
    app = Newest(db)

    async def titles_twice() -> list[bool]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://news.test") as client:
            before = await client.get("/?language=fr")
            draft = make_news(tmp_path / "draft.db")
            with closing(Database(draft)) as newer:
                newer.execute("UPDATE articles SET title = 'Le quai ferme' WHERE id = 1")
                newer.conn.commit()
            os.replace(draft, db)  # noqa: PTH105  as publish does
            after = await client.get("/?language=fr")
            return ["Le quai ferme" in answer.text for answer in (before, after)]

    assert asyncio.run(titles_twice()) == [False, True]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent as SIGINT")
def test_serve_prints_its_address_answers_and_ends_cleanly_on_ctrl_c(db: Path) -> None:
    code = "import sys, pathlib, crawler.serving as s; s.serve(pathlib.Path(sys.argv[1]), port=0)"
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", code, str(db)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    found = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
    assert found
    assert httpx.get(found[0], timeout=30).status_code == 200
    process.send_signal(2)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in errors


@pytest.mark.slow
def test_the_folder_alone_is_the_whole_publishing_command(tmp_path: Path) -> None:
    folder = tmp_path / "datasette"
    folder.mkdir()
    for part in FOLDER.iterdir():
        if not part.name.endswith(".db"):
            (folder / part.name).symlink_to(part)
    make_news(folder / "news.db")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "datasette", str(folder), "--port", str(port)],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        base = f"http://127.0.0.1:{port}"
        for _ in range(100):
            try:
                home = httpx.get(base, timeout=30)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        assert titles(home.text)[0] == 2
        assert httpx.get(f"{base}/static/tamis.css").status_code == 200
        assert httpx.get(f"{base}/feeds/fr.atom").status_code == 200
        assert httpx.get(f"{base}/news/most_reprinted").status_code == 200
    finally:
        process.terminate()
        process.wait(timeout=30)
