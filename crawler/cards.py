"""The articles that a page lists: its links, scored by what makes a link an article's.

A card is what a reader sees of one article on a listing: headline, date, teaser, picture. Each
reason that speaks for or against a link has a name and points (POINTS); a link whose points reach
ENOUGH is an article's. No reason stands on one system's class names.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from functools import cache, partial
from itertools import islice
from urllib.parse import unquote, urldefrag, urlsplit

import tldextract
from babel import Locale, UnknownLocaleError
from lxml import etree
from lxml.html import HtmlElement

from crawler.urls import clean, key, site, web_url

# What each reason weighs. A headline of a dated card, or a headline with an article's address and
# peers of its kind, is enough; a menu's entry has none of it and four points against it. Set by
# this reasoning, not fitted; on the demo's listing pages it takes 563 of 571 links to articles
# (of lists beside the content, the most) and nothing else.
POINTS = {
    "an address like known articles'": 3,
    "an address near known articles'": 1,
    "an address unlike known articles'": -1,
    "a date in its address": 2,
    "a number or a headline in its address": 1,
    "a date beside it": 2,
    "a heading": 2,
    "words of a headline": 2,
    "a teaser beside it": 1,
    "called a permanent link": 1,
    "its address like those of other articles here": 1,
    "its place like those of other articles here": 1,
    "its address like those of other links here": -1,
    "one word at most": -1,
    "beside the content": -1,
    "repeated all over the page": -2,
    "in the menu too": -2,
    "others are below it": -3,
    "the listing, seen otherwise": -3,
    "in a menu": -4,
    "a name of sections or services": -6,
}
ENOUGH = 3
# How many links make a kind, and what part of it must be good (or bad) to speak for the others.
MIN_PEERS = 3
MOST, FEW = 0.6, 0.2
# A headline in a script with spaces: menu entries seldom have more than three words.
HEADLINE_WORDS = 4
MAX_HEADLINE_WORDS = 40  # more is a card's whole text inside its link
SPLITS_CARDS = 3  # words: links beside a headline (a theme, an author) mostly have fewer
TEASER_WORDS = 8
# A card links its article by title, picture, "read more", but says the same of it once or twice;
# a section's name on many cards is the same each time.
MAX_SAID = 2
# A date in a longer text is one that a teaser speaks of. In characters.
MAX_DATELINE = 80
MAX_SUMMARY = 1000
MIN_PICTURE = 48  # pixels: smaller ones are icons
# Of 1,185 pages of all kinds, the fullest has 2,215. With it, all time is bounded.
MAX_ANCHORS = 3_000
MAX_DEPTH = 16  # folders of an address: deeper ones are traps
MAX_PATH = 2048
# A card is found within so many elements around its link, and read as far as so many pieces.
MAX_CLIMB = 40
MAX_PIECES = 120
MAX_GAP = 12  # nodes between two headlines that stand in one block
MAX_NODES = 50_000  # of one block, and texts of a page
MAX_CHECKS = 200  # looks for the content inside a block that is named like a menu
YEARS = range(1990, 2100)

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
SKIPPED = frozenset({"script", "style", "noscript", "template", "svg", "select", "button", "head"})
INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "em", "font", "i", "img",
    "ins", "kbd", "mark", "q", "s", "small", "span", "strike", "strong", "sub", "sup", "tt", "u",
    "var", "wbr",
})  # fmt: skip
WHOLE_PAGE = frozenset({"html", "body", "main"})
CONTENT = frozenset({"article", "main", "section", "li", "td"})
# Names of blocks in classes and ids, as the common themes of the five systems have them.
MENUS = frozenset({
    "nav", "navbar", "navigation", "menu", "submenu", "megamenu", "breadcrumb", "breadcrumbs",
    "arbo", "ariane", "pagination", "pager", "pagenavi", "footer", "colophon", "topbar",
    "toolbar", "social", "share", "sharing", "sharedaddy", "cookie", "cookies", "consent",
    "language", "languages", "login", "offcanvas", "tagcloud", "skip",
})  # fmt: skip
ASIDES = frozenset({"sidebar", "aside", "widget", "related"})
CARDS = frozenset({
    "article", "articles", "card", "cards", "entry", "entries", "node", "post", "posts", "news",
    "latestnews", "teaser",
})  # fmt: skip
DATES = frozenset({
    "date", "dates", "datum", "fecha", "data", "publi", "published", "publication", "created",
    "posted", "time", "timestamp",
})  # fmt: skip
TITLES = frozenset({"title", "titre", "titel", "titulo", "headline", "name"})
# Parts of an address that lists or serves rather than tells: anywhere in it ...
LISTS = frozenset({
    "tag", "tags", "category", "categories", "categorie", "categorieen", "kategorie", "categoria",
    "taxonomy", "author", "authors", "auteur", "auteurs", "autor", "user", "users", "account",
    "login", "signin", "signup", "register", "search", "recherche", "zoeken", "suche", "buscar",
    "feed", "feeds", "rss", "cart", "wp-login", "wp-admin", "prive", "keyword", "keywords", "mot",
    "mots",
})  # fmt: skip
# ... or at its end.
SERVICES = frozenset({
    "contact", "contacts", "contactez-nous", "contacto", "contato", "kontakt", "about",
    "about-us", "over-ons", "a-propos", "qui-sommes-nous", "ueber-uns", "sobre", "quienes-somos",
    "mentions-legales", "legal", "privacy", "privacy-policy", "privacybeleid",
    "politique-de-confidentialite", "cookies", "cookie-policy", "disclaimer", "impressum",
    "imprint", "datenschutz", "terms", "terms-of-use", "terms-and-conditions", "accessibility",
    "sitemap", "plan-du-site", "newsletter", "nieuwsbrief", "subscribe", "donate", "don",
    "faire-un-don", "jobs", "vacancies", "faq", "help",
})  # fmt: skip
QUERY_LISTS = re.compile(
    r"(?:cat|tag|author|s|q|search|recherche|keys|share|replytocom|print|feed|sort|order"
    r"|rubrique\d*|mot\d*|auteur\d*|site\d+)=?.*"
    r"|view=(?:category|categories|tag|tags|archive|contact|login|registration|search)"
    r"|option=com_(?:users|search|finder|tags|contact)|task=.*|format=.*|tmpl=component"
    r"|page=(?:backend.*|plan|recherche|login|contact|sommaire|forum)",
    re.IGNORECASE,
)
PAGED = re.compile(
    r"/page[/-]\d+/?$|(?:^|&)(?:page|paged|pg|pagina|seite|start|limitstart|offset|debut\w*)=\d+",
    re.IGNORECASE,
)
MEDIA = re.compile(
    r"\.(?:pdf|docx?|xlsx?|pptx?|od[tsp]|rtf|epub|zip|rar|gz|7z|jpe?g|png|gif|webp|svg|bmp|tiff?"
    r"|mp[34]|m4[av]|ogg|wav|avi|mov|webm|ics|csv|xml|rss|json|css|js|exe|apk)$",
    re.IGNORECASE,
)
NO_ARTICLE_RELS = frozenset(
    {"alternate", "author", "category", "home", "license", "me", "next", "prev", "tag"}
)
INDEX = re.compile(r"/(?:index|default|home|accueil)?(?:\.\w{3,5})?/?$", re.IGNORECASE)
DYNAMIC = re.compile(r"(?:\.(?:php\d?|aspx?|jsp|cgi|cfm|html?)|/)$|^$", re.IGNORECASE)
PATH_DAY = re.compile(r"/(\d{4})[/-](\d{1,2})[/-](\d{1,2})(?=[/-]|$)")
PATH_MONTH = re.compile(r"/(?:19[89]|20\d)\d[/-](?:0?[1-9]|1[0-2])/")
UNSPACED = re.compile(r"[\u0e00-\u0eff\u0f00-\u109f\u1780-\u17ff]")  # Thai to Khmer
IDEOGRAPHS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
# The list in the package: nothing is fetched, nothing is written.
SUFFIXES = tldextract.TLDExtract(
    suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One link and what stands around it. `reasons` are names of POINTS; dates as in `Link`."""

    url: str
    title: str | None = None
    summary: str | None = None
    published: str | None = None
    image: str | None = None
    language: str | None = None
    reasons: tuple[str, ...] = ()

    @property
    def score(self) -> int:
        return sum(POINTS[reason] for reason in self.reasons)


