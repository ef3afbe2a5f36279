"""The feeds that leave: valid, safe, the same from the site and as files."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree
from published_fixture import (
    BASE_URL,
    BUILT,
    add,
    article,
    empty_news,
    index_all,
    labels,
    make_news,
)

from crawler.errors import ConfigError
from crawler.exports.feeds import MEDIA_TYPES, SIZE, WRITERS, export_feeds, feed
from crawler.serving import site

ATOM = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@pytest.fixture(name="db")
def _db(tmp_path: Path) -> Path:
    return make_news(tmp_path / "news.db")


@pytest.fixture(name="conn")
def _conn(db: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(db)) as conn:
        yield conn


def body(conn: sqlite3.Connection, language: str, **options: Any) -> bytes:
    made = feed(conn, language=language, **{"format": "atom", **options})
    assert made is not None
    return made


def texts(root: etree._Element, path: str) -> list[str]:
    return [node.text or "" for node in root.findall(path)]


@pytest.mark.parametrize("format_", sorted(WRITERS))
@pytest.mark.parametrize("language", ["fr", "ar", "zh", "en", "nl", "und"])
def test_feedparser_reads_every_feed_without_complaint(
    conn: sqlite3.Connection, language: str, format_: str
) -> None:
    made = body(conn, language, format=format_)
    # Told as a server would tell it: otherwise feedparser complains of the missing media type.
    read = feedparser.parse(made, response_headers={"content-type": MEDIA_TYPES[format_]})
    assert not read.bozo
    assert read.feed.language == language
    assert read.entries
    assert all(entry.author and entry.title and entry.link for entry in read.entries)


def test_an_atom_feed_has_what_rfc_4287_asks(conn: sqlite3.Connection) -> None:
    root = etree.fromstring(body(conn, "fr", theme="housing"))
    assert root.tag == f"{ATOM}feed"
    assert root.get(XML_LANG) == "fr"
    assert texts(root, f"{ATOM}id") == ["tag:news.example.org,2026:feeds/fr/housing"]
    assert texts(root, f"{ATOM}title") == ["Tamis: français, Logement"]
    assert texts(root, f"{ATOM}updated") == ["2026-11-20T08:00:00Z"]
    links = {link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}link")}
    assert links == {
        "self": f"{BASE_URL}feeds/fr/housing.atom",
        "alternate": f"{BASE_URL}?language=fr&theme=housing",
    }
    first = root.find(f"{ATOM}entry")
    assert texts(first, f"{ATOM}id") == ["tag:news.example.org,2026:article/2"]
    assert texts(first, f"{ATOM}author/{ATOM}name") == ["Quai Ouvert"]
    assert texts(first, f"{ATOM}source/{ATOM}title") == ["Quai Ouvert"]
    assert [(c.get("term"), c.get("label")) for c in first.findall(f"{ATOM}category")] == [
        ("housing", "Logement"),
        ("migration", "Migration"),
    ]
    for entry in root.iter(f"{ATOM}entry"):
        for once in ("id", "title", "updated", "summary", "source"):
            assert len(entry.findall(f"{ATOM}{once}")) == 1, once


def test_an_rss_feed_has_what_its_profile_asks(conn: sqlite3.Connection) -> None:
    root = etree.fromstring(body(conn, "ar", format="rss"))
    assert (root.tag, root.get("version")) == ("rss", "2.0")
    channel = root.find("channel")
    assert texts(channel, "language") == ["ar"]
    assert texts(channel, "link") == [f"{BASE_URL}?language=ar"]
    assert channel.find(f"{ATOM}link").get("href") == f"{BASE_URL}feeds/ar.rss"
    item = channel.find("item")
    assert item.find("guid").get("isPermaLink") == "false"
    assert texts(item, "guid") == ["tag:news.example.org,2026:article/4"]
    assert texts(item, "pubDate") == ["Mon, 05 Oct 2026 08:00:00 +0000"]
    assert texts(item, f"{DC}creator") == ["نشرة المنارة"]
    assert texts(item, f"{DC}language") == ["ar"]
    assert texts(item, "category") == ["الهجرة"]
    # The source's homepage is a data: address in the fixture, so it is not linked.
    assert item.find("source") is None


@pytest.mark.parametrize("format_", sorted(WRITERS))
def test_markup_in_a_title_stays_text_and_controls_are_dropped(
    conn: sqlite3.Connection, format_: str
) -> None:
    made = body(conn, "en", format=format_)
    assert b"<script" not in made
    assert b"<img" not in made
    assert b"\x07" not in made
    entry = next(e for e in feedparser.parse(made).entries if e.id.endswith("/7"))
    # Atom says that it is text; RSS cannot, and is escaped once more.
    image = "<img src=x" if entry.summary_detail.type == "text/plain" else "&lt;img src=x"
    assert image in entry.summary


@pytest.mark.parametrize("format_", sorted(WRITERS))
def test_an_address_that_is_not_http_is_never_linked(
    conn: sqlite3.Connection, format_: str
) -> None:
    made = body(conn, "en", format=format_)
    assert b"script:" not in made.lower()
    entry = next(e for e in feedparser.parse(made).entries if e.id.endswith("/8"))
    assert entry.link == f"{BASE_URL}article/8"


def test_reprints_are_left_out(conn: sqlite3.Connection) -> None:
    assert [entry.id[-2:] for entry in feedparser.parse(body(conn, "en")).entries] == [
        "/9", "10", "/8", "/7",
    ]  # fmt: skip


def test_reprints_are_there_if_asked_for_in_a_feed_of_its_own_name(
    conn: sqlite3.Connection,
) -> None:
    made = feed(conn, language="en", format="atom", reprints=True)
    assert made
    found, usual = feedparser.parse(made), feedparser.parse(body(conn, "en"))
    assert "11" in [entry.id[-2:] for entry in found.entries]
    assert found.feed.id != usual.feed.id
    assert {link.href for link in found.feed.links if link.rel == "self"} == {
        f"{BASE_URL}feeds/en.atom?reprints=1"
    }


def test_the_full_text_does_not_go_out_even_where_rights_allow(conn: sqlite3.Connection) -> None:
    assert "y dorment" not in body(conn, "fr").decode()


def test_an_unchanged_database_gives_unchanged_bytes(conn: sqlite3.Connection) -> None:
    assert body(conn, "fr") == body(conn, "fr")


def test_a_language_without_articles_has_a_valid_empty_feed(tmp_path: Path) -> None:
    with closing(empty_news(tmp_path / "empty.db")) as conn:
        labels(conn)
        read = feedparser.parse(body(conn, "fr"))
    assert not read.bozo
    assert (read.entries, read.feed.updated) == ([], BUILT)


def test_a_feed_holds_the_newest_only(conn: sqlite3.Connection) -> None:
    for number in range(100, 200):
        values = (number, "quai", "nl", f"2026-11-01T00:{number % 60:02}:00Z", "Titel", "Tekst.")
        add(conn, article(values), "Tekst.")
    index_all(conn)
    assert len(feedparser.parse(body(conn, "nl")).entries) == SIZE


@pytest.mark.parametrize(
    "asked",
    [
        {"language": "tlh", "format": "atom"},
        {"language": "fr", "format": "opml"},
        {"language": "fr", "format": "rss", "theme": "no-such-theme"},
    ],
)
def test_there_is_no_feed_of_what_does_not_exist(
    conn: sqlite3.Connection, asked: dict[str, Any]
) -> None:
    assert feed(conn, **asked) is None


def test_the_exported_files_are_what_the_site_serves(db: Path, tmp_path: Path) -> None:
    written = export_feeds(db, tmp_path / "out")
    assert tmp_path / "out/fr.atom" in written
    assert tmp_path / "out/fr/housing.rss" in written
    assert tmp_path / "out/ar/housing.rss" not in written

    async def served() -> list[bytes]:
        client = site(db).client
        paths = [f"/feeds/{path.relative_to(tmp_path / 'out').as_posix()}" for path in written]
        return [(await client.get(path)).content for path in paths]

    assert asyncio.run(served()) == [path.read_bytes() for path in written]


def test_an_export_replaces_and_leaves_nothing_else_behind(db: Path, tmp_path: Path) -> None:
    first = export_feeds(db, tmp_path / "out", languages=["fr"], formats=["rss"])
    export_feeds(
        db, tmp_path / "out", languages=["fr"], formats=["rss"], base_url="https://x.example.org"
    )
    assert sorted(p for p in (tmp_path / "out").rglob("*") if p.is_file()) == sorted(first)
    assert b"https://x.example.org/feeds/fr.rss" in first[0].read_bytes()


def test_an_export_of_an_unknown_language_says_where_to_look(db: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no language 'tlh'; see its table `languages`"):
        export_feeds(db, tmp_path, languages=["tlh"])
    with pytest.raises(ConfigError, match="choose from atom, rss"):
        export_feeds(db, tmp_path, formats=["opml"])


def get(db: Path, path: str, headers: dict[str, str] | None = None) -> Any:
    async def answer() -> Any:
        return await site(db).client.get(path, headers=headers or {})

    return asyncio.run(answer())


def test_a_feed_is_cached_publicly_and_says_when_it_was_made(db: Path) -> None:
    answer = get(db, "/feeds/fr.atom")
    assert answer.headers["cache-control"] == "public, max-age=900"
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert answer.headers["last-modified"] == "Sat, 21 Nov 2026 05:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"if-none-match": "THE ONE"}, 304),
        ({"if-none-match": 'W/THE ONE, "other"'}, 304),
        ({"if-none-match": "*"}, 304),
        ({"if-none-match": '"other"'}, 200),
        ({"if-modified-since": "Sat, 21 Nov 2026 05:00:00 GMT"}, 304),
        ({"if-modified-since": "Sat, 21 Nov 2026 04:59:59 GMT"}, 200),
        ({"if-modified-since": "last week"}, 200),
        # RFC 9110: an ETag that differs decides, whatever the day.
        ({"if-none-match": '"other"', "if-modified-since": "Sun, 22 Nov 2026 00:00:00 GMT"}, 200),
    ],
)
def test_a_reader_who_has_it_already_is_told_so(
    db: Path, headers: dict[str, str], status: int
) -> None:
    etag = get(db, "/feeds/fr.atom").headers["etag"]
    told = {name: value.replace("THE ONE", etag) for name, value in headers.items()}
    answer = get(db, "/feeds/fr.atom", told)
    assert answer.status_code == status
    assert answer.headers["etag"] == etag
    assert bool(answer.content) == (status == 200)


@pytest.mark.parametrize("path", ["/feeds/tlh.atom", "/feeds/fr/no-such.rss", "/feeds/fr.opml"])
def test_an_address_that_is_no_feed_says_what_to_do(db: Path, path: str) -> None:
    answer = get(db, path)
    assert answer.status_code == 404
    assert "<form" in answer.text
