"""What made a site, and where it may list its articles. Pure: `spiders.probe` fetches."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Literal
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit, urlunsplit

import babel
from lxml.html import HtmlElement

from crawler.urls import domain, key, web_url
from enrich import charset
from enrich.extract import bcp47
from enrich.rights import SILENT, Signals, declared
from enrich.text import fold
from enrich.tree import tree_of

# Signs of a system.

Place = Literal["generator", "header", "cookie", "path", "asset", "markup"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """A pattern (any case, found anywhere) in one place of an answer, and how much it says.

    `generator`: what the page's <meta name=generator> says. `header`: a header as `name: value`.
    `cookie`: a cookie's name. `path`: path and query of an address of the site's own. `asset`: the
    address of a script, style sheet or picture, anybody's. `markup`: the start of the page.
    """

    cms: str
    place: Place
    pattern: str
    points: int = 2


def _signs(cms: str, *signs: tuple[Place, str, int]) -> tuple[Sign, ...]:
    return tuple(
        Sign(cms=cms, place=place, pattern=pattern, points=points)
        for place, pattern, points in signs
    )


# A system that names itself has 4 points, a trace that others hardly leave 2, one that they may 1.
SIGNS = (
    *_signs(
        "wordpress",
        ("generator", r"\bwordpress\b|woocommerce|elementor|wpml|site kit by google", 4),
        ("header", r"api\.w\.org/|^x-pingback: .*/xmlrpc\.php|^x-powered-by: .*wp engine", 4),
        ("header", r"^x-redirect-by: wordpress", 4),
        ("markup", r"""rel=["']?https://api\.w\.org/""", 4),
        ("path", r"/wp-(?:content|includes|json)/", 3),
        ("cookie", r"^wordpress_|^wp-settings-", 2),
    ),
    *_signs(
        "spip",
        ("generator", r"\bspip\b", 4),
        ("header", r"^composed-by: *spip|^x-spip-cache:", 4),
        ("path", r"/spip\.php(?:\?|$)|/local/cache-(?:css|js|vignettes|gd2)/|/squelettes/", 3),
        ("markup", r"""class=["'][^"']*\b(?:spip_logo|formulaire_spip|spip_documents?)\b""", 2),
        ("cookie", r"^spip_", 2),
    ),
    *_signs(
        "drupal",
        ("generator", r"\bdrupal\b", 4),
        ("header", r"^x-generator: *drupal|^x-drupal-", 4),
        ("path", r"/sites/(?:default|all)/(?:files|themes|modules)/|/core/misc/drupal", 3),
        ("markup", r"data-drupal-|drupal-settings-json|Drupal\.settings", 3),
        ("cookie", r"^s?sess[0-9a-f]{32}$", 1),
    ),
    *_signs(
        "joomla",
        ("generator", r"\bjoomla\b", 4),
        ("header", r"^x-content-powered-by: .*joomla", 4),
        ("path", r"/media/(?:jui|system/js|vendor/joomla)|/components/com_\w+/|option=com_\w+", 3),
        ("markup", r"joomla-script-options", 3),
        ("cookie", r"^joomla_", 2),
    ),
    *_signs(
        "typo3",
        ("generator", r"\btypo3\b", 4),
        ("header", r"^x-typo3-|^x-powered-by: .*typo3", 4),
        ("path", r"/typo3(?:conf|temp)/|/_assets/[0-9a-f]{32}/|/fileadmin/", 3),
        ("markup", r"powered by TYPO3|This website is powered by TYPO3", 3),
        ("cookie", r"^fe_typo_user$|^be_typo_user$", 2),
    ),
    *_signs(
        "wix",
        ("generator", r"\bwix\.com\b", 4),
        ("header", r"^x-wix-request-id:", 4),
        ("asset", r"^https?://static\.(?:wixstatic|parastorage)\.com/", 2),
        ("markup", r"wix-warmup-data|wix-essential-viewer-model", 3),
    ),
    *_signs(
        "squarespace",
        ("generator", r"\bsquarespace\b", 4),
        ("header", r"^server: *squarespace|^x-servedby: *squarespace", 4),
        ("asset", r"^https?://(?:static1|assets|images)\.squarespace(?:-cdn)?\.com/", 2),
        ("markup", r"Static\.SQUARESPACE_CONTEXT|This is Squarespace\.", 3),
    ),
    *_signs(
        "ghost",
        ("generator", r"^ghost\b", 4),
        ("header", r"^x-ghost-", 4),
        ("path", r"/ghost/api/|/public/ghost|/public/cards\.min\.(?:css|js)", 3),
        ("asset", r"/@tryghost/|/ghost/(?:portal|sodo-search)", 3),
        ("cookie", r"^ghost-", 2),
    ),
    *_signs(
        "arc",
        ("generator", r"\barc (?:xp|publishing)\b", 4),
        ("path", r"/arc/outboundfeeds/|/pf/(?:resources|dist)/", 3),
        ("markup", r"Fusion\.(?:globalContent|contextPath)|id=[\"']fusion-app", 3),
    ),
    *_signs(
        "ndsoft",
        ("generator", r"\bndsoft\b", 4),
        ("path", r"/news/article(?:View|List)\.html\?|/rss/(?:allArticle|S1N\d+)\.xml", 3),
        ("markup", r"ndsoft\.co\.kr", 2),
    ),
)
# Themes that change where and how a system lists its articles.
THEMES = {
    "tagDiv": ("wordpress", r"/themes/newspaper\b|/td-(?:composer|cloud-library)/|\btd-theme")
}
CERTAIN = 3  # fewer points are a link to somebody else's site, or a picture kept there
MARKUP = 300_000  # characters that are searched: all of nine home pages in ten
MAX_SIGNS = 5  # shown
# Of a page, in its order; the home pages of large newspapers have 500 to 1,500. Each takes 0.2 ms.
MAX_LINKS = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """What made a site, if that shows, and the signs of it."""

    cms: str | None = None
    theme: str | None = None
    signs: tuple[str, ...] = ()


