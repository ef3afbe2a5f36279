"""Where an article stands on its site, and what the site files it under."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from enrich.claims import Claims, Thing, plain, types
from enrich.text import fold, printable
from enrich.tree import names_of, words_of

DATA = Path(__file__).parent / "data" / "sections.toml"

# Class or id words that name the trail of links from the home page to the article.
TRAIL = re.compile(
    r"bread-?_?crumb|(?:^|[\s_-])(?:ariane|arianne|hierarchie|arbo|kruimel(?:pad|spoor)?|brotkrumen"
    r"|brotkrume|migas|briciole|crumbs?|youarehere)(?:$|[\s_-])",
    re.IGNORECASE,
)
# Each of these words has one of them.
TRAIL_PARTS = ("crumb", "arian", "hierarchie", "arbo", "kruimel", "krume", "migas", "briciole",
               "youarehere")  # fmt: skip
TRAIL_TAGS = ("nav", "ol", "ul", "div", "p", "span", "section")
# No step of a trail but a way to share the page.
NOT_STEP = re.compile(
    r"^(?:mailto|javascript|whatsapp|tel):|[./](?:facebook|twitter|x|linkedin|whatsapp|xing)\.com",
    re.IGNORECASE,
)
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")
SHORT = 3
SEPARATORS = " \t\n\r\xa0>»›/|→·•:–—-‹«\\▸►❯"
# Class words of lists of an article's subjects, and of what is another article's.
FILED = frozenset(
    ("tags", "taglist", "tagcloud", "categories", "category", "cats", "cat", "genre", "rubrique",
     "rubriques", "themes", "topics", "keywords", "mots", "tagged", "taxonomy", "kicker")
)  # fmt: skip
OTHERS = frozenset(
    ("related", "teaser", "teasers", "sidebar", "widget", "loop", "menu", "navbar", "footer",
     "cloud", "tagcloud", "carousel", "slider", "recommended", "comments", "td_module_wrap",
     "module", "cookie", "newsletter", "share", "social", "submenu", "trending", "popular",
     "similar", "readmore", "mega", "offcanvas", "card", "cards", "grid", "list", "feed")
)  # fmt: skip
FILING = frozenset(("genre", "articleSection", "keywords"))
FURNITURE = frozenset(("nav", "aside", "form"))
# More keywords than this are written for search engines (a fourth of 1,185 real pages), a longer
# name is a sentence, more than so many links of tags are a cloud.
MAX_KEYWORDS, MAX_NAME, MAX_LINKS, MAX_STEPS, MAX_LEVELS = 10, 60, 25, 8, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    """`path` is the trail from the site's home page to the article, without either of them.

    `categories` are the section and subjects that the page names, the section first.
    """

    path: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


def sections_of(tree: HtmlElement, url: str, claims: Claims, *, title: str = "") -> Sections:
    """What the page at `url` says of both. Never raises for what a page may hold."""
    without = {fold(title), fold(claims.meta("og:title") or ""), ""}
    site = fold(claims.meta("og:site_name") or "")
    path = next(
        (
            clean
            for trail in chain(_stated_trails(claims, url), _shown_trails(tree, url))
            if (clean := _names(trail, without | {site}, title))
        ),
        (),
    )
    named = [
        *claims.metas.get("article:section", ()),
        *(name for thing in claims.articles() for name in _texts(thing.get("articleSection"))),
    ]
    stated = [
        # Several in one have no blank after the comma; "Arts, culture" is one.
        *(part for name in named for part in re.split(r",(?=\S)", name)),
        *_linked(tree),
        *claims.metas.get("article:tag", ()),
        *_keywords(claims),
    ]
    return Sections(
        path=path[:MAX_STEPS], categories=_names(stated, without | {site}, title)[:MAX_LINKS]
    )


def _names(found: Iterable[str], without: set[str], title: str) -> tuple[str, ...]:
    """The names among what was found, each once, without home pages and the title."""
    words = _words()
    full = fold(title)
    names: dict[str, str] = {}
    for one in found:
        name = " ".join(printable(one).split()).strip(SEPARATORS)
        key = fold(name)
        if not name or len(name) > MAX_NAME or key in words or key in without:
            continue
        # A title cut short ends with dots.
        if name.endswith(("…", "...")) or (len(key) > MAX_NAME // 3 and key in full):
            continue
        if not any(char.isalpha() for char in name):
            continue
        # "region-du-lac" and "Région du lac" are one, and the second is its name.
        if key not in names or (SLUG.fullmatch(names[key]) and not SLUG.fullmatch(name)):
            names[key] = name
    return tuple(names.values())


@cache
def _words() -> frozenset[str]:
    data = tomllib.loads(DATA.read_text(encoding="utf-8"))
    return frozenset(map(fold, (*data["home"], *data["nothing"])))


def _stated_trails(claims: Claims, url: str) -> Iterator[list[str]]:
    for thing in claims.things:
        if "breadcrumblist" in types(thing):
            steps = thing.get("itemListElement")
            steps = (
                [step for step in steps if isinstance(step, dict)]
                if isinstance(steps, list)
                else []
            )
            steps.sort(key=_position)
            # The last step without an address is the page itself.
            named = [_step(step, url, is_last=step is steps[-1]) for step in steps]
            yield [name for name in named if name]


def _position(step: Thing) -> float:
    try:
        return float(step.get("position", 0))
    except (TypeError, ValueError):
        return 0.0


def _step(step: Thing, url: str, *, is_last: bool) -> str:
    item = step.get("item")
    named = plain(step.get("name")) or (plain(item.get("name")) if isinstance(item, dict) else "")
    address = (item.get("@id") or item.get("url")) if isinstance(item, dict) else item
    if not isinstance(address, str) or not address.strip():
        return "" if is_last else named
    return "" if _is_home(address) or _is_here(address, url) else named


def _is_home(address: str) -> bool:
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return False
    return (
        bool(parts.hostname or address.strip() == "/")
        and parts.path in ("", "/")
        and (not parts.query and not parts.fragment)
    )


def _shown_trails(tree: HtmlElement, url: str) -> Iterator[list[str]]:
    """The trails of links that the page shows, the outermost element of each first."""
    # A page has few different classes, and to look for words in each costs more than all else.
    verdicts: dict[str, bool] = {}
    for element in tree.iter(*TRAIL_TAGS):
        attributes = element.attrib
        if not attributes:
            continue
        for value in filter(None, map(attributes.get, ("class", "id", "itemtype"))):
            if value not in verdicts:
                verdicts[value] = _is_trail(value[:300])
            if verdicts[value]:
                yield _steps(element, url)
                break


def _is_trail(name: str) -> bool:
    """Whether a class, an id or a type names a trail; most have none of its words at all."""
    low = name.lower()
    return any([part in low for part in TRAIL_PARTS]) and bool(TRAIL.search(name))  # noqa: C419 (twice as fast)


def _steps(trail: HtmlElement, url: str) -> list[str]:
    """The names of a trail's steps: its list's items, or its links; not of the page itself."""
    items = [item for item, _ in zip(trail.iter("li"), range(3 * MAX_STEPS), strict=False)]
    names: list[str] = []
    unlinked = ""
    for item in items or [trail]:
        links = [link for link, _ in zip(item.iter("a"), range(2 * MAX_STEPS), strict=False)]
        for link in links:
            href, rel = link.get("href") or "", (link.get("rel") or "").split()
            leads_on = not (_is_home(href) or "home" in rel or _is_here(href, url))
            if leads_on and not NOT_STEP.search(href):
                names.append(_text(link))
        unlinked = _text(item) if items and not links else ""
    # What ends a trail without a link is the page itself, unless there is nothing else.
    names += [unlinked] if unlinked and not names and len(unlinked.split()) <= SHORT else []
    return names if len(names) <= MAX_STEPS else []


def _is_here(href: str, url: str) -> bool:
    path = re.split("[?#]", href.strip(), maxsplit=1)[0].rstrip("/")
    return bool(path) and "?" not in href and url.partition("?")[0].rstrip("/").endswith(path)


def _text(element: HtmlElement) -> str:
    parts, length = [], 0
    for part in element.itertext():
        parts.append(part)
        length += len(part)
        if length > 4 * MAX_NAME:
            break
    return "".join(parts)


def _texts(value: Any) -> list[str]:
    each = value if isinstance(value, list) else [value]
    return [text for one in each if (text := plain(one))]


def _linked(tree: HtmlElement) -> Iterator[str]:
    """The texts of links to a category or tag of the article itself."""
    found = 0
    for link in tree.iter("a"):
        rel = link.get("rel")
        is_tag = rel is not None and "tag" in rel.lower().split()
        if not is_tag and link.get("itemprop") not in FILING:
            parent = link.getparent()
            around = (parent.get("class") or "") if parent is not None else ""
            if FILED.isdisjoint(words_of(around)):
                continue
        if (link.get("href") or "#").startswith("#") or found >= MAX_LINKS or _is_of_others(link):
            continue
        found += 1
        yield _text(link)


def _is_of_others(link: HtmlElement) -> bool:
    for level, above in enumerate(link.iterancestors()):
        if level >= MAX_LEVELS or above.tag in ("body", "main"):
            return False
        if above.tag in FURNITURE:
            return True
        if names_of(above) & (OTHERS if level else {"readmore", "cloud", "tagcloud", "menu"}):
            return True
    return False


def _keywords(claims: Claims) -> list[str]:
    """The keywords, if they are few: long lists are not the article's subjects."""
    for stated in (
        [text for thing in claims.articles() for text in _texts(thing.get("keywords"))],
        list(claims.metas.get("news_keywords", ())),
        list(claims.metas.get("keywords", ())),
    ):
        each = [part.strip() for text in stated for part in re.split(r"[,;،、]", text)]
        each = [part for part in each if part]
        if each:
            return each if len(each) <= MAX_KEYWORDS else []
    return []
