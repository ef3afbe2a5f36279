"""How a page is built: its cards, its running text, its dates, its menu and its further pages.

Read from the layout (`enrich.blocks`), where each box holds a run of blocks: what a box has in all
is the difference of two running sums, so each is looked at once, however deep it stands. Words are
those outside furniture (menus, side bars, footers).
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple
from urllib.parse import urljoin

from enrich.blocks import WORD, Block, Box, Layout, Link
from enrich.text import fold

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
APPS = frozenset({"root", "app", "__next", "__nuxt", "___gatsby", "app-root", "q-app", "svelte"})
MENUS = frozenset({"ul", "ol", "div"})
PAGERS = frozenset({"ul", "ol", "div", "nav", "p"})
BLOCKS = frozenset(
    {"article", "section", "div", "li", "p", "td", "tr", "dd", "dl", "blockquote", "main"}
)
PARTS = frozenset({"p", "li", "blockquote"})  # of the running text that the box around them holds
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
# A date as people write it, with its year: "12.30" is an hour.
DATE = re.compile(
    r"\b\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d\b|\b(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}\b"
    r"|\b\d{1,2}\S{0,3}\s{1,2}(?:de\s)?[^\W\d]{3,12}[.,]?\s{1,2}(?:del?\s)?(?:19|20)\d\d\b"
    r"|\b[^\W\d]{3,12}\s{1,2}\d{1,2}\S{0,3}\s{1,2}(?:19|20)\d\d\b|(?:19|20)\d\d年"
)
# An address that `urljoin` would leave as it is.
WHOLE = re.compile(r"https?://[\w.:-]+(?:/[^\s?#;]*)?(?:\?[^\s#]+)?(?:#\S+)?", re.ASCII)

# A card is a block with a link to another page and some words: what a listing is made of, and a
# list of related articles too. Longer ones are articles shown whole.
MIN_CARDS, MAX_CARD_WORDS, MIN_TEASER, MIN_LABEL = 3, 130, 6, 3
MAX_BEFORE_LINK = 8  # words of a card before its link: a date, a section
MIN_PROSE = 6  # words of a paragraph that is running text
MAX_BYLINE = 12  # words of a line in which a date is looked for
MAX_EMPTY = 5  # words that the place for a program may show: "Loading..."
MAX_TITLE = 300  # characters


class Card(NamedTuple):
    """A box that may be a card: its number, its last inner one's and the outer one's, and more.

    `target` is the page that its first link leads to, `teaser` says that it has words that are no
    link, `headed` that its one heading is a link, and `more` that it has a link to read more.
    """

    start: int
    end: int
    parent: int
    shape: tuple[str, str]
    words: int
    dates: int
    target: str
    teaser: bool
    headed: bool
    more: bool
    text: str  # without spaces, so that it does not matter how lines are cut


class Prose(NamedTuple):
    """Running text: the number of its box, and of the box that holds it with its like."""

    start: int
    holder: int
    words: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was seen. `heading_at` is the number of the first h1's box, 0 if there is none.

    `said` are the lines outside furniture, `furniture` those in it. `more`
    counts links to read more; `menu` says that a menu links to the page itself, `pager` that it has
    further pages, and `app` that it has an empty place which a program would fill.
    """

    words: int
    dates: int
    more: int
    headings: tuple[str, ...]
    heading_at: int
    cards: tuple[Card, ...]
    prose: tuple[Prose, ...]
    said: tuple[str, ...]
    furniture: tuple[str, ...]
    menu: bool
    pager: bool
    app: bool


class _Place(NamedTuple):
    """What holds for all that stands in a box. `holder` is the nearest box of BLOCKS around."""

    furniture: bool
    menu: bool
    heading: bool
    holder: int


class _Says(NamedTuple):
    """What the class and the id of an element say that it is."""

    footer: bool
    menu: bool
    trail: bool
    pager: bool
    app: bool


class _Line(NamedTuple):
    """What a block adds to the boxes around it; `before` are its words before its first link."""

    words: int = 0
    linked: int = 0
    before: int | None = None
    dates: int = 0
    headed: int = 0
    more: int = 0
    target: str = ""


OUTSIDE = _Place(furniture=False, menu=False, heading=False, holder=0)
UNSEEN = _Line()


def look_of(layout: Layout, url: str, more: frozenset[str]) -> Look:
    """The look of the page at `url`. `more` are the labels of links to read on, folded."""
    boxes, blocks = layout.boxes, layout.blocks
    h1s = [number for number, box in enumerate(boxes) if box.tag == "h1"]
    last = _last(boxes)
    told = {names: says for names in {box.names for box in boxes} if (says := _says(names))}
    places = _places(boxes, last, h1s, told)
    site = _Site(url, more)
    lines = [site.line(block, places[block.box]) for block in blocks]
    said: tuple[list[str], list[str]] = [], []  # and what is furniture
    for block in blocks:
        said[places[block.box].furniture].append(block.text)
    heading_at = h1s[0] if h1s else 0
    named = [(box, told[box.names]) for box in boxes if box.names in told]
    cards, prose = _parts(layout, places, last, lines, heading_at)
    return Look(
        words=sum(line.words for line in lines),
        dates=sum(line.dates for line in lines),
        more=sum(line.more for line in lines),
        headings=tuple(_text(layout, boxes[number])[:MAX_TITLE] for number in h1s),
        heading_at=heading_at,
        cards=cards,
        prose=prose,
        said=tuple(said[0]),
        furniture=tuple(said[1]),
        menu=site.menu,
        pager=any(says.pager and box.tag in PAGERS for box, says in named),
        app=any(
            says.app and sum(map(_count, blocks[box.first : box.end])) < MAX_EMPTY
            for box, says in named
        ),
    )


