"""A page into an article: Trafilatura for the body, and what the page says of itself.

Trafilatura runs in its default mode: `favor_precision` loses recall outside English news, and
`deduplicate` changes its answer with the number of pages seen before.
"""

import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from htmldate import find_date
from lxml import etree
from lxml.html import HtmlElement
from trafilatura.metadata import extract_author
from trafilatura.settings import Extractor

from enrich import memory
from enrich.article import UNTOLD, Explained, Extracted, Hints
from enrich.attachments import attachments_of
from enrich.authors import authors_of, organisations_in
from enrich.blocks import WORD, Layout, count
from enrich.bodies import readable, refuse, uncrowded
from enrich.charset import decode
from enrich.claims import Claims, claims_of
from enrich.engine import body_text, engine_tree, texts_of, whole_cascade
from enrich.front import Front, front_of, text_of
from enrich.images import lead_image
from enrich.kinds import Kind, kind_of
from enrich.origins import origin_of, without_origin
from enrich.published import published_of
from enrich.rights import declared
from enrich.sections import sections_of
from enrich.sieve import Change, sieve
from enrich.text import absolute
from enrich.titles import title_of

# It logs every page it finds no date in; the ledger says so better.
logging.getLogger("htmldate").setLevel(logging.CRITICAL)

# A notice of two short sentences has some ten words; what is shorter than five is a bare title,
# "Loading..." or "Page not found".
MIN_WORDS = 5
# Under so many characters (its MIN_EXTRACTED_SIZE) Trafilatura takes all that <article> holds as
# one line, date and by-line glued to the text. Its paragraphs are taken instead if they hold half
# of that: to always ask for them costs .003 of F on pages with longer texts (wcxb .9418, .9385).
NOTICE, MIN_KEPT = 250, 0.5
PARAGRAPHS = Extractor(output_format="python", comments=False)
PARAGRAPHS.min_extracted_size = 0
TABLELESS = Extractor(output_format="python", comments=False, tables=False)
# How Trafilatura writes a table's cell. A text that begins with one is a page laid out by tables,
# menu and all, as hand-made sites are.
CELL = "|"
# What an element that Trafilatura takes for an author is called or has in an attribute: each of its
# AUTHOR_XPATHS asks for one of them.
NAMES = etree.XPath(
    "//@*[name()='class' or name()='id' or name()='itemprop' or name()='rel'"
    " or name()='data-component' or name()='data-testid']",
    smart_strings=False,
)
AUTHORS = etree.XPath("//author | //rel")
AUTHOR_WORDS = (
    "uthor", "yline", "username", "byl", "BBL", "writer", "screenname", "channel-name",
    "posted-by", "submitted-by", "journalist-name", "zuozhe", "bianji", "xiaobian",
)  # fmt: skip
# Metas that hold what an article may begin with: its title, or its lead.
OWN = ("og:title", "twitter:title", "og:description", "twitter:description", "description")


def extract(
    body: bytes | str, url: str, *, content_type: str | None = None, hints: Hints = UNTOLD
) -> Extracted:
    """Read one page. Never raises for what a page may hold: what is not there is empty or None."""
    if no := refuse(body, content_type):
        return _nothing(no, hints)
    html = body if isinstance(body, str) else decode(body, content_type, hints.language)[0]
    html, cut = readable(html)
    tree = engine_tree(html)
    if tree is not None and (less := uncrowded(html, tree)):
        html, cut = less, True
        tree = engine_tree(html)
    if tree is None:
        return _nothing(Kind(name="empty", reason="no element of HTML"), hints)
    claims, front = claims_of(tree), front_of(tree)
    language, canonicals = _declared_language(tree), tuple(_canonicals(tree, url))
    title = title_of(claims, front, url, feed=hints.title)
    published = published_of(
        claims, front, url, title=title.value, feed=hints.published, visited=hints.fetched,
        language=language or hints.language, search=lambda: _searched(tree, url, hints.fetched),
    )  # fmt: skip
    authors = authors_of(
        claims, front, url, title=title.value, feed=hints.authors,
        search=lambda: extract_author(tree) if _may_sign(tree) else None,
    )  # fmt: skip
    texts = texts_of(tree)
    engine = _engine_text(tree, html, body_text(tree, names=front.names, texts=texts, scripts=html))
    sieved = sieve(tree, engine, claims=claims, title=title.value, url=url, authors=authors.value)
    whole = "\n".join(sieved.lines)
    origin = origin_of(
        tree, url, text=whole, texts=texts, canonicals=canonicals,
        feed=(hints.publisher, hints.origin_url), site_name=claims.meta("og:site_name"),
    )  # fmt: skip
    text = without_origin(whole, origin)
    stated = published.value if published.source != "page" else None
    kind = kind_of(
        tree, sieved.layout, claims, url=url, text=text, title=title.value, published=stated,
        authors=authors.value,
    )  # fmt: skip
    words = count(text)
    if words < MIN_WORDS and kind.name in ("article", "live"):
        kind = Kind(name="empty", reason=f"{words} words")
    sections = sections_of(tree, url, claims, title=title.value)
    signed = authors.value or organisations_in(authors)
    return Extracted(
        kind=kind.name,
        reason=kind.reason,
        title=title.value,
        text=text,
        words=words,
        published=published.value,
        published_source=published.source,
        authors=signed,
        signed_by=("persons" if authors.value else "organisation") if signed else None,
        image=lead_image(tree, url, claims),
        section=sections.path,
        categories=tuple(dict.fromkeys([*sections.categories, *hints.categories])),
        declared_language=language,
        alternate_language=_alternate_language(tree, url, canonicals),
        canonicals=canonicals,
        og_url=_og_url(tree, url),
        attachments=attachments_of(tree, url),
        origin=origin,
        rights=declared(tree, url),
        explained=Explained(
            title=title,
            published=published,
            authors=authors,
            removed=(*sieved.removed, *_gone(whole, text)),
            added=sieved.added,
        ),
        seen=_seen(
            url,
            text,
            sieved.layout,
            claims=claims,
            front=front,
            title=title.value,
            canonicals=canonicals,
            published=published.value,
        ),
        cut=cut,
    )


