"""The links of a page, each with its text and the furniture of the page that it stands in."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from urllib.parse import urldefrag

from lxml import etree
from lxml.html import HtmlElement

from crawler.urls import web_url


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Of 1,185 pages of all kinds, the fullest has 2,215. With it, all time is bounded.
MAX_ANCHORS = 3_000
MAX_DEPTH = 16  # folders of an address: deeper ones are traps
MAX_PATH = 2048
MAX_TEXT = 1000  # characters of one run of text, and twice that of a link
MAX_TEXTS = 120  # runs of text in one link

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
SKIPPED = _set("script style noscript template svg select button head")
WHOLE_PAGE = frozenset({"html", "body", "main"})
CONTENT = frozenset({"article", "main", "section", "li", "td"})
# Names of blocks in classes and ids, as the common themes of the five systems have them.
MENUS = _set(
    "nav navbar navigation menu submenu megamenu breadcrumb breadcrumbs arbo ariane pagination"
    " pager pagenavi footer colophon topbar toolbar social share sharing sharedaddy cookie cookies"
    " consent language languages login offcanvas tagcloud skip"
)
MENU_ROLES = frozenset({"navigation", "banner", "contentinfo", "menu", "menubar"})
ASIDES = frozenset({"sidebar", "aside", "widget", "related"})
CARDS = _set("article articles card cards entry entries node post posts news latestnews teaser")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
UNSPACED = re.compile(r"[\u0e00-\u0eff\u0f00-\u109f\u1780-\u17ff]")  # Thai to Khmer
IDEOGRAPHS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


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
class _Around:
    """What the elements around a place of the page say of it."""

    block: str = ""
    content: bool = False
    heading: bool = False
    hidden: bool = False
    wanted: bool = True
    language: str | None = None


def anchors_of(
    tree: HtmlElement, base: str, within: Collection[HtmlElement] | None = None
) -> list[Anchor]:
    """The page's first MAX_ANCHORS links to the web: of all, or of `within` and what is inside."""
    return list(islice(_walk(tree, base, within), MAX_ANCHORS))


def _walk(tree: HtmlElement, base: str, within: Collection[HtmlElement] | None) -> Iterator[Anchor]:
    holders = _holders_of_content(tree)
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
            block=outer.block or _block(element, holders, in_content=outer.content),
            content=outer.content or tag in CONTENT,
            heading=outer.heading or tag in HEADINGS,
            hidden=outer.hidden or tag in SKIPPED,
            wanted=outer.wanted or (within is not None and element in within),
            language=language_of(element) or outer.language,
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
    texts = (text[:MAX_TEXT] for text in islice(element.itertext(), MAX_TEXTS))
    return Anchor(
        element=element,
        url=urldefrag(address).url,
        text=flat("".join(texts)[: 2 * MAX_TEXT]),
        block=around.block,
        heading=around.heading,
        language=around.language,
    )


def _holders_of_content(tree: HtmlElement) -> set[HtmlElement]:
    holders: set[HtmlElement] = set()
    for content in tree.iter("main", "article", "h1"):
        for element in chain([content], content.iterancestors()):
            if element in holders:
                break
            holders.add(element)
    return holders


def _block(element: HtmlElement, holders: set[HtmlElement], *, in_content: bool) -> str:
    """Which furniture of a page the element is, if any."""
    tag = element.tag
    if tag in WHOLE_PAGE:
        return ""
    if tag == "nav" or element.get("role") in MENU_ROLES:
        return "menu"
    if tag in {"header", "footer"}:
        # Those inside an article are its own.
        return "" if in_content else "menu"
    named = names(element)
    if named & MENUS and not named & CARDS:
        kind = "menu"
    else:
        kind = "aside" if tag == "aside" or named & ASIDES else ""
    # `has-sidebar` and `menu-open` name whole pages.
    named_for_what_it_holds = element in holders and tag not in {"ul", "li", "a", "span"}
    return "" if named_for_what_it_holds else kind


def names(element: HtmlElement) -> set[str]:
    """The words of the element's class and id."""
    said = f"{element.get('class') or ''} {element.get('id') or ''}"[:400]
    if said == " ":
        return set()
    return set(re.split(r"[^a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "-", said).lower()))


def language_of(element: HtmlElement) -> str | None:
    said = (element.get("lang") or "").strip()
    return said.replace("_", "-") if LANGUAGE.fullmatch(said) else None


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


def flat(text: str) -> str:
    # Marks of words' joins are nothing to read.
    return " ".join(text.replace("\u200b", "").replace("\ufeff", "").split())
