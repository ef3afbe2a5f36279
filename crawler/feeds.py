"""A feed of any kind into links: what it says of itself, and of each entry."""

import html
import re
from calendar import timegm
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from crawler import feedxml, jsonfeed
from crawler.errors import FeedError
from crawler.feedxml import MAX_ENTRIES, left_out
from crawler.items import Harvest, Link
from crawler.urls import domain, host, web_url
from enrich.text import printable

# feedparser needs 13.7 s for 20,000 items; the largest of the real feeds we tried has 175 kB.
MAX_BYTES = 2 * 1024 * 1024
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

# For dateparser: no part of a date may be guessed.
SPELLED = {
    "PARSERS": ["absolute-time"],
    "STRICT_PARSING": True,
    "REQUIRE_PARTS": ["day", "month", "year"],
    "DATE_ORDER": "DMY",
    "TIMEZONE": "UTC",
    "TO_TIMEZONE": "UTC",
    "RETURN_AS_TIMEZONE_AWARE": True,
}


def parse(body: bytes, url: str, *, content_type: str | None = None) -> Harvest:
    """Read any RSS, RDF, Atom or JSON feed. Raises FeedError on what is none, or too large to try.

    Never another error, whatever the bytes; no text of a link has a control character in it.
    """
    if len(body) > MAX_BYTES:
        raise FeedError(f"{url}: {len(body):,} bytes is more than a feed's {MAX_BYTES:,}")
    text = feedxml.decode(body, content_type)
    if jsonfeed.looks_like_json(text):
        found, refused = jsonfeed.read(text, url)
        defects = left_out(len(found["entries"]) - MAX_ENTRIES)
    else:
        found, defects = feedxml.parse(text, url)
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
            what = named[0] if named else f"an entry without link ({title})"
            refused.append(printable(what)[:MAX_REFUSED])
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
        texts.append({**(entry.get("summary_detail") or {}), "value": entry["summary"]})
    best, length = None, len(summary or "")
    for text in texts:
        markup = _string(text.get("value"))
        if text.get("type") == "text/plain":
            markup = html.escape(markup, quote=False)
        elif (text.get("type") or "text/html") not in HTML_TYPES:
            continue
        plain = len(_text(markup, MAX_CONTENT) or "")
        if plain > length:
            best, length = markup, plain
    return printable(best)[:MAX_CONTENT].strip() if best else None


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
    from dateparser.data.languages_info import language_order  # type: ignore[import-untyped,unused-ignore]  # noqa: PLC0415

    known = list(dict.fromkeys(["en", own])) if own in language_order else ["en"]
    try:
        found: datetime | None = dateparser.parse(raw, languages=known, settings=SPELLED)
    except Exception:  # noqa: BLE001 (its parsers, on what is no date)
        return None
    return found
