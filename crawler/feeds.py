"""A feed's bytes into links: feedparser, after the mistakes it would misread are mended.

An ill-formed feed still names articles, so it is salvaged and its defect reported, never dropped.
"""

import io
import re
from calendar import timegm
from datetime import UTC, datetime
from html.entities import html5
from typing import Any

import feedparser
from w3lib.html import remove_tags, replace_entities

from crawler.errors import FeedError
from crawler.items import Harvest, Link
from crawler.urls import web_url

# feedparser needs 13.7 s for 20,000 items; the largest of the real feeds we tried has 175 kB.
MAX_BYTES = 2 * 1024 * 1024
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
MAX_SUMMARY = 1000
MAX_REFUSED = 200  # characters, for the log


def parse(body: bytes, url: str, *, content_type: str | None = None) -> Harvest:
    """Read any RSS, RDF or Atom feed. Raises FeedError on what is no feed, or too large to try."""
    if len(body) > MAX_BYTES:
        raise FeedError(f"{url}: {len(body):,} bytes is more than a feed's {MAX_BYTES:,}")
    headers = {"content-location": url, "content-type": content_type or "application/xml"}
    try:
        found = _parsed(body, url, headers)
    except FeedError:
        found = _parsed(mend_ampersands(body), url, headers)
    defect = None
    if found.bozo and not isinstance(found.bozo_exception, feedparser.CharacterEncodingOverride):
        defect = f"{type(found.bozo_exception).__name__}: {found.bozo_exception}"
        mended = mend_ampersands(body)
        if mended != body:
            found = _parsed(mended, url, headers)
    if not found.get("version") and not found.entries:
        what = "an HTML page" if b"<html" in body[:2000].lower() else "not a feed"
        raise FeedError(
            f"{url}: {what}, where a feed was expected" + (f" ({defect})" if defect else "")
        )
    language = found.feed.get("language")
    links, refused = [], []
    for entry in found.entries:
        named = entry.get("link") or ""
        if address := web_url(named, url):
            links.append(_link(entry, address, language))
        else:
            refused.append(
                named[:MAX_REFUSED] or f"an entry without link ({_text(entry.get('title'))})"
            )
    return Harvest(links=tuple(links), defect=defect, refused=tuple(refused))


def _parsed(body: bytes, url: str, headers: dict[str, str]) -> Any:
    try:
        # Bytes in a file: what looks like an address or a path, feedparser would open.
        return feedparser.parse(io.BytesIO(body), response_headers=headers)
    except Exception as error:  # feedparser raises what its parsers raise on some ill-formed input
        raise FeedError(f"{url}: cannot be parsed ({type(error).__name__}: {error})") from error


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


def _link(entry: Any, address: str, language: str | None) -> Link:
    authors = [author.get("name") for author in entry.get("authors", ())] or [entry.get("author")]
    return Link(
        url=address,
        title=_text(entry.get("title")),
        summary=(_text(entry.get("summary")) or "")[:MAX_SUMMARY] or None,
        published=_when(entry),
        authors=tuple(dict.fromkeys(name for name in map(_text, authors) if name)),
        categories=tuple(
            dict.fromkeys(term for tag in entry.get("tags", ()) if (term := _text(tag.get("term"))))
        ),
        language=entry.get("language") or language,
    )


def _text(value: str | None) -> str | None:
    """Plain text: titles and summaries come with tags, entities and line breaks in them."""
    if not value:
        return None
    return " ".join(replace_entities(remove_tags(value)).split()) or None


def _when(entry: Any) -> str | None:
    parsed = entry.get("published_parsed") or entry.get("updated_parsed")
    if not parsed:
        return None
    try:
        when = datetime.fromtimestamp(timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return when.isoformat(timespec="seconds").replace("+00:00", "Z")
