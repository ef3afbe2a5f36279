"""Lists of feeds and of sources (OPML 2.0), for readers that subscribe to many at once."""

import sqlite3
from collections.abc import Sequence
from functools import cache
from itertools import groupby
from typing import Any

from lxml import etree
from lxml.builder import ElementMaker

from crawler.exports.addresses import Address
from crawler.exports.feeds import Names, every, page_url, site_url
from crawler.exports.texts import line
from crawler.published import countries, rows
from crawler.urls import web_url

MEDIA_TYPE = "text/x-opml"
GROUPS = {"": "All", "language": "Languages", "country": "Countries", "source": "Sources"}

make: Any = ElementMaker()


def feeds_opml(conn: sqlite3.Connection) -> bytes:
    """Every feed that has articles, as Atom, in groups; themes are under their language."""
    base_url = site_url(conn)
    names = cache(lambda language: Names(conn, language))
    groups = []
    for kind, addresses in groupby(every(conn), _kind):
        group = make.outline(text=GROUPS[kind])
        for address in addresses:
            query = address.query
            outline = make.outline(
                type="rss",
                version="ATOM1",
                text=names(query.language or "en").title(query),
                xmlUrl=base_url + address.url,
                htmlUrl=page_url(base_url, query),
            )
            # `every` names a language before its themes.
            (group[-1] if query.theme else group).append(outline)
        groups.append(group)
    return _document("Tamis: feeds", groups)


def sources_opml(conn: sqlite3.Connection) -> bytes:
    """The sources by country, with their homepages: where they are crawled is not published."""
    names = countries(conn)
    sql = "SELECT country, name, homepage FROM sources ORDER BY country, name, id"
    return _document(
        "Tamis: sources",
        [
            make.outline(*(_source(*row[1:]) for row in found), text=names.get(country, country))
            for country, found in groupby(rows(conn, sql), key=lambda row: row[0])
        ],
    )


LISTS = {"feeds.opml": feeds_opml, "sources.opml": sources_opml}


def _source(name: str, homepage: str) -> etree._Element:
    url = web_url(homepage)
    outline: etree._Element = make.outline(
        text=line(name), **({"type": "link", "url": url} if url else {})
    )
    return outline


def _kind(address: Address) -> str:
    asked = address.query.parameters()
    return next((kind for kind in GROUPS if kind in asked), "")


def _document(title: str, outlines: Sequence[etree._Element]) -> bytes:
    root = make.opml(make.head(make.title(title)), make.body(*outlines), version="2.0")
    etree.indent(root)
    body: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    return body + b"\n"
