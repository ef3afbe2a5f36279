"""The archive out to WARC files and in again, and files that others have made."""

import gzip
import json
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import brotli
import pytest
from sqlite_utils import Database
from warcio.archiveiterator import ArchiveIterator
from warcs import DATE, HERE, TEXT, WARCINFO, entry, http, page, written
from web import RSS, Answer, Web, article, feed, record

from crawler import archive, captures, database, enrichment, registry, store, warc
from crawler.errors import ConfigError, TamisError
from crawler.frontier import Frontier
from crawler.items import Address, Link, Page, Source
from crawler.progress import Progress


def chunked(body: bytes, size: int = 100) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in [*parts, b""])


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes records to a file of that name."""
    return lambda name, *records: written(tmp_path / name, *records)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Database]:
    """A second private database, empty."""
    with closing(database.private(tmp_path / "other.db")) as opened:
        yield opened


def load(db: Database, *paths: Path, **options: Any) -> warc.Imported:
    return warc.load(Frontier(db), paths, options.pop("sources", ()), **options)


def pages(db: Database) -> dict[str, dict[str, Any]]:
    rows = db.query(
        "SELECT pages.*, urls.source FROM pages JOIN urls ON urls.id = url_id ORDER BY pages.id"
    )
    return {row["url"]: row for row in rows}


def archived(db: Database, source: Source, bodies: dict[str, bytes]) -> None:
    frontier = Frontier(db)
    channel = frontier.channels.adopt(source, "feed", source.feeds[0].url)
    for day, (path, body) in enumerate(bodies.items(), 1):
        link = Link(url=HERE + path, title="Un titre", authors=("A. Dupont",), language="fr")
        made = Page(
            url=HERE + path, fetched=f"2026-10-{day:02}T08:00:00Z", status=200, body=body,
            content_type="text/html", headers={"content-type": "text/html", "server": "é/1"},
        )  # fmt: skip
        frontier.imported(channel, link, made)
    frontier.writes.flush()


def read(db: Database) -> None:
    enrichment.run(db, processes=1)
    store.settle(db)


def articles(db: Database) -> list[dict[str, Any]]:
    """Every column but ids; `content_hash` is left out because it covers one."""
    rows = db.query(
        "SELECT a.*, b.url AS original, t.text FROM articles a"
        " JOIN article_texts t ON t.article_id = a.id"
        " LEFT JOIN articles b ON b.id = a.duplicate_of ORDER BY a.url"
    )
    ids = {"id", "url_id", "page_id", "duplicate_of", "content_hash"}
    return [{name: row[name] for name in row.keys() - ids} for row in rows]


# Out and in again.


@pytest.mark.slow
def test_what_a_crawl_archived_gives_the_same_articles_when_it_is_imported_elsewhere(
    web: Web, tmp_path: Path, other: Database
) -> None:
    web.pages = {
        "/a": Answer(article("Le centre rouvre", *TEXT), headers={"ETag": '"7"', "Server": "x"}),
        "/b": Answer(article("Le centre rouvre", *TEXT)),
        "/old": Answer(b"", 301, headers={"Location": "/new"}),
        "/new": Answer(article("Déplacé", *TEXT, "Un autre paragraphe.")),
        "/cp1252": Answer(
            article("L’été", *TEXT, "Fin de l’été.").decode().encode("cp1252"),
            content_type="text/html",
        ),
        "/gzip": Answer(
            gzip.compress(article("Comprimé", *TEXT, "Et plus.")),
            headers={"Content-Encoding": "gzip"},
        ),
        "/empty": Answer(b""),
        "/missing": Answer(b"", 404),
    }
    named = [web.url + path for path in web.pages if path != "/new"]
    web.pages["/feed"] = Answer(feed(*named), content_type=RSS)
    (tmp_path / "sources").mkdir()
    records = record("quai", web.url, f"{web.url}/feed")
    (tmp_path / "sources" / "test.toml").write_text(records, encoding="utf-8")
    subprocess.run(
        [
            sys.executable, "-m", "crawler", "crawl", "--sources", str(tmp_path / "sources"),
            "--db", str(tmp_path / "tamis.db"), "--delay", "0", "--loopback", "--workers", "1",
        ],
        check=True, timeout=120, capture_output=True,
    )  # fmt: skip

    out = tmp_path / "archive.warc.gz"
    with closing(database.private(tmp_path / "tamis.db")) as crawled:
        assert warc.export(crawled, out) == 6
        expected = articles(crawled)
        raw = {url: (row["body"], row["headers"]) for url, row in pages(crawled).items()}
    summary = load(other, out)
    read(other)

    assert (summary.imported, summary.errors) == (6, ())
    assert len(expected) == 5
    assert {row["source"] for row in expected} == {"quai"}
    assert articles(other) == expected
    assert {url: (row["body"], row["headers"]) for url, row in pages(other).items()} == raw


def test_an_export_is_warc_by_the_standards_reader_and_says_what_each_page_is(
    db: Database, source: Source, tmp_path: Path
) -> None:
    body = article("Le centre rouvre", *TEXT)
    archived(db, source, {"/a": body})
    warc.export(db, tmp_path / "a.warc.gz")
    with (tmp_path / "a.warc.gz").open("rb") as file:
        found = [
            (each.rec_type, each.rec_headers, each.http_headers, each.raw_stream.read())
            for each in ArchiveIterator(file, check_digests="raise")
        ]
    (_, info, _, about), (_, response, head, held), (_, metadata, _, said) = found
    assert [kind for kind, *_ in found] == ["warcinfo", "response", "metadata"]
    assert b"software: Tamis/" in about
    assert str(tmp_path).encode() not in about
    assert held == body
    assert (response["WARC-Target-URI"], response["WARC-Date"]) == (
        f"{HERE}/a", "2026-10-01T08:00:00Z",
    )  # fmt: skip
    assert response["WARC-Payload-Digest"].startswith("sha1:")
    assert info["WARC-Date"] == "2026-10-01T08:00:00Z"
    assert (head.protocol, head.statusline) == ("HTTP/1.1", "200 OK")
    assert head["Content-Length"] == str(len(body))
    assert head["Content-Type"] == "text/html"
    assert metadata["WARC-Refers-To"] == response["WARC-Record-ID"]
    assert metadata["WARC-Concurrent-To"] == response["WARC-Record-ID"]
    told = json.loads(said)
    assert (told["source"], told["record"]["name"], told["url"]) == ("quai", "Le Quai", f"{HERE}/a")
    assert told["link"] == {"title": "Un titre", "authors": ["A. Dupont"], "language": "fr"}


def test_two_exports_of_one_archive_are_the_same_bytes(
    db: Database, source: Source, tmp_path: Path
) -> None:
    archived(db, source, {f"/{n}": article(f"Le centre {n}", *TEXT) for n in range(20)})
    first, second = tmp_path / "1.warc.gz", tmp_path / "2.warc.gz"
    assert (warc.export(db, first), warc.export(db, second)) == (20, 20)
    assert first.read_bytes() == second.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir() if "warc" in path.name) == [
        "1.warc.gz", "2.warc.gz",
    ]  # fmt: skip


def test_an_export_of_an_import_is_the_same_bytes_but_for_when_pages_were_discovered(
    db: Database, other: Database, source: Source, tmp_path: Path
) -> None:
    bodies = {f"/{n}": article(f"Le centre {n}", *TEXT) for n in range(5)}
    archived(db, source, {**bodies, "/x?a=1&amp;b=2": b"<p>as a server was asked once</p>"})
    warc.export(db, tmp_path / "1.warc.gz")
    load(other, tmp_path / "1.warc.gz")
    other.execute("UPDATE urls SET discovered = (SELECT '2026-11-01T00:00:00Z')")
    db.execute("UPDATE urls SET discovered = (SELECT '2026-11-01T00:00:00Z')")
    warc.export(db, tmp_path / "1.warc.gz", force=True)
    warc.export(other, tmp_path / "2.warc.gz")
    assert (tmp_path / "1.warc.gz").read_bytes() == (tmp_path / "2.warc.gz").read_bytes()


def test_importing_a_file_twice_changes_nothing(
    db: Database, other: Database, source: Source, tmp_path: Path
) -> None:
    archived(db, source, {"/a": article("Le centre rouvre", *TEXT), "/b": b""})
    warc.export(db, tmp_path / "a.warc.gz")
    load(other, tmp_path / "a.warc.gz")
    read(other)

    def everything() -> dict[str, list[Any]]:
        return {
            name: [dict(row) for row in other.table(name).rows]
            for name in ("articles", "article_texts", "pages", "urls", "discoveries")
        }

    before = everything()
    again = load(other, tmp_path / "a.warc.gz")
    read(other)
    assert (again.imported, again.there) == (0, 2)
    assert everything() == before


def test_an_export_holds_what_was_asked_for(db: Database, source: Source, tmp_path: Path) -> None:
    dutch = "De daklozenopvang aan de kaai gaat weer open, met veertig bedden voor gezinnen."
    bodies = {f"/{n}": article(f"Le centre {n}", *TEXT, f"Numéro {n}.") for n in (1, 2)}
    archived(db, source, {**bodies, "/3": article("De kaai", dutch, dutch, language="nl")})
    db.execute("UPDATE discoveries SET hints = '{}'")
    read(db)
    feeds = (Address(url="http://autre.example.org/feed", grade="probed"),)
    archived(db, replace(source, id="autre", feeds=feeds), {"/4": b"<p>Autre</p>"})

    def exported(selection: warc.Selection) -> list[str]:
        out = tmp_path / "a.warc.gz"
        warc.export(db, out, selection, force=True)
        with out.open("rb") as file:
            return [
                each.rec_headers["WARC-Target-URI"].removeprefix(HERE)
                for each in ArchiveIterator(file)
                if each.rec_type == "response"
            ]

    asked = {
        warc.Selection(): ["/1", "/2", "/3", "/4"],
        warc.Selection(sources=("quai",)): ["/1", "/2", "/3"],
        warc.Selection(since="2026-10-02"): ["/2", "/3"],
        warc.Selection(urls=("https://www.quai.example.org/2?utm_source=x",)): ["/2"],
        warc.Selection(languages=("fr",)): ["/1", "/2"],
        warc.Selection(languages=("nl", "fr"), since="2026-10-02"): ["/2", "/3"],
    }
    assert {selection: exported(selection) for selection in asked} == asked


def test_an_export_never_sorts_bodies_which_would_all_be_in_memory(db: Database) -> None:
    selection = warc.Selection(
        sources=("a",), languages=("fr",), urls=("http://a.test/",), since="2026-01-01"
    )
    where, values = selection.where()
    rows = db.query(f"EXPLAIN QUERY PLAN {warc.ROWS.format(where=where)}", values)
    plan = [row["detail"] for row in rows]
    assert plan[0] == "SCAN pages"
    assert not any("FOR ORDER BY" in step for step in plan)


def test_an_export_never_leaves_half_a_file_nor_replaces_one_unasked(
    db: Database, source: Source, tmp_path: Path
) -> None:
    out = tmp_path / "a.warc.gz"
    with pytest.raises(TamisError, match="no archived page is what you ask for"):
        warc.export(db, out)
    archived(db, source, {"/a": b"<p>a</p>"})
    db.execute("UPDATE pages SET body = x'00'")
    with pytest.raises(Exception, match="frame"):
        warc.export(db, out)
    assert not list(tmp_path.glob("*.warc.gz*"))
    out.write_bytes(b"mine")
    with pytest.raises(ConfigError, match="--force"):
        warc.export(db, out)
    with pytest.raises(ConfigError, match=r"NAME\.warc\.gz"):
        warc.export(db, tmp_path / "a.warc")
    with pytest.raises(ConfigError, match="is no web address"):
        warc.export(db, tmp_path / "b.warc.gz", warc.Selection(urls=("mailto:a@b.test",)))
    assert out.read_bytes() == b"mine"


# What others have recorded.


def test_a_file_like_those_of_cc_news_gives_exactly_its_articles(
    db: Database, source: Source, write: Callable[..., Path]
) -> None:
    latin = article("L'été à l'abri", *TEXT, "Là-bas, à côté.").decode().encode("latin-1")
    html = article("Comprimé", *TEXT, "Un de plus.")
    kind = "Content-Type: text/html"
    path = write(
        "news.warc.gz",
        entry("warcinfo", None, WARCINFO, Content_Type="application/warc-fields"),
        entry("request", f"{HERE}/gzip", b"GET /gzip HTTP/1.1\r\n\r\n"),
        entry("response", f"{HERE}/gzip",
              http(gzip.compress(html), kind, "Content-Encoding: gzip")),
        entry("response", f"{HERE}/chunked", http(chunked(article("Morceaux", *TEXT)), kind,
                                                  "Transfer-Encoding: chunked")),
        entry("response", f"{HERE}/both", http(chunked(gzip.compress(article("Les deux", *TEXT))),
                                               kind, "Content-Encoding: gzip",
                                               "Transfer-Encoding: Chunked",
                                               "Content-Length: 99999")),
        entry("response", f"{HERE}/brotli", http(brotli.compress(article("Brotli", *TEXT)), kind,
                                             "Content-Encoding: br")),
        entry("response", f"{HERE}/decoded", http(article("Décodé", *TEXT), kind,
                                                  "Content-Encoding: gzip",
                                                  "Transfer-Encoding: chunked")),
        entry("response", f"{HERE}/latin", http(latin, kind), WARC_Date="2026-10-12T07:15:00.25Z"),
        entry("response", "http://ailleurs.example.com/x", http(article("Ailleurs", *TEXT), kind)),
        entry("response", f"{HERE}/missing", http(b"<p>404</p>", kind, status="404 Not Found")),
        entry("response", f"{HERE}/a.pdf", http(b"%PDF-1.7\0", "Content-Type: application/pdf")),
        entry("response", f"{HERE}/a.bin", http(b"\0\1\2")),
        entry("response", f"{HERE}/cut", http(html, kind), WARC_Truncated="length"),
        entry("response", f"{HERE}/halfgz", http(gzip.compress(html)[:-20], kind,
                                                 "Content-Encoding: gzip")),
        entry("response", f"{HERE}/halfchunk", http(chunked(html)[:300], kind,
                                                    "Transfer-Encoding: chunked")),
        entry("response", f"{HERE}/short", http(html, kind, f"Content-Length: {len(html) + 1}")),
        entry("response", f"{HERE}/odd", http(html, kind, "Content-Encoding: compress")),
        entry("response", f"{HERE}/nodate", http(html, kind), WARC_Date="yesterday"),
        entry("response", "dns:quai.example.org", b"20261012 1.2.3.4\n", Content_Type="text/dns"),
        entry("response", "ftp://quai.example.org/a", http(html, kind)),
        entry("revisit", f"{HERE}/gzip", http(b"", kind)),
        entry("metadata", f"{HERE}/gzip", b'{"tamis": "9", "source": "evil"}',
              Content_Type="application/json", WARC_Refers_To="<urn:uuid:of-another>"),
        entry("resource", f"{HERE}/file", b"<p>file</p>", Content_Type="text/html"),
    )  # fmt: skip

    summary = load(db, path, sources=[source])
    read(db)

    assert {row["url"]: (row["title"], row["source"]) for row in articles(db)} == {
        f"{HERE}/gzip": ("Comprimé", "quai"),
        f"{HERE}/chunked": ("Morceaux", "quai"),
        f"{HERE}/both": ("Les deux", "quai"),
        f"{HERE}/brotli": ("Brotli", "quai"),
        f"{HERE}/decoded": ("Décodé", "quai"),
        f"{HERE}/latin": ("L'été à l'abri", "quai"),
        "http://ailleurs.example.com/x": ("Ailleurs", "imported"),
    }
    assert {row["fetched"] for row in articles(db)} == {DATE}
    assert summary == warc.Imported(
        records=23, imported=7, there=0, errors=(),
        skipped={
            "truncated": 4, "another content type": 2, "warcinfo record": 1, "request record": 1,
            "HTTP 404": 1, "an unknown coding": 1, "no date": 1, "no HTTP response": 1,
            "no web address": 1, "revisit record": 1, "metadata record": 1, "resource record": 1,
        },
    )  # fmt: skip
    assert summary.records == 7 + sum(summary.skipped.values())


@pytest.mark.parametrize(
    ("body", "header"),
    [
        (gzip.compress(b"<p>" + bytes(64 * 1024 * 1024)), "Content-Encoding: gzip"),
        (zlib.compress(bytes(64 * 1024 * 1024)), "Content-Encoding: deflate"),
        (brotli.compress(bytes(64 * 1024 * 1024), quality=1), "Content-Encoding: br"),
        (bytes(captures.MAX_BODY + 1), "X-A: b"),
    ],
    ids=["gzip", "deflate", "brotli", "plain"],
)
def test_what_unpacks_to_more_than_a_page_may_have_is_left_out(
    db: Database, write: Callable[..., Path], body: bytes, header: str
) -> None:
    bomb = entry("response", f"{HERE}/bomb", http(body, "Content-Type: text/html", header))
    summary = load(db, write("a.warc.gz", bomb, page(f"{HERE}/a", "Le centre")))
    assert summary.skipped == {"too large": 1}
    assert list(pages(db)) == [f"{HERE}/a"]


def test_codings_upon_codings_are_not_followed(db: Database, write: Callable[..., Path]) -> None:
    body = b"<p>a</p>"
    for _ in range(5):
        body = gzip.compress(body)
    coded = http(body, "Content-Type: text/html", "Content-Encoding: " + ", ".join(["gzip"] * 5))
    summary = load(db, write("a.warc.gz", entry("response", f"{HERE}/a", coded)))
    assert summary.skipped == {"an unknown coding": 1}


def bare(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("pack", "coding"),
    [
        (zlib.compress, "deflate"),
        (bare, "deflate"),
        (lambda body: body, "deflate"),
        (lambda body: body, "br"),
        (lambda body: gzip.compress(body[:50]) + gzip.compress(body[50:]), "x-gzip"),
        (lambda body: gzip.compress(body) + bytes(9), "gzip"),
        (lambda body: gzip.compress(brotli.compress(body)), "br, gzip"),
    ],
    ids=["zlib", "bare", "not deflated", "not brotlied", "members", "padded", "two"],
)
def test_a_body_comes_out_of_what_it_travelled_in(
    db: Database, write: Callable[..., Path], pack: Callable[[bytes], bytes], coding: str
) -> None:
    html = article("Le centre", *TEXT)
    packed = http(pack(html), "Content-Type: text/html", f"Content-Encoding: {coding}")
    load(db, write("a.warc.gz", entry("response", f"{HERE}/a", packed)))
    assert archive.unpack(pages(db)[f"{HERE}/a"]["body"]) == html


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_a_body_that_is_damaged_is_left_out(
    db: Database, write: Callable[..., Path], coding: str
) -> None:
    junk = b"\x1f\x8b" + b"\xff" * 50
    packed = http(junk, "Content-Type: text/html", f"Content-Encoding: {coding}")
    summary = load(db, write("a.warc.gz", entry("response", f"{HERE}/a", packed)))
    assert summary.skipped == {"damaged": 1}


def test_only_the_headers_that_an_archive_keeps_are_kept(
    db: Database, write: Callable[..., Path]
) -> None:
    lines = [
        "Content-Type: text/html",
        "Set-Cookie: id=1",
        "X-Robots-Tag: noarchive",
        "Server: \xe9",
    ]
    load(db, write("a.warc.gz", page(f"{HERE}/a", "Le centre", *lines)))
    (row,) = db.table("pages").rows
    assert json.loads(row["headers"]) == {
        "content-type": "text/html", "server": "é", "x-robots-tag": "noarchive",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda data: data[:-30], "cut off in the middle of a gzip member"),
        (lambda data: data[:-4], "cut off in the middle of a gzip member"),
        (lambda data: data[:-8] + bytes(8), "the gzip data is damaged"),
        (lambda data: data + b"not a member", "the gzip data is damaged"),
    ],
    ids=["cut", "cut at its end", "damaged", "appended"],
)
def test_a_damaged_file_gives_what_comes_before_the_damage_and_says_where_it_is(
    db: Database,
    write: Callable[..., Path],
    harm: Callable[[bytes], bytes],
    why: str,
) -> None:
    whole = write("whole.warc.gz", page(f"{HERE}/a", "Le centre"))
    bad = write("bad.warc.gz", page(f"{HERE}/b", "Le b"), page(f"{HERE}/c", "Le c"))
    size = bad.stat().st_size
    bad.write_bytes(harm(bad.read_bytes()))
    before = ["/b", "/c"] if bad.stat().st_size > size else ["/b"]
    summary = load(db, bad, whole, bad.with_name("none.warc.gz"))
    assert [url.removeprefix(HERE) for url in pages(db)] == [*before, "/a"]
    error, missing = summary.errors
    assert error.startswith(f"{bad}: after {len(before)} records: ")
    assert why in error
    assert "none.warc.gz cannot be read: No such file" in missing
    assert not summary.well


def test_a_file_that_was_mended_brings_what_was_lost_and_nothing_twice(
    db: Database, other: Database, write: Callable[..., Path]
) -> None:
    path = write("a.warc.gz", *(page(f"{HERE}/{n}", f"Le {n}") for n in range(4)))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 4 + 9] + bytes(40) + whole[len(whole) // 4 + 49 :])
    assert (load(db, path).imported, len(pages(db))) == (3, 3)
    path.write_bytes(whole)
    summary = load(db, path)
    assert (summary.imported, summary.there, summary.well) == (1, 3, True)
    load(other, path)
    assert pages(db).keys() == pages(other).keys()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "after 0 records: the file holds no record"),
        (b"<html>Sign in</html>\n", "after 0 records: no WARC record begins here"),
        (
            page(f"{HERE}/a", "Le centre")[:-40],
            "after 0 records: the file is cut off in the middle",
        ),
        (b"WARC/1.0\r\nWARC-Type: response\r\n\r\nabc", "does not say how long it is"),
    ],
    ids=["nothing", "html", "cut", "endless"],
)
def test_a_file_that_is_none_says_so(
    db: Database, tmp_path: Path, content: bytes, why: str
) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(content)
    (error,) = load(db, path).errors
    assert why in error
    assert not pages(db)


def test_plain_files_and_those_gzipped_as_a_whole_are_read_too(
    db: Database, write: Callable[..., Path], tmp_path: Path
) -> None:
    plain = write("a.warc", page(f"{HERE}/a", "Le a"), page(f"{HERE}/b", "Le b"))
    whole = tmp_path / "b.warc.gz"
    whole.write_bytes(gzip.compress(page(f"{HERE}/c", "Le c") + page(f"{HERE}/d", "Le d")))
    summary = load(db, plain, whole)
    assert (summary.imported, summary.errors) == (4, ())
    assert [url.removeprefix(HERE) for url in pages(db)] == ["/a", "/b", "/c", "/d"]


def test_our_page_whose_description_was_cut_off_waits_for_the_whole_file(
    db: Database, other: Database, source: Source, tmp_path: Path
) -> None:
    archived(db, source, {"/a": b"<p>a</p>", "/b": b"<p>b</p>"})
    out = tmp_path / "a.warc.gz"
    warc.export(db, out)
    cut = tmp_path / "cut.warc.gz"
    cut.write_bytes(out.read_bytes()[:-50])
    assert load(other, cut).imported == 1
    assert load(other, out).imported == 1
    assert {row["source"] for row in pages(other).values()} == {"quai"}


def test_a_page_is_read_away_from_a_database_as_it_waits_in_one(
    db: Database, other: Database, source: Source, write: Callable[..., Path]
) -> None:
    archived(db, source, {"/a": article("Le centre", *TEXT)})
    theirs = write("b.warc.gz", page(f"{HERE}/b", "Le b"))
    out = theirs.with_name("a.warc.gz")
    warc.export(db, out)
    load(other, out, theirs, sources=[source])
    away = []
    for path in (out, theirs):
        with path.open("rb") as file:
            found = [each for each in captures.captures(file) if not isinstance(each, str)]
        away += [warc.unread(each, source) for each in found]
    waiting = store.unread(other, 9)
    assert away[0].hints["title"] == "Un titre"
    assert away == [replace(each, url_id=0, page_id=0) for each in waiting]


# Whose a page is.


def test_an_exports_word_on_a_source_counts_only_where_the_registry_has_none(
    db: Database, other: Database, source: Source, tmp_path: Path
) -> None:
    archived(db, source, {"/a": b"<p>a</p>"})
    generous = {**registry.as_json(source), "name": "Autre", "licence": {"id": "CC0"}}
    db.execute("UPDATE sources SET record = ?", (json.dumps(generous),))
    warc.export(db, tmp_path / "a.warc.gz")
    load(other, tmp_path / "a.warc.gz")
    (row,) = other.table("sources").rows
    stranger = json.loads(row["record"])
    assert (stranger["name"], stranger["licence"]) == ("Autre", None)

    with closing(database.private(tmp_path / "third.db")) as third:
        load(third, tmp_path / "a.warc.gz", sources=[source])
        (row,) = third.table("sources").rows
        assert json.loads(row["record"]) == registry.as_json(source)


@pytest.mark.parametrize(
    "record",
    [
        None,
        [],
        {"id": "UP/../x"},
        {"id": "x", "name": 7},
        {"id": "x", "feeds": [{"probed_on": "?"}]},
    ],
    ids=["none", "list", "bad id", "bad field", "bad day"],
)
def test_a_record_that_breaks_the_registrys_rules_is_no_source(
    db: Database, write: Callable[..., Path], record: object
) -> None:
    about = {"tamis": "0", "source": "x", "record": record, "link": {"authors": 7, "title": ["x"]}}
    response = page(f"{HERE}/a", "Le centre", ident="<urn:uuid:1>")
    told = entry(
        "metadata", f"{HERE}/a", json.dumps(about).encode(), Content_Type="application/json",
        WARC_Refers_To="<urn:uuid:1>",
    )  # fmt: skip
    load(db, write("a.warc.gz", response, told))
    assert pages(db)[f"{HERE}/a"]["source"] == "imported"


@pytest.mark.parametrize(
    "told",
    [b"{", b"[1]", b'{"tamis": "1", "link": {"title": "\\ud800"}}', b"[" * 100_000, b"\xff"],
    ids=["cut", "list", "half a pair", "deep", "bytes"],
)
def test_a_description_that_is_none_is_passed_over(
    db: Database, write: Callable[..., Path], told: bytes
) -> None:
    response = page(f"{HERE}/a", "Le centre", ident="<urn:uuid:1>")
    about = entry(
        "metadata", None, told, Content_Type="application/json", WARC_Refers_To="<urn:uuid:1>"
    )
    odd = entry("\x1b[2J", None, b"")
    summary = load(db, write("a.warc.gz", response, about, odd))
    assert (summary.imported, summary.errors) == (1, ())
    assert summary.skipped == {"metadata record": 1, "unknown record": 1}


def test_a_page_belongs_to_the_source_of_its_site_with_the_longest_path() -> None:
    def made(ident: str, homepage: str, *feeds: str) -> Source:
        return Source(
            id=ident, name=ident, homepage=homepage, country="BE", organisation="ngo",
            languages=("fr",), category="social",
            feeds=tuple(Address(url=url, grade="probed") for url in feeds),
        )  # fmt: skip

    sites = warc.Sites([
        made("alone", "https://www.alone.example/fr/accueil"),
        made("whole", "https://shared.example/"),
        made("part", "https://shared.example/part/"),
        made("twin-a", "https://twins.example/", "https://twins.example/fr/feed"),
        made("twin-b", "https://twins.example/", "https://twins.example/nl/feed"),
        made("guest", "https://guest.example/", "https://blog.example/guest/feed"),
    ])  # fmt: skip
    owners = {
        "http://alone.example/2026/a": "alone",
        "https://m.alone.example/": "alone",
        "https://shared.example/x": "whole",
        "https://shared.example/part/x?y=1": "part",
        "https://shared.example/partly": "whole",
        "https://twins.example/fr/a": "twin-a",
        "https://twins.example/nl/a": "twin-b",
        "https://twins.example/de/a": None,
        "https://blog.example/x": "guest",
        "https://nobody.example/": None,
    }
    found = {url: sites.owner(url) for url in owners}
    assert {url: source and source.id for url, source in found.items()} == owners


def test_pages_of_no_known_source_can_be_left_out(
    db: Database, source: Source, write: Callable[..., Path]
) -> None:
    path = write("a.warc.gz", page(f"{HERE}/a", "Le a"), page("http://x.example/b", "Le b"))
    summary = load(db, path, sources=[source], only_known=True)
    assert (summary.imported, summary.skipped) == (1, {"of no known source": 1})
    assert [row["id"] for row in db.table("sources").rows] == ["quai"]


def test_the_catch_all_source_keeps_the_registrys_rules() -> None:
    record = registry.as_json(warc.IMPORTED)
    assert warc._recorded(record) == warc.IMPORTED


def test_progress_counts_the_bytes_of_the_files_and_an_import_can_be_stopped(
    db: Database, write: Callable[..., Path]
) -> None:
    path = write("a.warc.gz", *(page(f"{HERE}/{n}", f"Le {n}") for n in range(3)))
    progress = Progress("bytes")
    stopped = load(db, path, progress=progress, stop=lambda: len(pages(db)) == 1)
    assert (stopped.imported, stopped.stopped, stopped.well) == (1, True, False)
    assert "run it again to go on" in str(stopped)
    progress = Progress("bytes")
    rest = load(db, path, progress=progress)
    assert str(rest) == "3 records: 2 imported, 1 there already"
    assert progress.done == progress.totals == {"bytes": path.stat().st_size}
