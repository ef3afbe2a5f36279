"""A feed's bytes into links: feedparser, after the mistakes it would misread are mended.

An ill-formed feed still names articles, so it is salvaged and its defect reported, never dropped.
Three steps: bytes into XML that feedparser reads as it was meant; entries; each entry into a Link.
"""

import html
import io
import re
from calendar import timegm
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from html.entities import html5
from itertools import pairwise
from typing import Any

import feedparser
from lxml import etree

from crawler import jsonfeed
from crawler.errors import FeedError
from crawler.items import Harvest, Link
from crawler.urls import domain, host, web_url
from enrich import charset
from enrich.text import printable

# feedparser needs 13.7 s for 20,000 items; the largest of the real feeds we tried has 175 kB.
MAX_BYTES = 2 * 1024 * 1024
# Five times the longest of the real feeds we tried (195); these take feedparser 0.7 s.
MAX_ENTRIES = 1000
# feedparser needs the square of an entry's length where that was made for it (90,000 categories);
# at this one it is a second. The largest whole feed that we tried has 175 kB.
MAX_ENTRY = 100_000
MAX_TAIL = 1000  # bytes that close a feed, kept where what follows its last entry is that long
# What may stand before a feed's first element: PHP's warnings, comments, a list of entities.
MAX_PROLOG = 64 * 1024

# An unclosed section runs to the end: looked for from each opening, it would take for ever.
CDATA = re.compile(rb"(<!\[CDATA\[.*?(?:\]\]>|\Z))", re.DOTALL)
AMPERSAND = re.compile(rb"&(?:(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)?")
PAIR = re.compile(rb"&(#[0-9]{5}|#[xX][dD][0-9a-fA-F]{3});&(#[0-9]{5}|#[xX][dD][0-9a-fA-F]{3});")
# The characters that XML 1.0 allows.
LEGAL = (
    range(0x9, 0xB), range(0xD, 0xE), range(0x20, 0xD800), range(0xE000, 0xFFFE),
    range(0x10000, 0x110000),
)  # fmt: skip
XML_ENTITIES = frozenset({b"amp", b"lt", b"gt", b"quot", b"apos"})
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# The declaration, style sheets, comments and document type, none of which says what an entry does.
PROLOG = re.compile(
    r"(?:\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[<>]*(?:\[.*?\]\s*)?>)*+", re.DOTALL | re.IGNORECASE
)
ROOT = re.compile(r"<(?:[\w.-]{1,40}:)?([A-Za-z][\w.-]{0,40})")
FEED_ROOTS = frozenset({"rss", "rdf", "feed", "channel"})
FEED_START = re.compile(r"<\?xml\s|<(?:[\w.-]{1,40}:)?(?:rss|rdf|feed)[\s>]", re.IGNORECASE)
STATED_LANGUAGE = re.compile(
    rb"(?:<(?:dc:)?language>\s*|xml:lang=[\"'])([A-Za-z]{2,3})\b", re.IGNORECASE
)
ENTRY_TAG = re.compile(
    rb"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)"
    rb"|<(/?)((?:[\w.-]{1,40}:)?(?:item|entry))(?=[\s/>])",
    re.DOTALL | re.IGNORECASE,
)
# RSS 1.0 lists its entries before it gives them, and feedparser does not read that list.
CONTENTS = re.compile(rb"<((?:[\w.-]{1,40}:)?items)\b[^<>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
# feedparser looks for a mailbox in names, from each of their characters on.
ENDLESS_NAME = re.compile(
    rb"(<(?:\w{1,40}:)?(?:author|creator|name|managingeditor|publisher|webmaster|owner)(?:\s[^<>]*)?>"
    rb"(?:<!\[CDATA\[)?)[^<]{1000,}+",
    re.IGNORECASE,
)
# feedparser takes a dc:date for the date of a change; it is the date of the resource.
DC_DATE = re.compile(rb"<(/?)dc:date(?:\s[^<>]*)?>", re.IGNORECASE)
DC_CREATED = {
    b"": b'<dcterms:created xmlns:dcterms="http://purl.org/dc/terms/">',
    b"/": b"</dcterms:created>",
}

MAX_TITLE = 1000
MAX_SUMMARY = 1000
# Fifteen times a long read of 2,000 words in HTML; what goes beyond is a book or a data dump.
MAX_CONTENT = 200_000
MAX_NAME = 200  # an author, a category, a publisher: more is a text in the wrong element
MAX_NAMES = 50  # of one entry; ReliefWeb, the most generous of those we know, gives ten categories
MAX_LICENCE = 300  # a notice of rights in two or three sentences
MAX_ATTACHMENTS = 20
MAX_REFUSED = 200  # characters, for the log
MAX_DATE = 80  # characters; no spelled-out date is longer
MAX_EVERY = 30 * 24 * 3600
# Feeds write 0, the first second of Unix time or year 0 for "no date", and few are older than 1990.
FIRST_YEAR = 1990
PERIODS = {
    "hourly": 3600, "daily": 86_400, "weekly": 7 * 86_400,
    "monthly": 30 * 86_400, "yearly": 365 * 86_400,
}  # fmt: skip

TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?:script|style)\b.*?(?:</(?:script|style)\s*>|\Z)"
    r"|</?([A-Za-z][A-Za-z0-9]*+)[^<>]*+>|<[!?][^<>]*+>",
    re.DOTALL,
)
INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "big", "cite", "code", "em", "font", "i", "ins", "mark", "q", "s"}
    | {"small", "span", "strong", "sub", "sup", "tt", "u"}
)
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")
IMAGE_NAME = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|svg)$", re.IGNORECASE)
# WordPress.com puts the picture of the author before that of the article.
PORTRAIT = re.compile(r"^https?://[^/]*\bgravatar\.com/", re.IGNORECASE)
HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
# What has a day, a month and a year in it; feedparser fills in today's for those that are missing.
COMPLETE = re.compile(
    r"(?<!\d)\d{4}[^\d:]+\d{1,2}[^\d:]+\d{1,2}(?!\d)"  # the year first
    r"|(?<!\d)\d{1,2}(?!\d).*(?<!\d)\d{4}(?!\d)"  # the year last, or before the hour
    r"|(?<!\d)\d{1,2}[\s-][^\W\d]{3,}[\s-]\d\d(?!\d)"  # in two digits
    r"|(?<!\d)\d{8}(?!\d)"
)
# 03/04/2026 is a day in March or in April, which only the language may tell.
AMBIGUOUS = re.compile(r"\s*(?:0?[1-9]|1[0-2])[/.-](?:0?[1-9]|1[0-2])[/.-]\d{4}\b")
# feedparser reads the names of zones other than these as UTC, and so is an hour or more wrong.
NAMED_ZONE = re.compile(r"\s(?!(?:GMT|UTC?|[ECMP][SD]?T|A[SD]T|MES?T)$)[A-Z]{3,5}$")


