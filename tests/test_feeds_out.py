"""The feeds that leave: valid, safe, the same in each format, from the site and as files."""

import asyncio
import html
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import feedparser
import pytest
from click.testing import CliRunner
from feed_rules import faults
from lxml import etree
from published_fixture import (
    BASE_URL,
    add,
    article,
    empty_news,
    index_all,
    labels,
    make_news,
)

from crawler.cli import main as tamis
from crawler.exports.addresses import Address, NoSuchFeed, parse
from crawler.exports.feeds import SIZE, alternates, every, feed, read
from crawler.exports.files import Selection, export_feeds
from crawler.exports.formats import FORMATS
from crawler.exports.opml import feeds_opml, sources_opml
from crawler.exports.periods import MOST
from crawler.exports.texts import MOST_OF_A_LINE, line, paragraphs
from crawler.query import Query
from crawler.serving import site

ATOM = "{http://www.w3.org/2005/Atom}"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
# A busy month (divided into days), a quiet one, one long ago.
BUSY = [(200 + n, f"2026-06-{1 + n % 3:02}T{n % 24:02}:00:00Z") for n in range(MOST + 5)]
QUIET = [(500, "2026-04-30T23:59:59Z"), (501, "2026-04-01"), (502, "2019-12-31T12:00:00Z")]
NASTY = "\u202eRuby ]]> <script>alert(1)</script> &amp; \x00\x0b\u2067" + "x" * 1_000_000


