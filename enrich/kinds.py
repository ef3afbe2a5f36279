"""Which pages are articles, and which are listings, home pages, walls or nothing at all.

A body is first asked whether it is a page (`refuse`) and cut to what can be read in time
(`readable`); then its tree, its own claims and the text found in it say of what kind it is
(`kind_of`). No single sign decides: each has some points for or against, and the reason names the
strongest, so that whoever disagrees sees what to change.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from lxml import etree
from lxml.html import HtmlElement

from enrich.blocks import BLOCKS as LINES
from enrich.claims import ARTICLE_TYPES, Claims, types
from enrich.text import fold

DATA = Path(__file__).parent / "data" / "kinds.toml"

# Trafilatura needs some 1.4 s and 50 MB for each million characters of short paragraphs, and as
# much for each 25,000 tags however short: 8 MB of paragraphs took 16 s, 250,000 times `<p>x</p>`
# 14 s, 20 MB 37 s and 1 GB. Cut here, the same pages take 4 s and 200 MB at most. The largest of
# 1,185 real pages has 2.2 million characters and 13,000 tags, so none is cut. To check again: time
# `bare_extraction` on as many paragraphs.
MAX_CHARACTERS, MAX_TAGS = 3_000_000, 50_000
# Trafilatura joins the runs of text in one element (`a <b>b</b> c`) in quadratic time: 4,000 take
# 1.4 s, 25,000 more than a minute. The most that one of 1,185 real pages has is 312. A page with
# more in one element is cut at MAX_CROWDED tags, which take a second or two if they are all runs.
MAX_RUNS, MAX_CROWDED = 2_000, 8_000
CROWDED = etree.XPath(f"//*[*[{MAX_RUNS + 1}]]")
# The parser compares each attribute of a tag with all others: 100,000 of them take minutes.
MAX_ATTRIBUTES = 2_000
LONG_TAG = 4 * MAX_ATTRIBUTES  # characters: an attribute has a blank, a name, a "=" and a value
MAX_DEPTH = 250  # the parser drops what is deeper than 256 elements
# What a body begins with that is no page, and what it then is.
SIGNATURES = (
    (b"%PDF", "a PDF"), (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x89PNG", "a picture"), (b"\xff\xd8\xff", "a picture"), (b"GIF8", "a picture"),
    (b"RIFF", "a picture or a sound"), (b"\x1f\x8b", "compressed data"),
    (b"\xd0\xcf\x11\xe0", "an office document"), (b"{\\rtf", "an office document"),
    (b"ID3", "a sound"), (b"OggS", "a sound or a film"), (b"\x00\x00\x00", "a film"),
    (b"wOF", "a font"), (b"%!PS", "a PostScript file"), (b"7z\xbc\xaf", "an archive"),
)  # fmt: skip
FEED_ROOTS = ("<rss", "<feed", "<rdf:rdf", "<urlset", "<sitemapindex", "<opml")
BEGINNING = 4_096  # characters in which a page shows what it is
BLANKS = b"\xef\xbb\xbf \t\r\n"
JSON = re.compile(r"\{\s{0,99}[\"}]|\[\s{0,99}[{\[\"\d]")
NO_PAGES = (
    "image/", "audio/", "video/", "font/", "application/pdf", "application/zip",
    "application/json", "text/plain", "text/csv", "text/css",
)  # fmt: skip
UTF16 = (b"\xff\xfe", b"\xfe\xff")
# One NUL in a page is an accident that the parser passes over; binary data have one in ten.
MAX_NULS = 0.01

# One a character where a script has no spaces between words, otherwise one a run of letters.
WORD = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|\w+"
)
UNSEEN = frozenset(
    {"script", "style", "template", "noscript", "svg", "select", "textarea", "iframe", "title"}
)
VOID = frozenset({"br", "img", "hr", "wbr", "source", "path", "use", "col", "param", "track"})
FURNITURE = frozenset({"header", "footer", "nav", "aside", "button"})
FURNITURE_ROLES = frozenset({"navigation", "banner", "contentinfo", "search"})
FOOTER = re.compile(r"(?:^|[-_ ])(?:footer|colophon|pied|bottom-?bar)(?:$|[-_ ])", re.IGNORECASE)
MENU = re.compile(r"menu|nav(?!y)|footer|colophon", re.IGNORECASE)
# Trails of crumbs and language switches link to the page itself on every page.
TRAIL = re.compile(r"breadcrumb|ariane|kruimel|migas|lang", re.IGNORECASE)
PAGER = re.compile(r"pag(?:er|inat|e-num)|nav-links|wp-pagenavi", re.IGNORECASE)
# Each of these has one of them.
TELLING = (
    "nav", "menu", "foot", "lang", "pag", "bread", "colophon", "pied", "bottom", "ariane",
    "kruimel", "migas",
)  # fmt: skip
PAGERS = frozenset({"ul", "ol", "div", "nav", "p"})
BLOCKS = frozenset(
    {"article", "section", "div", "li", "p", "td", "tr", "dd", "dl", "blockquote", "main"}
)
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
# A date as people write it, with its year: "12.30" is an hour.
DATE = re.compile(
    r"\b\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d\b|\b(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}\b"
    r"|\b\d{1,2}\S{0,3}\s{1,2}(?:de\s)?[^\W\d]{3,12}[.,]?\s{1,2}(?:del?\s)?(?:19|20)\d\d\b"
    r"|\b[^\W\d]{3,12}\s{1,2}\d{1,2}\S{0,3}\s{1,2}(?:19|20)\d\d\b|(?:19|20)\d\d年"
)
CLOCK = re.compile(r"\W{0,3}[012]?\d\s?[:h.]\s?[0-5]\d\b")
APPS = frozenset({"root", "app", "__next", "__nuxt", "___gatsby", "app-root", "q-app", "svelte"})
SEPARATORS = re.compile(r"\s[|–—·•»«:-]{1,3}\s|[|»«]|:\s")
MENUS = frozenset({"ul", "ol", "div"})
# What says something by being there.
NOTED = frozenset(
    {"h1", "noscript", "time", "iframe", "embed", "object", "input", "frameset", "meta", "link"}
)
# An address that `urljoin` would leave as it is.
WHOLE = re.compile(r"https?://[\w.:-]+(?:/[^\s?#;]*)?(?:\?[^\s#]+)?(?:#\S+)?", re.ASCII)
# An element's text, its tail not; `itertext` takes three times as long.
STRING = etree.XPath("string()", smart_strings=False)
MAX_TITLE, MAX_PHRASE = 300, 8  # characters of a title, words of a phrase
LANGUAGE = re.compile(r"[a-z]{2}(?: [a-z]{2})?")
LANGUAGES = frozenset({"lang", "language", "hl", "locale"})
SEARCHES = frozenset(
    {
        "s",
        "q",
        "search",
        "searchword",
        "recherche",
        "keys",
        "query",
        "paged",
        "cat",
        "tag",
        "author",
    }
)
PAGES = ("page", "start", "limitstart", "offset", "pg")
# Metas that only articles have.
ARTICLE_METAS = (
    "article:published_time", "og:article:published_time", "citation_title", "parsely-pub-date",
    "sailthru.date", "dcterms.issued", "dc.date.issued",
)  # fmt: skip
ENDINGS = re.compile(r"\.(?:s?html?|php\d?|aspx?|jsp|cfm)$")
FURTHER = re.compile(r"/(?:page|pagina|pagina_|seite|strona|sayfa)[/-]?\d{1,4}/?$")
SPIP = re.compile(r"(?:rubrique|mot|auteur|secteur)\d+")

# A card is a block with a link to another page and some words: what a listing is made of, and a
# list of related articles too. Longer ones are articles shown whole.
MIN_CARDS, MAX_CARD_WORDS, MIN_TEASER, MIN_LABEL = 3, 130, 6, 3
MAX_BEFORE_LINK = 8  # words of a card before its link: a date, a section
MIN_PROSE = 6  # words of a paragraph that is running text
MAX_BYLINE = 12  # words of a piece of text in which a date is looked for
HEADLINE = 5  # words: names of sections have one to four
MAX_SCANNED = 300_000  # characters that are folded or compared, so that a huge page costs no more
MAX_LINES = 500  # of a text that are looked for in cards
# Of a line that is looked for: shorter ones are anywhere, longer ones no better than their start.
MIN_LETTERS, MAX_LETTERS = 4, 200
MIN_WORDS = 5  # as in extract.py: what is shorter is a bare title or "Loading..."
MAX_FURNITURE = 150  # words of a footer: who we are, and a line or two on privacy
MIN_SHOWN = 20  # words: fewer than a short notice has with its title
SHELL_WORDS = 60  # words: a title, a caption and a link to the document shown
MAX_CONSENT_WORDS, CONSENT_SHARE = 600, 0.6  # of the words, in lines that speak of consent
WALL_WORDS = 250  # a longer text was not cut off by a wall
CUT_WORDS = 180  # two paragraphs before "subscribe to read"
BARE_TEASER = 40  # words, where nothing but JSON-LD says that there is more
MIN_TIMES = 4  # lines that begin with an hour; a match report has two or three
# A page is no article if the points for another kind, less those for an article, reach this.
# Chosen on 1,185 real articles, 85 short ones and 255 listings and standing pages made for it, and
# the 153 listings of the demo's sites. At 3 three real articles more were lost than at 4, of 1,185;
# at 5 nine more of the demo's listings were missed. To check again: count the kinds of pages whose
# kind is known at each of these.
THRESHOLD = 4.0
# Points against a standing page that is long and not called as such pages are: by its signs alone
# it cannot be told from an essay.
LONG, LONG_WORDS = 3.0, 300
MAX_LOOKS = 5.0  # points for how a listing looks, so that other signs can outweigh them


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a page is, and the reason in one short sentence.

    `name` is `article`, `listing`, `home`, `static`, `consent`, `paywall`, `shell`, `live`,
    `not_found`, `empty` or `not_html`.
    """

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One sign and its points for the kind in whose list it stands."""

    points: float
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A block that may be a card: where it starts and ends, and what it holds."""

    start: int
    end: int
    parent: int
    shape: tuple[str, str]
    words: int
    dates: int
    target: str
    teaser: bool
    headed: bool  # its one heading is a link
    more: bool  # it has a link to read more
    element: HtmlElement