@dataclass(slots=True)
class Anchor:
    """A link to the web. `block` is the furniture it is in: `menu`, `aside` or none."""

    element: HtmlElement
    url: str
    text: str
    block: str
    heading: bool
    language: str | None


@dataclass(slots=True)
class _Target:
    """All that leads to one address."""

    url: str
    anchors: list[Anchor] = field(default_factory=list)
    lead: Anchor = field(init=False)  # the one that most looks like the headline

    def shown(self) -> list[Anchor]:
        """The anchors outside of menus, or all if there are no others."""
        return [anchor for anchor in self.anchors if anchor.block != "menu"] or self.anchors

    def repeated(self) -> bool:
        said = Counter(a.text for a in self.anchors if a.text and a.block != "menu")
        return max(said.values(), default=0) > MAX_SAID


@dataclass(slots=True)
class _Piece:
    """A run of text in a card, and what it stands in."""

    text: str
    heading: int = 0  # which of the card's headings, from 1
    own: bool = False  # in the card's own link
    other: bool = False  # in another
    dated: bool = False
    titled: bool = False
    stamp: str | None = None


def articles(
    tree: HtmlElement, anchors: Sequence[Anchor], page: str, examples: Sequence[str] = ()
) -> tuple[Card, ...]:
    """The cards of `page` that are articles', in the page's order."""
    found = ranked(tree, anchors, page, examples)
    return tuple(card for card in found if card.score >= ENOUGH)


def ranked(
    tree: HtmlElement, anchors: Sequence[Anchor], page: str, examples: Sequence[str] = ()
) -> tuple[Card, ...]:
    """Every link of the page that may be an article's, with its reasons, in the page's order.

    `anchors` are the page's, `examples` addresses of articles known already.
    """
    targets = list(_targets(anchors, page))
    judge = _Judge(
        page=page,
        known=_known_shapes(examples),
        above=_above([*(target.url for target in targets), page]),
    )
    shapes = [shape(target.url) for target in targets]
    judged = [
        replace(card, reasons=tuple(judge.reasons(card, target, mine)))
        for card, target, mine in zip(_read(tree, targets), targets, shapes, strict=True)
    ]
    return _with_peers(judged, targets, shapes)


