"""The visible text of a page, block by block, as a reader sees it: one walk over the tree."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from lxml import etree
from lxml.html import HtmlElement

from enrich.text import printable

# What a browser sets on lines of its own. Everything else runs on inside its line.
BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "body", "button", "caption", "center", "dd",
     "details", "dialog", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form",
     "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "html", "label", "legend", "li",
     "main", "menu", "nav", "ol", "option", "p", "pre", "section", "summary", "table", "tbody",
     "td", "tfoot", "th", "thead", "tr", "ul"}
)  # fmt: skip
# What shows no text, or none that is the page's own; `rt` and `rp` are reading aids above words.
HIDDEN = frozenset(
    {"script", "style", "noscript", "template", "svg", "head", "iframe", "object", "select",
     "textarea", "title", "math", "canvas", "audio", "video", "rp", "rt"}
)  # fmt: skip
# Characters without a width that some sites write into words: soft hyphen, zero-width space and
# joiners, word joiner, byte-order mark.
WIDTHLESS = re.compile("[\u00ad\u200b\u2060\ufeff]")
# Classes that number an entry (`post-1234`) differ between neighbours of one look.
NUMBERED = re.compile(r"\d\d")
# One a character where a script has no spaces between words (Han, kana, Thai, Lao, Khmer,
# Burmese), otherwise one a run of letters and digits.
WORD = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|\w+"
)


# Tuples by name, since a page has hundreds of each and a frozen dataclass takes four times as long.
class Link(NamedTuple):
    """A link with words: its address as written, its text, and whether it is to a translation."""

    href: str
    text: str
    translated: bool


class Block(NamedTuple):
    """One run of text between two line breaks of the layout.

    `text` has single spaces; `key` is what compares it with others; `linked` is the share of its
    characters that stand in `links`, 0 to 1; `dated` says that a <time> stands in it; `tag` is the
    element that holds it, and `box` the number of that element's Box.
    """

    text: str
    key: str
    linked: float
    links: tuple[Link, ...]
    dated: bool
    tag: str
    box: int


class Box(NamedTuple):
    """One element that holds blocks: those numbered from `first` to below `end`, nested ones too.

    `parent` is the number of the box around it (the outermost one is its own), `look` its tag and
    first class that is not numbered, `names` all its classes, its id and its itemprop, `role` its
    ARIA role, and `anchor` whether it stands in a link.
    """

    tag: str
    look: str
    names: str
    role: str | None
    parent: int
    first: int
    end: int
    anchor: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Blocks in reading order, and boxes in the order in which they open."""

    blocks: tuple[Block, ...]
    boxes: tuple[Box, ...]