def parse(body: bytes, url: str, *, content_type: str | None = None) -> Harvest:
    """Read any RSS, RDF, Atom or JSON feed. Raises FeedError on what is none, or too large to try.

    Never another error, whatever the bytes; no text of a link has a control character in it.
    """
    if len(body) > MAX_BYTES:
        raise FeedError(f"{url}: {len(body):,} bytes is more than a feed's {MAX_BYTES:,}")
    text = _decoded(body, content_type)
    if jsonfeed.looks_like_json(text):
        found, refused = jsonfeed.read(text, url)
        defects = _left_out(len(found["entries"]) - MAX_ENTRIES)
    else:
        found, defects = _parsed(text, url)
        refused = []
    links, no_links = _links(found, url)
    feed = found["feed"]
    return Harvest(
        links=tuple(links),
        defect="; ".join(defects) or None,
        refused=(*refused, *no_links),
        older=_older(feed, url),
        every=_every(feed),
    )


def _decoded(body: bytes, content_type: str | None) -> str:
    """Which bytes they are decides, then what is declared, then the feed's language."""
    stated = STATED_LANGUAGE.search(body, 0, MAX_PROLOG)
    if body[:1] == b"\0" or body[1:2] == b"\0":  # UTF-16 without its mark, of a `<` or a `{`
        return body.decode("utf-16-le" if body[1:2] == b"\0" else "utf-16-be", "replace")
    return charset.decode(body, content_type, stated[1].decode("ascii") if stated else None)[0]


# Bytes that feedparser reads as they were meant