def unjudged(tree: HtmlElement, anchors: Sequence[Anchor]) -> tuple[Card, ...]:
    """The cards of all the given anchors, whatever they are."""
    return tuple(_read(tree, _by_address(anchors)))


def words(text: str) -> int:
    """How many words a reader sees; without spaces, two ideographs or five Thai letters make one.

    >>> words("Un toit pour l'hiver"), words("住宅支援の新しい制度"), words("– 2026")
    (4, 5, 1)
    """
    spaced = IDEOGRAPHS.sub(" ", UNSPACED.sub(" ", text.replace("\u1361", " ")))
    return (
        sum(any(map(str.isalnum, word)) for word in spaced.split())
        + len(IDEOGRAPHS.findall(text)) // 2
        + len(UNSPACED.findall(text)) // 5
    )


def shape(url: str) -> str:
    """An address with its numbers and headlines left out: what articles of one site share.

    >>> shape("https://a.example/spip.php?article12"), shape("https://a.example/?p=7&lang=fr")
    ('/spip.php?article#', '/?p=#&lang=fr')
    >>> shape("https://a.example/2026/11/21/un-toit-pour-tous/"), shape("https://a.example/node/9")
    ('/#/#/#/{headline}', '/node/#')
    """
    parts = urlsplit(url)
    *folders, last = parts.path.strip("/").split("/")
    name, dot, ending = last.rpartition(".")
    named = _abstract(name) + dot + ending if dot and ending.isalpha() else _abstract(last)
    path = "/" + "/".join([*map(_abstract, folders), named])
    pairs = [_pair(*pair.partition("=")) for pair in parts.query.split("&") if pair]
    return path + ("?" + "&".join(pairs) if pairs else "")


def _abstract(segment: str) -> str:
    text = unquote(segment)
    if text.isdigit():
        return "#"
    parts = [part for part in re.split(r"[-_+ ,.:]+", text) if part]
    if len(parts) >= HEADLINE_WORDS - 1 or not text.isascii():
        return "#-{headline}" if parts and parts[0].isdigit() else "{headline}"
    return re.sub(r"\d+", "#", text)


def _pair(name: str, equals: str, value: str) -> str:
    if not equals:
        return _abstract(name)
    if re.match(r"\d+(?:\D|$)", value):
        return re.sub(r"\d+", "#", name) + "=#"
    return re.sub(r"\d+", "#", name) + "=" + _abstract(value)


def _broad(address: str) -> str:
    """A shape with less told apart: its folders may be sections, and a headline may be short."""
    path, question, query = address.partition("?")
    *folders, last = path.split("/")
    kept = [folder if folder in {"", "#"} else "*" for folder in folders]
    if len(kept) > 1 and re.fullmatch(r"[^\W\d_]+(?:[-_][^\W\d_]+)?", last):
        last = "{headline}"
    return "/".join([*kept, last]) + question + query


def _specific(address: str) -> bool:
    """Does the shape say more than `/{headline}`, which pages of every kind have?"""
    return "#" in address or address.count("/") > 1 or "?" in address


def _known_shapes(examples: Sequence[str]) -> tuple[frozenset[str], frozenset[str]]:
    shapes = set()
    for example in examples:
        try:
            shapes.add(shape(example))
        except ValueError:
            continue
    return frozenset(shapes), frozenset(map(_broad, shapes))


def related(one: str, other: str) -> bool:
    """Are two addresses of one site, sub-domains included?"""
    a, b = (site(urlsplit(url).hostname or "") for url in (one, other))
    if a == b:
        return True
    return bool(_domain(a)) and _domain(a) == _domain(b)


@cache
def _domain(host: str) -> str:
    return str(SUFFIXES(host).top_domain_under_public_suffix)


# --- the page's links


def anchors_of(
    tree: HtmlElement, base: str, within: Collection[HtmlElement] | None = None
) -> list[Anchor]:
    """The page's first MAX_ANCHORS links to the web: of all, or of `within` and what is inside."""
    return list(islice(_walk(tree, base, within), MAX_ANCHORS))


@dataclass(slots=True)
class _Around:
    """What the elements around a place of the page say of it."""

    block: str = ""
    content: bool = False
    heading: bool = False
    hidden: bool = False
    wanted: bool = True
    language: str | None = None


def _walk(tree: HtmlElement, base: str, within: Collection[HtmlElement] | None) -> Iterator[Anchor]:
    looks = Counter[str]()
    around = [_Around(wanted=within is None)]
    opened: Anchor | None = None
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        tag = element.tag
        if event == "end":
            around.pop()
            if opened is not None and opened.element is element:
                yield opened
                opened = None
            continue
        outer = around[-1]
        here = _Around(
            block=outer.block or _block(element, looks, in_content=outer.content),
            content=outer.content or tag in CONTENT,
            heading=outer.heading or tag in HEADINGS,
            hidden=outer.hidden or tag in SKIPPED,
            wanted=outer.wanted or (within is not None and element in within),
            language=_language(element) or outer.language,
        )
        around.append(here)
        if opened is not None:
            opened.heading = opened.heading or here.heading
        elif tag == "a" and here.wanted and not here.hidden:
            opened = _anchor(element, base, here)


