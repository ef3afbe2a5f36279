"""What a page says of each thing that it links: headline, date, teaser, picture.

A card is the largest block around a link that holds no other headline, as a reader sees it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice

from lxml import etree
from lxml.html import HtmlElement

from crawler import dates
from crawler.anchors import (
    HEADINGS,
    MAX_TEXT,
    SKIPPED,
    WHOLE_PAGE,
    Anchor,
    flat,
    language_of,
    names,
    words,
)
from crawler.urls import clean, web_url


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# A headline in a script with spaces: menu entries seldom have more than three words.
HEADLINE_WORDS = 4
MAX_HEADLINE_WORDS = 40  # more is a card's whole text inside its link
SPLITS_CARDS = 3  # words: links beside a headline (a theme, an author) mostly have fewer
TEASER_WORDS = 8
# A card links its article by title, picture, "read more", but says the same of it once or twice;
# a section's name on many cards is the same each time.
MAX_SAID = 2
# A date in a longer text is one that a teaser speaks of; 1.1.2026 is the shortest. In characters.
DATELINE = range(6, 81)
MIN_PICTURE = 48  # pixels: smaller ones are icons
# A card is found within so many elements around its link, and read as far as so many pieces.
MAX_CLIMB = 40
MAX_PIECES = 120
MAX_GAP = 12  # nodes between two headlines that stand in one block
MAX_NODES = 50_000  # of one block, and texts of a page

INLINE = _set(
    "a abbr acronym b bdi bdo big cite code em font i img ins kbd mark q s small span strike strong"
    " sub sup tt u var wbr"
)
# Names of blocks in classes and ids, as the common themes of the five systems have them.
DATES = _set(
    "date dates datum fecha data publi published publication created posted time timestamp"
)
TITLES = frozenset({"title", "titre", "titel", "titulo", "headline", "name"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What is said of one address; dates as in `Link`."""

    url: str
    title: str | None = None
    summary: str | None = None
    published: str | None = None
    image: str | None = None
    language: str | None = None


@dataclass(slots=True, eq=False)
class Target:
    """All that leads to one address."""

    url: str
    anchors: list[Anchor] = field(default_factory=list)
    lead: Anchor = field(init=False)  # the one that most looks like the headline

    def outside_menus(self) -> list[Anchor]:
        return [anchor for anchor in self.anchors if anchor.block != "menu"]

    def shown(self) -> list[Anchor]:
        """The anchors outside of menus, or all if there are no others."""
        return self.outside_menus() or self.anchors

    def repeated(self) -> bool:
        said = Counter(anchor.text for anchor in self.outside_menus() if anchor.text)
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


# Whose headline is inside an element: a target's, or those of several (None).
_Owners = dict[HtmlElement, Target | None]
_Gaps = dict[HtmlElement, tuple[list[_Piece], list[_Piece]]]


def targets_of(anchors: Iterable[Anchor]) -> list[Target]:
    targets: dict[str, Target] = {}
    for anchor in anchors:
        targets.setdefault(clean(anchor.url), Target(anchor.url)).anchors.append(anchor)
    return list(targets.values())


def read(tree: HtmlElement, targets: Sequence[Target]) -> Iterator[Card]:
    """A card for each target."""
    labels = _labels(targets)
    for target in targets:
        target.lead = max(target.shown(), key=partial(_headlike, labels=labels))
    owners = _owners(targets, labels)
    texts = (t for t in islice(tree.itertext(), MAX_NODES) if len(t) < MAX_TEXT)
    month_first = dates.writes_month_first(texts, language_of(tree))
    gaps: dict[HtmlElement, _Gaps] = {}
    for target in targets:
        language = target.lead.language
        date_of = partial(_date_of, language=language, month_first=month_first)
        region = _region(target, owners)
        pieces = list(_pieces(region, {anchor.element for anchor in target.anchors}))
        before: list[_Piece] = []
        parent = region.getparent()
        if owners.get(parent, target) is None and not date_of(pieces):
            if parent not in gaps:
                gaps[parent] = _gaps(parent, owners, date_of)
            before, after = gaps[parent].get(region, ([], []))
            pieces += after
        title = _title(target, pieces, labels)
        yield Card(
            url=target.lead.url,
            title=title,
            summary=_teaser(pieces, title),
            published=date_of([*pieces, *before], title=title) or dates.path_day(target.url),
            image=_picture(region, target.lead.url),
            language=language,
        )


