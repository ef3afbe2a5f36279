import contextlib
import gzip
import os
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web import feed

from crawler.errors import FeedError
from crawler.items import Answer, Harvest, Link, Part, Source
from spiders.channels import sitemap

HERE = "https://quai.example.org/sitemap.xml"
NOW = {"date": "Mon, 12 Oct 2026 10:00:00 GMT"}
NAMESPACES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    ' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    ' xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
    ' xmlns:xhtml="http://www.w3.org/1999/xhtml"'
)


def read(body: str | bytes, url: str = HERE) -> Harvest:
    raw = body if isinstance(body, bytes) else body.encode()
    return sitemap.read(Answer(url=url, body=raw, headers=NOW))


def urlset(*entries: str, namespaces: str = NAMESPACES) -> str:
    listed = "".join(f"<url>{entry}</url>" for entry in entries)
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset {namespaces}>{listed}</urlset>'


def index(*entries: str) -> str:
    listed = "".join(f"<sitemap>{entry}</sitemap>" for entry in entries)
    return f"<sitemapindex {NAMESPACES}>{listed}</sitemapindex>"


def loc(path: str, lastmod: str | None = None) -> str:
    changed = f"<lastmod>{lastmod}</lastmod>" if lastmod else ""
    return f"<loc>https://quai.example.org{path}</loc>{changed}"


def paths(harvest: Harvest) -> list[str]:
    return [link.url.removeprefix("https://quai.example.org") for link in harvest.links]


def parts(harvest: Harvest) -> list[str]:
    return [part.url.removeprefix("https://quai.example.org") for part in harvest.parts]


NEWS = urlset(
    loc("/abri", "2026-10-12T09:15:00+02:00")
    + "<news:news><news:publication><news:name>Le Quai</news:name>"
    "<news:language>fr</news:language></news:publication>"
    "<news:publication_date>2026-10-11T23:30:00-01:00</news:publication_date>"
    "<news:title>Un abri &amp; un repas</news:title>"
    "<news:keywords>Logement, Santé,Logement</news:keywords></news:news>"
    "<image:image><image:loc>https://quai.example.org/abri.jpg</image:loc>"
    "<image:title>La salle</image:title></image:image>"
)


def test_an_entry_of_a_news_sitemap_becomes_a_link_with_all_it_says() -> None:
    assert read(NEWS) == Harvest(
        links=(
            Link(
                url="https://quai.example.org/abri",
                title="Un abri & un repas",
                published="2026-10-12T00:30:00Z",
                updated="2026-10-12T07:15:00Z",
                categories=("Logement", "Santé"),
                language="fr",
                image="https://quai.example.org/abri.jpg",
                publisher="Le Quai",
            ),
        ),
    )


def test_a_news_sitemap_may_be_empty() -> None:
    assert read(urlset()) == Harvest(links=())


def test_an_index_names_its_parts_the_newest_first() -> None:
    found = read(index(loc("/a.xml", "2026-01-01"), loc("/b.xml.gz", "2026-10-01T00:00:00Z")))
    assert found.parts == (
        Part(url="https://quai.example.org/b.xml.gz", changed="2026-10-01T00:00:00Z"),
        Part(url="https://quai.example.org/a.xml", changed="2026-01-01"),
    )
    assert found.links == ()


@pytest.mark.parametrize(
    "body",
    [
        NEWS.replace("http://www", "https://www"),
        NEWS.replace("sitemap/0.9", "sitemap/0.84"),
        NEWS.replace('xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"', ""),
        NEWS.replace("news:", "n:").replace("image:", "img:"),
        NEWS.replace(NAMESPACES, ""),
        NEWS.replace("<url", "<s:url")
        .replace("</url", "</s:url")
        .replace("<loc", "<s:loc")
        .replace("</loc", "</s:loc")
        .replace("xmlns=", "xmlns:s="),
    ],
    ids=["https", "older", "none", "other prefixes", "undeclared prefixes", "prefixed"],
)
def test_whatever_the_namespaces_the_entry_is_read(body: str) -> None:
    (link,) = read(body).links
    assert (link.url, link.title, link.image) == (
        "https://quai.example.org/abri", "Un abri & un repas", "https://quai.example.org/abri.jpg",
    )  # fmt: skip


def test_the_address_of_an_image_is_not_taken_for_the_page() -> None:
    entry = "<image:image><image:loc>https://quai.example.org/abri.jpg</image:loc></image:image>"
    found = read(urlset(entry + loc("/abri")))
    assert paths(found) == ["/abri"]