@dataclass(slots=True)
class Frame:
    """What is known of an element whose end has not come yet."""

    start: int
    tag: str
    hidden: bool
    furniture: bool
    menu: bool
    link: bool
    heading: bool
    words: int = 0
    linked: int = 0
    own: int = 0  # words that are not in blocks inside it
    before: int | None = None  # words before the first link
    target: str = ""
    headed: int = 0  # headings in it that are links
    more: bool = False
    dates: int = 0


OUTSIDE = Frame(
    start=0, tag="", hidden=False, furniture=False, menu=False, link=False, heading=False
)


@dataclass(slots=True)
class Look:
    """What was seen in a tree. Words are those outside furniture (menus, side bars, footers)."""

    url: str
    words: int = 0
    dates: int = 0
    prose: list[tuple[int, int, int]] = field(default_factory=list)  # (start, holder, words)
    cards: list[Card] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)  # h1 only
    heading_at: int = 0
    furniture: list[HtmlElement] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    noscript: list[str] = field(default_factory=list)
    more: int = 0
    depth: int = 0
    seen: set[str] = field(default_factory=set)  # menu, pager, password, viewer, frames ...


@cache
def _words(table: str) -> frozenset[str]:
    """The folded phrases of a table of kinds.toml, all languages together."""
    return frozenset(fold(phrase) for phrases in _tables()[table].values() for phrase in phrases)