@pytest.fixture(name="db", scope="module")
def _db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dozen articles, and what else feeds must cope with. Nobody may change it."""
    path = make_news(tmp_path_factory.mktemp("feeds") / "news.db")
    with closing(sqlite3.connect(path)) as conn:
        for number, day in BUSY + QUIET:
            add(conn, article((number, "quai", "th", day, f"ข่าว {number}", "x")), "x")
        add(conn, article((600, "lantern", "uk", "2026-10-14T08:00:00Z", NASTY, NASTY)), "x")
        add(conn, article((601, "lantern", "zh", "2026-10-12", "无全文", "")), "x")
        conn.execute("UPDATE articles SET summary = 'hidden', rights = 'metadata' WHERE id = 601")
        conn.execute(
            "UPDATE articles SET origin_url = 'https://pont.example.org/7',"
            " origin_publisher = 'Pont <b>', updated = '2026-11-03T09:30:00Z' WHERE id = 3"
        )
        conn.executemany(
            "INSERT INTO attachments VALUES (3, ?, ?, ?, ?, ?)",
            [
                (0, "https://quai.example.org/a.pdf", "Jaarverslag", "application/pdf", 1234),
                (1, "https://quai.example.org/b", "", None, None),
                (2, "javascript:alert(1)", "Nee", "text/html", 5),
                (3, "https://quai.example.org/c.odt", "Brief", "odt", 7),
            ],
        )
        conn.execute("INSERT INTO same_story VALUES (12, 600, 0.9, '[]'), (600, 12, 0.9, '[]')")
        index_all(conn)
        conn.execute("DELETE FROM article_texts WHERE article_id <> 1")
        conn.commit()
    return path


@pytest.fixture(name="conn")
def _conn(db: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"{db.as_uri()}?mode=ro", uri=True)) as conn:
        yield conn


@pytest.fixture(name="own")
def _own(db: Path, tmp_path: Path) -> Path:
    """A copy to be changed."""
    return Path(shutil.copy(db, tmp_path / "news.db"))


def body(conn: sqlite3.Connection, path: str, **parameters: str) -> bytes:
    return feed(conn, parse(path, parameters))


def as_json(conn: sqlite3.Connection, path: str, **parameters: str) -> Any:
    return json.loads(body(conn, f"{path}.json", **parameters))


def numbers(told: Any) -> list[int]:
    return [int(item["id"].rpartition("/")[2]) for item in told["items"]]


def pages(conn: sqlite3.Connection, address: Address) -> Iterator[Address]:
    """The pages of its archive, the newest first."""
    older = read(conn, address).older
    while older:
        page = read(conn, replace(address, period=older))
        yield page.address
        older = page.older


# --- Valid ---------------------------------------------------------------------------------------


def test_every_feed_and_page_of_an_archive_keeps_the_rules_of_its_format(
    conn: sqlite3.Connection,
) -> None:
    searches = [parse("search.atom", {"q": '"night shelter"'}), parse("search.atom", {"q": "nix"})]
    feeds = [*every(conn), *searches]
    assert len(feeds) > 15
    for address in feeds:
        for page in (address, *pages(conn, address)):
            for format_ in FORMATS:
                each = replace(page, format=format_)
                assert faults(format_, feed(conn, each)) == [], each.url
    for listed in (feeds_opml(conn), sources_opml(conn)):
        assert faults("opml", listed) == []


@pytest.mark.parametrize(
    ("format_", "sound", "broken", "fault"),
    [
        ("atom", "</feed>", "", "not well-formed"),
        ("atom", "<feed ", "<rss ", "not well-formed"),
        ("atom", "tag:news.example.org,2026:feeds/nl", "no such id", "atom:id: no IRI"),
        ("atom", "2026-11-03T09:30:00Z", "3 November", "no RFC 3339 time"),
        ("atom", "2026-11-03T09:30:00Z", "2026-11-33T09:30:00Z", "no RFC 3339 time"),
        ("atom", 'rel="self"', 'rel="alternate"', "links self"),
        ("atom", 'rel="via"', 'rel="origin"', "a link origin"),
        ("atom", 'href="https://quai.example.org/3"', 'href="javascript:x"', "no web address"),
        ("atom", 'length="1234"', 'length="1 kB"', "no length"),
        ("atom", 'term="housing"', 'term=""', "without a term"),
        ("atom", "<generator>Tamis</generator>", "<made>By</made>", "atom:feed holds atom:made"),
        ("atom", "<generator>", "<id>tag:a,2026:b</id><generator>", "atom:feed holds 2 atom:id"),
        ("atom", 'xml:lang="nl"', 'xml:lang="Nederlands!"', "no language"),
        ("atom", "<summary>", '<summary type="html">&lt;script/>', "beyond paragraphs: <script>"),
        ("atom", "<summary>", '<summary type="fancy">', "no type"),
        ("atom", 'rel="prev-archive"', 'rel="current"', "an archive without"),
        ("atom", "feeds/nl/2026-10.atom", "feeds/nl.atom", "two links to one address"),
        ("rss", 'version="2.0"', 'version="0.91"', "version 0.91"),
        ("rss", "<language>nl</language>", "<language>?</language>", "no language"),
        ("rss", "Fri, 02 Oct 2026 08:00:00 +0000", "2026-10-02", "no RFC 822 time"),
        ("rss", "Fri, 02 Oct 2026", "Mon, 02 Oct 2026", "no RFC 822 time"),
        ("rss", 'length="1234"', "", "no length"),
        ("rss", "</item>", '<enclosure url="https://a.test/" length="0" type="a/b"/></item>',
         "item holds 2 enclosure"),
        ("rss", 'type="application/pdf"', 'type="pdf"', "no media type"),
        ("rss", 'isPermaLink="false"', "", "no web address"),
        ("rss", "<sy:updatePeriod>daily", "<sy:updatePeriod>often", "no period"),
        ("rss", "<description>De", "<description>&lt;img src='x'&gt;De", "beyond paragraphs"),
        ("rss", "</item>", "<author>Jan</author></item>", "item holds author"),
        ("rss", "</item>", "</item><item/>", "item holds 0 title"),
        ("json", '"version": "https://jsonfeed.org/version/1.1"', '"version": "2"', "version '2'"),
        ("json", '"items": [', '"items": {', "not JSON"),
        ("json", '"content_text"', '"content"', "unknown content"),
        ("json", '"content_text"', '"_content"', "without content_html"),
        ("json", '"size_in_bytes": 1234', '"size_in_bytes": "1234"', "size_in_bytes is no int"),
        ("json", '"mime_type"', '"_type"', "without mime_type"),
        ("json", "feeds/nl/2026-10.json", "feeds/nl.json", "next_url is feed_url"),
        ("json", '"date_published": "2026-10-02T08:00:00Z"', '"date_published": "October"',
         "no RFC 3339 time"),
        ("json", '"tags": [', '"tags": [3, ', "no tag"),
        ("opml", 'version="2.0"', 'version="1.0"', "no version 2.0"),
        ("opml", "xmlUrl", "url", "no web address"),
        ("opml", "text=", "title=", "without a text"),
    ],
)  # fmt: skip
def test_the_rules_find_a_planted_fault(
    conn: sqlite3.Connection, format_: str, sound: str, broken: str, fault: str
) -> None:
    made = feeds_opml(conn) if format_ == "opml" else body(conn, f"nl.{format_}")
    assert sound in made.decode()
    found = faults(format_, made.decode().replace(sound, broken).encode())
    assert any(fault in each for each in found), found


@pytest.mark.parametrize("format_", ["atom", "rss"])
@pytest.mark.parametrize("language", ["fr", "ar", "zh", "en", "nl", "und", "uk"])
def test_feedparser_reads_every_feed_without_complaint(
    conn: sqlite3.Connection, language: str, format_: str
) -> None:
    made = body(conn, f"{language}.{format_}")
    # Told as a server would tell it: otherwise feedparser complains of the missing media type.
    headers = {"content-type": FORMATS[format_].media_type}
    read_back = feedparser.parse(made, response_headers=headers)
    assert not read_back.bozo
    assert read_back.feed.language == language
    assert read_back.entries
    assert all(entry.author and entry.title and entry.link for entry in read_back.entries)


# --- What they say -------------------------------------------------------------------------------


def from_atom(entry: etree._Element) -> dict[str, Any]:
    links = [(link.get("rel"), link.get("href")) for link in entry.iterfind("{*}link")]
    return {
        "id": entry.findtext(f"{ATOM}id"),
        "title": entry.findtext(f"{ATOM}title"),
        "links": sorted((rel, href) for rel, href in links if rel != "enclosure"),
        "enclosures": [href for rel, href in links if rel == "enclosure"],
        "updated": entry.findtext(f"{ATOM}updated"),
        "authors": [name.text for name in entry.iterfind(f"{ATOM}author/{ATOM}name")],
        "language": entry.get(XML_LANG),
        "about": [(c.get("scheme"), c.get("label")) for c in entry.iterfind(f"{ATOM}category")],
        "summary": entry.findtext(f"{ATOM}summary") or "",
        "content": entry.findtext(f"{ATOM}content"),
        "source": entry.findtext(f"{ATOM}source/{ATOM}title"),
    }


def from_rss(item: etree._Element) -> dict[str, Any]:
    names = {"dc": "http://purl.org/dc/elements/1.1/", "dcterms": "http://purl.org/dc/terms/",
             "content": "http://purl.org/rss/1.0/modules/content/"}  # fmt: skip
    links = [(link.get("rel"), link.get("href")) for link in item.iterfind(f"{ATOM}link")]
    links += [("alternate", item.findtext("link"))]
    enclosures = [each.get("url") for each in item.iterfind("enclosure")]
    return {
        "id": item.findtext("guid"),
        "title": html.unescape(item.findtext("title")),
        "links": sorted((rel, href) for rel, href in links if rel != "enclosure"),
        "enclosures": enclosures + [href for rel, href in links if rel == "enclosure"],
        "updated": item.findtext("dcterms:modified", namespaces=names),
        "authors": [name.text for name in item.iterfind("dc:creator", names)],
        "language": item.findtext("dc:language", namespaces=names),
        "about": [(each.get("domain"), each.text) for each in item.iterfind("category")],
        "summary": html.unescape(item.findtext("description") or ""),
        "content": item.findtext("content:encoded", namespaces=names),
        # Without an address to go with it, RSS has no source; our fixture has one such.
        "source": item.findtext("source") or "نشرة المنارة",
    }


def from_json(item: dict[str, Any]) -> dict[str, Any]:
    ours = item["_tamis"]
    links = {"alternate": item["url"], "related": ours["page"], "via": item.get("external_url")}
    return {
        "id": item["id"],
        "title": item["title"],
        "links": sorted((rel, href) for rel, href in links.items() if href),
        "enclosures": [each["url"] for each in item.get("attachments", [])],
        "updated": item["date_modified"],
        "authors": [author["name"] for author in item["authors"]],
        "language": item["language"],
        "about": [(each["scheme"], each["label"]) for each in ours["categories"]],
        "summary": item.get("summary", ""),
        "content": item.get("content_html"),
        "source": ours["source"]["name"],
    }


@pytest.mark.parametrize("name", ["all", "fr", "ar/migration", "source/lantern", "country/BE"])
def test_each_format_says_the_same(conn: sqlite3.Connection, name: str) -> None:
    atom = [*map(from_atom, etree.fromstring(body(conn, f"{name}.atom")).iter(f"{ATOM}entry"))]
    rss = [*map(from_rss, etree.fromstring(body(conn, f"{name}.rss")).iter("item"))]
    assert atom
    assert rss == atom
    assert [*map(from_json, as_json(conn, name)["items"])] == atom


def test_a_feed_says_what_it_is_and_where(conn: sqlite3.Connection) -> None:
    root = etree.fromstring(body(conn, "fr/housing.atom", reprints="1"))
    assert root.get(XML_LANG) == "fr"
    assert root.findtext(f"{ATOM}title") == "Tamis\u00a0: français, Logement"
    assert root.findtext(f"{ATOM}id") == "tag:news.example.org,2026:feeds/fr/housing?reprints=1"
    assert {link.get("rel"): link.get("href") for link in root.iterfind(f"{ATOM}link")} == {
        "self": f"{BASE_URL}feeds/fr/housing.atom?reprints=1",
        "alternate": f"{BASE_URL}?language=fr&theme=housing&reprints=1",
        "prev-archive": f"{BASE_URL}feeds/fr/housing/2026-11.atom?reprints=1",
    }
    channel = etree.fromstring(body(conn, "nl.rss")).find("channel")
    assert (channel.findtext("language"), channel.findtext("title")) == ("nl", "Tamis: Nederlands")
    assert channel.findtext("{*}updatePeriod") == "daily"


def test_a_feed_of_several_languages_claims_none_and_its_entries_their_own(
    conn: sqlite3.Connection,
) -> None:
    root = etree.fromstring(body(conn, "source/lantern.atom"))
    assert root.get(XML_LANG) is None
    assert {entry.get(XML_LANG) for entry in root.iter(f"{ATOM}entry")} > {"en", "zh-Hant", "th"}
    assert "language" not in as_json(conn, "source/lantern")


def test_categories_name_their_scheme(conn: sqlite3.Connection) -> None:
    (entry, *_) = etree.fromstring(body(conn, "fr.atom")).iter(f"{ATOM}entry")
    assert [dict(each.attrib) for each in entry.iterfind(f"{ATOM}category")] == [
        {"term": "housing", "scheme": f"{BASE_URL}news/themes", "label": "Logement"},
        {"term": "migration", "scheme": f"{BASE_URL}news/themes", "label": "Migration"},
        {"term": "BE", "scheme": "urn:iso:std:iso:3166:-1", "label": "Belgique"},
    ]


def test_content_goes_by_the_rights(conn: sqlite3.Connection) -> None:
    (extract, full) = as_json(conn, "fr")["items"]
    assert full["content_html"] == (
        "<p>La halte propose l’aide d'une infirmière.</p>"
        "<p>Les réfugiés et les sans-abri y dorment.</p>"
    )
    assert "content_html" not in extract
    assert extract["content_text"] == extract["summary"]
    (metadata, *_) = (i for i in as_json(conn, "zh")["items"] if i["id"].endswith("/601"))
    assert (metadata["content_text"], "summary" in metadata) == ("", False)
    for format_ in FORMATS:
        assert b"hidden" not in body(conn, f"zh.{format_}")


def test_a_repost_leads_to_where_it_appeared_before(conn: sqlite3.Connection) -> None:
    (entry,) = etree.fromstring(body(conn, "nl.atom")).iter(f"{ATOM}entry")
    (via,) = (link for link in entry.iterfind(f"{ATOM}link") if link.get("rel") == "via")
    assert (via.get("href"), via.get("title")) == ("https://pont.example.org/7", "Pont <b>")
    # Article 9 names an origin that is no web address.
    assert all("external_url" not in item for item in as_json(conn, "en")["items"])


def test_documents_go_along_with_type_and_length(conn: sqlite3.Connection) -> None:
    (item,) = as_json(conn, "nl")["items"]
    assert item["attachments"] == [
        {"url": "https://quai.example.org/a.pdf", "mime_type": "application/pdf",
         "title": "Jaarverslag", "size_in_bytes": 1234},
        {"url": "https://quai.example.org/b", "mime_type": "application/octet-stream"},
        {"url": "https://quai.example.org/c.odt", "mime_type": "application/octet-stream",
         "title": "Brief", "size_in_bytes": 7},
    ]  # fmt: skip
    (entry,) = feedparser.parse(body(conn, "nl.rss")).entries
    assert [each.href for each in entry.enclosures] == [e["url"] for e in item["attachments"]]


def test_only_a_change_of_the_article_is_an_update(own: Path) -> None:
    with closing(sqlite3.connect(own)) as conn:
        (item,) = as_json(conn, "nl")["items"]
        assert item["date_published"] == "2026-10-02T08:00:00Z"
        assert item["date_modified"] == "2026-11-03T09:30:00Z"
        before = body(conn, "nl.atom")
        conn.execute("UPDATE snapshot SET value = '2027-01-01T00:00:00Z' WHERE name = 'built'")
        conn.execute("UPDATE articles SET fetched = '2026-12-31T00:00:00Z' WHERE id = 3")
        assert body(conn, "nl.atom") == before


def test_a_language_without_articles_has_a_valid_empty_feed(tmp_path: Path) -> None:
    with closing(empty_news(tmp_path / "empty.db")) as conn:
        labels(conn)
        for format_ in FORMATS:
            assert faults(format_, body(conn, f"fr.{format_}")) == []
        root = etree.fromstring(body(conn, "fr.atom"))
        assert root.findtext(f"{ATOM}updated") == "2026-01-01T00:00:00Z"
        assert read(conn, parse("fr.atom", {})).older is None


# --- Safe ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("language", ["en", "uk"])
def test_hostile_texts_stay_texts(conn: sqlite3.Connection, language: str, format_: str) -> None:
    made = body(conn, f"{language}.{format_}")
    assert b"<script" not in made
    assert b"<img" not in made
    assert b"script:" not in made.lower()
    assert not re.search("[\x00-\x08\x0b\x7f\u202e\u2067]", made.decode())
    assert len(made) < 20_000


def test_a_title_of_a_megabyte_is_cut_and_says_what_it_said(conn: sqlite3.Connection) -> None:
    (item,) = (i for i in as_json(conn, "uk")["items"] if i["id"].endswith("/600"))
    assert item["title"].startswith("Ruby ]]> <script>alert(1)</script> &amp; xxx")
    assert len(item["title"]) == MOST_OF_A_LINE


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a\ud800b\udfffc", "abc"),
        ("\ufffe\uffff\x85\x9b\x7f", ""),
        ("كلمة\u200cها", "كلمة\u200cها"),
        (" two\nlines\t", "two lines"),
    ],
)
def test_a_line_holds_only_what_is_text(text: str, safe: str) -> None:
    assert line(text) == safe


def test_paragraphs_are_escaped() -> None:
    assert paragraphs("a < b\n\n<img>\r\n\ud800 ") == "<p>a &lt; b</p><p>&lt;img&gt;</p>"


def test_an_address_that_is_not_http_is_never_linked(conn: sqlite3.Connection) -> None:
    items = {item["id"][-2:]: item for item in as_json(conn, "en")["items"]}
    assert items["/8"]["url"] == f"{BASE_URL}article/8"
    assert "url" not in as_json(conn, "ar")["items"][0]["_tamis"]["source"]


# --- Which articles ------------------------------------------------------------------------------


def test_reprints_are_left_out_unless_asked_for(conn: sqlite3.Connection) -> None:
    assert numbers(as_json(conn, "en")) == [9, 10, 8, 7]
    assert 11 in numbers(as_json(conn, "en", reprints="1"))


def test_a_story_that_two_tell_is_there_once_if_asked_for(conn: sqlite3.Connection) -> None:
    assert numbers(as_json(conn, "uk")) == [600, 12]
    assert numbers(as_json(conn, "uk", stories="1")) == [12]


def test_a_feed_holds_the_newest_only(conn: sqlite3.Connection) -> None:
    told = as_json(conn, "th")
    assert len(told["items"]) == SIZE
    dates = [item["date_published"] for item in told["items"]]
    assert dates == sorted(dates, reverse=True)


def test_a_search_for_one_thing_is_the_feed_of_that(conn: sqlite3.Connection) -> None:
    for path, parameters in {
        "all": {},
        "fr": {"language": "fr"},
        "fr/housing": {"theme": "housing", "language": "fr", "page": "2", "order": "best"},
        "country/BE": {"country": "BE"},
        "source/quai": {"source": "quai"},
    }.items():
        assert body(conn, f"{path}.rss") == body(conn, "search.rss", **parameters)


def test_a_search_has_a_feed(conn: sqlite3.Connection) -> None:
    told = as_json(conn, "search", q="night shelter", language="en", before="2026-10-31")
    assert numbers(told) == [10]
    assert told["title"] == "Tamis: “night shelter”, English, … – 2026-10-31"
    assert told["feed_url"] == (
        f"{BASE_URL}feeds/search.json?q=night+shelter&language=en&before=2026-10-31"
    )
    phrase = as_json(conn, "search", q='"night shelter"', language="fr")
    assert phrase["title"] == 'Tamis\u00a0: "night shelter", français'


def test_of_many_that_there_are_the_closest_are_named(own: Path) -> None:
    with closing(sqlite3.connect(own)) as conn:
        conn.executemany(
            "INSERT INTO sources SELECT ?, name, homepage, country, organisation, category,"
            " languages, NULL, NULL, NULL, tdm, publish, 0, NULL, NULL, 0 FROM sources"
            " WHERE id = 'quai'",
            [(f"source-{n}",) for n in range(100)] + [("quay-side",)],
        )
        with pytest.raises(NoSuchFeed, match="'quayside'") as raised:
            body(conn, "source/quayside.atom")
        assert "quay-side" in str(raised.value)
        assert len(str(raised.value)) < 300


@pytest.mark.parametrize(
    ("path", "parameters", "help_"),
    [
        ("tlh.atom", {}, "no language 'tlh'. There are: ar, en, fr"),
        ("fr/houzing.rss", {}, "no theme 'houzing'. There are: housing, migration"),
        ("country/XX.json", {}, "no country 'XX'. There are: BE, GB, JO"),
        ("source/nobody.atom", {}, "no source 'nobody'. There are: lantern, phare, quai"),
        ("search.atom", {"language": "tlh"}, "no language 'tlh'"),
        ("%FF.atom", {}, "no language '\ufffd'"),
        ("fr.txt", {}, "but as atom, rss, json"),
        ("fr", {}, "Feeds are at /feeds/all.atom, /feeds/LANGUAGE.atom"),
        ("a/b/c.atom", {}, "Feeds are at"),
        ("fr/1999-01.atom", {}, "No articles of 1999-01 .* at /feeds/fr.atom"),
        ("fr/2026-13.atom", {}, "No articles of 2026-13"),
        ("fr/0000-00-00.atom", {}, "No articles of 0000-00-00"),
    ],
)
def test_what_does_not_exist_is_answered_with_what_does(
    conn: sqlite3.Connection, path: str, parameters: dict[str, str], help_: str
) -> None:
    with pytest.raises(NoSuchFeed, match=help_):
        body(conn, path, **parameters)


# --- Archives (RFC 5005) -------------------------------------------------------------------------


def test_who_walks_the_archive_meets_every_article_once(conn: sqlite3.Connection) -> None:
    walked, url = [], as_json(conn, "all")["next_url"]
    newer: list[str | None] = []
    while url:
        told = as_json(conn, url.removeprefix(f"{BASE_URL}feeds/").removesuffix(".json"))
        walked += numbers(told)
        newer.append(told["_tamis"].get("newer_url"))
        url = told.get("next_url")
    stored = [n for (n,) in conn.execute("SELECT id FROM articles WHERE duplicate_of IS NULL")]
    assert sorted(walked) == sorted(stored)
    names = [str(each).rpartition("/")[2] for each in newer]
    assert names == [
        "None", "2026-11.json", "2026-10.json", "2026-09.json", "2026-06-03.json",
        "2026-06-02.json", "2026-06-01.json", "2026-04.json",
    ]  # fmt: skip


def test_a_page_of_an_archive_says_that_it_is_one_and_where_the_feed_is(
    conn: sqlite3.Connection,
) -> None:
    root = etree.fromstring(body(conn, "th/2026-06-02.atom"))
    assert root.find("{http://purl.org/syndication/history/1.0}archive") is not None
    links = {link.get("rel"): link.get("href") for link in root.iterfind(f"{ATOM}link")}
    assert links | {"alternate": ""} == {
        "self": f"{BASE_URL}feeds/th/2026-06-02.atom",
        "alternate": "",
        "current": f"{BASE_URL}feeds/th.atom",
        "prev-archive": f"{BASE_URL}feeds/th/2026-06-01.atom",
        "next-archive": f"{BASE_URL}feeds/th/2026-06-03.atom",
    }
    assert root.findtext(f"{ATOM}id") == "tag:news.example.org,2026:feeds/th"
    assert b"archive/" not in body(conn, "th.atom")


def test_a_page_stays_as_it_is_when_others_come(own: Path) -> None:
    with closing(sqlite3.connect(own)) as conn:
        before = [body(conn, f"th/{period}.atom") for period in ("2026-04", "2026-06-01")]
        add(conn, article((900, "quai", "th", "2026-11-20", "ใหม่", "x")), "x")
        index_all(conn)
        assert [body(conn, f"th/{period}.atom") for period in ("2026-04", "2026-06-01")] == before


# --- From the site -------------------------------------------------------------------------------


def get(db: Path, *paths: str, method: str = "GET", **headers: str) -> list[Any]:
    async def answers() -> list[Any]:
        client = site(db).client
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return [await client.request(method, path, headers=told) for path in paths]

    return asyncio.run(answers())


def test_a_feed_is_cached_publicly_and_says_when_it_was_made(db: Path) -> None:
    atom, rss, told, opml = get(
        db, "/feeds/fr.atom", "/feeds/fr.rss", "/feeds/fr.json", "/feeds.opml"
    )
    assert atom.headers["cache-control"] == "public, max-age=900"
    assert atom.headers["last-modified"] == "Sat, 21 Nov 2026 05:00:00 GMT"
    assert re.fullmatch(r'"[0-9a-f]{32}"', atom.headers["etag"])
    assert int(atom.headers["content-length"]) == len(atom.content)
    assert [each.headers["content-type"] for each in (atom, rss, told, opml)] == [
        f"{kind}; charset=utf-8"
        for kind in ("application/atom+xml", "application/rss+xml", "application/feed+json",
                     "text/x-opml")
    ]  # fmt: skip


def test_a_private_copy_says_so_and_is_kept_by_no_shared_cache(own: Path) -> None:
    with closing(sqlite3.connect(own)) as conn:
        conn.execute("INSERT INTO snapshot VALUES ('level', 'private')")
        conn.commit()
    (answer,) = get(own, "/feeds/nl.json")
    assert answer.headers["cache-control"] == "private, max-age=900"
    assert answer.json()["description"].endswith("volledige teksten, niet voor publicatie.")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"if_none_match": "THE ONE"}, 304),
        ({"if_none_match": 'W/THE ONE, "other"'}, 304),
        ({"if_none_match": "*"}, 304),
        ({"if_none_match": '"other"'}, 200),
        ({"if_modified_since": "Sat, 21 Nov 2026 05:00:00 GMT"}, 304),
        ({"if_modified_since": "Sat, 21 Nov 2026 04:59:59 GMT"}, 200),
        ({"if_modified_since": "last week"}, 200),
        # RFC 9110: an ETag that differs decides, whatever the day.
        ({"if_none_match": '"other"', "if_modified_since": "Sun, 22 Nov 2026 00:00:00 GMT"}, 200),
    ],
)
def test_a_reader_who_has_it_already_is_told_so(
    db: Path, headers: dict[str, str], status: int
) -> None:
    (first,) = get(db, "/feeds/fr.atom")
    etag = first.headers["etag"]
    told = {name: value.replace("THE ONE", etag) for name, value in headers.items()}
    (answer,) = get(db, "/feeds/fr.atom", **told)
    assert answer.status_code == status
    assert answer.headers["etag"] == etag
    assert bool(answer.content) == (status == 200)


def test_who_asks_for_the_head_gets_no_body(db: Path) -> None:
    (head,), (whole,) = (get(db, "/feeds/fr.rss", method=method) for method in ("HEAD", "GET"))
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers == whole.headers


def test_a_browser_gets_the_same_bytes_in_a_type_that_it_shows_with_our_style(db: Path) -> None:
    (browser,) = get(db, "/feeds/fr.atom", accept="text/html,application/xml;q=0.9,*/*;q=0.8")
    reader, style = get(db, "/feeds/fr.atom", "/feeds/feed.css")
    assert browser.content == reader.content
    assert browser.headers["content-type"] == "application/xml; charset=utf-8"
    assert "Accept" in browser.headers["vary"]
    assert "Accept" in reader.headers["vary"]
    assert b'<?xml-stylesheet type="text/css" href="/feeds/feed.css"?>' in browser.content
    assert browser.headers["content-security-policy"].startswith(
        "default-src 'none'; style-src 'self';"
    )
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert not re.search(rb"url\(|@import|https?:", style.content)


def test_a_page_that_was_divided_or_put_together_leads_to_where_its_articles_are(
    db: Path,
) -> None:
    month, day, gone = get(
        db, "/feeds/th/2026-06.rss?reprints=1", "/feeds/th/2026-04-30.rss", "/feeds/th/2026-05.rss"
    )
    assert (month.status_code, day.status_code, gone.status_code) == (302, 302, 404)
    assert month.headers["location"] == "/feeds/th/2026-06-03.rss?reprints=1"
    assert day.headers["location"] == "/feeds/th/2026-04.rss"


def test_an_address_that_is_no_feed_says_what_there_is(db: Path) -> None:
    for answer in get(db, "/feeds/tlh.atom", "/feeds/fr.opml", "/feeds/x/y/z"):
        assert answer.status_code == 404
        assert "There are" in answer.text or "Feeds are at" in answer.text


def test_the_lists_name_every_feed_and_every_source(db: Path) -> None:
    with closing(sqlite3.connect(db)) as conn:
        urls = [BASE_URL + address.url for address in every(conn)]
    feeds, sources = (etree.fromstring(a.content) for a in get(db, "/feeds.opml", "/sources.opml"))
    assert [each.get("xmlUrl") for each in feeds.iter("outline") if each.get("xmlUrl")] == urls
    assert f"{BASE_URL}feeds/fr/housing.atom" in urls
    assert f"{BASE_URL}feeds/ar/housing.atom" not in urls
    assert {each.get("url") for each in sources.iter("outline")} == {
        None, "https://quai.example.org/", "https://lantern.example.org/",
    }  # fmt: skip
    answers = get(db, *(url.removeprefix(BASE_URL.rstrip("/")) for url in urls))
    assert {answer.status_code for answer in answers} == {200}


def test_a_page_can_offer_the_feed_of_what_it_lists(conn: sqlite3.Connection) -> None:
    offered = alternates(conn, Query(language="fr", theme="housing", order="best"), "nl")
    assert [(each.media_type, each.title, each.path) for each in offered] == [
        ("application/atom+xml", "Tamis: Frans, Housing (Atom)", "feeds/fr/housing.atom"),
        ("application/rss+xml", "Tamis: Frans, Housing (RSS)", "feeds/fr/housing.rss"),
        ("application/feed+json", "Tamis: Frans, Housing (JSON Feed)", "feeds/fr/housing.json"),
    ]


# --- As files ------------------------------------------------------------------------------------


def test_the_exported_files_are_what_the_site_serves(db: Path, tmp_path: Path) -> None:
    search = "q=shelter&language=en"
    selection = Selection(
        languages=("fr", "th"), countries=("JO",), sources=("lantern",), searches=(search,)
    )
    done = export_feeds(db, tmp_path, selection)
    files = {path.relative_to(tmp_path).as_posix(): path for path in done.written}
    assert {"fr.atom", "fr/housing.rss", "th/2026-06-03.json", "country/JO.atom"} <= set(files)
    assert {"source/lantern/2026-10.rss", f"search/{search}.atom", "feed.css"} <= set(files)
    assert not {"nl.atom", "all.atom", "country/BE.atom"} & set(files)
    paths = []
    for name in files:
        in_search = name.startswith("search/")
        question = f"?{search}" if in_search else ""
        paths.append(f"/feeds/{name.replace(f'/{search}', '', 1)}{question}")
    for path, answer in zip(files.values(), get(db, *paths), strict=True):
        assert path.read_bytes() == answer.content, path


def test_an_export_of_the_same_writes_nothing_and_of_something_new_only_that(
    own: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    written = export_feeds(own, out).written
    stamps = {path: path.stat().st_mtime_ns for path in written}
    assert sorted(stamps) == sorted(path for path in out.rglob("*") if path.is_file())
    with closing(sqlite3.connect(own)) as conn:
        conn.execute("UPDATE articles SET title = 'Anders' WHERE id = 3")
        conn.commit()
    export_feeds(own, out)
    changed = {p.relative_to(out) for p in written if p.stat().st_mtime_ns != stamps[p]}
    stems = {path.with_suffix("").as_posix() for path in changed}
    assert stems == {
        "all", "all/2026-10", "nl", "nl/2026-10", "nl/housing", "nl/housing/2026-10",
        "source/quai", "source/quai/2026-10",
    }  # fmt: skip


def test_files_of_feeds_that_are_no_more_are_named_and_left(own: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_feeds(own, out, Selection(languages=("nl", "fr"), formats=("rss",)))
    (out / "notes.rss").write_text("not ours, but looks like a feed")
    (out / "index.html").write_text("not ours")
    with closing(sqlite3.connect(own)) as conn:
        conn.execute("UPDATE articles SET language = 'fr' WHERE id = 3")
        conn.execute("DELETE FROM themes WHERE slug = 'migration'")
        conn.commit()
    done = export_feeds(own, out, Selection(languages=("nl",), formats=("rss",)))
    gone = [path.relative_to(out).as_posix() for path in done.gone]
    assert gone == ["fr/migration/2026-11.rss", "fr/migration.rss", "notes.rss"]
    assert all(path.is_file() for path in done.gone)


def test_archives_can_be_left_out(db: Path, tmp_path: Path) -> None:
    done = export_feeds(
        db, tmp_path, Selection(themes=("housing",), formats=("json",), archives=False)
    )
    names = sorted(path.relative_to(tmp_path).as_posix() for path in done.written)
    assert names == ["en/housing.json", "feed.css", "fr/housing.json", "nl/housing.json"]


def test_nothing_is_written_if_anything_is_unknown(db: Path, tmp_path: Path) -> None:
    for selection in (
        Selection(languages=("fr", "tlh")), Selection(themes=("houzing",)),
        Selection(sources=("nobody",)), Selection(searches=("country=XX",)),
    ):  # fmt: skip
        with pytest.raises(NoSuchFeed, match="There are: "):
            export_feeds(db, tmp_path / "out", selection)
    assert not (tmp_path / "out").exists()


def test_the_command_writes_what_it_is_asked_for_and_names_it(db: Path, tmp_path: Path) -> None:
    command = ["export", "feeds", "--news", str(db), "--out", str(tmp_path / "out")]
    asked = ["--language", "nl", "--theme", "housing", "--format", "rss", "--stories"]
    done = CliRunner().invoke(tamis, [*command, *asked])
    assert done.exit_code == 0, done.output
    assert [Path(name).name for name in done.output.split()] == [
        "feed.css", "housing.rss", "2026-10.rss",
    ]  # fmt: skip
    assert b"/feeds/nl/housing.rss?stories=1" in (tmp_path / "out/nl/housing.rss").read_bytes()
    failed = CliRunner().invoke(tamis, [*command, "--country", "XX"])
    assert failed.exit_code == 1
    assert "There is no country 'XX'. There are: BE, GB, JO." in failed.output


# --- The page to choose from ---------------------------------------------------------------------


def test_a_page_lists_the_feeds_in_the_readers_language_and_each_is_there(db: Path) -> None:
    (answer,) = get(db, "/fr/feeds?language=nl")
    tree = etree.HTML(answer.text)
    offered = tree.xpath("//table[@class='feeds']//a/@href")
    assert {"/feeds/all.rss", "/feeds/nl/housing.json", "/feeds/country/BE.atom"} <= set(offered)
    assert tree.xpath("//option[@selected]/text()") == ["néerlandais"]
    assert {feed.status_code for feed in get(db, *offered)} == {200}
    assert {one.status_code for one in get(db, *tree.xpath("//p//a/@href"))} == {200}


def test_themes_are_offered_only_of_a_language_that_is_there(db: Path) -> None:
    for answer in get(db, "/feeds", "/feeds?language=tlh", "/nl/feeds?language=%00"):
        assert answer.status_code == 200
        assert "housing.atom" not in answer.text