# --- which block is whose


def _labels(targets: Iterable[Target]) -> frozenset[str]:
    """Texts that links to different pages share ("Read more"): no page's headline."""
    said = ({anchor.text.casefold() for anchor in target.anchors} for target in targets)
    seen = Counter(text for texts in said for text in texts)
    return frozenset(text for text, count in seen.items() if text and count > 1)


def _headlike(anchor: Anchor, labels: frozenset[str]) -> tuple[bool, int]:
    label = anchor.text.casefold() in labels
    return anchor.heading, 0 if label else min(words(anchor.text), MAX_HEADLINE_WORDS)


def _owners(targets: Iterable[Target], labels: frozenset[str]) -> _Owners:
    """For each element around headlines: whose it is, or that it holds several.

    An element changes at most twice, so all climbs together take no longer than the page.
    """
    owners: _Owners = {}
    unnamed = []
    for target in targets:
        shown = target.outside_menus()
        if not shown or target.repeated():
            continue
        if target.lead.heading or words(target.lead.text) >= SPLITS_CARDS:
            _claim(owners, target)
        elif all(anchor.text.casefold() in labels or not anchor.text for anchor in shown):
            unnamed.append(target)
    # Linked by "Read more" alone: a card of its own, but where it is in another's ("Download").
    for target in [target for target in unnamed if not _in_a_card(target, owners)]:
        _claim(owners, target)
    return owners


def _claim(owners: _Owners, target: Target) -> None:
    for anchor in target.outside_menus():
        element: HtmlElement | None = anchor.element
        while element is not None and owners.get(element, element) not in (None, target):
            owners[element] = None if element in owners else target
            element = element.getparent()


def _in_a_card(target: Target, owners: _Owners) -> bool:
    around = islice(target.outside_menus()[0].element.iterancestors(), MAX_CLIMB)
    nearest = next((element for element in around if element in owners), None)
    return nearest is not None and owners[nearest] is not None


def _region(target: Target, owners: _Owners) -> HtmlElement:
    """The largest element around a link that holds no other headline."""
    element = target.lead.element
    for parent in islice(element.iterancestors(), MAX_CLIMB):
        if parent.tag in WHOLE_PAGE or owners.get(parent) is not target:
            break
        element = parent
    return element


def _gaps(
    parent: HtmlElement, owners: _Owners, date_of: Callable[[list[_Piece]], str | None]
) -> _Gaps:
    """For headlines that stand in one block: what precedes each (a date), and what follows it."""
    heads: list[HtmlElement] = []
    runs: list[list[_Piece]] = [[]]
    for child in islice(parent, MAX_NODES):
        if child in owners:
            heads.append(child)
            runs.append([])
        elif len(runs[-1]) < MAX_GAP:
            runs[-1] += _pieces(child, set())
        elif not heads:
            runs[0] = [*runs[0][1:], *_pieces(child, set())]
        if child.tail and child.tail.strip() and len(runs[-1]) <= MAX_GAP:
            runs[-1].append(_Piece(flat(child.tail[:MAX_TEXT])))
    inner = runs[1:-1]
    if sum(map(bool, inner)) * 2 < max(len(inner), 1):
        return {}
    # Before the first and after the last there is more than what belongs to them.
    room = max(map(len, inner), default=0)
    runs[0], runs[-1] = runs[0][max(len(runs[0]) - room, 0) :], runs[-1][:room]
    if date_of(runs[0]) and not date_of(runs[-1]):
        # The date goes before its headline: the last of each run belongs to the next.
        return {head: (runs[n][-1:], runs[n + 1][:-1]) for n, head in enumerate(heads)}
    return {head: ([], runs[n + 1]) for n, head in enumerate(heads)}