@cache
def _classes(kind: str) -> frozenset[str]:
    return frozenset(_tables()["classes"][kind])


@cache
def _tables() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(DATA.read_text(encoding="utf-8"))


def refuse(body: bytes | str, content_type: str | None = None) -> Kind | None:
    """Why `body` cannot be a page, or None if it may be one. Looks at its beginning only."""
    start = body[:BEGINNING]
    raw = (start if isinstance(start, bytes) else start.encode("utf-8", "replace")).lstrip(BLANKS)
    text = raw.replace(b"\0", b"").decode("utf-8", "replace").lower()
    what = next((what for signature, what in SIGNATURES if raw.startswith(signature)), None)
    stated = (content_type or "").partition(";")[0].strip().lower()
    if not text.strip():
        return Kind(name="empty", reason="the answer has no content")
    if what is None and not raw.startswith(UTF16) and raw.count(0) > MAX_NULS * len(raw):
        what = "binary data"
    elif text[0] in "{[" and JSON.match(text):
        what = "JSON"
    elif _after_prolog(text).startswith(FEED_ROOTS):
        what = "a feed or a sitemap"
    elif text.startswith("<?xml") and "<html" not in text and "<!doctype html" not in text:
        what = "XML of another kind"
    elif stated.startswith(NO_PAGES) and "<" not in text:
        what = stated
    return Kind(name="not_html", reason=f"it is {what}, not a page") if what else None


def _after_prolog(text: str) -> str:
    """The text from its first element on: without declarations and comments."""
    while text.startswith(("<?", "<!")):
        end = text.find("-->") + 3 if text.startswith("<!--") else text.find(">") + 1
        if text.startswith("<!doctype html") or end < len("-->"):
            return text
        text = text[end:].lstrip()
    return text


def readable(html: str) -> tuple[str, bool]:
    """The page as far as it can be read in time, and whether its end was cut off.

    Ordinary pages come back as they are. Larger ones first lose what holds no text: programs,
    styles, comments and pictures inside addresses. In linear time.
    """
    if html.count("=") > MAX_ATTRIBUTES and _has_long_tag(html):
        html = _few_attributes(html)
    if not _large(html):
        return html, False
    html = _without(html, "<!--", "-->")
    html = _without(html, "<style", "</style>")
    html = _without(html, "<script", "</script>", keep="ld+json")
    html = re.sub(r"data:[a-z]{3,12}/[^\s\"'<>)]{200,}", "", html)
    return (_cut(html, MAX_TAGS), True) if _large(html) else (html, False)


def uncrowded(html: str, tree: HtmlElement) -> str | None:
    """The beginning of the page `tree` if an element in it has more runs of text than can be read.

    None for all others: no real page has such an element.
    """
    if html.count("<") <= MAX_RUNS:
        return None
    runs = (sum(part.tag not in LINES for part in element) for element in CROWDED(tree))
    return _cut(html, MAX_CROWDED) if any(each > MAX_RUNS for each in runs) else None


def _cut(html: str, most: int) -> str:
    """The page up to its tag of that number, and to MAX_CHARACTERS."""
    cut = html[:MAX_CHARACTERS]
    if cut.count("<") > most:
        position = -1
        for _ in range(most):
            position = cut.index("<", position + 1)
        cut = cut[:position]
    # Not in the middle of a tag.
    return cut[: cut.rfind("<")] if cut.rfind("<") > cut.rfind(">") else cut


def _large(html: str) -> bool:
    return len(html) > MAX_CHARACTERS or html.count("<") > MAX_TAGS


def _has_long_tag(html: str) -> bool:
    """Whether a tag may have LONG_TAG characters: seen at a fifth of what the pattern costs."""
    longest = [piece for piece in html.split("<") if len(piece) > LONG_TAG]
    return any(">" not in piece[:LONG_TAG] for piece in longest)


def _few_attributes(html: str) -> str:
    """The page without tags of so many attributes that the parser would not end in time."""
    return re.sub(
        rf"<[A-Za-z][^<>]{{{LONG_TAG},}}",
        lambda tag: tag[0] if tag[0].count("=") <= MAX_ATTRIBUTES else "<div",
        html,
    )


def _without(html: str, start: str, end: str, keep: str | None = None) -> str:
    """The page without what stands from `start` to `end`, unless its first words have `keep`."""
    lower = html.lower()
    if len(lower) != len(html):  # a few capitals have small letters of two characters
        lower = html
    parts, at = [], 0
    while (first := lower.find(start, at)) >= 0:
        last = lower.find(end, first)
        if last < 0:
            break
        stays = keep is not None and keep in lower[first : first + 200].partition(">")[0]
        parts.append(html[at : last + len(end) if stays else first])
        at = last + len(end)
    return "".join([*parts, html[at:]])


