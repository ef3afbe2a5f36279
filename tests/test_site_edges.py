"""What stands around the site: headers, caches, what engines may crawl, SQL, and a pace."""

import asyncio
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from published_fixture import make_news

from crawler import wellknown
from crawler.pace import Pace, costly, reader
from crawler.serving import site
from crawler.wellknown import PAGES

Fetch = Callable[..., Any]
OURS = ("/", "/fr/?q=aide", "/facet/theme", "/article/1", "/nl/trends", "/coverage",
        "/source/quai", "/fr/method", "/feeds", "/cite?q=aide")  # fmt: skip
FILES = ("/robots.txt", "/sitemap.xml", "/sitemap/0.xml", "/article/1.json", "/static/tamis.css",
         "/feeds/fr.atom", "/export.csv?q=aide", "/news", "/news/articles.json")  # fmt: skip
BASE = "https://news.example.org"
STRANGER = "203.0.113.7"


def fetching(db: Path, address: str = "127.0.0.1") -> Iterator[Fetch]:
    """Asks one Datasette over ASGI, as from an address."""
    transport = httpx.ASGITransport(app=site(db).app(), client=(address, 4711))
    client = httpx.AsyncClient(transport=transport, base_url="http://news.test")
    with asyncio.Runner() as runner:
        yield lambda path, method="GET", **more: runner.run(client.request(method, path, **more))
        runner.run(client.aclose())


@pytest.fixture(name="db", scope="module")
def _db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_news(tmp_path_factory.mktemp("site") / "news.db")


@pytest.fixture(name="fetch", scope="module")
def _fetch(db: Path) -> Iterator[Fetch]:
    yield from fetching(db)


@pytest.fixture(name="stranger")
def _stranger(db: Path) -> Iterator[Fetch]:
    yield from fetching(db, STRANGER)


@pytest.fixture(name="private", scope="module")
def _private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fetch]:
    path = make_news(tmp_path_factory.mktemp("private") / "news.db")
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("INSERT INTO snapshot VALUES ('level', 'private')")
    yield from fetching(path)


# --- Headers and caches --------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*OURS, *FILES, "/nowhere", "/?theme=none", "/news.db"])
def test_every_answer_keeps_browsers_careful_and_sets_no_cookie(fetch: Fetch, path: str) -> None:
    headers = fetch(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] in {"strict-origin-when-cross-origin", "no-referrer"}
    assert "camera=()" in headers["permissions-policy"]
    assert "set-cookie" not in headers


@pytest.mark.parametrize("path", [*OURS, "/nowhere", "/?theme=none"])
def test_our_pages_load_nothing_from_elsewhere(fetch: Fetch, path: str) -> None:
    answer = fetch(path)
    assert answer.headers["content-security-policy"].startswith("default-src 'none';")
    loaded = re.findall(
        r'<(?:link rel="(?:stylesheet|icon)"|img|script)[^>]*?"(/[^"]*)"', answer.text
    )
    assert loaded
    assert not re.search(r'(?:src|srcset)="(?:https?:)?//', answer.text)