# Where feeds and the like are, by system: kind of channel, address from the site's base.
CONVENTIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "wordpress": (("feed", "feed/"), ("wordpress", "wp-json/wp/v2/posts")),
    "spip": (("feed", "spip.php?page=backend"),),
    "drupal": (("feed", "rss.xml"),),
    "joomla": (("feed", "?format=feed&type=rss"),),
    "typo3": (("feed", "?type=9818"),),
    "wix": (("feed", "blog-feed.xml"),),
    "squarespace": (("feed", "?format=rss"), ("feed", "blog?format=rss")),
    "ghost": (("feed", "rss/"),),
    "arc": (("feed", "arc/outboundfeeds/rss/?outputType=xml"),),
    "ndsoft": (("feed", "rss/allArticle.xml"),),
}
# Tried one after another until one is a feed, where nothing else led to one.
GENERAL = ("feed", "rss", "rss.xml", "atom.xml", "feed.xml", "index.xml", "feed.json")
SITEMAPS = ("sitemap.xml", "sitemap_index.xml")
CMS_SITEMAPS = {"wordpress": ("wp-sitemap.xml",)}

FEED_TYPES = re.compile(
    r"(?:application|text)/(?:(?:rss|atom|rdf)(?:\+xml)?|feed\+json|json|xml)\b", re.IGNORECASE
)
# An address that says itself to be a feed's.
FEED_ADDRESS = re.compile(
    r"/(?:feeds?|rss2?|atom|rdf)(?:/|$)|[./-](?:rss|atom|rdf)(?:2|\.xml|\.php)?$|/feed\.(?:xml|json)$"
    r"|/(?:backend|rss)\.php|[?&](?:page=backend\w*|format=(?:feed|rss)|feed=(?:rss2?|atom|rdf)"
    r"|type=(?:rss|atom|9818))(?:&|$)|/blog-feed\.xml$|/outboundfeeds/",
    re.IGNORECASE,
)
FEED_TEXT = re.compile(r"\b(?:rss|atom|xml-?feed|flux rss|rss-feed)\b", re.IGNORECASE)
FEED_HOSTS = re.compile(r"(?:^|\.)(?:feedburner\.com|feedproxy\.google\.com|feedpress\.me)$")
# Feeds of comments, and others that name no articles.
NO_ARTICLES = re.compile(
    r"/comments?/(?:feed|default|rss)|[?&]feed=comments|comments?[-_]?(?:rss|feed)|/comment-page"
    r"|page=backend-(?:forums?|breves|sites|signatures)|with_?comments|oembed|/wp-json/(?!wp/v2/posts)"
    r"|/(?:podcasts?|events?|agenda|calendar|tribe|product|shop)/.*(?:feed|rss|ical)|[?&]ical=",
    re.IGNORECASE,
)
COMMENTS = re.compile(
    r"\b(?:comments?|commentaires?|comentarios?|comentários?|commenti|kommentare?n?|reacties"
    r"|kommentarer|komentarze|komentáře|yorumlar|комментари\w+|коментар\w+)\b|التعليقات|コメント|评论|댓글",
    re.IGNORECASE,
)
# How sites name the section of their news, folded.
NEWS = frozenset(
    fold(word)
    for word in """
    news|latest news|all news|newsroom|news and stories|stories|articles|blog|updates|press releases
    actualités|actualité|actus|actu|toute l'actualité|toutes les actualités|nos actualités
    communiqués|nouvelles|nieuws|actueel|actualiteit|berichten|nieuwsberichten|aktuelles|nachrichten
    neuigkeiten|aktuell|meldungen|noticias|actualidad|novedades|notícias|novidades|notizie|novità|attualità
    nyheter|nyheder|uutiset|ajankohtaista|fréttir|aktualności|wiadomości|aktuality|zprávy|správy|hírek
    știri|noutăți|новини|новости|вести|vijesti|vesti|novice|ειδήσεις|νέα|haberler|xəbərlər|أخبار|الأخبار
    اخبار|آخر الأخبار|خبرها|خبریں|חדשות|habari|wararka|ዜና|समाचार|খবর|செய்திகள்|ข่าว
    tin tức|berita|balita|ニュース|お知らせ|新闻|新聞|消息|뉴스|소식|ახალი ამბები
    """.replace("\n", "|").split("|")
    if word.strip()
)
ANCHOR = "a link on the page"
MAX_SECTIONS = 3
MAX_FEEDS = 10  # declared ones that are visited; more are those of single sections
MAX_VERSIONS = 3  # of a home page in other languages
MAX_SITEMAPS = 4
LONGEST_LABEL = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An address that may be a channel's. `origin` says who names it; `language`, if that does."""

    kind: str
    url: str
    origin: str
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What a home page says. `base` is what conventions are relative to, `api` WordPress's root.

    `versions` are home pages in other languages: (language, address).
    """

    url: str
    base: str
    name: str
    language: str | None = None
    region: str | None = None
    system: System = System()
    api: str | None = None
    feeds: tuple[Candidate, ...] = ()
    sitemaps: tuple[Candidate, ...] = ()
    sections: tuple[Candidate, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    signals: Signals = SILENT


def page(
    body: bytes, url: str, *, content_type: str | None, headers: Mapping[str, str], asked: str = ""
) -> Home | None:
    """Read a home page; None of what is no HTML. `headers` have lower-case names.

    `asked` is the address that led to `url`: a site whose `/` leads to `/fr/` has its feeds at `/`.
    """
    text, _ = charset.decode(body, content_type)
    if "<" not in text[:MARKUP]:
        return None
    try:
        tree = tree_of(text)
    except ValueError:
        return None
    origin = next((a for e in tree.iter("base") if (a := web_url(e.get("href") or "", url))), url)
    metas = _metas(tree)
    tag = bcp47(tree.get("lang") or tree.get("xml:lang") or metas.get("og:locale"))
    alternates = list(_links(tree, origin, headers))
    lang = tag.partition("-")[0] if tag else None
    return Home(
        url=url,
        base=base_of(asked, url),
        name=_name(tree, metas, url),
        language=lang,
        region=_region(tag) or _region(bcp47(metas.get("og:locale"))),
        system=system(tree, text, url, headers, metas.get("generator", "")),
        api=next((a.url for a in alternates if "https://api.w.org/" in a.rel), None),
        feeds=_feeds(tree, alternates, origin),
        sitemaps=tuple(
            Candidate(kind="sitemap", url=a.url, origin="the page's rel=sitemap")
            for a in alternates
            if "sitemap" in a.rel
        ),
        sections=tuple(_sections(tree, origin, url, lang))[:MAX_SECTIONS],
        versions=_versions(tree, alternates, origin, url, lang),
        signals=declared(tree, url),
    )


def base_of(asked: str, url: str) -> str:
    """The folder that conventions are relative to.

    >>> base_of("https://a.example", "https://www.a.example/fr/")
    'https://www.a.example/'
    >>> base_of("https://a.example/asso", "https://a.example/asso/index.php")
    'https://a.example/asso/'
    """
    there, here = urlsplit(url), urlsplit(asked)
    path = there.path
    if asked and path.startswith(here.path.rstrip("/")):
        path = here.path
    folder, _, last = path.rpartition("/")
    path = f"{folder}/{last}/" if last and "." not in last else f"{folder}/"
    return urlunsplit((there.scheme, there.netloc, path, "", ""))


def system(
    tree: HtmlElement, text: str, url: str, headers: Mapping[str, str], generator: str
) -> System:
    """The system with most points, if it has enough to be certain."""
    assets, paths = _addresses(tree, url)
    searched: dict[Place, list[str]] = {
        "generator": [generator],
        "header": [f"{name}: {value}" for name, value in headers.items()],
        "cookie": re.findall(r"(?:^|, |\n)([\w.-]+)=", headers.get("set-cookie", "")),
        "path": paths,
        "asset": assets,
        "markup": [text[:MARKUP]],
    }
    points, shown = Counter[str](), dict[str, list[str]]()
    for sign in SIGNS:
        if found := _first(sign.pattern, searched[sign.place]):
            points[sign.cms] += sign.points
            shown.setdefault(sign.cms, []).append(f"{sign.place}: {found}")
    best, most = max(points.items(), key=lambda item: item[1], default=("", 0))
    if most < CERTAIN:
        return System()
    theme = next(
        (
            name
            for name, (of, pattern) in THEMES.items()
            if of == best and _first(pattern, [*paths, text[:MARKUP]])
        ),
        None,
    )
    return System(cms=best, theme=theme, signs=tuple(shown[best][:MAX_SIGNS]))


def _first(pattern: str, texts: Iterable[str]) -> str | None:
    """The first text that has the pattern, or what of it has, if it is long."""
    for text in texts:
        if match := re.search(pattern, text, re.IGNORECASE):
            return text if len(text) <= LONGEST_LABEL else match[0][:LONGEST_LABEL]
    return None


def _addresses(tree: HtmlElement, url: str) -> tuple[list[str], list[str]]:
    """Addresses of the page's files, and of the site's own pages and files their path and query."""
    assets, paths = [], []
    own = _domain(url)
    for element in islice(tree.iter("link", "script", "img", "a", "source"), MAX_LINKS):
        if address := web_url(element.get("href") or element.get("src") or "", url):
            if element.tag != "a":
                assets.append(address)
            if _domain(address) == own:
                parts = urlsplit(address)
                paths.append(parts.path + (f"?{parts.query}" if parts.query else ""))
    return assets, paths


def _metas(tree: HtmlElement) -> dict[str, str]:
    found: dict[str, str] = {}
    for meta in tree.iter("meta"):
        name = (meta.get("name") or meta.get("property") or "").strip().lower()
        content = " ".join((meta.get("content") or "").split())
        if name == "generator" and name in found:
            found[name] += f"; {content}"
        elif content:
            found.setdefault(name, content)
    return found


def _name(tree: HtmlElement, metas: Mapping[str, str], url: str) -> str:
    """The site's name: as it tells other sites, else of the title the part that is one."""
    for name in ("og:site_name", "application-name", "apple-mobile-web-app-title"):
        if metas.get(name):
            return metas[name]
    title = " ".join("".join(next(tree.iter("title"), tree).itertext()).split())
    if next(tree.iter("title"), None) is None or not title:
        return urlsplit(url).hostname or url
    parts = [part.strip() for part in re.split(r"\s+[|–—:·»-]\s+", title) if part.strip()]
    host = fold(urlsplit(url).hostname or "").replace("-", "")
    named = [part for part in parts if fold(part).replace(" ", "").replace("-", "")[:12] in host]
    generic = {"home", "homepage", "accueil", "startpagina", "startseite", "inicio", "start"}
    others = [part for part in parts if fold(part) not in generic]
    return (named or others or [title])[0]


