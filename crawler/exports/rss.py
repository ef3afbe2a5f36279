"""RSS 2.0 as the RSS Advisory Board's profile has it, with modules for what it has no words for.

Links of other kinds and further enclosures (the profile wants one at most) are Atom's.
"""

import html
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from lxml import etree
from lxml.builder import ElementMaker

from crawler.exports.atom import archive_links, enclosure, via
from crawler.exports.items import Feed, Item
from crawler.exports.xmltext import ATOM, HISTORY, in_language, timestamp, xml_bytes

MEDIA_TYPE = "application/rss+xml"
NAMESPACES = {
    "atom": ATOM,
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "fh": HISTORY,
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
}
# What a reader that takes titles for HTML would not show as it stands.
LIKE_MARKUP = re.compile(r"<[a-z!/?]|&#?\w+;", re.IGNORECASE)

make: Any = ElementMaker()
atom, content, dc, dcterms, sy = (
    ElementMaker(namespace=NAMESPACES[name], nsmap={name: NAMESPACES[name]})
    for name in ("atom", "content", "dc", "dcterms", "sy")
)  # type: Any, Any, Any, Any, Any


def write(feed: Feed) -> bytes:
    root = etree.Element("rss", {"version": "2.0", **in_language(feed.language)}, NAMESPACES)
    root.append(
        make.channel(
            make.title(_title(feed.title)),
            make.link(feed.page),
            make.description(_escaped(feed.description)),
            *([make.language(feed.language)] if feed.language else []),
            make.lastBuildDate(_day_and_time(feed.updated)),
            make.generator("Tamis"),
            sy.updatePeriod("daily"),
            sy.updateFrequency("1"),
            atom.link(rel="self", type=MEDIA_TYPE, href=feed.url),
            *archive_links(feed, atom, MEDIA_TYPE),
            *(_item(item) for item in feed.items),
        )
    )
    return xml_bytes(root, feed.stylesheet)


def _item(item: Item) -> etree._Element:
    homepage = item.publisher.homepage
    first, others = item.enclosures[:1], item.enclosures[1:]
    node: etree._Element = make.item(
        in_language(item.language),
        make.title(_title(item.title)),
        make.link(item.url),
        atom.link(rel="related", type="text/html", href=item.page),
        *([via(item.origin, atom)] if item.origin else []),
        make.guid(item.id, isPermaLink="false"),
        make.pubDate(_day_and_time(item.dated)),
        dcterms.modified(timestamp(item.updated)),
        *([make.description(_escaped(item.summary))] if item.summary else []),
        *([content.encoded(item.html)] if item.html else []),
        *(dc.creator(name) for name in item.authors),
        dc.language(item.language),
        *(make.category(c.name, domain=c.scheme) for c in item.categories),
        *([make.source(item.publisher.name, url=homepage)] if homepage else []),
        # The profile: a length that is not known is 0.
        *(make.enclosure(url=e.url, length=str(e.size or 0), type=e.media_type) for e in first),
        *(enclosure(each, atom) for each in others),
    )
    return node


def _escaped(text: str) -> str:
    """Readers take a description for HTML, so plain text is escaped once more than XML asks."""
    return html.escape(text, quote=False)


def _title(text: str) -> str:
    """A title is text to some readers and HTML to others: escaped only where these would differ."""
    return _escaped(text) if LIKE_MARKUP.search(text) else text


def _day_and_time(when: datetime) -> str:
    return format_datetime(when.astimezone(UTC))
