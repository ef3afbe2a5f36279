"""What a reader sees above an article: headings, by-lines and times, found in one walk."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice

from lxml.etree import iterwalk
from lxml.html import HtmlElement

from enrich.text import printable

# Where a link, a name or a date is about other pages, other people or the site. Not `form`, which
# is around whole pages on one kind of server, nor "widget" and "sidebar" inside longer names, which
# page builders give to the article's own blocks.
ELSEWHERE = frozenset(("nav", "aside", "dialog"))
ELSEWHERE_NAMES = re.compile(
    r"comment(?!ar)|related|recommend|newsletter|breadcrumb|widget-area|trending|cookie"
    r"|most-?(?:read|popular)|(?:^|\s)(?:(?:site-|page-)?(?:footer|sidebar)|nav|menu|teaser|similar)"
    r"(?:$|\s|-(?:widget|primary|inner|list|item|card))",
    re.IGNORECASE,
)
# The article, in whose foot one kind of site has the day and the by-line.
OWN_NAMES = re.compile(r"(?:^|\s)(?:article|news-single|hentry)(?:$|\s)", re.IGNORECASE)
# Names of classes, ids and itemprops that sites in many languages give to a by-line.
SIGNED = re.compile(
    r"aut(?:h?or|eur)|by-?line|writer|verfasser|redacteur|forfatter|skribent|kirjoittaja"
    r"|yazar|penulis|posted-?by|created-?by|submitted(?!-on)"
)
# Each of these names has one of them.
SIGNED_PARTS = ("aut", "line", "writer", "posted", "verfasser", "redacteur", "forfatter",
                "skribent", "kirjoittaja", "yazar", "penulis", "created", "submitted")  # fmt: skip
NOT_SIGNED = re.compile(r"comment|avatar|image|img|photo|bio|count|follow|social|related")
# Addresses of a writer's own page.
WRITER = re.compile(r"author|/(?:auteur|autor|redacteur|journaliste|schrijver)[a-z]*/")
KINDS = ("headings", "subheadings", "signed", "times")
TAGS = {
    "h1": "headings", "h2": "subheadings", "h3": "subheadings", "time": "times", "abbr": "times",
}  # fmt: skip
NAMELESS = frozenset(("html", "head", "body", "meta", "link", "script", "style", "title", "img"))
# What is not shown; `rt` and `rp` are the reading aids above Han characters.
SILENT = frozenset(
    ("script", "style", "noscript", "template", "svg", "select", "textarea", "rt", "rp")
)
# Elements that part words even where no space stands between the tags.
APART = frozenset(
    ("div", "p", "li", "ul", "ol", "br", "h1", "h2", "h3", "h4", "section", "header", "td", "tr",
     "figure", "figcaption", "address", "dd", "dt", "time", "hgroup")
)  # fmt: skip
# Ancestors looked at, so that a page nested 100,000 deep costs no more than another.
MAX_UP = 40
# Letters of a class looked at; some pages hold whole files in one.
MAX_NAME = 300
# Headings kept of h1, and of h2 with h3; an article's own is among the first.
MAX_HEADINGS = 60


@dataclass(frozen=True, slots=True)
class Spot:
    """An element and its number in document order."""

    element: HtmlElement
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """What the walk met. Elements are the tree's own: use them before the tree is changed.

    `elements` are all of the tree's in document order, comments among them, and `names` the
    classes, ids and itemprops of those that can hold text.
    """

    elements: tuple[HtmlElement, ...]
    headings: tuple[Spot, ...]
    subheadings: tuple[Spot, ...]
    signed: tuple[Spot, ...]
    times: tuple[Spot, ...]
    document_title: str
    names: frozenset[str]


def front_of(tree: HtmlElement) -> Front:
    """Walk over the page once. Never raises."""
    spots: dict[str, list[Spot]] = {kind: [] for kind in KINDS}
    elements = tuple(tree.iter())
    signs = _Signs()
    for at, element in enumerate(elements):
        tag = element.tag
        if tag in NAMELESS or not isinstance(tag, str):
            continue
        if kind := TAGS.get(tag):
            spots[kind].append(Spot(element, at))
        get = element.get  # a loop over the names takes a fifth longer
        signed = tag == "byline" or (tag == "a" and _is_writers(element))
        if name := get("class"):
            signed = signs[name] or signed
        if name := get("id"):
            signed = signs[name] or signed
        if name := get("itemprop"):
            signed = signs[name] or signed
        if signed:
            spots["signed"].append(Spot(element, at))
    title = tree.find(".//title")
    return Front(
        elements=elements,
        document_title=text_of(title) if title is not None else "",
        headings=tuple(spots["headings"][:MAX_HEADINGS]),
        subheadings=tuple(spots["subheadings"][:MAX_HEADINGS]),
        signed=tuple(spots["signed"]),
        times=tuple(spots["times"]),
        names=frozenset(signs),
    )


class _Signs(dict[str, bool]):
    """Whether each name on a page is a by-line's: most are there many times."""

    def __missing__(self, name: str) -> bool:
        self[name] = _is_signed(name)
        return self[name]