def _parsed(text: str, url: str) -> tuple[Any, list[str]]:
    """What feedparser finds, and the defects of the document."""
    legal = ILLEGAL.sub("", text)
    defects = ["not well-formed: control characters"] if legal != text else []
    start = _start(legal, url)
    if not PROLOG.fullmatch(legal, 0, start):
        defects.append("not well-formed: text before the feed")
    try:
        body, left_out = first_entries(legal[start:].encode("utf-8", "replace"))
    except ValueError as error:
        raise FeedError(f"{url}: not a feed: {error}") from error
    body = ENDLESS_NAME.sub(rb"\1", body)
    mended = mend_ampersands(body)
    if mended != body:
        defects.append("not well-formed: ampersands that start no entity")
    parts = CDATA.split(mended)
    parts[::2] = (DC_DATE.sub(lambda match: DC_CREATED[match[1]], part) for part in parts[::2])
    found = _fed(b"".join(parts), url)
    if found.bozo:
        defects.append(f"{type(found.bozo_exception).__name__}: {found.bozo_exception}")
    if not found.get("version") and not found.entries:
        raise FeedError(f"{url}: not a feed" + "".join(f" ({defect})" for defect in defects[-1:]))
    return found, defects + left_out


def _start(text: str, url: str) -> int:
    """Where the feed's first element begins. Raises FeedError where there is none of a feed's."""
    start = PROLOG.match(text).end()  # type: ignore[union-attr]
    root = ROOT.match(text, start)
    name = root[1].lower() if root else ""
    if name in FEED_ROOTS:
        return start
    if name == "html" or "<!doctype html" in text[:start].lower():
        raise FeedError(f"{url}: an HTML page, where a feed was expected")
    late = FEED_START.search(text, start, start + MAX_PROLOG)
    if late is None:
        what = f"not a feed: its first element is <{root[1]}>" if root else "not a feed"
        raise FeedError(f"{url}: {what}")
    return PROLOG.match(text, late.start()).end()  # type: ignore[union-attr]


def first_entries(body: bytes) -> tuple[bytes, list[str]]:
    """The document with those entries that are worth feedparser's time, and what was left out.

    Raises ValueError where nothing is left that could be read in time.
    """
    starts, end = _bounds(body)
    entries = list(pairwise([*starts, max(end, starts[-1])])) if starts else []
    if entries and end <= starts[-1]:  # the last is cut off
        entries[-1] = (starts[-1], len(body))
    kept = [(start, stop) for start, stop in entries[:MAX_ENTRIES] if stop - start <= MAX_ENTRY]
    head = body[: starts[0]] if starts else body
    tail = body[entries[-1][1] :] if entries else b""
    if len(head) > MAX_ENTRY:
        head = CONTENTS.sub(b"", head, count=1)
    if len(head) > MAX_ENTRY:
        raise ValueError(f"{len(head):,} bytes before its first entry")
    if len(kept) == len(entries) and len(tail) <= MAX_ENTRY:
        return body, []
    defects = _left_out(len(entries) - MAX_ENTRIES)
    if large := min(len(entries), MAX_ENTRIES) - len(kept):
        defects.append(f"{large:,} entries of more than {MAX_ENTRY:,} bytes left out")
    parts = [head, *(body[start:stop] for start, stop in kept), tail[-MAX_TAIL:]]
    return b"".join(parts), defects


def _bounds(body: bytes) -> tuple[list[int], int]:
    """Where the entries start, and where the last of them ends (0 where none does)."""
    starts, end, name = [], 0, None
    for tag in ENTRY_TAG.finditer(body):
        name = name or tag[2]
        if tag[2] is None or tag[2] != name:  # another one's: `image:item` in `item`
            continue
        if tag[1]:
            end = body.find(b">", tag.end()) + 1
        else:
            starts.append(tag.start())
    return starts, end


def _left_out(entries: int) -> list[str]:
    return [f"{entries:,} entries after the first {MAX_ENTRIES:,} left out"] if entries > 0 else []


def mend_ampersands(body: bytes) -> bytes:
    """Escape every ampersand that starts no entity, and spell out those that only HTML knows.

    Without it feedparser's loose mode reads `?p=1&lang=fr` as `?p=1⟨=fr`. CDATA stays as it is.

    >>> mend_ampersands(b"<link>?p=1&lang=fr</link><title>caf&eacute; & th&amp;</title>")
    b'<link>?p=1&amp;lang=fr</link><title>caf&#233; &amp; th&amp;</title>'
    """
    parts = CDATA.split(body)
    parts[::2] = (AMPERSAND.sub(_mended, PAIR.sub(_joined, part)) for part in parts[::2])
    return b"".join(parts)


