"""A page into an article: Trafilatura for the body, and what the page says of itself.

Trafilatura runs in its default mode: `favor_precision` loses recall outside English news, and
`deduplicate` changes its answer with the number of pages seen before.
"""

import copy
import json
import logging
import re
from collections import Counter, deque
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement
from trafilatura import bare_extraction, load_html
from trafilatura.settings import DEFAULT_CONFIG, Document

from enrich.article import UNTOLD, Attachment, Extracted, Hints
from enrich.charset import decode
from enrich.rights import SILENT, Signals, declared
from enrich.text import UNPRINTABLE, printable

# Trafilatura logs every page it refuses; the ledger says so better.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
logging.getLogger("htmldate").setLevel(logging.CRITICAL)

# A notice of two short sentences has some ten words; what is shorter than five is a bare title,
# "Loading..." or "Page not found".
MIN_WORDS = 5
# The schema.org types whose datePublished is an article's own, not a page's or a comment's.
ARTICLE_TYPES = frozenset(
    {"article", "newsarticle", "blogposting", "reportagenewsarticle", "analysisnewsarticle",
     "opinionnewsarticle", "backgroundnewsarticle", "liveblogposting", "report", "pressrelease",
     "scholarlyarticle", "reviewnewsarticle"}
)  # fmt: skip
# Meta names that state when the article (not the page or the site) appeared, surest first.
DATE_METAS = (
    "article:published_time", "og:article:published_time", "datepublished", "dc.date.issued",
    "dcterms.issued", "dcterms.created", "dc.date", "citation_publication_date", "pubdate",
    "publish-date", "sailthru.date", "parsely-pub-date",
)  # fmt: skip
# One reference to a character that XML does not have would empty the whole page.
REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]{1,8})|([0-9]{1,10}));?")
LEGAL = (
    range(0x9, 0xB), range(0xD, 0xE), range(0x20, 0xD800), range(0xE000, 0xFFFE),
    range(0x10000, 0x110000),
)  # fmt: skip
DOCUMENTS = re.compile(r"\.(?:pdf|docx?|xlsx?|pptx?|odt|ods|epub)$", re.IGNORECASE)
# Under so many characters (its MIN_EXTRACTED_SIZE) Trafilatura takes all that <article> holds as
# one line, date and by-line glued to the text. Its paragraphs are taken instead if they hold half
# of that: to always ask for them costs .003 of F on pages with longer texts (wcxb .9418, .9385).
NOTICE, MIN_KEPT = 250, 0.5
PARAGRAPHS = copy.deepcopy(DEFAULT_CONFIG)
PARAGRAPHS.set("DEFAULT", "MIN_EXTRACTED_SIZE", "0")
# How Trafilatura writes a table's cell. A text that begins with one is a page laid out by tables,
# menu and all, as hand-made sites are.
CELL = "|"
FURNITURE = ("header", "footer", "nav", "aside", "form")
# One a character where a script has no spaces between words (Han, kana, Thai, Lao, Khmer,
# Burmese), otherwise one a run of letters and digits.
WORD = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|\w+"
)
# A feed or a page dated further ahead of the visit than any time zone explains is mistaken.
MAX_AHEAD = timedelta(days=2)
OLDEST = date(1995, 1, 1)  # htmldate's own lower bound: there was no news on the web