@pytest.mark.parametrize("path", [*OURS, "/robots.txt", "/sitemap.xml", "/article/1.json"])
def test_what_a_reader_has_already_is_not_sent_again(fetch: Fetch, path: str) -> None:
    first = fetch(path)
    assert first.headers["cache-control"] == "public, max-age=300"
    again = fetch(path, headers={"If-None-Match": f'"other", {first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


def test_a_page_is_another_in_another_language_and_another_snapshot(
    fetch: Fetch, private: Fetch
) -> None:
    tags = [
        fetch("/", headers={"Accept-Language": "fr"}).headers["etag"],
        fetch("/", headers={"Accept-Language": "nl"}).headers["etag"],
        private("/").headers["cache-control"],
    ]
    assert len(set(tags)) == 3
    assert tags[-1] == "private, no-cache"


def test_what_is_not_there_is_not_kept(fetch: Fetch) -> None:
    for path in ("/article/99", "/?theme=none", "/nowhere"):
        assert "etag" not in fetch(path).headers


@pytest.mark.parametrize("path", [*OURS, "/sitemap.xml"])
def test_pages_are_read_and_not_written(fetch: Fetch, path: str) -> None:
    assert fetch(path, "HEAD").status_code == 200
    for method in ("POST", "PUT", "DELETE"):
        assert fetch(path, method).status_code == 405


# --- What engines may crawl ----------------------------------------------------------------------


def allowed(rules: list[tuple[str, str]], path: str) -> bool:
    """As RFC 9309 says: of the rules that fit, the longest; of two as long, the one that allows."""
    fitting = [
        (len(rule), verb == "Allow")
        for verb, rule in rules
        if re.match(re.escape(rule).replace(r"\*", ".*"), path)
    ]
    return max(fitting, default=(0, True))[1]


def test_engines_find_articles_and_feeds_and_walk_no_searches(fetch: Fetch) -> None:
    text = fetch("/robots.txt").text
    rules = re.findall(r"(Allow|Disallow): (\S+)", text)
    for path in ("/", "/fr/", "/article/1", "/nl/article/1", "/feeds/fr.atom", "/coverage",
                 "/feeds/search.atom?q=aide", "/sitemap.xml"):  # fmt: skip
        assert allowed(rules, path), path
    for path in ("/?q=aide", "/fr/?theme=housing", "/facet/theme", "/nl/facet/theme", "/news",
                 "/news/articles", "/-/databases", "/export.csv", "/fr/cite"):  # fmt: skip
        assert not allowed(rules, path), path
    assert f"Sitemap: {BASE}/sitemap.xml" in text


def test_a_private_copy_is_closed_to_engines(private: Fetch) -> None:
    assert private("/robots.txt").text == "User-agent: *\nDisallow: /\n"


def locations(fetch: Fetch, path: str) -> list[str]:
    answer = fetch(path)
    assert answer.headers["content-type"].startswith("application/xml")
    root = ET.fromstring(answer.content)  # noqa: S314  our own
    return [each.text or "" for each in root.iter() if each.tag.endswith("}loc")]


def test_sitemaps_name_every_article_once_and_no_reprint(
    fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wellknown, "PART", 5)
    parts = locations(fetch, "/sitemap.xml")
    assert parts == [f"{BASE}/sitemap/{part}.xml" for part in ("pages", 0, 1, 2)]
    found = [at for part in parts[1:] for at in locations(fetch, part.removeprefix(BASE))]
    assert found == [f"{BASE}/article/{number}" for number in range(1, 14) if number != 11]
    assert "<lastmod>2026-11-10T06:00:00Z</lastmod>" in fetch("/sitemap/0.xml").text
    assert fetch("/sitemap/3.xml").status_code == 404


def test_the_sitemap_of_pages_names_pages_that_there_are_in_each_language(fetch: Fetch) -> None:
    found = locations(fetch, "/sitemap/pages.xml")
    assert len(found) == 4 * len(PAGES)
    answers = {at: fetch(at.removeprefix(BASE)).status_code for at in found}
    assert {at: status for at, status in answers.items() if status != 200} == {}
    assert f'hreflang="nl" href="{BASE}/nl/"' in fetch("/sitemap/pages.xml").text


# --- SQL -----------------------------------------------------------------------------------------

SQL = ("/news?sql=select+1", "/news/articles?_where=1%3D1", "/news.json?sql=select+1")


@pytest.mark.parametrize("path", SQL)
def test_a_public_copy_runs_no_sql_of_readers_and_says_so(fetch: Fetch, path: str) -> None:
    answer = fetch(path, follow_redirects=True)  # Datasette 1.0 has moved it
    assert answer.status_code == 403
    told = answer.json()["error"] if ".json" in path else answer.text
    assert "Queries of one’s own are not run on this copy" in told


@pytest.mark.parametrize("path", SQL)
def test_a_private_copy_runs_sql(private: Fetch, path: str) -> None:
    assert private(path, follow_redirects=True).status_code == 200


def test_listed_queries_are_run_on_a_public_copy(fetch: Fetch) -> None:
    assert fetch("/news/most_reprinted.json?_shape=array").json()


# --- The pace ------------------------------------------------------------------------------------


def test_who_asks_too_often_is_told_when_to_come_back_in_their_language(stranger: Fetch) -> None:
    answers = [stranger("/fr/facet/theme") for _ in range(31)]
    assert [answer.status_code for answer in answers] == [200] * 30 + [429]
    refused = answers[-1]
    assert refused.headers["retry-after"] == "1"
    assert "Attendre 1 s." in refused.text
    assert refused.headers["cache-control"] == "no-store"
    for path in ("/?q=aide", "/news/articles", "/nl/trends", "/-/databases"):
        assert stranger(path).status_code == 429
    for path in ("/", "/article/1", "/feeds/fr.atom", "/robots.txt", "/static/tamis.css"):
        assert stranger(path).status_code == 200


def test_this_machine_and_its_tools_are_never_told_to_wait(fetch: Fetch) -> None:
    assert {fetch("/facet/theme").status_code for _ in range(40)} == {200}


def test_a_bucket_fills_with_time_and_no_reader_empties_that_of_another() -> None:
    now = [0.0]
    pace = Pace(a_minute=60, burst=2, clock=lambda: now[0])
    assert [pace.wait("a") for _ in range(3)] == [0, 0, 1]
    assert pace.wait("b") == 0
    now[0] = 1.5
    assert [pace.wait("a") for _ in range(2)] == [0, 1]
    now[0] = 100.0
    assert [pace.wait("a") for _ in range(3)] == [0, 0, 1]


def test_those_who_have_not_come_for_longest_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("crawler.pace.MOST_READERS", 2)
    pace = Pace(burst=1)
    for name in ("a", "b", "a", "c"):
        pace.wait(name)
    assert list(pace.buckets) == ["a", "c"]


FORWARDED = [(b"x-forwarded-for", b"198.51.100.1, 198.51.100.2")]


@pytest.mark.parametrize(
    ("address", "headers", "proxies", "found"),
    [
        (STRANGER, [], [], STRANGER),
        ("127.0.0.1", [], [], ""),
        ("::1", [], [], ""),
        ("2001:db8:1:2:3::4", [], [], "2001:db8:1:2::/64"),
        (STRANGER, FORWARDED, [], STRANGER),
        (STRANGER, FORWARDED, ["10.0.0.1"], STRANGER),
        (STRANGER, FORWARDED, [STRANGER], "198.51.100.2"),
        (STRANGER, [], [STRANGER], ""),
        ("testclient", [], [], "testclient"),
    ],
)
def test_only_a_proxy_of_ours_says_for_whom_it_asks(
    address: str, headers: list[tuple[bytes, bytes]], proxies: list[str], found: str
) -> None:
    assert reader({"client": (address, 1), "headers": headers}, proxies) == found


@pytest.mark.parametrize(
    ("path", "query", "counts"),
    [
        ("/", b"", False), ("/fr/", b"", False), ("/", b"q=a", True), ("/nl/", b"page=x", True),
        ("/facet/theme", b"", True), ("/en/trends", b"", True), ("/export.csv", b"", True),
        ("/cite", b"", True), ("/fr/coverage", b"", True), ("/news", b"", True),
        ("/news.json", b"", True), ("/news/articles", b"", True), ("/newsletter", b"", False),
        ("/-/versions", b"", True),
        ("/article/1", b"q=a", False), ("/feeds/search.atom", b"q=a", False),
        ("/static/tamis.css", b"", False), ("/sitemap/0.xml", b"", False),
    ],
)  # fmt: skip
def test_only_what_costs_much_counts(path: str, query: bytes, counts: bool) -> None:  # noqa: FBT001
    assert costly(path, query, ["news"]) is counts
