"""Sitemaps of every form a server gives them: XML, index, gzip, text, robots.txt, news, a feed.

A sitemap names all of a site, so much of this module is what to leave out, and saying so.
"""

import gzip
import re
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from urllib.parse import urlsplit

from lxml import etree

from crawler import clock, feeds
from crawler.errors import FeedError
from crawler.feedxml import mend_ampersands
from crawler.items import Address, Answer, Harvest, Link, Part, Source
from crawler.shapes import MEDIA
from crawler.urls import web_url
from spiders.channels.server_time import server_time

# The protocol's own limits for one document: 50 MB unpacked (here read as MiB), 50,000 addresses.
MAX_BYTES = 50 * 1024 * 1024
MAX_ENTRIES = 50_000
# Elements that are read, so that one small bomb does not take half a minute: 50,000 addresses with
# 15 translations or images each; they take 3 s.
MAX_ELEMENTS = 1_000_000
# What one visit may add to the frontier. A site of 10 articles a day fills it in three years, and
# at one request a second the pages of one visit are fetched within three hours.
MAX_LINKS = 10_000
# Parts of one index that are visited: eight years of monthly sitemaps.
MAX_PARTS = 100
# Translations that one address may name: there are fewer than 100 languages on any site we know.
MAX_ALTERNATES = 100
MAX_REFUSED = 200  # characters, for the log
CHUNK = 64 * 1024
# Before the web there were no sitemaps: 1970 is a date that somebody forgot to set.
FIRST_YEAR = 1991
# A date may be ahead of the server's clock by what the zones of the world are apart.
AHEAD = timedelta(hours=26)