def _region(tag: str | None) -> str | None:
    found = re.search(r"-([A-Z]{2})$", tag or "")
    return found[1] if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Alternate:
    rel: frozenset[str]
    url: str
    type: str = ""
    title: str = ""
    hreflang: str | None = None
    origin: str


LINK_HEADER = re.compile(r"<([^<>]*)>((?:\s*;\s*[\w*-]+\s*=\s*(?:\"[^\"]*\"|[^\s;,\"]+))*)")
PARAMETER = re.compile(r";\s*([\w*-]+)\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))")


def _links(tree: HtmlElement, base: str, headers: Mapping[str, str]) -> Iterator[_Alternate]:
    for link in tree.iter("link"):
        if address := web_url(link.get("href") or "", base):
            yield _alternate(address, dict(link.attrib), "the page's <link>")
    for address, rest in LINK_HEADER.findall(headers.get("link", "")):
        if absolute := web_url(address, base):
            told = {name.lower(): quoted or bare for name, quoted, bare in PARAMETER.findall(rest)}
            yield _alternate(absolute, told, "a Link header")


def _alternate(url: str, told: Mapping[str, str], origin: str) -> _Alternate:
    return _Alternate(
        rel=frozenset(told.get("rel", "").lower().split()),
        url=url,
        type=told.get("type", ""),
        title=told.get("title", ""),
        hreflang=told.get("hreflang") or None,
        origin=origin,
    )