def _anchor(element: HtmlElement, base: str, around: _Around) -> Anchor | None:
    href = element.get("href") or "#"
    deep = href.count("/", 0, MAX_PATH) > MAX_DEPTH
    address = None if deep or href.startswith("#") else web_url(href, base)
    if address is None:
        return None
    return Anchor(
        element=element,
        url=urldefrag(address).url,
        text=_flat(_start_of(element)),
        block=around.block,
        heading=around.heading,
        language=around.language,
    )


def _start_of(element: HtmlElement) -> str:
    """The first characters of an element's text: all of it can be all of the page."""
    parts, length = [], 0
    for text in islice(element.itertext(), MAX_PIECES):
        parts.append(text[:MAX_SUMMARY])
        length += len(parts[-1])
        if length > MAX_SUMMARY:
            break
    return "".join(parts)


def _block(element: HtmlElement, looks: Counter[str], *, in_content: bool) -> str:
    """Which furniture of a page the element is, if any."""
    tag, role = element.tag, element.get("role")
    if tag in WHOLE_PAGE:
        return ""
    if tag == "nav" or role in {"navigation", "banner", "contentinfo", "menu", "menubar"}:
        return "menu"
    if tag in {"header", "footer"}:
        # Those inside an article are its own.
        return "" if in_content else "menu"
    named = names(element)
    kind = "menu" if named & MENUS and not named & CARDS else "aside" if named & ASIDES else ""
    if tag == "aside" and not kind:
        kind = "aside"
    if kind and tag not in {"ul", "li", "a", "span"}:
        # `has-sidebar` and `menu-open` name whole pages.
        looks["checks"] += 1
        if looks["checks"] > MAX_CHECKS:
            return ""
        if next(element.iter("main", "article", "h1"), None) is not None:
            return ""
    return kind