@lru_cache(maxsize=8_192)
def _is_signed(name: str) -> bool:
    """Whether a class, an itemprop or an id of this name is a by-line's.

    Pages of a site share their names, and to look at each anew costs four times as much.
    """
    name = name[:MAX_NAME].lower()
    # Nine of ten have none of the words, which is sooner seen so.
    if not any([part in name for part in SIGNED_PARTS]):  # noqa: C419 (twice as fast)
        return False
    return bool(SIGNED.search(name) and not NOT_SIGNED.search(name))


def _is_writers(link: HtmlElement) -> bool:
    href = link.get("href") or ""
    if "aut" in href or "redac" in href or "journaliste" in href:
        return bool(WRITER.search(href))
    return "author" in (link.get("rel") or "")


def is_elsewhere(element: HtmlElement) -> bool:
    """Whether it stands in what is not the article: a menu, comments, related cards, the footer."""
    in_footer = False
    for ancestor in islice(chain((element,), element.iterancestors()), MAX_UP):
        tag = ancestor.tag
        if tag in ("body", "html", "main"):
            break
        if tag in ELSEWHERE:
            return True
        if tag == "footer":
            in_footer = True
        elif tag == "article":
            in_footer = False  # its own foot, where some themes put the by-line
        names = f"{ancestor.get('class', '')[:MAX_NAME]} {ancestor.get('id', '')[:MAX_NAME]}"
        if tag == "article" or len(names) <= 1:
            continue
        if OWN_NAMES.search(names):
            in_footer = False
        elif found := ELSEWHERE_NAMES.search(names):
            if found[0].strip().casefold() != "footer":
                return True
            in_footer = True
    return in_footer


def text_of(element: HtmlElement, limit: int = 500) -> str:
    """Its visible text on one line, cut soon after `limit` characters."""
    return joined(strings_of(element, limit))


def strings_of(element: HtmlElement, limit: int = 500) -> list[str]:
    """Its visible text in pieces, from one tag to the next, up to some `limit` characters."""
    found: list[str] = []
    length = 0
    for piece in pieces(element):
        found.append(piece)
        length += len(piece)
        if length > limit:
            break
    return found


def joined(strings: Iterable[str]) -> str:
    """The strings as one line; a space where a small letter meets a capital across a tag."""
    out: list[str] = []
    last = ""
    for string in strings:
        if last.islower() and string[:1].isupper():
            out.append(" ")
        out.append(string)
        last = string[-1:] or last
    return " ".join(printable("".join(out)).replace("\xad", "").split())


def pieces(element: HtmlElement) -> Iterator[str]:
    """The text between two tags, one after the other; a block is parted from what is around it.

    No recursion: pages may be nested 100,000 deep.
    """
    silent = 0  # how many elements around are not shown
    for event, each in iterwalk(element, events=("start", "end", "comment", "pi")):
        text = each.text if event == "start" else each.tail
        if each.tag in SILENT:
            silent += 1 if event == "start" else -1
        if silent or (each is element and event != "start"):
            continue
        if each.tag in APART:
            yield " "
        if text:
            yield text