def _feeds(tree: HtmlElement, alternates: Iterable[_Alternate], base: str) -> tuple[Candidate, ...]:
    """Feeds that a page names itself, in its order, without those of comments."""
    found: dict[str, Candidate] = {}
    for link in alternates:
        json = "json" in link.type.lower() and not FEED_ADDRESS.search(link.url)
        if (
            "alternate" in link.rel
            and FEED_TYPES.match(link.type)
            and not (json and "feed" not in link.type.lower())
            and not _no_articles(link.url, link.title)
        ):
            spoken = stated_language(link.url, link.title, link.hreflang)
            found.setdefault(
                key(link.url),
                Candidate(kind="feed", url=link.url, origin=link.origin, language=spoken),
            )
    for anchor in islice(tree.iter("a"), MAX_LINKS):
        address = web_url(anchor.get("href") or "", base)
        if not address or not (_related(address, base) or _at_feed_host(address)):
            continue
        said = " ".join("".join(anchor.itertext()).split())[:LONGEST_LABEL]
        label = f"{said} {anchor.get('title') or ''}".strip()
        parts = urlsplit(address)
        named = FEED_ADDRESS.search(parts.path + (f"?{parts.query}" if parts.query else ""))
        if (named or FEED_TEXT.search(label)) and not _no_articles(address, label):
            spoken = stated_language(address, label, anchor.get("hreflang"))
            found.setdefault(
                key(address),
                Candidate(kind="feed", url=address, origin=ANCHOR, language=spoken),
            )
    return tuple(found.values())