def names(element: HtmlElement) -> set[str]:
    said = f"{element.get('class') or ''} {element.get('id') or ''}"[:400]
    if said == " ":
        return set()
    return set(re.split(r"[^a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "-", said).lower()))


def _language(element: HtmlElement) -> str | None:
    said = (element.get("lang") or "").strip()
    return said.replace("_", "-") if LANGUAGE.fullmatch(said) else None


def _by_address(anchors: Iterable[Anchor]) -> list[_Target]:
    targets: dict[str, _Target] = {}
    for anchor in anchors:
        targets.setdefault(clean(anchor.url), _Target(anchor.url)).anchors.append(anchor)
    return list(targets.values())


def _targets(anchors: Iterable[Anchor], page: str) -> Iterator[_Target]:
    """What may be articles of the site, in the page's order."""
    for target in _by_address(anchors):
        # All of the links: Drupal calls its "read more" a tag.
        if (
            _possible(target.url, page)
            and not all(map(_never, target.shown()))
            and any(map(_says, target.anchors))
        ):
            yield target


def _possible(url: str, page: str) -> bool:
    """Can the address be an article's, by what it is itself?"""
    parts = urlsplit(url)
    path = parts.path
    if path.count("/") > MAX_DEPTH or not related(url, page):
        return False
    if MEDIA.search(path) or PAGED.search(path) or PAGED.search(parts.query):
        return False
    if not parts.query and (INDEX.fullmatch(path or "/") or re.fullmatch(r"/\w\w/?", path)):
        return False
    try:
        return key(url) != key(page)
    except ValueError:
        return False


def _never(anchor: Anchor) -> bool:
    """Does the link call itself something else than an article's?"""
    rels = set((anchor.element.get("rel") or "").lower().split())
    if rels & NO_ARTICLE_RELS or anchor.element.get("download") is not None:
        return True
    # A switch of language: a code or a language's name.
    return anchor.element.get("hreflang") is not None and words(anchor.text) <= 1


def _says(anchor: Anchor) -> bool:
    """Is there anything to read (page numbers and arrows are nothing), or a picture?"""
    if anchor.text:
        return any(map(str.isalpha, anchor.text))
    return anchor.element.find(".//img") is not None


def _above(urls: Iterable[str]) -> frozenset[str]:
    """The paths of all that these addresses are below."""
    above = set()
    for url in urls:
        path = urlsplit(url).path.rstrip("/")
        for _ in range(MAX_DEPTH):
            path = path.rpartition("/")[0]
            if not path or path in above:
                break
            above.add(path)
    return frozenset(above)


# --- reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judge:
    """What speaks for and against a link of `page`, in the words of POINTS."""

    page: str
    known: tuple[frozenset[str], frozenset[str]]  # shapes of known articles, exact and broad
    above: frozenset[str]

    def reasons(self, card: Card, target: _Target, mine: str) -> Iterator[str]:
        yield from self._of_address(target.url, mine)
        yield from _of_text(card, target)
        yield from _of_place(target)

    def _of_address(self, url: str, mine: str) -> Iterator[str]:
        parts = urlsplit(url)
        exact, broad = self.known
        like = mine in exact and _specific(mine)
        if like:
            yield "an address like known articles'"
        elif mine in exact or _broad(mine) in broad:
            yield "an address near known articles'"
        elif exact:
            yield "an address unlike known articles'"
        if PATH_DAY.search(parts.path) or PATH_MONTH.search(parts.path):
            yield "a date in its address"
        if _tells(mine):
            yield "a number or a headline in its address"
        if not like and _names_a_list(parts.path, parts.query):
            yield "a name of sections or services"
        here = urlsplit(self.page)
        if parts.path.rstrip("/") in self.above and not parts.query:
            yield "others are below it"
        elif parts.path == here.path and parts.query and not DYNAMIC.search(here.path):
            yield "the listing, seen otherwise"


def _of_text(card: Card, target: _Target) -> Iterator[str]:
    shown = target.shown()
    if card.published:
        yield "a date beside it"
    if any(anchor.heading for anchor in shown):
        yield "a heading"
    length = max([words(card.title or ""), *(words(anchor.text) for anchor in shown)])
    if length >= HEADLINE_WORDS:
        yield "words of a headline"
    elif length <= 1:
        yield "one word at most"
    if card.summary:
        yield "a teaser beside it"
    if any("bookmark" in (anchor.element.get("rel") or "") for anchor in shown):
        yield "called a permanent link"


def _of_place(target: _Target) -> Iterator[str]:
    blocks = [anchor.block for anchor in target.anchors]
    if all(block == "menu" for block in blocks):
        yield "in a menu"
    elif "menu" in blocks:
        yield "in the menu too"
    elif all(blocks):
        yield "beside the content"
    if target.repeated():
        yield "repeated all over the page"


def _tells(mine: str) -> bool:
    """Does the end of the shape, or its query, hold a number or a headline?"""
    path, _, query = mine.partition("?")
    valued = [pair for pair in query.split("&") if "=" in pair]
    bare = [path.rpartition("/")[2], *(p for p in query.split("&") if "=" not in p)]
    return any("#" in part or "{headline}" in part for part in bare) or any(
        pair.endswith("=#") for pair in valued
    )


def _names_a_list(path: str, query: str) -> bool:
    segments = [segment for segment in unquote(path).lower().split("/") if segment]
    if any(segment.strip("_") in LISTS for segment in segments):
        return True
    last = segments[-1] if segments else ""
    # SPIP writes the addresses of its sections `/-Logement-`.
    if last.rpartition(".")[0] in SERVICES or last in SERVICES or re.fullmatch("-.+-", last):
        return True
    return any(QUERY_LISTS.fullmatch(pair) for pair in query.split("&"))


def _with_peers(cards: list[Card], targets: list[_Target], shapes: list[str]) -> tuple[Card, ...]:
    """What links of one kind are, each of them likely is: its peers vouch for it, or against it."""
    blocks = [target.shown()[0].block for target in targets]
    kinds = {
        "address": [_broad(mine) for mine in shapes],
        "place": [_place(target) for target in targets],
    }
    added: list[list[str]] = [[] for _ in cards]
    for what, each in kinds.items():
        groups: defaultdict[str, list[int]] = defaultdict(list)
        for n, kind in enumerate(each):
            groups[kind].append(n)
        for kind, members in groups.items():
            # What stands beside the content follows it; menus only speak against.
            content = [n for n in members if not blocks[n]]
            voters = [n for n in members if blocks[n] != "aside"]
            good = sum(cards[n].score >= ENOUGH for n in content)
            # One good article is enough where its address tells it from pages of other kinds.
            many = len(content) >= MIN_PEERS or (what == "address" and _specific(kind))
            if many and good and good >= MOST * len(content):
                reason = f"its {what} like those of other articles here"
            elif what == "address" and len(voters) >= MIN_PEERS and good <= FEW * len(voters):
                reason = "its address like those of other links here"
            else:
                continue
            for n in members:
                if len(members) > 1:
                    added[n].append(reason)
    return tuple(
        replace(card, reasons=(*card.reasons, *more))
        for card, more in zip(cards, added, strict=True)
    )


def _place(target: _Target) -> str:
    """The elements around the link, with their classes: cards of one list are built alike."""
    element: HtmlElement | None = target.shown()[0].element
    path: list[str] = []
    while element is not None and len(path) < 4:  # noqa: PLR2004 (link, heading, head, card)
        classes = re.sub(r"\S*\d\S*", "", element.get("class") or "")
        path.append(f"{element.tag}.{'.'.join(sorted(classes.split()))}")
        element = element.getparent()
    return " ".join(path)


# --- what a card says


def _read(tree: HtmlElement, targets: list[_Target]) -> Iterator[Card]:
    """A card for each target: its headline, date, teaser and picture."""
    labels = _labels(targets)
    for target in targets:
        target.lead = _lead(target, labels)
    owner = _owners(targets, labels)
    order = _month_first(tree)
    gaps: dict[HtmlElement, dict[HtmlElement, tuple[list[_Piece], list[_Piece]]]] = {}
    for target in targets:
        language = target.lead.language
        date_of = partial(_date_of, language=language, month_first=order)
        region = _region(target, owner)
        pieces = list(_pieces(region, {anchor.element for anchor in target.anchors}))
        before: list[_Piece] = []
        parent = region.getparent()
        if parent is not None and owner.get(parent) is MANY and not date_of(pieces):
            if parent not in gaps:
                gaps[parent] = _gaps(parent, owner, lambda run: date_of(run) is not None)  # noqa: B023 (called at once)
            before, after = gaps[parent].get(region, ([], []))
            pieces += after
        title = _title(target, pieces, labels)
        yield Card(
            url=target.lead.url,
            title=title,
            summary=_teaser(pieces, title),
            published=date_of([*pieces, *before], title=title) or _path_day(target.url),
            image=_picture(region, target.lead.url),
            language=language,
        )


class _Many:
    """Marks an element that holds more than one headline."""


MANY = _Many()


def _labels(targets: list[_Target]) -> frozenset[str]:
    """Texts that links to different pages share ("Read more"): no page's headline."""
    seen = Counter(
        text
        for target in targets
        for text in {anchor.text.casefold() for anchor in target.anchors if anchor.text}
    )
    return frozenset(text for text, count in seen.items() if count > 1)


def _lead(target: _Target, labels: frozenset[str]) -> Anchor:
    """The anchor that most looks like the headline."""
    return max(
        target.shown(),
        key=lambda anchor: (
            anchor.heading,
            anchor.text.casefold() not in labels and min(words(anchor.text), MAX_HEADLINE_WORDS),
        ),
    )


def _owners(targets: list[_Target], labels: frozenset[str]) -> dict[HtmlElement, _Target | _Many]:
    """For each element around headlines: whose it is, or that it holds several.

    An element changes at most twice, so all climbs together take no longer than the page.
    """
    owner: dict[HtmlElement, _Target | _Many] = {}
    unnamed = []
    for target in targets:
        shown = [anchor for anchor in target.anchors if anchor.block != "menu"]
        if not shown or target.repeated():
            continue
        if target.lead.heading or words(target.lead.text) >= SPLITS_CARDS:
            _claim(owner, target, shown)
        elif all(anchor.text.casefold() in labels or not anchor.text for anchor in shown):
            unnamed.append((target, shown))
    # Linked by "Read more" alone: a card of its own, but where it is in another's ("Download").
    alone = [
        (target, shown) for target, shown in unnamed if not _in_a_card(shown[0].element, owner)
    ]
    for target, shown in alone:
        _claim(owner, target, shown)
    return owner


def _claim(owner: dict[HtmlElement, _Target | _Many], target: _Target, shown: list[Anchor]) -> None:
    for anchor in shown:
        element: HtmlElement | None = anchor.element
        while element is not None:
            held = owner.get(element)
            if held is MANY or held is target:
                break
            owner[element] = MANY if held is not None else target
            element = element.getparent()


def _in_a_card(element: HtmlElement, owner: dict[HtmlElement, _Target | _Many]) -> bool:
    for around in islice(element.iterancestors(), MAX_CLIMB):
        if (held := owner.get(around)) is not None:
            return held is not MANY
    return False


def _region(target: _Target, owner: dict[HtmlElement, _Target | _Many]) -> HtmlElement:
    """The largest element around a link that holds no other headline."""
    element = target.lead.element
    for _ in range(MAX_CLIMB):
        parent = element.getparent()
        if parent is None or parent.tag in WHOLE_PAGE or owner.get(parent) is not target:
            break
        element = parent
    return element


def _gaps(
    parent: HtmlElement,
    owner: dict[HtmlElement, _Target | _Many],
    dated: Callable[[list[_Piece]], bool],
) -> dict[HtmlElement, tuple[list[_Piece], list[_Piece]]]:
    """For headlines that stand in one block: what precedes each (a date), and what follows it."""
    heads: list[HtmlElement] = []
    runs: list[list[_Piece]] = [[]]
    for child in islice(parent, MAX_NODES):
        if owner.get(child) is not None:
            heads.append(child)
            runs.append([])
        elif len(runs[-1]) < MAX_GAP:
            runs[-1] += _pieces(child, set())
        elif not heads:
            runs[0] = [*runs[0][1:], *_pieces(child, set())]
        if child.tail and child.tail.strip() and len(runs[-1]) <= MAX_GAP:
            runs[-1].append(_Piece(_flat(child.tail[:MAX_SUMMARY])))
    inner = runs[1:-1]
    if sum(map(bool, inner)) * 2 < max(len(inner), 1):
        return {}
    # Before the first and after the last there is more than what belongs to them.
    room = max((len(run) for run in inner), default=0)
    runs[0], runs[-1] = runs[0][max(len(runs[0]) - room, 0) :], runs[-1][:room]
    if dated(runs[0]) and not dated(runs[-1]):
        # The date goes before its headline: the last of each run belongs to the next.
        return {head: (runs[n][-1:], runs[n + 1][:-1]) for n, head in enumerate(heads)}
    return {head: ([], runs[n + 1]) for n, head in enumerate(heads)}


def _pieces(region: HtmlElement, own: set[HtmlElement]) -> Iterator[_Piece]:
    """The text of a block, cut where a reader sees a new thing begin."""
    open_pieces = [_Piece("")]
    headings = hidden = count = 0
    for event, element in etree.iterwalk(region, events=("start", "end")):
        if count > MAX_PIECES:
            return
        outer = open_pieces[-1]
        if event == "start":
            hidden += element.tag in SKIPPED
            headings += element.tag in HEADINGS
            here, text = _inside(element, outer, own, headings), element.text
            ended = outer if here is not outer else None
            open_pieces.append(here)
        else:
            hidden -= element.tag in SKIPPED
            open_pieces.pop()
            text = element.tail if element is not region else None
            ended = outer if outer is not open_pieces[-1] else None
        if ended and (ended.text.strip() or (ended.stamp and event == "end")):
            yield replace(ended, text=_flat(ended.text))
            ended.text, count = "", count + 1
        if text and not hidden and len(open_pieces[-1].text) < MAX_SUMMARY:
            open_pieces[-1].text += text[:MAX_SUMMARY]
    if open_pieces[0].text.strip():
        yield replace(open_pieces[0], text=_flat(open_pieces[0].text))


def _inside(element: HtmlElement, outer: _Piece, own: set[HtmlElement], headings: int) -> _Piece:
    """The piece that begins with the element; bold words in a sentence begin none."""
    tag = element.tag
    if tag in INLINE and tag != "a" and not element.get("class"):
        return outer
    here = replace(outer, text="", stamp=None)
    if tag in HEADINGS:
        here.heading = headings
    if tag == "a":
        here.own, here.other = element in own, element not in own
    if tag == "time":
        here.dated, here.stamp = True, element.get("datetime")
    named = names(element)
    here.dated = here.dated or bool(named & DATES)
    here.titled = here.titled or bool(named & TITLES)
    return here


def _title(target: _Target, pieces: list[_Piece], labels: frozenset[str]) -> str | None:
    """The card's headline: the heading that is linked, the link's text, or what stands near it."""
    linked, unlinked = _headings(pieces)
    own = [p for p in pieces if p.own and not p.dated and p.text.casefold() not in labels]
    titled = [piece for piece in own if piece.titled]
    free = [p.text for p in pieces if not (p.own or p.other or p.dated or p.heading)]
    labelled = [
        said
        for name in ("title", "aria-label")
        for anchor in target.shown()
        if (said := _flat(anchor.element.get(name) or "")).casefold() not in labels
    ]
    attempts = (
        (1, linked),
        (2, [piece.text for piece in titled]),
        (HEADLINE_WORDS, [piece.text for piece in own]),
        (1, unlinked),
        (2, labelled),
        (1, [piece.text for piece in own]),
        (SPLITS_CARDS, free),
    )
    for least, texts in attempts:
        for text in texts:
            if least <= words(text) <= MAX_HEADLINE_WORDS and any(map(str.isalpha, text)):
                return text
    return None


def _headings(pieces: list[_Piece]) -> tuple[list[str], list[str]]:
    """The headings with the card's link in them, and those without any, each in one piece."""
    runs: defaultdict[int, list[_Piece]] = defaultdict(list)
    for piece in pieces:
        if piece.heading and not piece.dated:
            runs[piece.heading].append(piece)
    linked = [run for run in runs.values() if any(piece.own for piece in run)]
    unlinked = [run for run in runs.values() if not any(p.own or p.other for p in run)]
    said = [
        [_flat(" ".join(piece.text for piece in run)) for run in some]
        for some in (linked, unlinked)
    ]
    return said[0], said[1]


def _teaser(pieces: list[_Piece], title: str | None) -> str | None:
    """The first text of the card that is long enough to say something."""
    for piece in pieces:
        if piece.heading or piece.other or piece.dated or piece.text == title:
            continue
        if words(piece.text) >= TEASER_WORDS:
            return piece.text[:MAX_SUMMARY].lstrip(" ,.;:|–—-")
    return None


def _picture(region: HtmlElement, base: str) -> str | None:
    for picture in region.iter("img"):
        sizes = (picture.get("width") or "", picture.get("height") or "")
        if any(size.isascii() and size.isdigit() and int(size[:6]) < MIN_PICTURE for size in sizes):
            continue
        for name in ("data-src", "data-lazy-src", "data-original", "src"):
            said = picture.get(name)
            if said and not said.startswith("data:") and (address := web_url(said, base)):
                return address
    return None


def _flat(text: str) -> str:
    # Marks of direction and words' joins are nothing to read.
    return " ".join(text.replace("\u200b", "").replace("\ufeff", "").split())


# --- dates


MARKS = dict.fromkeys(map(ord, "\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069"))
YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s?[-/.年년]\s?(\d{1,2})\s?[-/.月월]\s?(\d{1,2})(?!\d)")
YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})([-/.])\s?(\d{1,2})\2\s?(\d{4})(?!\d)")
NAMED = (  # day, words, year; words, day, year; year, words, day
    re.compile(r"(?<!\d)(?P<d>\d{1,2})(?!\d)(?P<m>[^\d;:|()]{3,30}?)(?<!\d)(?P<y>\d{4})(?!\d)"),
    re.compile(r"(?P<m>[^\d;:|()]{3,40})(?<!\d)(?P<d>\d{1,2})(?!\d)\D{1,6}(?P<y>\d{4})(?!\d)"),
    re.compile(r"(?<!\d)(?P<y>\d{4})(?!\d)(?P<m>[^\d;:|()]{3,30})(?P<d>\d{1,2})(?!\d)"),
)
# Tried after the page's own: a page in Dutch may declare English. In Arabic the months' names go
# by region.
LANGUAGES = [
    "en", "fr", "nl", "de", "es", "pt", "it", "ar", "ar_SY", "ar_DZ", "ar_MA", "uk", "ru", "sw",
    "am", "fa", "tr", "pl", "ro", "el", "he", "hu", "cs", "sk", "sl", "hr", "bg", "sr", "sv",
    "da", "nb", "fi", "et", "lv", "lt", "ca", "eu", "gl", "sq", "hi", "bn", "ur", "ps", "id",
    "ms", "vi", "th", "so", "ha", "rw", "ti", "ka", "hy", "az",
]  # fmt: skip


