"""The whole main job on the bundled sites, as `make demo` runs it."""

import asyncio
import json
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import feedparser
import pytest
from lxml import html
from sqlite_utils import Database

from crawler import database
from crawler.demo import content
from crawler.exports.files import Selection, export_feeds
from crawler.serving import site

# Themes that a specialist would give and the tagger gives too, of all that a specialist would give
# in a language that the lexicon speaks; and countries. They only ever rise.
THEMES_FOUND = 0.97
COUNTRIES_FOUND = 0.85


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    out = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "crawler", "demo", "--no-serve", "--out", str(out)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=150)
    return out, ran.stdout


@pytest.fixture
def news(demo: tuple[Path, str]) -> Iterator[Database]:
    with closing(Database(demo[0] / "news.db")) as db:
        yield db


@pytest.fixture
def expected() -> dict[str, content.Article]:
    """Articles of the demo by title, where no other has the same title."""
    by_title = defaultdict(list)
    for place in content.load():
        for article in place.articles:
            by_title[article.title].append(article)
    return {title: found[0] for title, found in by_title.items() if len(found) == 1}


def get(demo: tuple[Path, str], *paths: str) -> list[Any]:
    """What the site answers, from a real Datasette."""

    async def ask() -> list[Any]:
        datasette = site(demo[0] / "news.db")
        return [await datasette.client.get(path) for path in paths]

    return asyncio.run(ask())


def test_the_summary_says_what_was_made(demo: tuple[Path, str], news: Database) -> None:
    articles = news.table("articles").count
    assert f"{articles} articles from 15 sites in " in demo[1]
    assert "10 languages: fr " in demo[1]


def test_there_are_a_hundred_articles_in_ten_languages_and_four_scripts(news: Database) -> None:
    languages = {row["language"] for row in news.query("SELECT DISTINCT language FROM articles")}
    assert languages == {"fr", "nl", "en", "de", "es", "pt", "ar", "uk", "sw", "am"}
    assert news.table("articles").count >= 100
    assert news.table("sources").count >= 12


def test_every_article_was_found_in_its_language(
    news: Database, expected: dict[str, content.Article]
) -> None:
    rows = {
        row["title"]: row["language"] for row in news.query("SELECT title, language FROM articles")
    }
    wrong = {
        title: (rows.get(title), article.language)
        for title, article in expected.items()
        if rows.get(title) != article.language
    }
    assert wrong == {}


def test_themes_and_countries_are_those_a_specialist_would_give(
    news: Database, expected: dict[str, content.Article]
) -> None:
    lexicon = {"fr", "nl", "en", "de", "es", "pt", "ar"}
    tags: dict[str, set[str]] = defaultdict(set)
    for name, column in (("article_themes", "theme"), ("article_countries", "country")):
        for row in news.query(
            f"SELECT title, {name}.{column} AS tag FROM {name} JOIN articles ON id = article_id"
        ):
            tags[row["title"]].add(row["tag"])
    themes = [
        theme in tags[title]
        for title, article in expected.items()
        if article.language in lexicon
        for theme in article.themes
    ]
    countries = [
        country in tags[title]
        for title, article in expected.items()
        for country in article.countries
    ]
    assert sum(themes) / len(themes) >= THEMES_FOUND
    assert sum(countries) / len(countries) >= COUNTRIES_FOUND


def test_dates_are_those_the_sites_stated_and_say_from_where(
    news: Database, expected: dict[str, content.Article]
) -> None:
    rows = list(news.query("SELECT title, published, published_source FROM articles"))
    stated = {
        row["title"]: row["published"][:10]
        == expected[row["title"]].published.astimezone().date().isoformat()
        or row["published"][:10] == expected[row["title"]].published.date().isoformat()
        for row in rows
        if row["title"] in expected
    }
    assert [title for title, right in stated.items() if not right] == []
    assert {row["published_source"] for row in rows} >= {"feed", "json-ld"}


def test_the_ledger_reconciles_and_says_what_was_not_collected(
    demo: tuple[Path, str], news: Database
) -> None:
    outcomes = dict(news.execute("SELECT outcome, count(*) FROM ledger GROUP BY 1").fetchall())
    assert outcomes.pop("stored") == news.table("articles").count
    assert outcomes == {"not_found": 1, "robots": 1}
    assert "robots 1" in demo[1]