def cards_of(look: Look) -> tuple[Card, ...]:
    """The cards that have at least two others of their shape, the outermost of each."""
    groups = Counter[tuple[str, str, int]]()
    seen: set[tuple[tuple[str, str, int], str]] = set()
    for card in look.cards:
        group = _group(card)
        if (group, card.target) not in seen:
            seen.add((group, card.target))
            groups[group] += 1
    return outermost([card for card in look.cards if groups[_group(card)] >= MIN_CARDS])


def outermost(cards: Iterable[Card]) -> tuple[Card, ...]:
    found: list[Card] = []
    for card in sorted(cards, key=lambda card: card.start):
        if not found or card.start > found[-1].end:
            found.append(card)
    return tuple(found)


def longest(look: Look, cards: tuple[Card, ...]) -> int:
    """The words of running text in the box that has most of it, cards left out."""
    sums = Counter[int]()
    waiting = iter(cards)
    card = next(waiting, None)
    for part in look.prose:
        while card is not None and card.end < part.start:
            card = next(waiting, None)
        if card is None or part.start < card.start:
            sums[part.holder] += part.words
    return max(sums.values(), default=0)


def leading(look: Look, cards: tuple[Card, ...]) -> int:
    """The words of the running text after the first heading, before any of `cards`."""
    after = [
        part
        for part in look.prose
        if part.start > look.heading_at > 0 and not (cards and part.start > cards[0].start)
    ]
    return sum(part.words for part in after if part.holder == after[0].holder)


def same(url: str) -> str:
    """The address without what does not change the page: scheme, www, fragment, last slash."""
    return url.partition("#")[0].partition("://")[2].removeprefix("www.").rstrip("/")


def _group(card: Card) -> tuple[str, str, int]:
    """Cards are alike by tag and class wherever they are; without a class, among siblings."""
    tag, name = card.shape
    return (tag, name, 0 if name else card.parent)


# -- boxes


def _places(
    boxes: Sequence[Box], last: Sequence[int], h1s: Sequence[int], told: Mapping[str, _Says]
) -> list[_Place]:
    """One a box; `told` is what names say. A box comes after the one around it."""
    places: list[_Place] = []
    for number, box in enumerate(boxes):
        tag = box.tag
        furniture, menu, heading, holder = places[box.parent] if number else OUTSIDE
        if tag in FURNITURE or box.role in FURNITURE_ROLES:
            furniture = menu = True
        if says := told.get(box.names):
            menu = (menu or (says.menu and tag in MENUS)) and not says.trail
            if says.footer and tag == "div" and not furniture:
                # With the heading in it, it is what holds the whole page ("has-footer").
                furniture = not any(number <= at <= last[number] for at in h1s)
        if tag in HEADINGS and not box.anchor:
            heading = True
        if tag in BLOCKS:
            holder = number
        places.append(_Place(furniture, menu, heading, holder))
    return places


def _last(boxes: Sequence[Box]) -> list[int]:
    """The number of the last box inside each, its own if it has none."""
    last = list(range(len(boxes)))
    for number in range(len(boxes) - 1, 0, -1):
        parent = boxes[number].parent
        last[parent] = max(last[parent], last[number])
    return last


def _parts(
    layout: Layout,
    places: Sequence[_Place],
    last: Sequence[int],
    lines: Sequence[_Line],
    heading_at: int,
) -> tuple[tuple[Card, ...], tuple[Prose, ...]]:
    """The boxes that may be cards, and those that are running text."""
    boxes = layout.boxes
    own = Counter[int]()
    for block, line in zip(layout.blocks, lines, strict=True):
        own[places[block.box].holder] += line.words
    words_to = [0, *accumulate(line.words for line in lines)]
    linked_to = [0, *accumulate(line.linked for line in lines)]
    cards: list[Card] = []
    prose: list[Prose] = []
    for number, box in enumerate(boxes):
        if box.tag not in BLOCKS or box.first == box.end or places[number].furniture:
            continue
        words = words_to[box.end] - words_to[box.first]
        linked = linked_to[box.end] - linked_to[box.first]
        if own[number] >= MIN_PROSE and linked < words / 2:
            holder = box.parent if box.tag in PARTS else number
            prose.append(Prose(number, holder, own[number]))
        whole = number <= heading_at <= last[number]  # the page's own heading is in it
        if MIN_LABEL <= words <= MAX_CARD_WORDS and not whole:
            held = lines[box.first : box.end]
            text = layout.blocks[box.first : box.end]
            if card := _card(box, held, text, (number, last[number], words, linked)):
                cards.append(card)
    return tuple(cards), tuple(prose)