def _date_of(
    pieces: Sequence[_Piece],
    *,
    title: str | None = None,
    language: str | None = None,
    month_first: bool = False,
) -> str | None:
    """The date that the pieces state: first what is marked as one, then short texts."""
    for piece in pieces:
        if piece.stamp and (when := moment(piece.stamp)):
            return when
    marked = [piece for piece in pieces if piece.dated]
    others = [piece for piece in pieces if not (piece.dated or piece.heading)]
    for piece in [*marked, *others]:
        if piece.text == title or not 6 <= len(piece.text) <= MAX_DATELINE:  # noqa: PLR2004 (1.1.26)
            continue
        if found := day(piece.text, language, month_first=month_first):
            return found
    return None


def moment(stamp: str) -> str | None:
    """A machine's date in UTC; the day alone where no zone, or no time but midnight, is stated.

    >>> moment("2026-11-21T09:30:00+01:00"), moment("2026-11-21 09:30"), moment("21/11")
    ('2026-11-21T08:30:00Z', '2026-11-21', None)
    """
    try:
        when = datetime.fromisoformat(stamp.strip())
    except ValueError:
        return None
    if when.year not in YEARS:
        return None
    if when.tzinfo is None or when.time() == time():
        return when.date().isoformat()
    utc = when.astimezone(UTC).isoformat(timespec="seconds")
    return utc.replace("+00:00", "Z")


