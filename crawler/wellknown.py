"""What search engines ask for: who may crawl what, and where the articles are.

A sitemap holds a range of article numbers, so that it stays the same while others come.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from crawler.published import rows
from crawler.translation import INTERFACES

PART = 10_000  # articles; the protocol allows 50,000, which take five times as long
PAGES = ("/", "/coverage", "/feeds", "/method", "/sources", "/trends")  # in each language
XMLNS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
XHTML = 'xmlns:xhtml="http://www.w3.org/1999/xhtml"'

# The longest rule that fits a path decides (RFC 9309): feeds may have a question, others not.
ROBOTS = """\
User-agent: *
Disallow: {base}*?*
Disallow: {base}{data}
Disallow: {base}-/
Disallow: {base}facet/
Disallow: {base}*/facet/
Disallow: {base}export.
Disallow: {base}*/export.
Disallow: {base}cite
Disallow: {base}*/cite
Allow: {base}article/
Allow: {base}feeds/

Sitemap: {site}sitemap.xml
"""
CLOSED = "User-agent: *\nDisallow: /\n"


def rules(base: str, data: str, site: str, *, private: bool) -> str:
    """`base` is the path of the site, `site` its address; both end in /. `data` is the database."""
    return CLOSED if private else ROBOTS.format(base=base, data=data, site=site)


def sitemap_index(conn: sqlite3.Connection, site: str, built: str) -> str:
    parts = (
        f"<sitemap><loc>{escape(site)}sitemap/{name}.xml</loc>{_lastmod(built)}</sitemap>"
        for name in ("pages", *(str(part) for part in _parts(conn)))
    )
    return _document(f"<sitemapindex {XMLNS}>", parts, "</sitemapindex>")


def _parts(conn: sqlite3.Connection) -> list[int]:
    # Each by itself, or SQLite looks at every article.
    ends = "SELECT (SELECT min(id) FROM articles), (SELECT max(id) FROM articles)"
    ((first, last),) = rows(conn, ends)
    if first is None:
        return []
    # Numbers may have gaps, of which a part that is empty is one.
    exists = "SELECT EXISTS (SELECT 1 FROM articles WHERE id >= ? AND id < ?)"
    parts = range(first // PART, last // PART + 1)
    return [n for n in parts if rows(conn, exists, (n * PART, (n + 1) * PART))[0][0]]


def sitemap_of_articles(conn: sqlite3.Connection, site: str, part: int) -> str | None:
    """The sitemap of a part, reprints left out; None if it has no article."""
    first = part * PART
    if first >= 2**62:  # SQLite cannot hold it
        return None
    found = rows(
        conn,
        "SELECT id, fetched FROM articles WHERE id >= ? AND id < ? AND duplicate_of IS NULL",
        (first, first + PART),
    )
    if not found:
        return None
    base = escape(site)
    urls = (f"<url><loc>{base}article/{id_}</loc>{_lastmod(when)}</url>" for id_, when in found)
    return _document(f"<urlset {XMLNS}>", urls, "</urlset>")


def sitemap_of_pages(site: str, built: str, there: Sequence[str] = PAGES) -> str:
    """The sitemap of the pages that are not of one article, each with its other languages."""
    urls = (_page(site, path.removeprefix("/"), built) for path in there)
    return _document(f"<urlset {XMLNS} {XHTML}>", urls, "</urlset>")


def _page(site: str, path: str, built: str) -> str:
    addresses = {"x-default": f"{site}{path}"} | {
        code: f"{site}{code}/{path}" for code in INTERFACES
    }
    links = "".join(
        f'<xhtml:link rel="alternate" hreflang="{code}" href="{escape(address)}"/>'
        for code, address in addresses.items()
    )
    return "\n".join(
        f"<url><loc>{escape(address)}</loc>{_lastmod(built)}{links}</url>"
        for address in addresses.values()
    )


def _lastmod(when: str) -> str:
    return f"<lastmod>{escape(when)}</lastmod>" if when else ""


def _document(head: str, parts: Iterator[str], foot: str) -> str:
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *parts, foot, ""])