# Parts that hold no articles, by the name that the tool that makes them gives, matched with the
# last part of the path and the query.
PASSED_OVER = (
    # WordPress core (WP_Sitemaps), with pretty permalinks and with plain ones.
    r"wp-sitemap-(?:taxonomies|users)-",
    r".*\?(?:.*&)?sitemap=(?:taxonomies|users)\b",
    # Yoast SEO, Rank Math, SEOPress, All in One SEO: <type>-sitemap<n>.xml
    r"(?:category|post_tag|post_format|author|attachment|local|addl|product\w*)-sitemap\d*\.xml",
    # Jetpack: image-sitemap-1.xml; others turn the words round.
    r"(?:image|video)s?-sitemap(?:-index)?(?:-?\d+)?\.xml",
    r"sitemap[-_](?:image|video)s?(?:[-_]?\d+)?\.xml",
    # XML Sitemap Generator for Google: sitemap-tax-category.xml
    r"sitemap-(?:tax-|authors\b|pt-product)",
    # Wix, Shopify
    r"(?:blog-categories|store-products|store-categories)-sitemap\.xml",
    r"sitemap_(?:products|collections)_",
)
NO_ARTICLES = re.compile("|".join(PASSED_OVER))
# Paths of lists, as WordPress and its translations make them: one name after the word, and no more,
# since an article may well live at /category/news/its-name.
LISTS = re.compile(
    r"(?:/[a-z]{2}(?:-[a-z]{2})?)?/(?:tags?|category|categories|categorie|authors?|auteur)/[^/]+"
    r"(?:/page/\d+)?/?",
    re.IGNORECASE,
)
# Some indexes give their parts no date but in their names: sitemap-2026-10.xml.
DATE_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_/]?(0[1-9]|1[0-2])(?:[-_/]?([0-3]\d))?(?!\d)")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
ROBOTS_LINE = re.compile(r"^\s*sitemap\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
# What a sitemap starts with; PHP writes its warnings before it.
START = re.compile(rb"<\?xml\s|<(?:\w+:)?(?:urlset|sitemapindex)[\s>]")
FEED_ROOTS = frozenset({"rss", "rdf", "feed"})


@dataclass(slots=True)
class Entry:
    """One <url> or <sitemap> while it is being read; times and addresses as they stand."""

    kind: str
    values: dict[str, str] = field(default_factory=dict)
    alternates: list[tuple[str, str]] = field(default_factory=list)


# Which element, within which, means what.
VALUES = {
    ("url", "loc"): "loc", ("sitemap", "loc"): "loc",
    ("url", "lastmod"): "lastmod", ("sitemap", "lastmod"): "lastmod",
    ("news", "title"): "title", ("news", "publication_date"): "published",
    ("news", "keywords"): "keywords",
    ("publication", "name"): "publisher", ("publication", "language"): "language",
    ("image", "loc"): "image",
}  # fmt: skip


def addresses(source: Source) -> tuple[Address, ...]:
    return source.sitemaps


def ask(url: str, cursor: str | None, options: Mapping[str, str]) -> str:  # noqa: ARG001 (a channel's arguments)
    return url


def read(answer: Answer) -> Harvest:
    """Links and parts of a sitemap. Raises FeedError on what is none, or is too large unpacked."""
    body, damage = unpacked(answer.body, answer.url)
    body = _utf8(body).lstrip()
    defects = [damage]
    if not body.startswith((b"<?", b"<!")) and (start := START.search(body, 0, CHUNK)):
        if start.start():
            defects.append("text before the document")
        body = body[start.start() :]
    if not body:
        raise FeedError(f"{answer.url}: empty, where a sitemap was expected ({_joined(defects)})")
    if not body.startswith(b"<"):
        return _read_text(body, answer, defects)
    try:
        root, entries, whole = _entries(body)
    except etree.XMLSyntaxError as error:
        defects.append(f"{type(error).__name__}: {error}")
        # Up to the last whole tag, so that half an address is none.
        mended = mend_ampersands(body[: body.rfind(b">") + 1])
        try:
            root, entries, whole = _entries(mended, recover=True)
        except etree.XMLSyntaxError:
            root, entries, whole = "", [], True
    if root in FEED_ROOTS:
        return feeds.parse(body, answer.url, content_type=answer.content_type)
    if root not in ("urlset", "sitemapindex") and not entries:
        what = "an HTML page" if b"<html" in body[:2000].lower() else f"<{root}>" if root else "XML"
        why = f" ({_joined(defects)})" if any(defects) else ""
        raise FeedError(f"{answer.url}: {what}, where a sitemap was expected{why}")
    if not whole:
        most = f"{MAX_ENTRIES:,} addresses or {MAX_ELEMENTS:,} elements"
        defects.append(f"more than {most}, the rest was not read")
    return _harvest(entries, answer, defects)


def unpacked(body: bytes, url: str) -> tuple[bytes, str]:
    """The body, without gzip if it has that, and what is wrong with the packing."""
    packed, found = BytesIO(body), bytearray()
    damage = ""
    if body.startswith(b"\x1f\x8b"):
        unzipped = gzip.GzipFile(fileobj=packed)
        try:
            while len(found) <= MAX_BYTES and (data := unzipped.read1(CHUNK)):
                found += data
        except EOFError:
            damage = "gzip cut off, read as far as it goes"
        except (OSError, zlib.error) as error:
            damage = f"corrupt gzip, read as far as it goes ({error})"
        body = bytes(found)
    if len(body) > MAX_BYTES:
        how = " when unpacked" if found else ""
        raise FeedError(f"{url}: more than a sitemap's {MAX_BYTES:,} bytes{how}")
    return body, damage


def _utf8(body: bytes) -> bytes:
    """UTF-16, which a few servers send, made what all that follows understands."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = body.decode("utf-16", "replace")
        return re.sub(r"(<\?xml[^>]*?)\s+encoding=[\"'][^\"']*[\"']", r"\1", text, count=1).encode()
    return body.removeprefix(b"\xef\xbb\xbf")


def _entries(body: bytes, *, recover: bool = False) -> tuple[str, list[Entry], bool]:
    """The root's name, what it lists, and whether that is all of it.

    Stops at the root of what is no sitemap. Keeps no tree: each element goes when it has ended.
    """
    events = etree.iterparse(
        BytesIO(body),
        events=("start", "end"),
        recover=recover,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    path: list[str] = []
    entries: list[Entry] = []
    root, elements = "", 0
    for event, element in events:
        name = _local(element.tag)
        if event == "start":
            root = root or name
            if not path and name in (*FEED_ROOTS, "html"):
                break
            path.append(name)
            if name in ("url", "sitemap"):
                if len(entries) == MAX_ENTRIES:
                    return root, entries, False
                entries.append(Entry(kind=name))
            continue
        elements += 1
        if elements > MAX_ELEMENTS:
            return root, entries, False
        if entries:
            _take(entries[-1], path, element)
        path.pop()
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]
    return root, entries, True


def _take(entry: Entry, path: list[str], element: etree._Element) -> None:
    name = path[-1]
    # Ill-formed input nests what should follow: the nearest element that may hold it counts.
    for holder in reversed(path[:-1]):
        if meaning := VALUES.get((holder, name)):
            if text := " ".join((element.text or "").split()):
                entry.values.setdefault(meaning, text)
            return
        if holder in ("news", "image", "video", "url", "sitemap"):
            break
    if name == "link" and element.get("rel") == "alternate":
        language, href = element.get("hreflang"), element.get("href")
        if language and href and len(entry.alternates) < MAX_ALTERNATES:
            entry.alternates.append((language.strip(), href))


def _harvest(entries: list[Entry], answer: Answer, defects: list[str]) -> Harvest:
    now = server_time(answer)
    links, parts, refused = list[Link](), list[Part](), list[str]()
    named = [(entry, web_url(entry.values.get("loc", ""), answer.url)) for entry in entries]
    own = {address for entry, address in named if entry.kind == "url"}
    for entry, address in named:
        if address is None or "loc" not in entry.values:
            refused.append(entry.values.get("loc", "an entry without address"))
        elif entry.kind == "sitemap":
            parts.append(Part(url=address, changed=moment(entry.values.get("lastmod"), now)))
        elif may_be_article(address):
            languages: dict[str, str] = {}
            for language, other in entry.alternates:
                if language.lower() != "x-default" and (href := web_url(other, answer.url)):
                    languages.setdefault(href, language)
            links.append(_link(entry, address, languages.get(address), now))
            links += (
                Link(url=href, language=language, alternate=language)
                for href, language in languages.items()
                if href not in own and may_be_article(href)
            )
    return _bounded(links, parts, refused, answer.url, defects)


def _bounded(
    links: Iterable[Link],
    parts: Iterable[Part],
    refused: Iterable[str],
    url: str,
    defects: list[str],
) -> Harvest:
    """The newest links in the document's order, the newest parts first; the rest is counted."""
    first: dict[str, Link] = {}
    for link in links:
        first.setdefault(link.url, link)
    named = list(first.values())
    kept = sorted(range(len(named)), key=lambda i: _age(named[i]), reverse=True)[:MAX_LINKS]
    if left := len(named) - len(kept):
        defects.append(f"{left:,} of {len(named):,} links left out, the oldest")
    wanted = {p.url: p for p in parts if p.url != url and holds_articles(p.url)}
    newest = sorted(wanted.values(), key=lambda p: p.changed or _date_in(p.url), reverse=True)
    if left := len(newest[MAX_PARTS:]):
        defects.append(f"{left:,} of {len(newest):,} parts left out, the oldest")
    return Harvest(
        links=tuple(named[i] for i in sorted(kept)),
        parts=tuple(newest[:MAX_PARTS]),
        refused=tuple(address[:MAX_REFUSED] for address in refused),
        defect=_joined(defects) or None,
    )


def _link(entry: Entry, address: str, language: str | None, now: datetime | None) -> Link:
    values = entry.values
    keywords = (word.strip() for word in values.get("keywords", "").split(","))
    return Link(
        url=address,
        title=values.get("title"),
        published=moment(values.get("published"), now),
        updated=moment(values.get("lastmod"), now),
        categories=tuple(dict.fromkeys(word for word in keywords if word)),
        language=values.get("language") or language,
        alternate=language,
        image=web_url(values["image"], address) if "image" in values else None,
        publisher=values.get("publisher"),
    )


def _read_text(body: bytes, answer: Answer, defects: list[str]) -> Harvest:
    """A robots.txt, or a sitemap that is one address a line."""
    text = body.decode("utf-8", "replace")
    robots = ROBOTS_LINE.findall(text)
    lines = robots or [line.strip() for line in text.splitlines() if line.strip()]
    if not robots:
        if urlsplit(answer.url).path.endswith("/robots.txt"):
            raise FeedError(f"{answer.url}: names no sitemap (it has no line `Sitemap: ADDRESS`)")
        if not (lines and web_url(lines[0])):
            raise FeedError(
                f"{answer.url}: neither XML nor addresses, where a sitemap was expected"
            )
        if any(defects) and not text.endswith("\n"):
            lines.pop()  # cut off in the middle of an address
    if len(lines) > MAX_ENTRIES:
        defects.append(f"more than {MAX_ENTRIES:,} addresses, the rest was not read")
    lines = lines[:MAX_ENTRIES]
    found = [(line, web_url(line, answer.url if robots else "")) for line in lines]
    named = [url for _, url in found if url]
    links = [] if robots else [Link(url=url) for url in named if may_be_article(url)]
    parts = [Part(url=url) for url in named] if robots else []
    return _bounded(links, parts, [line for line, url in found if not url], answer.url, defects)


def holds_articles(url: str) -> bool:
    """Whether a part may: its name is not one that a known tool gives to lists and media.

    >>> holds_articles("https://a.example/wp-sitemap-posts-post-1.xml")
    True
    >>> holds_articles("https://a.example/post_tag-sitemap2.xml")
    False
    """
    parts = urlsplit(url)
    name = parts.path.rpartition("/")[2] + (f"?{parts.query}" if parts.query else "")
    return not NO_ARTICLES.match(name)


def may_be_article(url: str) -> bool:
    """False for what surely is none. An address with a query always may: it can be anything.

    >>> may_be_article("https://a.example/spip.php?article12")
    True
    >>> may_be_article("https://a.example/tag/logement/")
    False
    """
    parts = urlsplit(url)
    if MEDIA.search(parts.path):
        return False
    return bool(parts.query) or not (parts.path in ("", "/") or LISTS.fullmatch(parts.path))


def moment(value: str | None, now: datetime | None = None) -> str | None:
    """A W3C date, alone or with its time in UTC; None of nonsense and of what is to come.

    >>> moment("2026-10-12T09:15:00+02:00"), moment("2026-10-12"), moment("hier")
    ('2026-10-12T07:15:00Z', '2026-10-12', None)
    """
    if not value:
        return None
    text = re.sub(r"\s*(?:UTC|GMT)$", "Z", re.sub(r"\s+(?=[+-]\d\d:?\d\d$)", "", value.strip()))
    when = None
    for given in (text, text[:10]):
        with suppress(ValueError):
            when = datetime.fromisoformat(given) if DAY.match(given) else None
            break
    if when is None or not FIRST_YEAR <= when.year <= date.max.year - 1:
        return None
    # A time that names no zone: most servers keep theirs in UTC, and it is compared with itself.
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    if now and when > now + AHEAD:
        return None
    alone = len(given) == len("2026-10-12")
    return given if alone else clock.stamp(when)


def _local(tag: str) -> str:
    """`{namespace}loc`, `news:loc` (of a prefix that was never declared), `LOC`: loc."""
    return tag.rpartition("}")[2].rpartition(":")[2].lower()


def _age(link: Link) -> str:
    return max(link.updated or "", link.published or "")


def _date_in(url: str) -> str:
    found = DATE_IN_NAME.search(urlsplit(url).path)
    return "-".join(part for part in found.groups() if part) if found else ""


def _joined(defects: Iterable[str]) -> str:
    return "; ".join(filter(None, defects))