@lru_cache(2_048)  # the lines of a text are blocks of its page
def key(text: str) -> str:
    """The words of `text` in one form (NFKC, casefold), with one space between.

    >>> key("« Un accueil\u00ad, 24h/24 ! »")
    'un accueil 24h 24'
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", WIDTHLESS.sub("", text))
    return " ".join(WORD.findall(text.casefold()))


def visible(tree: HtmlElement) -> tuple[Block, ...]:
    """Every block of text that a reader of the page can see, in reading order."""
    return layout(tree).blocks


def layout(tree: HtmlElement) -> Layout:
    """The blocks and boxes of a page. Does not change `tree`; linear, and no page is too deep."""
    walk = etree.iterwalk(tree, events=("start", "end", "comment", "pi"))
    page = _Page()
    for event, element in walk:
        if event == "start":
            if element.tag in HIDDEN:
                walk.skip_subtree()
            else:
                page.open(element)
        else:
            page.close(element)
    return page.done()


class _Page:
    """What the walk has read so far: which boxes are open, and the text since the last break."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        # One entry a box, in the order in which they open.
        self.tags, self.looks, self.parents = ["html"], ["html"], [0]
        self.names: list[str] = [""]
        self.roles: list[str | None] = [None]
        self.firsts, self.ends, self.anchors = [0], [0], [False]
        self.around: list[tuple[Any, int]] = [(None, 0)]
        self.links: list[HtmlElement] = []
        self.said: list[str] = []
        self.linked: list[tuple[HtmlElement, list[str]]] = []  # a link and what was said in it
        self.dated = False

    def open(self, element: HtmlElement) -> None:
        tag = element.tag
        if tag == "a" and element.get("href"):
            self.links.append(element)
        if tag in BLOCKS or (tag == "a" and len(element) and element[0].tag in BLOCKS):
            self._break()
            self.parents.append(self.around[-1][1])
            self.around.append((element, len(self.tags)))
            self.tags.append(tag)
            names, role = _names(element)
            self.names.append(names)
            self.roles.append(role)
            self.looks.append(_look(tag, names))
            self.firsts.append(len(self.blocks))
            self.ends.append(len(self.blocks))
            self.anchors.append(bool(self.links))
        elif tag == "br":
            self._break()
        elif tag == "time":
            self.dated = True
        if text := element.text:
            self._say(text)

    def close(self, element: HtmlElement) -> None:
        if self.around[-1][0] is element:
            self._break()
            self.ends[self.around.pop()[1]] = len(self.blocks)
        if self.links and self.links[-1] is element:
            del self.links[-1]
        if text := element.tail:
            self._say(text)

    def done(self) -> Layout:
        self._break()
        self.ends[0] = len(self.blocks)
        columns = zip(
            self.tags, self.looks, self.names, self.roles, self.parents, self.firsts, self.ends,
            self.anchors, strict=True,
        )  # fmt: skip
        return Layout(blocks=tuple(self.blocks), boxes=tuple(map(Box._make, columns)))

    def _say(self, text: str) -> None:
        if not self.said and text.isspace():
            return  # the indentation of the source, half of all texts
        self.said.append(text)
        if self.links:
            link = self.links[-1]
            if not self.linked or self.linked[-1][0] is not link:
                self.linked.append((link, []))
            self.linked[-1][1].append(text)

    def _break(self) -> None:
        """The line ends here: what was said since the last break is a block, if it is words."""
        if self.said:
            text = flat("".join(self.said))
            if text and (named := key(text)):
                self._add(text, named)
            self.said, self.linked = [], []
        self.dated = False

    def _add(self, text: str, named: str) -> None:
        linked = 0.0
        links: tuple[Link, ...] = ()
        if self.linked:
            parts = [said for _, said in self.linked]
            if parts == [self.said]:  # most links are all that stands in their line
                linked, texts = 1.0, [text]
            else:
                linked = len(flat("".join(chain(*parts)))) / len(text)
                texts = [flat("".join(part)) for part in parts]
            links = tuple(
                Link(link.get("href"), said, "hreflang" in link.attrib)
                for (link, _), said in zip(self.linked, texts, strict=True)
                if said
            )
        number = self.around[-1][1]
        self.blocks.append(Block(text, named, linked, links, self.dated, self.tags[number], number))


def flat(text: str) -> str:
    """`text` on one line with single spaces, without what has no width or cannot be printed."""
    if not text.isascii():
        text = WIDTHLESS.sub("", text)
    text = " ".join(text.split())
    return text if text.isprintable() else printable(text)


def _names(element: HtmlElement) -> tuple[str, str | None]:
    """Its classes, id and itemprop, and its role."""
    attributes = element.attrib
    if not attributes:
        return "", None
    named = " ".join(filter(None, map(attributes.get, ("class", "id", "itemprop"))))
    return named, attributes.get("role")


@lru_cache(4000)  # some hundred a site, on every one of its pages
def _look(tag: str, names: str) -> str:
    """The tag and its first class that is not numbered: `div.teaser`."""
    named = next((name for name in names.split() if not NUMBERED.search(name)), "")
    return f"{tag}.{named}" if named else tag