def test_an_article_on_spip_keeps_its_address(news: Database) -> None:
    urls = {
        row["url"] for row in news.query("SELECT url FROM articles WHERE source = 'quai-ouvert'")
    }
    assert len(urls) == 8
    assert all("/spip.php?article" in url for url in urls)


def test_links_of_the_ill_formed_feed_are_followed_byte_for_byte(news: Database) -> None:
    urls = [row["url"] for row in news.query("SELECT url FROM articles WHERE source = 'jamii-leo'")]
    assert len(urls) == 8
    assert all("&lang=sw" in url for url in urls)


def test_every_page_linked_from_home_answers(demo: tuple[Path, str]) -> None:
    seen, waiting = set(), ["/"]
    (home,) = get(demo, "/")
    assert home.status_code == 200
    for link in html.fromstring(home.text).iter("a", "link"):
        target = urlsplit(link.get("href") or "")
        if not target.netloc and target.path.startswith("/"):
            waiting.append(target._replace(fragment="").geturl())
    for path, answer in zip(waiting, get(demo, *waiting), strict=True):
        seen.add(path)
        assert answer.status_code in (200, 302), path
    assert len(seen) > 50


def test_feedparser_reads_the_french_feed_without_complaint(demo: tuple[Path, str]) -> None:
    for answer in get(demo, "/feeds/fr.atom", "/feeds/fr.rss"):
        feed = feedparser.parse(answer.content)
        assert not feed.bozo
        assert len(feed.entries) == 35
        assert {entry.get("content", [{}])[0].get("language", "fr") for entry in feed.entries} <= {
            "fr"
        }


def test_exported_feeds_are_the_served_ones_byte_for_byte(
    demo: tuple[Path, str], tmp_path: Path
) -> None:
    paths = export_feeds(demo[0] / "news.db", tmp_path, Selection(languages=("fr",))).written
    assert {tmp_path / "fr.atom", tmp_path / "fr.rss"} <= set(paths)
    served = get(demo, *(f"/feeds/{path.relative_to(tmp_path)}" for path in paths))
    for path, answer in zip(paths, served, strict=True):
        assert path.read_bytes() == answer.content, path


def test_the_sites_texts_are_ours_and_on_reserved_names() -> None:
    for path in files("crawler.demo").joinpath("sites").iterdir():
        text = path.read_text(encoding="utf-8")
        record = tomllib.loads(text)
        assert record["site"]["id"] == path.name.removesuffix(".toml")
        hosts = {urlsplit(a["via"]).hostname or "" for a in record["articles"] if a.get("via")}
        assert all(host.endswith(".localhost") for host in hosts)


def test_the_same_demo_gives_the_same_articles(demo: tuple[Path, str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "crawler", "demo", "--no-serve", "--out", str(tmp_path)]
    subprocess.run(command, capture_output=True, check=True, timeout=150)

    def articles(path: Path) -> set[str]:
        columns = "title, summary, authors, articles.language, published, words, country"
        votes = "detector, language_votes.language AS vote, probability"
        with closing(Database(path / "news.db")) as db:
            return {
                json.dumps(row, sort_keys=True)
                for row in db.query(
                    f"SELECT {columns}, {votes} FROM articles"
                    " LEFT JOIN language_votes ON article_id = articles.id"
                )
            }

    assert articles(tmp_path) == articles(demo[0])


def test_no_extract_begins_with_the_menu_of_its_site(news: Database) -> None:
    summaries = [row["summary"] for row in news.query("SELECT summary FROM articles")]
    assert [summary for summary in summaries if summary.startswith("|")] == []


def test_pieces_that_sites_take_from_each_other_are_listed_once(news: Database) -> None:
    copies = list(news.query("SELECT source FROM articles WHERE duplicate_of IS NOT NULL"))
    taken = Counter(row["source"] for row in copies)
    assert taken == {"huis-en-brug": 2, "echo-des-quatre-vents": 3, "passerelles-info": 1}


def test_the_demo_removes_no_database_but_its_own(tmp_path: Path) -> None:
    kept = tmp_path / "tamis.db.backup"
    kept.write_text("kept")
    with closing(database.private(tmp_path / "tamis.db")) as db:
        db.table("sources").insert({"id": "alter-echos", "record": "{}"})
    command = [sys.executable, "-m", "crawler", "demo", "--no-serve", "--out", str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 1
    assert "is no demo's (alter-echos is in it): choose another folder" in ran.stderr
    assert kept.read_text() == "kept"