def kind_of(
    tree: HtmlElement,
    claims: Claims,
    *,
    url: str,
    text: str,
    title: str,
    published: str | None = None,
    authors: tuple[str, ...] = (),
) -> Kind:
    """What the page at `url` is. Changes nothing, and never raises for what a page may hold.

    `tree` is the whole page, before anything was cut out; `text` what was extracted, a paragraph a
    line. `published` and `authors` are what the page or its feed states, not what was guessed.
    """
    found = _Found(url=url, text=text, title=title, published=published, authors=authors)
    page = _page(tree, claims, found)
    home = _home(url)
    given = _signs(page)
    return (
        _nothing_there(page)
        or (Kind(name="home", reason=home) if home else None)
        or _live(page)
        or _weighed(page, given, "listing")
        or _wall(page)
        or _weighed(page, given, "static")
        or _article(page, given)
    )


def signs(
    tree: HtmlElement,
    claims: Claims,
    *,
    url: str,
    text: str,
    title: str,
    published: str | None = None,
    authors: tuple[str, ...] = (),
) -> dict[str, tuple[Sign, ...]]:
    """The signs that `kind_of` weighs, by what they speak for: for those who want to know more."""
    found = _Found(url=url, text=text, title=title, published=published, authors=authors)
    return _signs(_page(tree, claims, found))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the caller knows."""

    url: str
    text: str
    title: str
    published: str | None
    authors: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """All that the points are given for."""

    found: _Found
    look: Look
    claims: Claims
    types: frozenset[str]  # of all JSON-LD objects
    og_type: str
    parts: tuple[str, ...]  # of the path, folded
    names: tuple[str, ...]  # what it calls itself, folded
    classes: frozenset[str]
    text: str  # what was extracted, without lines of the site's furniture
    words: int  # of that
    all_words: int  # of all that was extracted
    said: str  # all that is shown outside furniture, folded, if that is not much
    cards: tuple[Card, ...]
    in_cards: float
    in_teasers: float  # the same for blocks that are not three of a kind
    prose: int
    leading: int  # words of the running text after the first heading, before any card


def _page(tree: HtmlElement, claims: Claims, found: _Found) -> _Page:
    look = _look(tree, found.url)
    cards = _cards(look)
    whole = found.text[:MAX_SCANNED]
    around = _without_spaces(look.furniture)
    text = "\n".join(line for line in whole.splitlines() if not _held(line, around))
    # Some themes put all they have into <header> or <aside>.
    all_words = _count(whole)
    words = _count(text) if len(text) < len(whole) else all_words
    if all_words - words > MAX_FURNITURE:
        text, words = whole, all_words
    lines = [(line, _count(line)) for line in text.splitlines()[:MAX_LINES]]
    said = " ".join([text, *look.said])[:MAX_SCANNED] if words <= WALL_WORDS else ""
    blocks = _outermost([*cards, *(card for card in look.cards if card.headed)])
    first = blocks[0].start if blocks else None
    leading = [
        (holder, count)
        for start, holder, count in look.prose
        if start > look.heading_at > 0 and (first is None or start < first)
    ]
    return _Page(
        found=found,
        look=look,
        claims=claims,
        types=frozenset().union(*(types(thing) for thing in claims.things)),
        og_type=(claims.meta("og:type") or "").lower(),
        parts=_parts(found.url),
        names=_names(found.title, claims, look),
        classes=_body_classes(tree),
        text=text,
        words=words,
        all_words=all_words,
        said=f" {fold(said)} ",
        cards=cards,
        in_cards=_share_in_cards(lines, cards),
        in_teasers=_share_in_cards(
            lines, [card for card in look.cards if card.headed or card.more]
        ),
        prose=_prose(look, blocks),
        leading=sum(count for holder, count in leading if holder == leading[0][0]),
    )


def _weighed(page: _Page, given: Mapping[str, tuple[Sign, ...]], name: str) -> Kind | None:
    """Whether the page is of the kind `name` by its signs, and not more of the other one."""
    points = {kind: sum(sign.points for sign in found) for kind, found in given.items()}
    balance = {
        "listing": points["listing"]
        + min(points["cards"], MAX_LOOKS)
        - points["running text"]
        - points["follows"],
        "static": points["static"]
        - (0 if _is_named(page) else points["running text"])
        - (LONG if page.words >= LONG_WORDS and not _is_named(page) else 0),
    }
    if balance[name] - points["article"] < THRESHOLD or balance[name] < max(balance.values()):
        return None
    what = "a list of others" if name == "listing" else "a standing page"
    cards = given["cards"] if name == "listing" else ()
    return Kind(name=name, reason=_because(what, given[name], cards))


def _article(page: _Page, given: Mapping[str, tuple[Sign, ...]]) -> Kind:
    if page.words < MIN_WORDS:
        if page.look.depth >= MAX_DEPTH:
            return Kind(name="empty", reason="its elements are nested deeper than can be read")
        whose = "outside menus and footers" if page.all_words >= MIN_WORDS else "of text"
        return Kind(name="empty", reason=f"{page.words} words {whose}")
    because = _because("an article", given["article"], given["running text"], given["follows"])
    return Kind(name="article", reason=because)


def _because(what: str, *given: tuple[Sign, ...]) -> str:
    strongest = sorted((sign for part in given for sign in part), key=lambda sign: -sign.points)[:3]
    return f"{what}: {', '.join(sign.what for sign in strongest) or 'nothing speaks against it'}"


def _signs(page: _Page) -> dict[str, tuple[Sign, ...]]:
    rows = {
        "article": _for_article(page),
        "running text": _for_running_text(page),
        "follows": _for_what_follows(page),
        "cards": _for_cards(page),
        "listing": [*_for_listing(page), *_for_list_address(page)],
        "static": _for_static(page),
    }
    return {
        name: tuple(Sign(points=points, what=what) for points, what, holds in given if holds)
        for name, given in rows.items()
    }


_Row = tuple[float, str, bool]  # points, what is seen, whether it is


def _for_article(page: _Page) -> list[_Row]:
    look, claims = page.look, page.claims
    headlines = _headlines(claims)
    stated = claims.meta(*ARTICLE_METAS) is not None
    beside = look.dates > sum(card.dates for card in _outermost(look.cards))
    slug = any(len(part.split()) >= HEADLINE for part in page.parts[-2:])
    return [
        (3, "its JSON-LD is an article's", 0 < headlines < MIN_CARDS),
        (3, "a meta has the date of an article", stated),
        (3, "the body has an article's class", bool(page.classes & _classes("article"))),
        (1, "a date stands beside the text", beside),
        (1, "it is dated", bool(page.found.published)),
        (1, "it has an author", bool(page.found.authors)),
        (1, "the address is a headline's", slug),
    ]


def _for_running_text(page: _Page) -> list[_Row]:
    """What a listing has not, and a standing page has less of than an article, often."""
    steps = ((400, 4), (200, 3), (80, 2), (40, 1))
    given = next((given for least, given in steps if page.prose >= least), 0)
    return [(given, f"{page.prose} words of running text", given > 0)]


def _for_what_follows(page: _Page) -> list[_Row]:
    """What an article and a standing page have, and a listing has not."""
    steps = ((80, 4), (40, 3), (20, 2), (MIN_PROSE, 1.5))
    given = next((given for least, given in steps if page.leading >= least), 0)
    headings = page.look.headings
    headline = bool(headings) and len(WORD.findall(headings[0])) >= HEADLINE
    return [
        # One of the usual plugins says so of standing pages too.
        (1, "og:type is article", page.og_type == "article"),
        (given, f"{page.leading} words follow the heading, before any card", given > 0),
        (1.5, "the heading is a headline", given > 0 and headline and not _named(page, "listing")),
    ]


def _for_cards(page: _Page) -> list[_Row]:
    """How a listing looks. What is said of it here says much the same in several ways."""
    cards = page.cards
    in_cards = sum(card.words for card in cards)
    teasers = sum(card.teaser for card in cards)
    little_else = len(cards) >= MIN_CARDS and in_cards > 2 * page.prose
    more_than_text = teasers >= MIN_CARDS and in_cards > page.prose and not little_else
    whole, part = 0.6, 0.35
    share = f"{page.in_cards:.0%} of the text stands in cards"
    return [
        (4, share, page.in_cards >= whole),
        (2, share, part <= page.in_cards < whole),
        (2, "the text stands in teasers", page.in_cards < part and page.in_teasers >= whole),
        (2, f"{len(cards)} cards and little else", little_else),
        (1, f"{teasers} teasers, more than running text", more_than_text),
        (2, "no running text", page.prose < MIN_PROSE),
        (2, f"{page.look.more} links to read more", page.look.more >= MIN_CARDS),
    ]


def _for_listing(page: _Page) -> list[_Row]:
    lists = bool(page.classes & (_classes("listing") | _classes("home")))
    collection = bool(page.types & {"collectionpage", "searchresultspage", "eventseries"})
    titled = any(name in _words("listing") for name in page.names)
    return [
        (3, "the title is a list's", titled),
        (1, "the title begins as a list's", not titled and _named(page, "listing")),
        (3, "its JSON-LD is a collection's", collection),
        (1, "its JSON-LD has a list", not collection and bool(page.types & {"itemlist", "blog"})),
        (2, "its JSON-LD has several articles", _headlines(page.claims) >= MIN_CARDS),
        (3, "the body has a list's class", lists),
        (1, "it has further pages", "pager" in page.look.seen),
        (2, "the site's menu links to it", "menu" in page.look.seen),
        (1, "og:type is website", page.og_type in ("website", "blog")),
    ]


def _for_list_address(page: _Page) -> list[_Row]:
    parts, query = page.parts, _query(page.found.url)
    ends = bool(parts) and parts[-1] in _words("listing")
    further = bool(FURTHER.search(page.found.url))
    asks = bool(query.keys() & SEARCHES) or query.get("page") == "recherche"
    spip = any(SPIP.fullmatch(key) for key in query)
    pages = any(query.get(key, "").isdigit() for key in PAGES) or any(
        key.startswith("debut_") for key in query
    )
    below = any(part in _words("taxonomy") for part in parts[:-1])
    return [
        (3, "the address is a list's", ends),
        (3, "the address is a list's further page", further or pages),
        (3, "the address is a search or a subject", asks or spip),
        (2, "the address is a subject's", below and not ends and not further),
    ]


def _for_static(page: _Page) -> list[_Row]:
    parts = page.parts
    titled = any(name in _words("static") for name in page.names)
    ends = bool(parts) and parts[-1] in _words("static")
    inside = not ends and any(part in _words("static") for part in parts)
    about = bool(page.types & {"aboutpage", "contactpage"})
    plain = not about and "webpage" in page.types and not page.types & ARTICLE_TYPES
    dated = bool(page.found.published) or page.look.dates > 0
    return [
        (4, "the title is a standing page's", titled),
        (1, "the title begins as a standing page's", not titled and _named(page, "static")),
        (3, "the address is a standing page's", ends),
        (3, "the address is below a standing page's", inside),
        (2, "the site's menu links to it", "menu" in page.look.seen),
        (3, "its JSON-LD is a standing page's", about),
        (1, "its JSON-LD is a page's, not an article's", plain),
        (3, "the body has a standing page's class", bool(page.classes & _classes("static"))),
        (2, "no date", not dated),
        (1, "og:type is website", page.og_type == "website"),
    ]


def _is_named(page: _Page) -> bool:
    """Whether the page calls itself what standing pages are called."""
    names = (*page.names, *page.parts[-1:])
    return any(name in _words("static") for name in names) or bool(
        page.types & {"aboutpage", "contactpage"}
    )


def _headlines(claims: Claims) -> int:
    """How many different articles the JSON-LD tells of."""
    return len({str(thing.get("headline") or thing.get("name")) for thing in claims.articles()})


def _query(url: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    except ValueError:
        return {}


def _home(url: str) -> str | None:
    names = _parts(url)
    query = _query(url)
    if query.keys() - LANGUAGES and query != {"page": "sommaire"}:
        return None
    if names and LANGUAGE.fullmatch(names[0]):
        names = names[1:]
    if not names or names == ("spip",):
        return "the address is the site's own"
    return (
        "the address is a home page's" if len(names) == 1 and names[0] in _words("home") else None
    )


def _parts(url: str) -> tuple[str, ...]:
    """The parts of the path, folded, without file endings: `/a-propos.html` is `a propos`."""
    try:
        path = unquote(urlsplit(url).path)
    except ValueError:
        return ()
    return tuple(folded for part in path.split("/") if (folded := fold(ENDINGS.sub("", part))))


def _names(title: str, claims: Claims, look: Look) -> tuple[str, ...]:
    """What the page calls itself, folded: its titles and first headings, whole and begun.

    Behind a title's first part come the section ("News") and the site, on articles too.
    """
    titles = [title[:MAX_TITLE], (claims.meta("og:title") or "")[:MAX_TITLE], *look.headings[:2]]
    site = fold(claims.meta("og:site_name") or "")
    names = {fold(part) for whole in titles for part in [whole, SEPARATORS.split(whole)[0]]}
    return tuple(sorted(names - {"", site}))


def _named(page: _Page, table: str) -> bool:
    """Whether a title is a phrase, or one and up to three words more: "About Example House"."""
    return any(_begins(name, _words(table), least=len(name.split()) - 3) for name in page.names)


def _begins(name: str, phrases: frozenset[str], least: int = 1) -> bool:
    """Whether the first words of a name, `least` or more of them, are a phrase."""
    words = name.split()[:MAX_PHRASE]
    return any(" ".join(words[:n]) in phrases for n in range(max(1, least), len(words) + 1))


def _nothing_there(page: _Page) -> Kind | None:
    look, words = page.look, page.words
    missing = any(_begins(name, _words("not_found")) for name in page.names)
    reason = None
    if "frames" in look.seen:
        reason = "a set of frames without a text of its own"
    elif "viewer" in look.seen and words < MIN_SHOWN and look.words < SHELL_WORDS:
        reason = "it only shows a document in a frame"
    elif "refresh" in look.seen and words < MIN_SHOWN:
        reason = "it only sends the browser elsewhere"
    elif words < MIN_SHOWN and look.words < SHELL_WORDS and _waits(page):
        reason = "a program in the browser would fill it"
    if page.words <= WALL_WORDS and (missing or page.classes & _classes("not_found")):
        return Kind(name="not_found", reason="it says that there is no such page")
    return Kind(name="shell", reason=reason) if reason else None


def _waits(page: _Page) -> bool:
    """Whether the page has an empty place for a program, or says that it wants one."""
    said = f" {fold(' '.join(page.look.noscript)[:MAX_SCANNED])} {page.said} "
    return "app" in page.look.seen or any(f" {phrase} " in said for phrase in _words("scripts"))


def _wall(page: _Page) -> Kind | None:
    words = page.words
    share, different = _consent(page.text) if words <= MAX_CONSENT_WORDS else (0.0, 0)
    if share >= CONSENT_SHARE and different > 1 and not _is_named(page):
        return Kind(name="consent", reason=f"{share:.0%} of the text asks for consent")
    if words > WALL_WORDS:
        return None
    asked = next((phrase for phrase in sorted(_words("paywall")) if f" {phrase} " in page.said), "")
    closed = any(
        str(thing.get("isAccessibleForFree")).strip().lower() in ("false", "no", "0")
        for thing in page.claims.articles()
    )
    reason = None
    if asked and (closed or words < CUT_WORDS):
        reason = f"{words} words, and it says: {asked}"
    elif closed and words < BARE_TEASER:
        reason = f"{words} words, and it says that it is not free"
    elif "password" in page.look.seen and words < MIN_SHOWN and not page.found.published:
        reason = "it asks for a password"
    return Kind(name="paywall", reason=reason) if reason else None


def _consent(text: str) -> tuple[float, int]:
    """The share of words in lines that speak of consent, and how many phrases were found."""
    whole = f" {fold(text)} "
    said = [phrase for phrase in _words("consent") if f" {phrase} " in whole]
    if len(said) < 2:  # noqa: PLR2004 (most pages: one is a word among others)
        return 0.0, len(said)
    asked, total, found = 0, 0, set[str]()
    for line in text.splitlines():
        count = _count(line)
        total += count
        folded = f" {fold(line)} "
        here = {phrase for phrase in said if f" {phrase} " in folded}
        asked += count if here else 0
        found |= here
    return (asked / total if total else 0.0), len(found)


def _live(page: _Page) -> Kind | None:
    if "liveblogposting" in page.types:
        return Kind(name="live", reason="its JSON-LD is a live blog's")
    titles = SEPARATORS.split(page.found.title[:MAX_TITLE])[:2]
    if any(_begins(fold(part), _words("live")) for part in titles):
        times = sum(1 for line in page.text.splitlines() if CLOCK.match(line))
        if times >= MIN_TIMES:
            return Kind(name="live", reason=f"a live title, and {times} lines with an hour")
    return None


def _count(text: str) -> int:
    return len(WORD.findall(text))


def _body_classes(tree: HtmlElement) -> frozenset[str]:
    body = tree.find("body")
    found = [tree, *([body] if body is not None else [])]
    return frozenset(
        name for element in found for name in (element.get("class") or "").lower().split()
    )


def _look(tree: HtmlElement, url: str) -> Look:  # noqa: C901 (flat, and run for every element)
    """One walk through the page, without recursion."""
    look = Look(url=url)
    own = _host(url), _same(url)
    stack: list[Frame] = [OUTSIDE]
    number = depth = 0
    walk = etree.iterwalk(tree, events=("start", "end"))
    for event, element in walk:
        tag = element.tag
        if tag in VOID and number:
            if event == "end" and (text := element.tail):
                _add(look, stack[-1], text)
        elif event == "start":
            number += 1
            stack.append(frame := _frame(look, element, number, stack[-1]))
            depth = max(depth, len(stack))
            if tag in NOTED:
                _noted(look, frame, element)
            if frame.hidden:
                walk.skip_subtree()
                continue
            if tag == "a" and (href := element.get("href")):
                _linked(look, frame, element, href.strip(), own)
            if text := element.text:
                _add(look, frame, text)
        else:
            frame = stack.pop()
            if not frame.hidden:
                _ended(look, frame, stack[-1], (element, number))
            if len(stack) > 1 and (text := element.tail):
                _add(look, stack[-1], text)
    look.depth = depth - 1
    return look


class _Says(NamedTuple):
    """What the class and the id of an element say that it is."""

    footer: bool
    menu: bool
    trail: bool
    pager: bool
    app: bool


NOTHING = _Says(footer=False, menu=False, trail=False, pager=False, app=False)


def _says(name: str, ident: str) -> _Says:
    label = f"{name} {ident}"
    low = label.lower()
    if ident not in APPS and not any([one in low for one in TELLING]):  # noqa: C419 (twice as fast)
        return NOTHING  # three of four, at a tenth of the cost
    return _Says(
        footer=bool(FOOTER.search(label)),
        menu=bool(MENU.search(label)),
        trail=bool(TRAIL.search(label)),
        pager=bool(PAGER.search(name)),
        app=ident in APPS,
    )


_says_again = lru_cache(maxsize=8_192)(_says)  # some hundred a site, on every one of its pages


def _frame(look: Look, element: HtmlElement, number: int, up: Frame) -> Frame:
    """What is known of an element where it begins."""
    tag = element.tag
    furniture = tag in FURNITURE
    menu = up.menu or furniture
    hidden = up.hidden or tag in UNSEEN
    if attributes := element.attrib:
        name, ident, role = map(attributes.get, ("class", "id", "role"))
        if role in FURNITURE_ROLES:
            furniture = menu = True
        if name or ident:
            name, ident = name or "", ident or ""
            short = len(name) + len(ident) <= MAX_TITLE
            says = (_says_again if short else _says)(name, ident)
            # With the heading in it, it is what holds the whole page ("has-footer").
            furniture = furniture or (
                says.footer and tag == "div" and element.find(".//h1") is None
            )
            menu = (menu or (says.menu and tag in MENUS)) and not says.trail
            if says.pager and tag in PAGERS:
                look.seen.add("pager")
            if says.app and _count("".join(islice(element.itertext(), 100))[:99]) < MIN_WORDS:
                look.seen.add("app")
    if furniture and not up.furniture and not up.hidden:
        look.furniture.append(element)
    return Frame(
        number,
        tag,
        hidden,
        up.furniture or furniture,
        menu,
        up.link or tag == "a",
        up.heading or tag in HEADINGS,
    )


def _noted(look: Look, frame: Frame, element: HtmlElement) -> None:
    """What an element of NOTED says by being there."""
    tag = frame.tag
    if tag == "h1" and not frame.hidden:
        look.heading_at = look.heading_at or frame.start
        look.headings.append(" ".join(STRING(element).split())[:MAX_TITLE])
    elif tag == "noscript":
        look.noscript.append(STRING(element)[:MAX_TITLE])
    elif tag == "time" and not frame.hidden and not frame.furniture:
        frame.dates += 1
    elif tag in ("iframe", "embed", "object"):
        source = (element.get("src") or element.get("data") or "").lower()
        look.seen |= {"viewer"} if ".pdf" in source or "viewer" in source else set()
    elif tag == "input" and element.get("type") == "password":
        look.seen.add("password")
    elif tag == "frameset":
        look.seen.add("frames")
    elif tag == "meta" and (element.get("http-equiv") or "").lower() == "refresh":
        look.seen.add("refresh")
    elif tag == "link" and element.get("rel") in ("next", "prev"):
        look.seen.add("pager")


def _linked(
    look: Look, frame: Frame, element: HtmlElement, href: str, own: tuple[str, str]
) -> None:
    """Where a link goes: to another page of the site, or to this one from a menu."""
    host, here = own
    if not href or href.startswith(("#", "mailto:", "tel:", "javascript:")):
        return
    if href.startswith("/") and not href.startswith("//"):
        same, to = (host + href).partition("#")[0].rstrip("/"), host  # urljoin takes 15 times that
    elif WHOLE.fullmatch(href):
        same = _same(href)
        to = same.partition("/")[0].partition("?")[0]
    else:
        try:
            target = urljoin(look.url, href)
        except ValueError:
            return
        same = _same(target)
        to = same.partition("/")[0].partition("?")[0]
    if same and same == here:
        if frame.menu and not frame.heading and "#" not in href and not element.get("hreflang"):
            look.seen.add("menu")
    elif to == host:
        frame.target = same


def _host(url: str) -> str:
    """The host, with its port, without www."""
    return _same(url).partition("/")[0].partition("?")[0]


def _same(url: str) -> str:
    """The address without what does not change the page: scheme, www, fragment, last slash."""
    return url.partition("#")[0].partition("://")[2].removeprefix("www.").rstrip("/")


def _add(look: Look, frame: Frame, text: str) -> None:
    if frame.hidden or text.isspace() or not (count := _count(text)):
        return
    if frame.link:
        frame.linked += count
        frame.before = frame.words if frame.before is None else frame.before
    frame.words += count
    frame.own += count
    if not frame.furniture:
        look.said.append(text)
        if count < MAX_BYLINE and ("20" in text or "19" in text):
            frame.dates += bool(DATE.search(text[:MAX_TITLE]))


def _ended(look: Look, frame: Frame, parent: Frame, of: tuple[HtmlElement, int]) -> None:
    """Count a block, and add what an element holds to what holds it."""
    element, _ = of
    if not (frame.words or frame.target or frame.dates):
        return
    if frame.tag == "a" and frame.target:
        frame.headed = int(frame.heading)
        frame.more = frame.words < MIN_PROSE and _is_more(STRING(element)[:MAX_TITLE])
        look.more += frame.more and not frame.furniture
    if parent is OUTSIDE:
        look.words, look.dates = frame.words, frame.dates
        return
    if frame.furniture and not parent.furniture:
        return
    if frame.tag in BLOCKS and not frame.furniture:
        _block(look, frame, parent, of)
    if frame.before is not None and parent.before is None:
        parent.before = parent.words + frame.before
    parent.words += frame.words
    parent.linked += frame.linked
    parent.own += 0 if frame.tag in BLOCKS else frame.own
    parent.target = parent.target or frame.target
    parent.headed += frame.headed
    parent.more = parent.more or frame.more
    parent.dates += frame.dates


@lru_cache(maxsize=4_096)  # the links of a site's menus are on all of its pages
def _is_more(label: str) -> bool:
    return fold(label) in _words("more")


def _block(look: Look, frame: Frame, parent: Frame, of: tuple[HtmlElement, int]) -> None:
    """Note a block that is running text, and one that may be a card."""
    element, number = of
    if frame.own >= MIN_PROSE and frame.linked < frame.words / 2:
        holder = parent.start if frame.tag in ("p", "li", "blockquote") else frame.start
        look.prose.append((frame.start, holder, frame.own))
    bare = frame.words - frame.linked
    leads = frame.before is not None and frame.before <= MAX_BEFORE_LINK
    told = frame.headed > 0 or frame.more or (leads and frame.linked >= MIN_LABEL)
    short = MIN_LABEL <= frame.words <= MAX_CARD_WORDS
    menu = bare < MIN_TEASER and frame.linked <= MIN_LABEL
    whole = frame.start <= look.heading_at <= number  # the page's own heading is in it
    if not frame.target or not told or not short or menu or whole:
        return
    names = (element.get("class") or "").split()
    look.cards.append(
        Card(
            start=frame.start,
            end=number,
            parent=parent.start,
            shape=(frame.tag, re.sub(r"\d", "", names[0]) if names else ""),
            words=frame.words,
            dates=frame.dates,
            target=frame.target,
            teaser=bare >= MIN_TEASER,
            headed=frame.headed == 1,
            more=frame.more,
            element=element,
        )
    )


def _cards(look: Look) -> tuple[Card, ...]:
    """The blocks that have at least two others of their shape, the outermost of each."""
    groups = Counter[tuple[str, str, int]]()
    seen: set[tuple[tuple[str, str, int], str]] = set()
    for card in look.cards:
        group = _group(card)
        if (group, card.target) not in seen:
            seen.add((group, card.target))
            groups[group] += 1
    return _outermost([card for card in look.cards if groups[_group(card)] >= MIN_CARDS])


def _outermost(cards: Iterable[Card]) -> tuple[Card, ...]:
    found: list[Card] = []
    for card in sorted(cards, key=lambda card: card.start):
        if not found or card.start > found[-1].end:
            found.append(card)
    return tuple(found)


def _group(card: Card) -> tuple[str, str, int]:
    """Cards are alike by tag and class wherever they are; without a class, among siblings."""
    tag, name = card.shape
    return (tag, name, 0 if name else card.parent)


def _prose(look: Look, cards: tuple[Card, ...]) -> int:
    """The words of running text in the element that has most of it, cards left out."""
    sums = Counter[int]()
    waiting = iter(cards)
    card = next(waiting, None)
    for start, holder, words in sorted(look.prose):
        while card is not None and card.end < start:
            card = next(waiting, None)
        if card is None or start < card.start:
            sums[holder] += words
    return max(sums.values(), default=0)


def _share_in_cards(lines: Sequence[tuple[str, int]], cards: Sequence[Card]) -> float:
    """The share of the words that stand in cards, of lines that come with their words' number."""
    if not cards:
        return 0.0
    where = _without_spaces(card.element for card in cards)
    total = sum(count for _, count in lines)
    inside = sum(count for line, count in lines if _held(line, where))
    return inside / total if total else 0.0


def _without_spaces(elements: Iterable[HtmlElement]) -> str:
    """The text of elements without spaces, so that it does not matter how lines were cut."""
    found: list[str] = []
    left = MAX_SCANNED
    for element in elements:
        found.append("".join(STRING(element).split())[:left])
        left -= len(found[-1])
        if left <= 0:
            break
    return "\n".join(found)


def _held(line: str, where: str) -> bool:
    bare = "".join(line.lstrip("-|# ").split())[:MAX_LETTERS]
    return len(bare) >= MIN_LETTERS and bare in where