def _no_articles(url: str, title: str) -> bool:
    return bool(NO_ARTICLES.search(url) or COMMENTS.search(title))


def _domain(url: str) -> str | None:
    try:
        return domain(url)
    except ValueError:
        return None


def _related(url: str, other: str) -> bool:
    return _domain(url) == _domain(other)


def _at_feed_host(url: str) -> bool:
    return bool(FEED_HOSTS.search(urlsplit(url).hostname or ""))


def stated_language(url: str, title: str = "", hreflang: str | None = None) -> str | None:
    """The language that a link says its target has: its hreflang, its title or its address.

    >>> stated_language("https://a.example/nl/feed/")
    'nl'
    """
    if tag := bcp47(hreflang):
        return tag
    for word in map(str, re.findall(r"\w+", title)):
        if word.isupper() and word.lower() in _known():
            return word.lower()
        code: str | None = _autonyms().get(fold(word))
        if code:
            return code
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    host = (parts.hostname or "").partition(".")[0]
    folders = unquote(parts.path).split("/")[1:3]
    for word in (query.get("lang", ""), query.get("language", ""), *folders, host):
        if re.fullmatch(r"[A-Za-z]{2}(?:[-_][A-Za-z]{2})?", word) and word[:2].lower() in _known():
            return word[:2].lower()
    return None


# Codes that name languages in addresses and menus. Not all of ISO 639-1: `go`, `tv` and `id` name
# other things, and sites in those that lack here are recognised by what they say.
CODES = """
    am ar az be bg bn bs ca cs da de el en es et eu fa fi fr he hi hr hu hy it ja ka ko ku
    lb lt lv mk my nl no pl ps pt ro ru rw sk sl so sq sr sv sw ta th ti tr uk ur uz vi zh
""".split()  # noqa: SIM905 (read as a line)