def _nothing(kind: Kind, hints: Hints) -> Extracted:
    return Extracted(kind=kind.name, reason=kind.reason, title=hints.title or "", text="", words=0)


def _searched(tree: HtmlElement, url: str, fetched: str | None) -> str | None:
    """What htmldate finds, an ISO day. It takes as long as all the rest: asked last."""
    # The day of the visit, not the clock: the same page gives the same row for ever.
    day = fetched[:10] if fetched else None
    found: str | None = find_date(
        tree, url=url, original_date=True, extensive_search=True, max_date=day
    )
    return found


def _may_sign(tree: HtmlElement) -> bool:
    """Whether Trafilatura's search for an author, a tenth of its time, can find anything at all.

    Two of three pages that it is asked for have no element of a name that it looks for.
    """
    names = "\n".join(NAMES(tree))
    return any(word in names for word in AUTHOR_WORDS) or bool(AUTHORS(tree))


def _engine_text(tree: HtmlElement, html: str, body: str) -> str:
    """Trafilatura's text, a paragraph a line; another reading of pages that it reads badly."""
    if body.startswith(CELL):
        return _without_layout(tree, body)
    if body and len(body) < NOTICE and "\n" not in body:
        return _notice(html, body)
    return body


def _seen(
    url: str,
    text: str,
    layout: Layout,
    *,
    claims: Claims,
    front: Front,
    title: str,
    canonicals: tuple[str, ...],
    published: str | None,
) -> memory.Seen:
    own = [content for name in OWN for content in claims.metas.get(name, ())]
    for thing in claims.articles():
        own += [str(thing[name]) for name in ("headline", "description") if thing.get(name)]
    return memory.seen(
        url,
        text.split("\n"),
        layout,
        title=title,
        claims=[*own, *(text_of(spot.element) for spot in front.headings)],
        canonical=next(iter(canonicals), url),
        published=published,
    )


def _gone(before: str, after: str) -> Iterator[Change]:
    """The lines that the words of an origin were, or began or ended."""
    kept = set(after.split("\n"))
    for line in before.split("\n"):
        if line not in kept:
            yield Change(text=line, rule="origin")


def _without_layout(tree: HtmlElement, text: str) -> str:
    """The text without the tables that only place things, if anything is left of it then."""
    bare = whole_cascade(tree, TABLELESS)
    return bare if count(bare) >= MIN_WORDS else text


def _notice(html: str, text: str) -> str:
    """A short text by its paragraphs, if they are some of what Trafilatura put on one line."""
    parted = whole_cascade(html, PARAGRAPHS)
    words, all_words = WORD.findall(parted), WORD.findall(text)
    part_of_it = not Counter(words) - Counter(all_words)
    return parted if part_of_it and len(words) >= MIN_KEPT * len(all_words) else text


def _declared_language(tree: HtmlElement) -> str | None:
    """`html lang` as a BCP 47 code (`fr-BE`), or None where it is none (`utf-8`, `Deutsch`)."""
    declared = (
        tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
    ).strip()
    return bcp47(declared)


def _alternate_language(tree: HtmlElement, url: str, canonicals: Iterable[str]) -> str | None:
    """The language that the page's list of translations (hreflang) has for the page itself."""
    own = {_bare(address) for address in (url, *canonicals)}
    named = (
        bcp47(link.get("hreflang"))
        for link in tree.iter("link")
        if link.get("hreflang") and _bare(absolute(url, link.get("href")) or "") in own
    )
    # `x-default` is none; two would be said of a page that has all its languages.
    found = {language for language in named if language}
    return found.pop() if len(found) == 1 else None


def _bare(address: str) -> str:
    return address.partition("#")[0].partition("://")[2].rstrip("/")


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


def _canonicals(tree: HtmlElement, url: str) -> Iterator[str]:
    for link in tree.iter("link"):
        if "canonical" in (link.get("rel") or "").lower().split() and (
            address := absolute(url, link.get("href"))
        ):
            yield address


def _og_url(tree: HtmlElement, url: str) -> str | None:
    claims = (
        meta.get("content")
        for meta in tree.iter("meta")
        if "og:url" in (meta.get("property"), meta.get("name"))
    )
    return absolute(url, next(claims, None))
