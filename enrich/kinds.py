"""Which pages are articles, and which are listings, home pages, walls or nothing at all.

A page's look (`enrich.looks`), its own claims and the text found in it say of what kind it is. No
single sign decides: each has some points for or against, and the reason names the strongest, so
that whoever disagrees sees what to change.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from lxml import etree
from lxml.html import HtmlElement

from enrich.blocks import WORD, Layout, count
from enrich.claims import ARTICLE_TYPES, Claims, types
from enrich.looks import (
    MAX_TITLE,
    MIN_CARDS,
    MIN_PROSE,
    Card,
    Look,
    cards_of,
    leading,
    longest,
    look_of,
    outermost,
)  # fmt: skip
from enrich.text import fold

DATA = Path(__file__).parent / "data" / "kinds.toml"

FRAMES = ("iframe", "embed", "object")
SEPARATORS = re.compile(r"\s[|–—·•»«:-]{1,3}\s|[|»«]|:\s")
CLOCK = re.compile(r"\W{0,3}[012]?\d\s?[:h.]\s?[0-5]\d\b")
MAX_PHRASE = 8  # words of a phrase
CUT_OFF = ("…", "...", "[…]", "[...]")
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

HEADLINE = 5  # words: names of sections have one to four
MAX_SCANNED = 300_000  # characters that are folded or compared, so that a huge page costs no more
MAX_LINES = 500  # of a text that are looked for in cards
# Of a line that is looked for: shorter ones are anywhere, longer ones no better than their start.
MIN_LETTERS, MAX_LETTERS = 4, 200
MAX_DEPTH = 250  # elements: the parser drops what is deeper than 256
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


def kind_of(
    tree: HtmlElement,
    layout: Layout,
    claims: Claims,
    *,
    url: str,
    text: str,
    title: str,
    published: str | None = None,
    authors: tuple[str, ...] = (),
) -> Kind:
    """What the page at `url` is. Changes nothing, and never raises for what a page may hold.

    `tree` is the whole page and `layout` its layout; `text` what was extracted, a paragraph a line.
    `published` and `authors` are what the page or its feed states, not what was guessed.
    """
    found = _Found(url=url, text=text, title=title, published=published, authors=authors)
    page = _page(tree, layout, claims, found)
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
    layout: Layout,
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
    return _signs(_page(tree, layout, claims, found))


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
    tree: HtmlElement
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


def _page(tree: HtmlElement, layout: Layout, claims: Claims, found: _Found) -> _Page:
    look = look_of(layout, found.url, _words("more"))
    cards = cards_of(look)
    whole = found.text[:MAX_SCANNED]
    around = "".join("".join(look.furniture).split())[:MAX_SCANNED]
    text = "\n".join(line for line in whole.splitlines() if not _held(line, around))
    # Some themes put all they have into <header> or <aside>.
    all_words = count(whole)
    words = count(text) if len(text) < len(whole) else all_words
    if all_words - words > MAX_FURNITURE:
        text, words = whole, all_words
    lines = text.splitlines()[:MAX_LINES]
    said = " ".join([text, *look.said])[:MAX_SCANNED] if words <= WALL_WORDS else ""
    blocks = outermost([*cards, *(card for card in look.cards if card.headed)])
    return _Page(
        found=found,
        tree=tree,
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
        prose=longest(look, blocks),
        leading=leading(look, blocks),
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
        if _is_deep(page.tree):
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
    beside = look.dates > sum(card.dates for card in outermost(look.cards))
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
        (1, "it has further pages", page.look.pager or _has_next(page.tree)),
        (2, "the site's menu links to it", page.look.menu),
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
        (2, "the site's menu links to it", page.look.menu),
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
    words = page.words
    missing = any(_begins(name, _words("not_found")) for name in page.names)
    reason = None
    if next(page.tree.iter("frameset"), None) is not None:
        reason = "a set of frames without a text of its own"
    elif words < MIN_SHOWN:
        reason = _shown_elsewhere(page)
    if page.words <= WALL_WORDS and (missing or page.classes & _classes("not_found")):
        return Kind(name="not_found", reason="it says that there is no such page")
    return Kind(name="shell", reason=reason) if reason else None


def _shown_elsewhere(page: _Page) -> str | None:
    """Why a page almost without text has none."""
    sources = (
        (frame.get("src") or frame.get("data") or "").lower() for frame in page.tree.iter(*FRAMES)
    )
    little = page.look.words < SHELL_WORDS
    if little and any(".pdf" in source or "viewer" in source for source in sources):
        return "it only shows a document in a frame"
    if any((meta.get("http-equiv") or "").lower() == "refresh" for meta in page.tree.iter("meta")):
        return "it only sends the browser elsewhere"
    return "a program in the browser would fill it" if little and _waits(page) else None


def _waits(page: _Page) -> bool:
    """Whether the page has an empty place for a program, or says that it wants one."""
    asked = " ".join(
        "".join(islice(each.itertext(), MAX_TITLE))[:MAX_TITLE]
        for each in page.tree.iter("noscript")
    )
    said = f" {fold(asked[:MAX_SCANNED])} {page.said} "
    return page.look.app or any(f" {phrase} " in said for phrase in _words("scripts"))


def _has_next(tree: HtmlElement) -> bool:
    return any(link.get("rel") in ("next", "prev") for link in tree.iter("link"))


def _asks_for_password(tree: HtmlElement) -> bool:
    return any(field.get("type") == "password" for field in tree.iter("input"))


def _is_deep(tree: HtmlElement) -> bool:
    depth = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth >= MAX_DEPTH:
            return True
    return False


def _wall(page: _Page) -> Kind | None:
    words = page.words
    share, different = _consent(page.text) if words <= MAX_CONSENT_WORDS else (0.0, 0)
    if share >= CONSENT_SHARE and different > 1 and not _is_named(page):
        return Kind(name="consent", reason=f"{share:.0%} of the text asks for consent")
    if words > WALL_WORDS:
        return None
    said = page.said
    if page.text.endswith(CUT_OFF):  # what follows may be anywhere
        said += f" {fold(' '.join(page.look.furniture)[:MAX_SCANNED])} "
    asked = next((phrase for phrase in sorted(_words("paywall")) if f" {phrase} " in said), "")
    closed = any(
        str(thing.get("isAccessibleForFree")).strip().lower() in ("false", "no", "0")
        for thing in page.claims.articles()
    )
    reason = None
    if asked and (closed or words < CUT_WORDS):
        reason = f"{words} words, and it says: {asked}"
    elif closed and words < BARE_TEASER:
        reason = f"{words} words, and it says that it is not free"
    elif words < MIN_SHOWN and not page.found.published and _asks_for_password(page.tree):
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
        words = count(line)
        total += words
        folded = f" {fold(line)} "
        here = {phrase for phrase in said if f" {phrase} " in folded}
        asked += words if here else 0
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


def _body_classes(tree: HtmlElement) -> frozenset[str]:
    body = tree.find("body")
    found = [tree, *([body] if body is not None else [])]
    return frozenset(
        name for element in found for name in (element.get("class") or "").lower().split()
    )


def _share_in_cards(lines: Sequence[str], cards: Sequence[Card]) -> float:
    """The share of the words of the lines that stand in cards."""
    where = "\n".join(card.text for card in cards)[:MAX_SCANNED]
    inside = [line for line in lines if _held(line, where)] if where else []
    if not inside:
        return 0.0
    total = sum(map(count, lines))
    return sum(map(count, inside)) / total if total else 0.0


def _held(line: str, where: str) -> bool:
    bare = "".join(line.lstrip("-|# ").split())[:MAX_LETTERS]
    return len(bare) >= MIN_LETTERS and bare in where