def test_translations_are_links_of_their_language_once_each() -> None:
    alternates = "".join(
        f'<xhtml:link rel="alternate" hreflang="{language}" href="https://quai.example.org/{path}"/>'
        for language, path in (
            ("fr-BE", "fr/abri"), ("nl", "nl/opvang"), ("de", "de/obdach"), ("x-default", "abri"),
        )
    )  # fmt: skip
    found = read(urlset(loc("/fr/abri", "2026-10-01") + alternates, loc("/nl/opvang") + alternates))
    assert [(link.url[24:], link.language, link.updated) for link in found.links] == [
        ("/fr/abri", "fr-BE", "2026-10-01"),
        ("/de/obdach", "de", None),
        ("/nl/opvang", "nl", None),
    ]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2026-10-11", "2026-10-11"),
        ("2026-10-11T09:15:00+02:00", "2026-10-11T07:15:00Z"),
        ("2026-10-11T09:15+0200", "2026-10-11T07:15:00Z"),
        ("2026-10-11 09:15:00 +02:00", "2026-10-11T07:15:00Z"),
        ("2026-10-11T07:15:00.123456Z", "2026-10-11T07:15:00Z"),
        ("2026-10-11 07:15:00 UTC", "2026-10-11T07:15:00Z"),
        ("2026-10-11T07:15:00", "2026-10-11T07:15:00Z"),
        ("2026-10-11T27:15:00Z", "2026-10-11"),
        ("2026-10", None),
        ("2027-01-01", None),
        ("2026-10-14T00:00:00Z", None),
        ("1970-01-01T00:00:00Z", None),
        ("0000-00-00 00:00:00", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("2026-13-45", None),
        ("hier", None),
        ("", None),
    ],
)
def test_dates_are_made_utc_and_nonsense_and_the_future_are_none(
    given: str, kept: str | None
) -> None:
    (link,) = read(urlset(loc("/abri", given))).links
    assert link.updated == kept


def test_ampersands_that_nobody_escaped_stay_byte_for_byte_and_are_told() -> None:
    found = read(urlset(loc("/?p=1&lang=fr"), loc("/?p=2&copy=1&amp;sect=3")))
    assert paths(found) == ["/?p=1&lang=fr", "/?p=2&copy=1&sect=3"]
    assert found.defect is not None
    assert "EntityRef" in found.defect


@pytest.mark.parametrize("cut", ["/troi", "</loc", "<loc>https://quai.example.org/troi", "</url>"])
def test_a_sitemap_cut_off_gives_no_half_addresses(cut: str) -> None:
    body = urlset(loc("/un"), loc("/deux"), loc("/trois"))
    end = body.rindex("</url>") + 6 if cut == "</url>" else body.rindex(cut) + len(cut)
    found = read(body[:end])
    assert set(paths(found)) <= {"/un", "/deux", "/trois"}
    assert paths(found)[:2] == ["/un", "/deux"]
    assert found.defect


@pytest.mark.parametrize(
    "before", ["<br />\n<b>Warning</b>: in plugin.php on line 3\n", "Notice: x "]
)
def test_a_warning_of_php_before_the_sitemap_costs_nothing_and_is_told(before: str) -> None:
    found = read(before + urlset(loc("/un")))
    assert (paths(found), found.defect) == (["/un"], "text before the document")
    assert read("\n\n" + urlset(loc("/un"))).defect is None
    assert read("<!-- un --><!-- deux -->" + urlset(loc("/un")).partition("?>")[2]).defect is None


def test_a_tag_that_was_never_closed_costs_its_neighbours_nothing() -> None:
    body = urlset(loc("/un"), loc("/deux")).replace("/un</loc>", "/un<lastmod>2026-10-01</lastmod>")
    assert paths(read(body)) == ["/un", "/deux"]


def test_gzip_is_known_by_its_first_bytes_and_may_be_in_pieces() -> None:
    body = urlset(loc("/un"), loc("/deux")).encode()
    for packed in (gzip.compress(body), gzip.compress(body[:90]) + gzip.compress(body[90:])):
        assert paths(read(packed)) == ["/un", "/deux"]