def _card(
    box: Box, held: Sequence[_Line], blocks: Sequence[Block], numbers: tuple[int, int, int, int]
) -> Card | None:
    """The box with these lines as a card, if it may be one."""
    start, end, words, linked = numbers
    target = next((line.target for line in held if line.target), "")
    if not target or (words - linked < MIN_TEASER and linked <= MIN_LABEL):
        return None  # without a link, or a menu's entry
    headed = sum(line.headed for line in held)
    more = any(line.more for line in held)
    leads = linked >= MIN_LABEL and _before_link(held) <= MAX_BEFORE_LINK
    if not (headed or more or leads):
        return None
    return Card(
        start=start,
        end=end,
        parent=box.parent,
        shape=(box.tag, re.sub(r"\d", "", box.names.partition(" ")[0])),
        words=words,
        dates=sum(line.dates for line in held),
        target=target,
        teaser=words - linked >= MIN_TEASER,
        headed=headed == 1,
        more=more,
        text=_bare(blocks),
    )


def _before_link(held: Sequence[_Line]) -> int:
    """The words before the first link."""
    words = 0
    for line in held:
        if line.before is not None:
            return words + line.before
        words += line.words
    return words


# -- lines and their links


class _Site:
    """Reads the lines of a page, and notes whether a menu links to the page itself."""

    def __init__(self, url: str, more: frozenset[str]) -> None:
        self.url, self.more = url, more
        self.here = same(url)
        self.host = _host(self.here)
        self.menu = False

    def line(self, block: Block, place: _Place) -> _Line:
        targets = [(link, self._target(link, place)) for link in block.links]
        if place.furniture:
            return UNSEEN
        words = _count(block)
        dated = block.dated or (words < MAX_BYLINE and _has_date(block.text))
        if not targets:
            return _Line(words, dates=int(dated)) if dated else _Line(words)
        whole = block.linked >= 1
        linked = words if whole else sum(len(WORD.findall(link.text)) for link in block.links)
        start = block.text.find(block.links[0].text)
        return _Line(
            words=words,
            linked=min(words, linked),
            before=0 if whole else len(WORD.findall(block.text[: max(start, 0)])),
            dates=int(dated),
            headed=sum(1 for _, target in targets if target) if place.heading else 0,
            more=sum(1 for link, target in targets if target and self._is_more(link)),
            target=next((target for _, target in targets if target), ""),
        )

    def _is_more(self, link: Link) -> bool:
        return len(link.text.split()) < MIN_PROSE and _folded(link.text[:MAX_TITLE]) in self.more

    def _target(self, link: Link, place: _Place) -> str:
        """The page of the site that a link leads to, if it is another one."""
        to = _goes_to(link.href.strip(), self.url, self.host)
        if to and to == self.here:
            if place.menu and not place.heading and "#" not in link.href and not link.translated:
                self.menu = True
            return ""
        return to if _host(to) == self.host else ""


@lru_cache(maxsize=4_096)  # the links of a site's menus are on all of its pages
def _folded(label: str) -> str:
    return fold(label)


def _goes_to(href: str, url: str, host: str) -> str:
    """The address, as `same` has it, that a link on the page at `url` leads to; "" for none."""
    if not href or href.startswith(("#", "mailto:", "tel:", "javascript:")):
        return ""
    if href.startswith("/") and not href.startswith("//"):
        return (host + href).partition("#")[0].rstrip("/")  # urljoin takes 15 times that
    if WHOLE.fullmatch(href):
        return same(href)
    try:
        return same(urljoin(url, href))
    except ValueError:
        return ""


def _host(address: str) -> str:
    """The host of an address as `same` has it, with its port."""
    return address.partition("/")[0].partition("?")[0]


def _has_date(text: str) -> bool:
    return ("20" in text or "19" in text) and bool(DATE.search(text[:MAX_TITLE]))


def _count(block: Block) -> int:
    return block.key.count(" ") + 1


def _text(layout: Layout, box: Box) -> str:
    return " ".join(block.text for block in layout.blocks[box.first : box.end])


def _bare(blocks: Iterable[Block]) -> str:
    """The text of the blocks without spaces."""
    return "".join(block.text.replace(" ", "") for block in blocks)


# -- names


@lru_cache(maxsize=8_192)  # some hundred a site, on every one of its pages
def _says(names: str) -> _Says | None:
    low = names[:MAX_TITLE].lower()
    app = not APPS.isdisjoint(names.split())
    if not app and not any([one in low for one in TELLING]):  # noqa: C419 (twice as fast)
        return None  # three of four, at a tenth of the cost
    return _Says(
        footer=bool(FOOTER.search(low)),
        menu=bool(MENU.search(low)),
        trail=bool(TRAIL.search(low)),
        pager=bool(PAGER.search(low)),
        app=app,
    )