def _mended(match: re.Match[bytes]) -> bytes:
    name = match[1]
    if name is None:
        return b"&amp;"
    if name.startswith(b"#"):
        return match[0] if any(_number(name) in legal for legal in LEGAL) else b"&#xFFFD;"
    if name in XML_ENTITIES:
        return match[0]
    characters = html5.get(f"{name.decode('ascii')};")
    if characters is None:
        return b"&amp;" + match[0][1:]
    return "".join(f"&#{ord(character)};" for character in characters).encode("ascii")


def _joined(match: re.Match[bytes]) -> bytes:
    """An emoji written as two halves, as JavaScript counts it, made whole."""
    high, low = _number(match[1]), _number(match[2])
    if not (0xD800 <= high < 0xDC00 <= low < 0xE000):  # noqa: PLR2004 (Unicode's surrogates)
        return match[0]
    return b"&#%d;" % (0x10000 + ((high - 0xD800) << 10) + low - 0xDC00)


def _number(reference: bytes) -> int:
    digits = reference.lstrip(b"#").lower()
    return int(digits[1:], 16) if digits.startswith(b"x") else int(digits)


def _fed(body: bytes, url: str) -> Any:
    headers = {"content-location": url, "content-type": "application/xml; charset=utf-8"}
    try:
        # Bytes in a file: what looks like an address or a path, feedparser would open.
        # Its sanitizer needs hours for a megabyte of `<!-- -`, and we show no markup of a feed.
        return feedparser.parse(
            io.BytesIO(body),
            response_headers=headers,
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except Exception as error:  # feedparser raises what its parsers raise on some ill-formed input
        recovered = _recovered(body)
        if recovered and recovered != body:
            return _fed(recovered, url)
        raise FeedError(f"{url}: cannot be parsed ({type(error).__name__}: {error})") from error


def _recovered(body: bytes) -> bytes:
    """The tree that libxml2 makes of an ill-formed document: less is left than by feedparser."""
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
    root = etree.fromstring(body, parser)
    return etree.tostring(root) if root is not None else b""


# What the feed says of itself


def _older(feed: Any, url: str) -> str | None:
    """RFC 5005: the next page of a paged feed, or the archive before this document."""
    for rel in ("next", "prev-archive"):
        for link in _related(feed, rel):
            address = _address(link.get("href"), url)
            if address and host(address) == host(url) and address != url:
                return address
    return None


def _every(feed: Any) -> int | None:
    period = PERIODS.get(_string(feed.get("sy_updateperiod")).strip().lower(), 0)
    frequency = _whole_number(feed.get("sy_updatefrequency") or "1")
    seconds = period // frequency if frequency > 0 else 0
    every = seconds or 60 * _whole_number(feed.get("ttl"))
    return every if 0 < every <= MAX_EVERY else None


def _whole_number(value: object) -> int:
    digits = _string(value).strip()
    return int(digits) if re.fullmatch(r"[0-9]{1,9}", digits) else 0


# Entries into links


def _links(found: Any, url: str) -> tuple[list[Link], list[str]]:
    feed, links, refused = found["feed"], [], []
    shared = found["version"].startswith(("atom", "json"))  # authors of the feed are its entries'
    for entry in found["entries"][:MAX_ENTRIES]:
        named = list(_named(entry))
        address = next(filter(None, (_address(name, url) for name in named)), None)
        if address:
            links.append(_link(entry, feed, address, url, feed_authors=shared))
        else:
            title = _text(entry.get("title"), MAX_REFUSED)
            refused.append(_plain(named[0] if named else f"an entry without link ({title})"))
    return links, refused


def _named(entry: Any) -> Iterator[str]:
    """The addresses of an entry's page, the best first; the web's are sorted out by who asks."""
    # What the publisher wrote, before a service put its counter in front of it.
    yield from filter(
        None, (_string(entry.get(f"{of}_origlink")) for of in ("feedburner", "pheedo"))
    )
    alternates = [link for link in _related(entry, "alternate") if link.get("href")]
    pages = [link for link in alternates if link.get("type", "text/html") in HTML_TYPES]
    yield from (link["href"] for link in pages)
    yield from (link["href"] for link in alternates if link not in pages)
    # An element that feedparser read as text, or a guid that is a permanent link.
    if link := _string(entry.get("link")):
        yield link


def _link(entry: Any, feed: Any, address: str, url: str, *, feed_authors: bool) -> Link:
    language = _language(entry, feed)
    summary = _text(entry.get("summary"), MAX_SUMMARY)
    publisher, origin = _origin(entry, feed, url)
    image = next(_images(entry, url), None)
    authors = _names(author.get("name") for author in entry.get("authors", ()))
    if not authors and feed_authors and not entry.get("source"):
        authors = _names(author.get("name") for author in feed.get("authors", ()))
    return Link(
        url=address,
        title=_text(entry.get("title"), MAX_TITLE),
        summary=summary,
        published=(
            _when(entry, "published", language)
            or _when(entry, "created", language)
            or _when(entry, "updated", language)
        ),
        updated=_when(entry, "updated", language),
        authors=tuple(name for name in authors if "@" not in name),
        categories=_names(tag.get("term") for tag in entry.get("tags", ())),
        language=language,
        content=_content(entry, summary),
        image=image,
        attachments=tuple(
            file for file in dict.fromkeys(_files(entry, url)) if file not in (image, address)
        )[:MAX_ATTACHMENTS],
        licence=_licence(entry, url) or _licence(feed, url),
        publisher=publisher,
        origin_url=origin if origin != address else None,
    )


def _content(entry: Any, summary: str | None) -> str | None:
    """The longest text of the entry, in HTML, where the summary is not all of it."""
    texts = list(entry.get("content", ()))
    if entry.get("summary"):  # many feeds have the whole article in their description
        texts.append({"value": entry["summary"], **_typed(entry.get("summary_detail"))})
    best, length = None, len(summary or "")
    for text in texts:
        markup = _string(text.get("value"))
        if text.get("type") == "text/plain":
            markup = html.escape(markup, quote=False)
        elif text.get("type", "text/html") not in HTML_TYPES:
            continue
        plain = len(_text(markup, MAX_CONTENT) or "")
        if plain > length:
            best, length = markup, plain
    return printable(best)[:MAX_CONTENT].strip() if best else None


def _typed(detail: Any) -> dict[str, str]:
    return {"type": detail["type"]} if detail and detail.get("type") else {}


def _images(entry: Any, base: str) -> Iterator[str]:
    """Pictures of an entry, the likeliest to be the article's first."""
    pictures = [found for found in entry.get("media_content", ()) if _is_image(found)]
    pictures += [found for found in [entry.get("image")] if isinstance(found, dict)]
    pictures += [found for found in _related(entry, "enclosure") if _is_image(found)]
    pictures += entry.get("media_thumbnail", ())
    for found in pictures:
        address = _address(found.get("href") or found.get("url"), base)
        if address and not PORTRAIT.match(address):
            yield address


def _files(entry: Any, base: str) -> Iterator[str]:
    for found in (*_related(entry, "enclosure"), *entry.get("media_content", ())):
        address = _address(found.get("href") or found.get("url"), base)
        if address and not _is_image(found):
            yield address


def _is_image(found: Any) -> bool:
    kind = found.get("type") or found.get("medium")
    if kind:
        return bool(kind.startswith("image"))
    named = _string(found.get("href") or found.get("url"))
    return bool(IMAGE_NAME.search(named.partition("?")[0]))


def _licence(entry: Any, base: str) -> str | None:
    for link in _related(entry, "license"):
        if address := _address(link.get("href"), base):
            return address
    return _text(entry.get("rights"), MAX_LICENCE)


def _origin(entry: Any, feed: Any, url: str) -> tuple[str | None, str | None]:
    """Who published a re-posted article first, and where.

    What RSS calls the source's url is that of a feed or a site, so it tells whose the article is
    and never where; ReliefWeb's names ReliefWeb's own feed. Atom's `via` and Dublin Core's source
    name the article.
    """
    source = entry.get("source") or {}
    publisher = _text(source.get("title"), MAX_NAME) or _text(entry.get("publisher"), MAX_NAME)
    places = [source.get("href"), source.get("link"), *_hrefs(source)]
    own = {_house(place, url) for place in (url, feed.get("link"), *_hrefs(feed))} - {None}
    titles = {_text(feed.get("title"), MAX_NAME), _text(feed.get("publisher"), MAX_NAME)}
    if publisher in titles or any(_house(place, url) in own for place in places if place):
        publisher = None
    for found in (*(link.get("href") for link in _related(entry, "via")), entry.get("dc_source")):
        if _string(found).strip().startswith(("http://", "https://")):
            return publisher, _address(found, url)
    return publisher, None


def _hrefs(of: Any) -> list[str]:
    return [link["href"] for rel in ("self", "alternate") for link in _related(of, rel)]


def _house(address: object, base: str) -> str | None:
    """Whose an address is: `feeds.a.example` and `a.example` are of one house."""
    whole = _address(address, base)
    return domain(whole) if whole else None


def _language(entry: Any, feed: Any) -> str | None:
    """An entry's own, in its element or as xml:lang, or else the feed's."""
    inherited = (feed.get("title_detail") or {}).get("language")
    details = (entry.get("title_detail"), entry.get("summary_detail"), *entry.get("content", ()))
    own = (detail.get("language") for detail in details if detail)
    for stated in (entry.get("language"), *(of for of in own if of != inherited)):
        if language := _language_code(stated):
            return language
    return _language_code(feed.get("language")) or _language_code(inherited)


def _language_code(stated: object) -> str | None:
    code = _string(stated).strip().replace("_", "-")
    return code if LANGUAGE.fullmatch(code) else None


# Values, whoever gave them


def _related(of: Any, rel: str) -> list[Any]:
    return [
        link
        for link in of.get("links", ())
        if link.get("rel", "alternate") == rel and _string(link.get("href")).strip()
    ]


def _address(found: object, base: str) -> str | None:
    named = printable(_string(found)).strip()
    return web_url(named, base) if named else None


def _names(found: Iterable[object]) -> tuple[str, ...]:
    named = (name for text in found if (name := _text(text, MAX_NAME)))
    return tuple(dict.fromkeys(named))[:MAX_NAMES]


def _text(value: object, longest: int) -> str | None:
    """Plain text: titles and summaries come with tags, entities and line breaks in them."""
    plain = html.unescape(TAG.sub(_spaced, _string(value)))
    return " ".join(printable(plain).split())[:longest].rstrip() or None


def _spaced(tag: re.Match[str]) -> str:
    return "" if (tag[1] or "").lower() in INLINE else " "


def _plain(value: str) -> str:
    return printable(value)[:MAX_REFUSED]


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _when(entry: Any, what: str, language: str | None) -> str | None:
    """A date that the feed states, in UTC, or None if it is not one that can be read for sure."""
    # Asked for a date that is not there, feedparser's own get gives another one, with a warning.
    raw = _string(dict.get(entry, what)).strip()[: MAX_DATE + 1]
    if not COMPLETE.search(raw):
        return None
    parsed = dict.get(entry, f"{what}_parsed")
    if parsed and not NAMED_ZONE.search(raw):
        when = _moment(parsed)
    else:
        when = _iso(raw) or _spelled(raw, language) or (_moment(parsed) if parsed else None)
    if when is None or when.year < FIRST_YEAR:
        return None
    return when.isoformat(timespec="seconds").replace("+00:00", "Z")


def _moment(parsed: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _iso(raw: str) -> datetime | None:
    try:
        when = datetime.fromisoformat(raw)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _spelled(raw: str, language: str | None) -> datetime | None:
    """A date as people write it, in English or the feed's language: day, month and year stated."""
    own = (language or "en").partition("-")[0].lower()
    if len(raw) > MAX_DATE or (own == "en" and AMBIGUOUS.match(raw)):
        return None
    # 80 ms, and most feeds do not need it.
    import dateparser  # type: ignore[import-untyped,unused-ignore]  # noqa: PLC0415

    for languages in (["en", own], ["en"]):
        try:
            found: datetime | None = dateparser.parse(
                raw,
                languages=list(dict.fromkeys(languages)),
                settings={
                    "PARSERS": ["absolute-time"],
                    "STRICT_PARSING": True,
                    "REQUIRE_PARTS": ["day", "month", "year"],
                    "DATE_ORDER": "DMY",
                    "TIMEZONE": "UTC",
                    "TO_TIMEZONE": "UTC",
                    "RETURN_AS_TIMEZONE_AWARE": True,
                },
            )
        except ValueError:  # a language that it does not know
            continue
        except Exception:  # noqa: BLE001 (its parsers, on what is no date)
            return None
        return found
    return None