def day(text: str, language: str | None = None, *, month_first: bool = False) -> str | None:
    """The first whole date in a text, or None. A year that is not written is never guessed.

    >>> day("Publié le 1er août 2026", "fr"), day("21 تشرين الثاني 2026", "ar"), day("21 mars")
    ('2026-08-01', '2026-11-21', None)
    """
    text = text.translate(MARKS)
    if found := YEAR_FIRST.search(text):
        return _iso(found[1], found[2], found[3])
    if found := YEAR_LAST.search(text):
        first, mark, second, year = found.groups()
        # Nobody writes the month first with stops; and there are twelve.
        swap = (month_first and mark != "." and int(first) <= 12) or int(second) > 12  # noqa: PLR2004
        return _iso(year, first, second) if swap else _iso(year, second, first)
    for pattern in NAMED:
        for found in pattern.finditer(text):
            if number := _month(found["m"], language):
                return _iso(found["y"], number, found["d"])
    return None


def _iso(year: str, month: str | int, day: str) -> str | None:
    try:
        when = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return when.isoformat() if when.year in YEARS else None


def _month(text: str, language: str | None) -> int | None:
    said = re.findall(r"[^\W\d_][^\s\d.,/]*", _folded(text))
    for names in (_months(_locale_of(language)), _all_months()):
        for width in (2, 1):
            for start in range(len(said) - width + 1):
                if found := names.get(" ".join(said[start : start + width])):
                    return found
    return None


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _locale_of(language: str | None) -> str:
    return (language or "").replace("-", "_")[:11]