@pytest.mark.parametrize("spoil", ["cut", "corrupt"])
def test_of_a_damaged_gzip_what_can_be_read_is_kept_and_the_damage_told(spoil: str) -> None:
    body = urlset(*(loc(f"/{n * 7919 % 100_003}") for n in range(3000))).encode()
    packed = bytearray(gzip.compress(body))
    if spoil == "cut":
        del packed[len(packed) // 2 :]
    else:
        packed[-6:] = b"\0" * 6
    found = read(bytes(packed))
    assert set(paths(found)) <= {f"/{n * 7919 % 100_003}" for n in range(3000)}
    assert len(found.links) > 1000
    assert found.defect is not None
    assert "gzip" in found.defect


def test_a_gzip_bomb_is_refused_before_it_fills_the_memory() -> None:
    bomb = gzip.compress(b" " * (sitemap.MAX_BYTES * 3), 1)
    tracemalloc.start()
    with pytest.raises(FeedError, match="when unpacked"):
        read(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * sitemap.MAX_BYTES


def test_entities_of_the_document_are_not_expanded() -> None:
    nested = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    doctype = f'<!DOCTYPE urlset [<!ENTITY e0 "ha">{nested}]>'
    entries = (loc("/un"), loc("/&e1;"), loc("/&e11;"))
    began = time.process_time()
    found = read(doctype + urlset(*entries).partition("?>")[2])
    assert time.process_time() - began < 2
    assert "/un" in paths(found)
    assert not [path for path in paths(found) if "ha" in path]


def test_an_entity_does_not_read_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "name"
    secret.write_text("secret", encoding="utf-8")
    doctype = f'<!DOCTYPE urlset [<!ENTITY f SYSTEM "{secret.as_uri()}">]>'
    found = read(doctype + urlset(loc("/un"), loc("/&f;")).partition("?>")[2])
    assert "/un" in paths(found)
    assert not [path for path in paths(found) if "secret" in path]


@pytest.mark.slow
def test_a_bomb_of_elements_takes_seconds() -> None:
    began = time.process_time()
    found = read(urlset(loc("/un"), "<a/>" * 4_000_000))
    assert time.process_time() - began < 10
    assert paths(found) == ["/un"]
    assert found.defect is not None
    assert "the rest was not read" in found.defect


def test_a_plain_text_sitemap_is_an_address_a_line() -> None:
    body = "\ufeffhttps://quai.example.org/un\r\n\r\nhttps://quai.example.org/deux\njavascript:x\n"
    found = read(body, "https://quai.example.org/sitemap.txt")
    assert paths(found) == ["/un", "/deux"]
    assert found.refused == ("javascript:x",)


def test_robots_txt_names_sitemaps() -> None:
    body = (
        "User-agent: *\nDisallow: /admin\nSitemap: https://quai.example.org/a.xml\n"
        "sitemap:/news.xml # les nouvelles\n"
    )
    found = read(body, "https://quai.example.org/robots.txt")
    assert parts(found) == ["/a.xml", "/news.xml"]


def test_a_feed_may_serve_as_a_sitemap() -> None:
    found = read(feed("https://quai.example.org/un"))
    assert [(link.url, link.title) for link in found.links] == [
        ("https://quai.example.org/un", "Titre")
    ]


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"<!doctype html><html><head><meta charset=utf-8></head><p>Accueil", "an HTML page"),
        (b"<html><body>Accueil</body></html>", "an HTML page"),
        (b"", "empty"),
        (b"  \n", "empty"),
        (gzip.compress(b"", mtime=0), "empty"),
        (b"\x00\x01\x02", "neither XML nor addresses"),
        (b'{"code": "rest_no_route"}', "neither XML nor addresses"),
        (b"Not found", "neither XML nor addresses"),
        (b"<note><to>Nobody</to></note>", "<note>"),
        (b"<", "XML"),
    ],
)
def test_what_is_no_sitemap_is_refused_with_its_address_and_the_reason(
    body: bytes, what: str
) -> None:
    with pytest.raises(FeedError, match=what) as raised:
        read(body)
    assert str(raised.value).startswith(HERE)


def test_a_robots_txt_without_sitemaps_says_so() -> None:
    with pytest.raises(FeedError, match="names no sitemap"):
        read("User-agent: *\nDisallow:\n", "https://quai.example.org/robots.txt")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1"])
def test_a_declared_encoding_is_read(encoding: str) -> None:
    declared = encoding.removesuffix("-sig")
    body = NEWS.replace("UTF-8", declared).encode(encoding)
    assert read(body).links[0].categories == ("Logement", "Santé")


def test_parts_that_hold_no_articles_are_passed_over() -> None:
    passed = (
        "wp-sitemap-taxonomies-category-1.xml", "wp-sitemap-users-1.xml", "category-sitemap.xml",
        "post_tag-sitemap3.xml", "author-sitemap.xml", "product-sitemap1.xml",
        "product_cat-sitemap.xml", "image-sitemap-1.xml", "video-sitemap.xml",
        "sitemap-images.xml", "sitemap-tax-category.xml", "sitemap_products_1.xml",
        "?sitemap=taxonomies&amp;sitemap-subtype=category&amp;paged=1",
    )  # fmt: skip
    kept = (
        "wp-sitemap-posts-post-1.xml", "post-sitemap.xml", "page-sitemap.xml", "news-sitemap.xml",
        "sitemap-posttype-productions.xml", "sitemap-2026-10.xml",
        "?sitemap=posts&amp;sitemap-subtype=post&amp;paged=1", "sitemap.php?categories=no",
    )  # fmt: skip
    found = read(index(*(loc(f"/{name}") for name in (*passed, *kept))))
    assert sorted(parts(found)) == sorted(f"/{name.replace('&amp;', '&')}" for name in kept)


