"""A feed's bytes as feedparser reads them: the mistakes that it would misread are mended first.

An ill-formed feed still names articles, so it is salvaged and its defect reported, never dropped.
"""

import io
import re
from html.entities import html5
from itertools import pairwise
from typing import Any

import feedparser
from lxml import etree

from crawler.errors import FeedError
from enrich import charset

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


def decode(body: bytes, content_type: str | None) -> str:
    """Which bytes they are decides, then what is declared, then the feed's language."""
    stated = STATED_LANGUAGE.search(body, 0, MAX_PROLOG)
    if body[:1] == b"\0" or body[1:2] == b"\0":  # UTF-16 without its mark, of a `<` or a `{`
        return body.decode("utf-16-le" if body[1:2] == b"\0" else "utf-16-be", "replace")
    return charset.decode(body, content_type, stated[1].decode("ascii") if stated else None)[0]


def parse(text: str, url: str) -> tuple[Any, list[str]]:
    """What feedparser finds, and the defects of the document."""
    legal = ILLEGAL.sub("", text)
    defects = ["not well-formed: control characters"] if legal != text else []
    start = _start(legal, url)
    if not PROLOG.fullmatch(legal, 0, start):
        defects.append("not well-formed: text before the feed")
    try:
        body, left_out = _first_entries(legal[start:].encode("utf-8", "replace"))
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


def _first_entries(body: bytes) -> tuple[bytes, list[str]]:
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
    defects = left_out(len(entries) - MAX_ENTRIES)
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


def left_out(entries: int) -> list[str]:
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