@cache
def _known() -> frozenset[str]:
    return frozenset(CODES)


@cache
def _autonyms() -> dict[str, str]:
    named = ((babel.Locale.parse(code).get_language_name(code), code) for code in CODES)
    return {fold(name): code for name, code in named if name}


def _sections(tree: HtmlElement, base: str, url: str, lang: str | None) -> Iterator[Candidate]:
    """Sections that are named as news are, by their link's text."""
    seen = {key(url)}
    for anchor in islice(tree.iter("a"), MAX_LINKS):
        label = fold(" ".join("".join(anchor.itertext()).split())[: 2 * LONGEST_LABEL])
        if label not in NEWS:
            continue
        address = web_url(anchor.get("href") or "", base)
        if address and _related(address, url) and key(address) not in seen:
            seen.add(key(address))
            address = address.partition("#")[0]
            spoken = stated_language(address, hreflang=anchor.get("hreflang")) or lang
            yield Candidate(
                kind="listing", url=address, origin=f"a link called {label!r}", language=spoken
            )


def _versions(
    tree: HtmlElement, alternates: Iterable[_Alternate], base: str, url: str, lang: str | None
) -> tuple[tuple[str, str], ...]:
    """Home pages in other languages that this one names, one a language."""
    found: dict[str, str] = {}
    named = [(a.hreflang, a.url) for a in alternates if "alternate" in a.rel and not a.type]
    for anchor in islice(tree.iter("a"), MAX_LINKS):
        if address := web_url(anchor.get("href") or "", base):
            said = "".join(anchor.itertext()).strip()
            hreflang = anchor.get("hreflang")
            if not hreflang and len(said) <= LONGEST_LABEL:
                code = said.lower() if said.lower() in _known() else _autonyms().get(fold(said))
                # The text alone is not enough: `NL` may lead to an article on the Netherlands.
                hreflang = code if code and stated_language(address) == code else None
            named.append((hreflang, address))
    for hreflang, address in named:
        tag = bcp47(hreflang) if hreflang else None
        if not tag or tag.partition("-")[0] in {lang, *(t.partition("-")[0] for t in found)}:
            continue
        depth = len([part for part in urlsplit(address).path.split("/") if part])
        # A home page is at the top: what lies deeper is an article's translation.
        if _related(address, url) and key(address) != key(url) and depth <= 1:
            found[tag] = address
    return tuple(found.items())[:MAX_VERSIONS]


def conventions(home: Home) -> tuple[Candidate, ...]:
    """Where this site's system usually puts its feeds and the like."""
    cms = home.system.cms
    if cms is None:
        return ()
    found = []
    for kind, path in CONVENTIONS.get(cms, ()):
        url = urljoin(home.base, path)
        if kind == "wordpress" and home.api:
            url = posts_at(home.api)
        found.append(
            Candidate(
                kind=kind,
                url=url,
                origin="what the page calls its API"
                if kind == "wordpress" and home.api
                else f"where {cms} has it",
                language=stated_language(url),
            )
        )
    return tuple(found)


def posts_at(api: str) -> str:
    """Posts of a WordPress API, with pretty permalinks or without.

    >>> posts_at("https://a.example/index.php?rest_route=/")
    'https://a.example/index.php?rest_route=/wp/v2/posts'
    """
    return f"{api.rstrip('/')}/wp/v2/posts"


def general(home: Home) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(kind="feed", url=urljoin(home.base, path), origin="where many sites have it")
        for path in GENERAL
    )


def sitemaps(home: Home, robots: str) -> tuple[Candidate, ...]:
    """Those that robots.txt or the page names; without any, where sites usually have them."""
    named = [
        Candidate(kind="sitemap", url=url, origin="robots.txt")
        for name in re.findall(r"(?im)^\s*sitemap\s*:\s*(\S+)", robots)
        if (url := web_url(name, home.base))
    ]
    found = [*named, *home.sitemaps]
    if not found:
        root = urljoin(home.base, "/")
        paths = (*CMS_SITEMAPS.get(home.system.cms or "", ()), *SITEMAPS)
        found = [
            Candidate(kind="sitemap", url=urljoin(root, path), origin="where many sites have it")
            for path in paths
        ]
    return tuple({key(each.url): each for each in reversed(found)}.values())[::-1][:MAX_SITEMAPS]