def extract(
    body: bytes | str, url: str, *, content_type: str | None = None, hints: Hints = UNTOLD
) -> Extracted:
    """Read one page. Never raises for what a page may hold: what is not there is empty or None."""
    html = body if isinstance(body, str) else decode(body, content_type, hints.language)[0]
    tree = load_html(REFERENCE.sub(_legal, html))
    if tree is None:
        return _nothing(hints)
    rights = declared(tree, url)
    canonicals, og_url = tuple(_canonicals(tree, url)), _og_url(tree, url)
    visited = hints.fetched[:10] if hints.fetched else None
    # The day of the visit, not the clock: the same page gives the same row for ever.
    dates = {"original_date": True, "extensive_search": True}
    found = bare_extraction(
        tree,
        url=url,
        include_comments=False,
        with_metadata=True,
        date_extraction_params={**dates, **({"max_date": visited} if visited else {})},
    )
    if not isinstance(found, Document):
        return _nothing(hints, language=_declared_language(tree), rights=rights)
    title = printable(_title(found.title, hints.title))
    body = printable(found.text or "").strip()
    if body.startswith(CELL):
        body = _without_layout(tree, url, body)
    elif len(body) < NOTICE and "\n" not in body:
        body = _notice(html, url, body)
    text = _without_headline(body, title)
    words = len(WORD.findall(text))
    published, published_source = _published(tree, hints, found.date)
    return Extracted(
        kind=_kind(url, words),
        title=title,
        text=text,
        words=words,
        published=published,
        published_source=published_source,
        authors=tuple(a for a in (found.author or "").split("; ") if a) or hints.authors,
        image=_absolute(url, found.image),
        categories=tuple(
            dict.fromkeys(map(printable, [*(found.categories or ()), *hints.categories]))
        ),
        declared_language=_declared_language(tree),
        canonicals=canonicals,
        og_url=og_url,
        attachments=tuple(_attachments(tree, url)),
        rights=rights,
    )


def _nothing(hints: Hints, language: str | None = None, rights: Signals = SILENT) -> Extracted:
    return Extracted(
        kind="empty", title=hints.title or "", text="", words=0, published=None,
        published_source=None, authors=(), image=None, categories=(),
        declared_language=language, canonicals=(), og_url=None, attachments=(),
        rights=rights,
    )  # fmt: skip


def _kind(url: str, words: int) -> str:
    if words < MIN_WORDS:
        return "empty"
    parts = urlsplit(url)
    return "home" if parts.path in ("", "/") and not parts.query else "article"


def _title(page: str | None, feed: str | None) -> str:
    """The feed's title where the page's holds it: that one comes without the site's name."""
    if not page:
        return feed or ""
    return feed if feed and _flat(feed) in _flat(page) else page


def _without_layout(tree: HtmlElement, url: str, text: str) -> str:
    """The text without the tables that only place things, if anything is left of it then."""
    found = bare_extraction(tree, url=url, include_comments=False, include_tables=False)
    bare = (found.text or "").strip() if isinstance(found, Document) else ""
    return bare if len(WORD.findall(bare)) >= MIN_WORDS else text


def _notice(html: str, url: str, text: str) -> str:
    """A short text by its paragraphs, if they are some of what Trafilatura put on one line."""
    found = bare_extraction(html, url=url, include_comments=False, config=PARAGRAPHS)
    parted = printable(found.text or "").strip() if isinstance(found, Document) else ""
    words, all_words = WORD.findall(parted), WORD.findall(text)
    part_of_it = not Counter(words) - Counter(all_words)
    return parted if part_of_it and len(words) >= MIN_KEPT * len(all_words) else text


def _without_headline(text: str, title: str) -> str:
    """The text without its title as first line, which Trafilatura keeps on two pages of five."""
    first, _, rest = text.partition("\n")
    return rest if rest and title and _flat(first) == _flat(title) else text


def _flat(text: str) -> str:
    return " ".join(WORD.findall(text.casefold()))


