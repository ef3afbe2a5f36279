"""Atom (RFC 4287), with the links of RFC 5005."""

from typing import Any

from lxml import etree
from lxml.builder import ElementMaker

from crawler.exports.items import Enclosure, Feed, Item, Origin
from crawler.exports.texts import tag
from crawler.exports.xmltext import ATOM, HISTORY, attributes, in_language, timestamp, xml_bytes

MEDIA_TYPE = "application/atom+xml"
make: Any = ElementMaker(namespace=ATOM, nsmap={None: ATOM})


def write(feed: Feed) -> bytes:
    root = etree.Element(f"{{{ATOM}}}feed", in_language(feed.language), {None: ATOM, "fh": HISTORY})
    own = in_language(feed.interface)
    root.extend(
        [
            make.id(feed.id),
            make.title(feed.title, own),
            make.subtitle(feed.description, own),
            make.updated(timestamp(feed.updated)),
            make.link(rel="self", type=MEDIA_TYPE, href=feed.url),
            make.link(rel="alternate", type="text/html", href=feed.page),
            *archive_links(feed, make, MEDIA_TYPE),
            make.author(make.name("Tamis"), make.uri(feed.base_url)),
            make.generator("Tamis"),
            *(_entry(feed, item) for item in feed.items),
        ]
    )
    return xml_bytes(root, feed.stylesheet)


def archive_links(feed: Feed, make: Any, media_type: str) -> list[etree._Element]:
    """RFC 5005: where the pages beside this one are, if it is one of an archive."""
    ways = {"prev-archive": feed.older, "next-archive": feed.newer}
    links = [
        make.link(rel=rel, type=media_type, href=feed.at(period))
        for rel, period in ways.items()
        if period
    ]
    if feed.address.period:
        current = make.link(rel="current", type=media_type, href=feed.at(None))
        return [etree.Element(f"{{{HISTORY}}}archive"), current, *links]
    return links


def via(origin: Origin, make: Any) -> etree._Element:
    link: etree._Element = make.link(
        rel="via", **attributes(href=origin.url, title=origin.publisher)
    )
    return link


def enclosure(each: Enclosure, make: Any) -> etree._Element:
    link: etree._Element = make.link(
        rel="enclosure",
        **attributes(href=each.url, type=each.media_type, length=each.size, title=each.title),
    )
    return link


def _entry(feed: Feed, item: Item) -> etree._Element:
    homepage = item.publisher.homepage
    node: etree._Element = make.entry(
        in_language(item.language),
        make.id(item.id),
        make.title(item.title),
        make.link(rel="alternate", href=item.url),
        make.link(rel="related", type="text/html", href=item.page),
        *([via(item.origin, make)] if item.origin else []),
        *(enclosure(each, make) for each in item.enclosures),
        make.published(timestamp(item.dated)),
        make.updated(timestamp(item.updated)),
        *(make.author(make.name(name)) for name in item.authors),
        *(make.category(term=c.code, scheme=c.scheme, label=c.name) for c in item.categories),
        *([make.summary(item.summary)] if item.summary else []),
        *([make.content(item.html, type="html")] if item.html else []),
        make.source(
            make.id(homepage or tag(feed.base_url, f"source/{item.publisher.id}")),
            make.title(item.publisher.name),
            make.updated(timestamp(item.updated)),
            *([make.link(rel="alternate", href=homepage)] if homepage else []),
        ),
    )
    return node