@pytest.mark.parametrize(
    "path",
    ["/", "", "/tag/logement/", "/category/actus", "/author/camille/page/2", "/fr/tag/logement/",
     "/wp-content/uploads/rapport.PDF", "/affiche.jpg?size=2"],
)  # fmt: skip
def test_what_surely_is_no_article_is_left_out(path: str) -> None:
    assert paths(read(urlset(loc(path)))) == []


@pytest.mark.parametrize(
    "path",
    ["/spip.php?article12", "/?p=12", "/?Le-logement-en-crise", "/category/actus/un-abri",
     "/tag/?article12", "/fr/", "/auteurs-en-colere", "/index.php?id=3", "/un.abri", "/tags"],
)  # fmt: skip
def test_what_may_be_an_article_stays_as_it_is(path: str) -> None:
    assert paths(read(urlset(loc(path)))) == [path]


def test_of_too_many_links_the_newest_stay_in_their_order_and_the_rest_is_told() -> None:
    dated = [loc(f"/{n}", f"20{10 + n % 16}-01-01") for n in range(sitemap.MAX_LINKS + 1600)]
    found = read(urlset(*dated))
    assert len(found.links) == sitemap.MAX_LINKS
    assert paths(found) == sorted(paths(found), key=lambda path: int(path[1:]))
    assert min(link.updated or "" for link in found.links) >= "2012"
    assert found.defect is not None
    assert "1,600 of 11,600 links left out" in found.defect


def test_of_too_many_parts_those_whose_names_bear_the_newest_dates_stay() -> None:
    names = [f"/sitemap-{2000 + n // 12}-{n % 12 + 1:02}.xml" for n in range(sitemap.MAX_PARTS * 2)]
    found = read(index(*map(loc, names)))
    assert parts(found) == names[::-1][: sitemap.MAX_PARTS]
    assert found.defect is not None
    assert "100 of 200 parts left out" in found.defect


def test_what_is_named_twice_is_one_link_and_an_index_does_not_name_itself() -> None:
    assert paths(read(urlset(loc("/un"), loc("/deux"), loc("/un")))) == ["/un", "/deux"]
    assert parts(read(index(loc("/sitemap.xml"), loc("/a.xml"), loc("/a.xml")))) == ["/a.xml"]


@pytest.mark.slow
def test_a_sitemap_as_large_as_the_protocol_allows_takes_seconds() -> None:
    body = urlset(*(loc(f"/{'x' * 60}/{n}", "2026-10-01") for n in range(50_001))).encode()
    began = time.process_time()
    found = read(body)
    assert time.process_time() - began < 8
    assert len(found.links) == sitemap.MAX_LINKS
    assert found.defect is not None
    assert "more than 50,000 addresses" in found.defect


@given(st.binary(max_size=300) | st.text(alphabet="<>/&;:urlsetoc\" ='!-[]?\n", max_size=120))
def test_whatever_the_bytes_it_is_a_harvest_or_a_feed_error(body: bytes | str) -> None:
    raw = body if isinstance(body, bytes) else body.encode()
    for given_ in (raw, b"<urlset><url>" + raw + b"</url>", gzip.compress(raw)[:-3]):
        with contextlib.suppress(FeedError):
            assert isinstance(read(given_), Harvest)


def test_a_source_names_its_sitemaps(source: Source) -> None:
    assert sitemap.addresses(source) == source.sitemaps
    assert sitemap.ask(HERE, None, {}) == HERE


CORPUS = Path(os.environ.get("TAMIS_CORPORA", "")) / "web"


@pytest.mark.skipif("TAMIS_CORPORA" not in os.environ, reason="TAMIS_CORPORA names no corpora")
@pytest.mark.parametrize(
    ("name", "links", "named"),
    [
        ("ccnews-sitemap-news.xml", 2, 0),
        ("trafilatura-sitemap-hreflang.xml", 3, 1),
        ("trafilatura-sitemap.xml", 83, 0),
        ("trafilatura-sitemap.xml.gz", 83, 0),
        ("trafilatura-sitemap2.xml", 0, 2),
        ("ccnews-feed-with-sitemap-namespace.xml", 2, 0),
    ],
)
def test_real_sitemaps_are_read_without_a_defect(name: str, links: int, named: int) -> None:
    found = read((CORPUS / name).read_bytes())
    assert (len(found.links), len(found.parts), found.defect) == (links, named, None)