def _published(
    tree: HtmlElement, hints: Hints, searched: str | None
) -> tuple[str | None, str | None]:
    """The first believable date, in the order of who is right most often."""
    metas = {
        (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower(): meta.get(
            "content"
        )
        for meta in tree.iter("meta")
    }
    candidates = [
        ("feed", hints.published),
        *(("json-ld", str(found)) for found in _json_ld_dates(tree)),
        *(("meta", metas.get(name)) for name in DATE_METAS),
        ("page", searched),
    ]
    for source, value in candidates:
        if value and (when := _iso(value, hints.fetched)):
            return when, source
    return None, None


def _iso(value: str, fetched: str | None) -> str | None:
    """`value` as ISO 8601 (a date where it has no time), or None if it is not believable."""
    try:
        when = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    if not when.date() >= OLDEST:
        return None
    if fetched and when.date() > datetime.fromisoformat(fetched).date() + MAX_AHEAD:
        return None
    if len(value.strip()) <= len("2026-11-21"):
        return when.date().isoformat()
    return when.isoformat(timespec="seconds").replace("+00:00", "Z")


def _json_ld_dates(tree: HtmlElement) -> Iterator[str]:
    for script in tree.iter("script"):
        if "ld+json" not in (script.get("type") or "") or not script.text:
            continue
        try:
            data = json.loads(script.text, strict=False)
        except (ValueError, RecursionError):
            continue
        waiting: deque[Any] = deque([data])
        while waiting:
            node = waiting.popleft()
            if isinstance(node, list):
                waiting += node
            elif isinstance(node, dict):
                kinds = node.get("@type")
                kinds = kinds if isinstance(kinds, list) else [kinds]
                if ARTICLE_TYPES & {str(kind).lower() for kind in kinds}:
                    stated = node.get("datePublished")
                    if isinstance(stated, str):
                        yield stated
                waiting += [value for value in node.values() if isinstance(value, dict | list)]


def _declared_language(tree: HtmlElement) -> str | None:
    """`html lang` as a BCP 47 code (`fr-BE`), or None where it is none (`utf-8`, `Deutsch`)."""
    declared = (
        tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
    ).strip()
    return bcp47(declared)


def bcp47(declared: str | None) -> str | None:
    """`declared` in BCP 47's own spelling, or None if it cannot be a language code.

    >>> bcp47("fr_be"), bcp47("zh-hant-TW"), bcp47("Deutsch")
    ('fr-BE', 'zh-Hant-TW', None)
    """
    shape = re.fullmatch(
        r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|\d{3}))?",
        (declared or "").strip(),
    )
    if not shape:
        return None
    language, script, region = shape.groups()
    parts = (language.lower(), script and script.title(), region and region.upper())
    return "-".join(part for part in parts if part)


def _legal(reference: re.Match[str]) -> str:
    """A numeric reference, unless it is to a character that XML, and so lxml, refuses."""
    hexadecimal, decimal = reference.groups()
    number = int(hexadecimal, 16) if hexadecimal else int(decimal)
    return reference[0] if any(number in legal for legal in LEGAL) else ""


def _canonicals(tree: HtmlElement, url: str) -> Iterator[str]:
    for link in tree.iter("link"):
        if "canonical" in (link.get("rel") or "").lower().split() and (
            address := _absolute(url, link.get("href"))
        ):
            yield address


def _og_url(tree: HtmlElement, url: str) -> str | None:
    claims = (
        meta.get("content")
        for meta in tree.iter("meta")
        if "og:url" in (meta.get("property"), meta.get("name"))
    )
    return _absolute(url, next(claims, None))


def _absolute(base: str, href: str | None) -> str | None:
    if not href or UNPRINTABLE.search(href):
        return None
    try:
        found = urljoin(base, href.strip())
        parts = urlsplit(found)
    except ValueError:
        return None
    return found if parts.scheme in ("http", "https") and parts.hostname else None


def _attachments(tree: HtmlElement, url: str) -> Iterator[Attachment]:
    seen = set()
    for link in tree.iter("a"):
        href = (link.get("href") or "").strip()
        # Before the address is made whole, which costs 7 ms on a page with 200 links.
        if not DOCUMENTS.search(re.split("[?#]", href, maxsplit=1)[0]):
            continue
        target = _absolute(url, href)
        if not target or target in seen:
            continue
        if any(ancestor.tag in FURNITURE for ancestor in link.iterancestors()):
            continue
        seen.add(target)
        label = " ".join(printable("".join(link.itertext())).split())
        yield Attachment(url=target, label=label or target.rsplit("/", 1)[-1])
