"""The visible text of a page, block by block, as a reader sees it: one walk over the tree."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache, partial
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
# What the walk stops at; a link may hold blocks.
TELLING = BLOCKS | {"a", "br", "time"}
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
# The same for plain ASCII, as most lines are, at half the cost.
PLAIN = "".join(char.lower() if WORD.match(char) else " " for char in map(chr, range(128)))


END = 6  # where a box has its `end`


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


_box = partial(tuple.__new__, Box)  # as Box._make, which takes twice as long


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
    if text.isascii():
        return " ".join(text.translate(PLAIN).split())
    text = unicodedata.normalize("NFKC", WIDTHLESS.sub("", text))
    return " ".join(WORD.findall(text.casefold()))


@lru_cache(256)  # a page's text is counted by several, one after the other
def count(text: str) -> int:
    """The WORDs of a text."""
    return len(WORD.findall(text))


def visible(tree: HtmlElement) -> tuple[Block, ...]:
    """Every block of text that a reader of the page can see, in reading order."""
    return layout(tree).blocks


def layout(tree: HtmlElement) -> Layout:
    """The blocks and boxes of a page. Does not change `tree`; linear, and no page is too deep."""
    page = _Page()
    walk = etree.iterwalk(tree, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        if event == "start":
            tag = element.tag
            if tag in HIDDEN:
                walk.skip_subtree()
                continue
            if tag in TELLING:
                page.open(element, tag)
            text = element.text
        else:
            if element is page.inner or element is page.link:
                page.close(element)
            text = element.tail
        # Half of all texts are the indentation of the source.
        if text and (page.said or not text.isspace()):
            page.say(text)
    return page.done()


class _Page:
    """What the walk has read so far: which boxes are open, and the text since the last break.

    `inner` is the element of the innermost box that is open, and `link` the innermost link.
    """

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.boxes: list[list[Any]] = [["html", "html", "", None, 0, 0, 0, False]]
        self.around: list[tuple[Any, int]] = [(None, 0)]
        self.links: list[Any] = [None]
        self.inner: Any = None
        self.link: Any = None
        self.said: list[str] = []
        self.linked: list[tuple[Any, list[str]]] = []  # a link and what was said in it
        self.dated = False

    def open(self, element: HtmlElement, tag: str) -> None:
        """One of TELLING begins."""
        if tag == "a":
            if element.get("href"):
                self.links.append(element)
                self.link = element
            if not len(element) or element[0].tag not in BLOCKS:
                return
        elif tag == "time":
            self.dated = True
            return
        if self.said:
            self._add()
        self.dated = False
        if tag == "br":
            return
        names, at = _names(element), len(self.blocks)
        number = self.around[-1][1]
        self.around.append((element, len(self.boxes)))
        self.inner = element
        look, role = _look(tag, names), element.get("role")
        self.boxes.append([tag, look, names, role, number, at, at, self.link is not None])

    def close(self, element: HtmlElement) -> None:
        """The innermost box or link ends, or both if they are one."""
        if element is self.inner:
            if self.said:
                self._add()
            self.dated = False
            self.boxes[self.around.pop()[1]][END] = len(self.blocks)
            self.inner = self.around[-1][0]
        if element is self.link:
            self.links.pop()
            self.link = self.links[-1]

    def say(self, text: str) -> None:
        self.said.append(text)
        if (link := self.link) is not None:
            if not self.linked or self.linked[-1][0] is not link:
                self.linked.append((link, []))
            self.linked[-1][1].append(text)

    def done(self) -> Layout:
        if self.said:
            self._add()
        self.boxes[0][END] = len(self.blocks)
        return Layout(blocks=tuple(self.blocks), boxes=tuple(map(_box, self.boxes)))

    def _add(self) -> None:
        """The line ends here: what was said since the last break is a block, if it is words."""
        text = flat("".join(self.said))
        if text and (named := key(text)):
            linked, links = self._links(text) if self.linked else (0.0, ())
            number = self.around[-1][1]
            tag = self.boxes[number][0]
            self.blocks.append(Block(text, named, linked, links, self.dated, tag, number))
        self.said, self.linked = [], []

    def _links(self, text: str) -> tuple[float, tuple[Link, ...]]:
        """The share of the line `text` that stands in links, and these."""
        parts = [said for _, said in self.linked]
        if parts == [self.said]:  # most links are all that stands in their line
            linked, texts = 1.0, [text]
        else:
            linked = len(flat("".join(chain(*parts)))) / len(text)
            texts = [flat("".join(part)) for part in parts]
        return linked, tuple(
            Link(link.get("href"), said, "hreflang" in link.attrib)
            for (link, _), said in zip(self.linked, texts, strict=True)
            if said
        )


def flat(text: str) -> str:
    """`text` on one line with single spaces, without what has no width or cannot be printed."""
    if not text.isascii():
        text = WIDTHLESS.sub("", text)
    text = " ".join(text.split())
    return text if text.isprintable() else printable(text)


def _names(element: HtmlElement) -> str:
    """Its classes, id and itemprop."""
    get = element.get
    names = get("class") or ""
    for name in ("id", "itemprop"):
        if more := get(name):
            names = f"{names} {more}" if names else more
    return names


@lru_cache(4000)  # some hundred a site, on every one of its pages
def _look(tag: str, names: str) -> str:
    """The tag and its first class that is not numbered: `div.teaser`."""
    named = next((name for name in names.split() if not NUMBERED.search(name)), "")
    return f"{tag}.{named}" if named else tag