# --- what a block says


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
            open_pieces.append(_inside(element, outer, own, headings))
            text = element.text
        else:
            hidden -= element.tag in SKIPPED
            open_pieces.pop()
            text = element.tail if element is not region else None
        ended = outer is not open_pieces[-1]
        if ended and (outer.text.strip() or (outer.stamp and event == "end")):
            yield replace(outer, text=flat(outer.text))
            outer.text, count = "", count + 1
        if text and not hidden and len(open_pieces[-1].text) < MAX_TEXT:
            open_pieces[-1].text += text[:MAX_TEXT]
    if open_pieces[0].text.strip():
        yield replace(open_pieces[0], text=flat(open_pieces[0].text))


def _inside(element: HtmlElement, outer: _Piece, own: set[HtmlElement], headings: int) -> _Piece:
    """The piece that begins with the element; bold words in a sentence begin none."""
    tag = element.tag
    if tag in INLINE and tag != "a" and not element.get("class"):
        return outer
    here = replace(outer, text="", stamp=element.get("datetime") if tag == "time" else None)
    if tag in HEADINGS:
        here.heading = headings
    if tag == "a":
        here.own, here.other = element in own, element not in own
    named = names(element)
    here.dated = here.dated or tag == "time" or bool(named & DATES)
    here.titled = here.titled or bool(named & TITLES)
    return here


def _date_of(
    pieces: Sequence[_Piece],
    *,
    title: str | None = None,
    language: str | None = None,
    month_first: bool = False,
) -> str | None:
    """The date that the pieces state: first what is marked as one, then short texts."""
    stamps = (dates.moment(piece.stamp) for piece in pieces if piece.stamp)
    if when := next(filter(None, stamps), None):
        return when
    marked = [piece for piece in pieces if piece.dated]
    others = [piece for piece in pieces if not (piece.dated or piece.heading)]
    for piece in [*marked, *others]:
        if piece.text == title or len(piece.text) not in DATELINE:
            continue
        if found := dates.day(piece.text, language, month_first=month_first):
            return found
    return None


def _title(target: Target, pieces: list[_Piece], labels: frozenset[str]) -> str | None:
    """The card's headline: the heading that is linked, the link's text, or what stands near it."""
    linked, unlinked = _headings(pieces)
    inside = [p for p in pieces if p.own and not p.dated and p.text.casefold() not in labels]
    own = [piece.text for piece in inside]
    free = [p.text for p in pieces if not (p.own or p.other or p.dated or p.heading)]
    labelled = [
        said
        for name in ("title", "aria-label")
        for anchor in target.shown()
        if (said := flat(anchor.element.get(name) or "")).casefold() not in labels
    ]
    attempts = (
        (1, linked),
        (2, [piece.text for piece in inside if piece.titled]),
        (HEADLINE_WORDS, own),
        (1, unlinked),
        (2, labelled),
        (1, own),
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
    linked, unlinked = [], []
    for run in runs.values():
        said = flat(" ".join(piece.text for piece in run))
        if any(piece.own for piece in run):
            linked.append(said)
        elif not any(piece.other for piece in run):
            unlinked.append(said)
    return linked, unlinked


def _teaser(pieces: list[_Piece], title: str | None) -> str | None:
    """The first text of the card that is long enough to say something."""
    for piece in pieces:
        if piece.heading or piece.other or piece.dated or piece.text == title:
            continue
        if words(piece.text) >= TEASER_WORDS:
            return piece.text[:MAX_TEXT].lstrip(" ,.;:|–—-")
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