@cache
def _locale(name: str) -> Locale | None:
    for attempt in (name, name.partition("_")[0]):
        try:
            return Locale.parse(attempt)
        except (UnknownLocaleError, ValueError, TypeError):
            continue
    return None


@cache
def _months(name: str) -> dict[str, int]:
    locale = _locale(name)
    if locale is None:
        return {}
    return {
        _folded(word).rstrip("."): number
        for context in ("format", "stand-alone")
        for width in ("wide", "abbreviated")
        for number, word in locale.months[context][width].items()
        if len(word) > 2 and not any(map(str.isdigit, word))  # noqa: PLR2004 (a day's ending)
    }


@cache
def _all_months() -> dict[str, int]:
    """Every language's names but those that mean different months."""
    meant: defaultdict[str, set[int]] = defaultdict(set)
    for name in LANGUAGES:
        for word, number in _months(name).items():
            meant[word].add(number)
    return {word: numbers.pop() for word, numbers in meant.items() if len(numbers) == 1}


def _month_first(tree: HtmlElement) -> bool:
    """Is `03/04/2026` the 4th of March here? As the page's other dates tell, or its language."""
    first = second = 0
    for text in islice(tree.itertext(), MAX_NODES):
        if len(text) > MAX_DATELINE * 4 or "20" not in text:
            continue
        for found in YEAR_LAST.finditer(text):
            first += found[2] != "." and int(found[1]) > 12  # noqa: PLR2004 (months)
            second += found[2] != "." and int(found[3]) > 12  # noqa: PLR2004
    if first != second:
        return second > first
    locale = _locale(_locale_of(_language(tree)))
    if locale is None:
        return False
    pattern = str(locale.date_formats["short"].pattern)
    return pattern.find("M") < pattern.find("d") < pattern.find("y")


def _path_day(url: str) -> str | None:
    found = PATH_DAY.search(urlsplit(url).path)
    return _iso(found[1], found[2], found[3]) if found else None
