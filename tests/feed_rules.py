"""The rules of Atom, RSS 2.0, JSON Feed 1.1 and OPML 2.0, as validators hold them.

Each checker takes a document of ours and names its faults, in the order found. They know the
elements that we emit: anything else is a fault too, so that nothing new goes out unchecked.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from lxml import etree, html

NAMESPACES = {
    "": "",
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "fh": "http://purl.org/syndication/history/1.0",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
}
PREFIXES = {uri: prefix for prefix, uri in NAMESPACES.items()}
LANGUAGE = re.compile(r"[a-z]{2,8}(-[A-Za-z0-9]{1,8})*")
MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
PERIODS = {"hourly", "daily", "weekly", "monthly", "yearly"}
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

ONE, MAY, MANY = (1, 1), (0, 1), (0, 10_000)
Cardinality = tuple[int, int]
LINKS = {"self": MAY, "alternate": MAY, "via": MAY, "current": MAY, "prev-archive": MAY,
         "next-archive": MAY, "related": MANY, "enclosure": MANY}  # fmt: skip
# Which elements each may hold, and how often.
CONTENT: dict[str, dict[str, Cardinality]] = {
    "atom:feed": {
        "atom:id": ONE, "atom:title": ONE, "atom:updated": ONE, "atom:subtitle": MAY,
        "atom:link": MANY, "atom:author": ONE, "atom:generator": MAY, "fh:archive": MAY,
        "atom:entry": MANY,
    },
    "atom:entry": {
        "atom:id": ONE, "atom:title": ONE, "atom:updated": ONE, "atom:published": MAY,
        "atom:link": MANY, "atom:author": (1, 10_000), "atom:category": MANY,
        "atom:summary": MAY, "atom:content": MAY, "atom:source": MAY,
    },
    "atom:source": {"atom:id": ONE, "atom:title": ONE, "atom:updated": ONE, "atom:link": MAY},
    "atom:author": {"atom:name": ONE, "atom:uri": MAY},
    "rss": {"channel": ONE},
    "channel": {
        "title": ONE, "link": ONE, "description": ONE, "language": MAY, "lastBuildDate": MAY,
        "generator": MAY, "sy:updatePeriod": MAY, "sy:updateFrequency": MAY,
        "atom:link": MANY, "fh:archive": MAY, "item": MANY,
    },
    "item": {
        "title": ONE, "link": ONE, "guid": ONE, "pubDate": MAY, "dcterms:modified": MAY,
        "description": MAY, "content:encoded": MAY, "dc:creator": MANY, "dc:language": MAY,
        "category": MANY, "source": MAY, "enclosure": MAY, "atom:link": MANY,
    },
    "opml": {"head": ONE, "body": ONE},
    "head": {"title": MAY},
    "body": {"outline": MANY},
    "outline": {"outline": MANY},
}  # fmt: skip


def faults(format_: str, body: bytes) -> list[str]:
    """What is wrong with a document of that format."""
    return list(CHECKS[format_](body))


# --- XML -----------------------------------------------------------------------------------------


def _xml(body: bytes, root: str) -> Iterator[str]:
    try:
        document = etree.fromstring(body)
    except etree.XMLSyntaxError as error:
        yield f"not well-formed: {error}"
        return
    if name(document) != root:
        yield f"the root is {name(document)}, not {root}"
        return
    for node in document.iter(etree.Element):
        yield from _cardinality(node)
        language = node.get(XML_LANG)
        if language is not None and not LANGUAGE.fullmatch(language):
            yield f"{name(node)}: no language {language!r}"
        if check := ELEMENTS.get(name(node)):
            yield from (f"{name(node)}: {fault}" for fault in check(node))


def name(node: etree._Element) -> str:
    tag = etree.QName(node)
    prefix = PREFIXES.get(tag.namespace or "", tag.namespace)
    return f"{prefix}:{tag.localname}" if prefix else str(tag.localname)


def _cardinality(node: etree._Element) -> Iterator[str]:
    rules = CONTENT.get(name(node), {})
    counts = Counter(name(child) for child in node.iterchildren(etree.Element))
    for child in counts.keys() - rules.keys():
        yield f"{name(node)} holds {child}"
    for child, (least, most) in rules.items():
        if not least <= counts[child] <= most:
            yield f"{name(node)} holds {counts[child]} {child}"


def _atom(body: bytes) -> Iterator[str]:
    found = list(_xml(body, "atom:feed"))
    yield from found
    if found:
        return
    feed = etree.fromstring(body)
    yield from _links(feed, "atom:link", {"self": ONE, "alternate": ONE})
    ids = [node.findtext("{*}id") for node in feed.iterfind("{*}entry")]
    yield from _unique("id", ids)
    for entry in feed.iterfind("{*}entry"):
        yield from _links(entry, "atom:link", {"self": (0, 0), "alternate": ONE})
    yield from _archived(feed)


def _rss(body: bytes) -> Iterator[str]:
    found = list(_xml(body, "rss"))
    yield from found
    if found:
        return
    rss = etree.fromstring(body)
    if rss.get("version") != "2.0":
        yield f"version {rss.get('version')}"
    channel = rss.find("channel")
    yield from _links(channel, "atom:link", {"self": ONE})
    yield from _unique("guid", [item.findtext("guid") for item in channel.iterfind("item")])
    yield from _archived(channel)


def _links(node: etree._Element, tag: str, rules: dict[str, Cardinality]) -> Iterator[str]:
    counts = Counter(
        link.get("rel") for link in node.iterchildren(etree.Element) if name(link) == tag
    )
    for rel, (least, most) in (LINKS | rules).items():
        if not least <= counts[rel] <= most:
            yield f"{counts[rel]} links {rel}"
    for rel in counts.keys() - LINKS.keys():
        yield f"a link {rel}"


def _archived(feed: etree._Element) -> Iterator[str]:
    """RFC 5005, 4: a page of an archive leads to the feed, and no page to itself."""
    links = {
        link.get("rel"): link.get("href")
        for link in feed.iterchildren(etree.Element)
        if name(link) == "atom:link"
    }
    archive = any(name(child) == "fh:archive" for child in feed.iterchildren(etree.Element))
    if archive != ("current" in links):
        yield "an archive without its current feed, or the other way round"
    if len({*links.values()}) != len(links):
        yield "two links to one address"


def _text(node: etree._Element) -> Iterator[str]:
    if not (node.text or "").strip():
        yield "empty"
    if len(node):
        yield "holds elements"
    if node.get("type", "text") not in {"text", "html"}:
        yield f"no type {node.get('type')!r}"
    if node.get("type") == "html":
        yield from _safe(node.text or "")


def _markup(node: etree._Element) -> Iterator[str]:
    yield from _text(node)
    yield from _safe(node.text or "")


def _safe(markup: str) -> Iterator[str]:
    """HTML of paragraphs alone: no attributes, nothing to run or load."""
    for node in html.fragment_fromstring(markup, create_parent="div").iterdescendants():
        if node.tag != "p" or node.attrib:
            yield f"markup beyond paragraphs: <{node.tag}>"


def _time(node: etree._Element) -> Iterator[str]:
    yield from rfc3339(node.text)


def rfc3339(text: Any) -> Iterator[str]:
    shape = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"
    try:
        assert re.fullmatch(shape, text or "", re.ASCII)
        datetime.fromisoformat(text)
    except (AssertionError, TypeError, ValueError):
        yield f"no RFC 3339 time: {text!r}"


def _rfc822(node: etree._Element) -> Iterator[str]:
    shape = r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d ([+-]\d{4}|GMT)"
    try:
        assert re.fullmatch(shape, node.text or "")
        when = parsedate_to_datetime(node.text or "")
        assert f"{when:%a}" == (node.text or "")[:3]
    except (AssertionError, ValueError):
        yield f"no RFC 822 time: {node.text!r}"


def web(url: Any) -> Iterator[str]:
    """An absolute http(s) address, as RFC 3987 writes it."""
    parts = urlsplit(url) if isinstance(url, str) else urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"[\s<>\"]", url):
        yield f"no web address: {url!r}"


def iri(text: Any) -> Iterator[str]:
    if not isinstance(text, str) or not re.fullmatch(r"[a-z][a-z0-9+.-]*:[^\s<>\"]+", text):
        yield f"no IRI: {text!r}"


def _link(node: etree._Element) -> Iterator[str]:
    yield from web(node.get("href"))
    if (kind := node.get("type")) is not None and not MEDIA_TYPE.fullmatch(kind):
        yield f"no media type {kind!r}"
    if not node.get("length", "0").isdigit():
        yield f"no length {node.get('length')!r}"


def _enclosure(node: etree._Element) -> Iterator[str]:
    yield from web(node.get("url"))
    if not MEDIA_TYPE.fullmatch(node.get("type", "")):
        yield f"no media type {node.get('type')!r}"
    if not node.get("length", "").isdigit():
        yield f"no length {node.get('length')!r}"


def _category(node: etree._Element) -> Iterator[str]:
    if not node.get("term"):
        yield "without a term"
    yield from iri(node.get("scheme"))


def _guid(node: etree._Element) -> Iterator[str]:
    yield from iri(node.text) if node.get("isPermaLink") == "false" else web(node.text)


def _spoken(node: etree._Element) -> Iterator[str]:
    if not LANGUAGE.fullmatch(node.text or ""):
        yield f"no language {node.text!r}"


def _period(node: etree._Element) -> Iterator[str]:
    if node.text not in PERIODS:
        yield f"no period {node.text!r}"


def _outline(node: etree._Element) -> Iterator[str]:
    if not node.get("text"):
        yield "without a text"
    kinds = {"rss": "xmlUrl", "link": "url"}
    for address in (*filter(None, [kinds.get(node.get("type"))]), "htmlUrl"):
        if address != "htmlUrl" or node.get(address) is not None:
            yield from web(node.get(address))


ELEMENTS: dict[str, Callable[[etree._Element], Iterable[str]]] = {
    "atom:id": lambda node: iri(node.text),
    **dict.fromkeys(("atom:updated", "atom:published", "dcterms:modified"), _time),
    **dict.fromkeys(("atom:title", "atom:subtitle", "atom:summary", "atom:content"), _text),
    **dict.fromkeys(("atom:name", "atom:generator", "generator", "dc:creator", "source"), _text),
    **dict.fromkeys(("title", "category"), _text),
    **dict.fromkeys(("description", "content:encoded"), _markup),
    "atom:link": _link,
    "atom:uri": lambda node: web(node.text),
    "atom:category": _category,
    "link": lambda node: web(node.text),
    "guid": _guid,
    **dict.fromkeys(("pubDate", "lastBuildDate"), _rfc822),
    **dict.fromkeys(("language", "dc:language"), _spoken),
    "sy:updatePeriod": _period,
    "enclosure": _enclosure,
    "outline": _outline,
}


def _opml(body: bytes) -> Iterator[str]:
    found = list(_xml(body, "opml"))
    yield from found
    if not found and etree.fromstring(body).get("version") != "2.0":
        yield "no version 2.0"


# --- JSON Feed -----------------------------------------------------------------------------------

FEED = {
    "version": str, "title": str, "home_page_url": web, "feed_url": web, "description": str,
    "language": str, "authors": list, "next_url": web, "items": list,
}  # fmt: skip
ITEM = {
    "id": str, "url": web, "external_url": web, "title": str, "content_html": str,
    "content_text": str, "summary": str, "date_published": rfc3339, "date_modified": rfc3339,
    "authors": list, "tags": list, "language": str, "attachments": list,
}  # fmt: skip
AUTHOR = {"name": str, "url": web, "avatar": web}
ATTACHMENT = {"url": web, "mime_type": str, "title": str, "size_in_bytes": int}


def _json(body: bytes) -> Iterator[str]:
    try:
        feed = json.loads(body.decode("utf-8"))
    except ValueError as error:
        yield f"not JSON: {error}"
        return
    yield from _object(feed, FEED, must=("version", "title", "items"))
    if feed.get("version") != "https://jsonfeed.org/version/1.1":
        yield f"version {feed.get('version')!r}"
    if feed.get("next_url") == feed.get("feed_url"):
        yield "next_url is feed_url"
    items = feed.get("items", [])
    yield from _unique("id", [item.get("id") for item in items])
    for item in items:
        yield from _item(item)
    for each in (feed, *items):
        if each.get("language") is not None and not LANGUAGE.fullmatch(each["language"]):
            yield f"no language {each['language']!r}"
        for author in each.get("authors", []):
            yield from _object(author, AUTHOR, must=())


def _item(item: dict[str, Any]) -> Iterator[str]:
    yield from _object(item, ITEM, must=("id",))
    if not {"content_html", "content_text"} & item.keys():
        yield "item without content_html and content_text"
    yield from _safe(item.get("content_html", ""))
    for tag in item.get("tags", []):
        yield from [] if isinstance(tag, str) else [f"no tag: {tag!r}"]
    for each in item.get("attachments", []):
        yield from _object(each, ATTACHMENT, must=("url", "mime_type"))


def _object(found: dict[str, Any], rules: dict[str, Any], must: Iterable[str]) -> Iterator[str]:
    for key in must:
        if key not in found:
            yield f"without {key}"
    for key, value in found.items():
        rule = rules.get(key)
        if rule is None:
            yield from [] if key.startswith("_") else [f"unknown {key}"]
        elif isinstance(rule, type):
            yield from [] if type(value) is rule else [f"{key} is no {rule.__name__}"]
        else:
            yield from (f"{key}: {fault}" for fault in rule(value))


def _unique(what: str, found: list[Any]) -> Iterator[str]:
    for each, n in Counter(found).items():
        if n > 1:
            yield f"{n} times the {what} {each!r}"


CHECKS = {"atom": _atom, "rss": _rss, "json": _json, "opml": _opml}
