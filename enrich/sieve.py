"""Trafilatura's lines into the article, whole and only: rules that each name what they took.

The engine decides where the article is. This layer compares its lines with the blocks of the page,
takes out what is no article (the headline again, related articles, calls to subscribe, credits),
and puts back what belongs to it (a standfirst above the body, paragraphs that were left out next to
those that were kept). Nothing is known here of other pages of the site.

Each rule was kept because it gains on corpora of real pages; the figures at a rule are what the
share of right text (F) loses without it, on news pages of many languages unless said otherwise.
"""

import html
import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, islice
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from enrich.attachments import SIZE
from enrich.blocks import WORD, Block, Box, Layout, flat, key, layout
from enrich.claims import Claims, Thing, plain
from enrich.wording import (
    BULLETS,
    STOPS,
    appeals,
    closes,
    credits_picture,
    heads_others,
    is_body,
    is_furniture,
    is_standfirst,
    points_away,
)

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
SUBHEADINGS = frozenset({"h2", "h3", "h4"})
# Boxes whose text is beside the article.
ASIDE = frozenset({"figure", "figcaption", "aside", "footer", "li", "nav", "form", "button"})
CELL, ITEM = "|", "- "  # how the engine writes a table's row and a list's item
# What reads on in sentences: this long, or a little shorter and ended like one. Characters.
PROSE, SHORT_PROSE = 100, 50
ENDS = tuple('.!?…。！？؟।:»”"’)]')
CUT_OFF = ("…", "...", "[…]", "[...]")
# An h1 around more blocks than kicker, title and subtitle is not closed, or holds the page.
MAX_TITLE_BLOCKS = 4
# Lines above the first prose that may be headline, kicker, date and by-line.
OPENING = 8
# A shorter line is found in the page only as a block of its own: it may stand anywhere in a text.
MIN_FOUND = 20
# Characters searched in all for lines that are no block of their own: a page of 8 MB whose lines
# are all altered would take minutes. Real pages need below a tenth of it.
MAX_SEARCHED = 50_000_000
# Share of a block's characters in links from which it is nothing but a link; and for headings,
# which some sites print twice for screens of two sizes, once linked.
LINKED, LINKED_HEADING = 0.85, 0.45
# Share up to which a block is running text.
MAX_LINKED = 0.3
# A card is a link with a little text; a longer paragraph in it makes it text. Characters.
CARD, CARD_LINK, CARD_PARAGRAPH, TEASER = 420, 15, 260, 600
# Related articles are never most of an article: cards go only if they are at most half of the
# text, or this much (characters) remains. Without this guard lists of recipes and tools lose .003.
MAX_CARDS, MIN_REMAINDER = 0.5, 400
MAX_LINK_LINES, MAX_FURNITURE, FURNITURE_BOX = 0.3, 0.3, 0.25
# What may go from outside the article's box: so much of the text, or so many characters, since
# around a notice of two sentences the furniture is most of what there is. With no limit, articles
# whose box holds but a summary are lost: -.004 of segments in many languages.
MAX_OUTSIDE, SOME_FURNITURE = 0.3, 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A line that a rule took out or put in."""

    text: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sieved:
    """The article's lines in order; what was taken out, in the engine's order, and put in.

    `layout` is the whole page's, for telling what recurs on the site.
    """

    lines: tuple[str, ...]
    removed: tuple[Change, ...]
    added: tuple[Change, ...]
    layout: Layout


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the engine: the blocks from `first` to below `end` hold it (none: both -1).

    `exact` says that it is all of their text, no more and no less.
    """

    text: str
    key: str
    first: int
    end: int
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The block that is the `title`, the `first` prose below it, and what stands around both.

    `home` is the largest box that holds that prose but not the title, from there on; `region` is
    the smallest that holds both, from the title on.
    """

    title: int
    first: int
    home: range
    region: range


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the rules see. `chars[n]` is the length of all blocks below the n-th.

    `core` is where the article stands as far as the page itself shows it.
    """

    lines: tuple[Line, ...]
    core: Core | None
    layout: Layout
    chars: tuple[int, ...]
    size: int
    claims: Claims
    authors: tuple[str, ...]
    titles: frozenset[str]
    url: str
    host: str

    def holders(self, block: int) -> Iterator[Box]:
        """The boxes around a block, innermost first, without the page itself."""
        number = self.layout.blocks[block].box
        while number:
            yield (box := self.layout.boxes[number])
            number = box.parent

    def length(self, box: Box) -> int:
        return self.chars[box.end] - self.chars[box.first]

    def block(self, line: Line) -> Block | None:
        """The one block that holds the line."""
        return self.layout.blocks[line.first] if line.end - line.first == 1 else None


Rule = Callable[[Page], Iterable[int]]


def sieve(
    tree: HtmlElement,
    engine_text: str,
    *,
    claims: Claims,
    title: str,
    url: str,
    authors: Sequence[str] = (),
    rules: Container[str] | None = None,
) -> Sieved:
    """Sift the engine's text, whose paragraphs are lines; `tree` is the page and stays as it is.

    `title` is what the page is believed to be called, and `authors` who signed it. `rules`, names
    among RULES, is for measuring them one by one.
    Linear in the page; never raises for what a page may hold.
    """
    page = _page(tree, engine_text, claims, title=title, url=url, authors=authors)
    why = _removed(page, RULES if rules is None else rules)
    kept = [line for number, line in enumerate(page.lines) if number not in why]
    kept, voted = _voted(page, kept)
    if not kept:
        kept, why = list(page.lines), {}
    if script := _scripted(page, kept):
        return Sieved(
            lines=script,
            removed=tuple(Change(text=line.text, rule="script") for line in page.lines),
            added=tuple(Change(text=text, rule="script") for text in script),
            layout=page.layout,
        )
    back = [*_rescued(page, kept), *_beside(page, kept)]
    said = " ".join([*(line.text for line in kept), *(change.text for _, change in back)])
    above = _standfirst(page, kept, key(said).replace(" ", ""))
    new = sorted([*back, *above], key=lambda found: found[0])
    return Sieved(
        lines=tuple(_merged(kept, [(at, change.text) for at, change in new])),
        removed=tuple(Change(text=page.lines[n].text, rule=why[n]) for n in sorted(why)),
        added=(*voted, *(change for _, change in new)),
        layout=page.layout,
    )


def _voted(page: Page, kept: list[Line]) -> tuple[list[Line], tuple[Change, ...]]:
    """The text below the title, if the engine has not its beginning and not more from elsewhere."""
    core = page.core
    if core is None or any(line.first <= core.first < line.end for line in kept):
        return kept, ()
    blocks = page.layout.blocks
    text = list(_text_below(page, core))
    prose = sum(len(blocks[n].text) for n in text)
    own = [line for line in kept if not _is_of_another(page, line)]
    here = sum(len(line.text) for line in own if line.first in core.home)
    if here >= MAX_MISSED * prose or sum(len(line.text) for line in own) > prose:
        return kept, ()
    lines = [
        Line(text=blocks[n].text, key=blocks[n].key, first=n, end=n + 1, exact=True) for n in text
    ]
    return lines, tuple(Change(text=line.text, rule="vote") for line in lines)


def _is_of_another(page: Page, line: Line) -> bool:
    return line.text.endswith(CUT_OFF) or _is_teaser(page, line)


# Share of the text below the title from which the engine is believed to have found it.
MAX_MISSED = 0.3


def _text_below(page: Page, core: Core) -> Iterator[int]:
    """Prose, and headings and items between it, up to where other articles begin."""
    blocks = page.layout.blocks
    waiting: list[int] = []
    for number in core.home:
        block = blocks[number]
        linked_heading = block.tag in HEADINGS and block.linked >= LINKED_HEADING
        if linked_heading or heads_others(block.text, block.key) or closes(block.text, block.key):
            return
        if not _in_text(page, number):
            continue
        waiting.append(number)
        if is_prose(block.text):
            yield from waiting
            waiting = []


def _in_text(page: Page, number: int) -> bool:
    block = page.layout.blocks[number]
    text = block.tag in SUBHEADINGS or block.tag == "li" or is_prose(block.text)
    if not text or block.linked > MAX_LINKED or _is_away(block) or block.key in page.titles:
        return False
    around = islice(page.holders(number), 4)
    return not any(box.tag in ASIDE - {"li"} or is_furniture(box.names) for box in around)


def _removed(page: Page, rules: Container[str]) -> dict[int, str]:
    """The numbers of the lines that go, each with the first rule that took it."""
    why: dict[int, str] = {}
    for phase in PHASES:
        left = [number for number in range(len(page.lines)) if number not in why]
        seen = replace(page, lines=tuple(page.lines[number] for number in left))
        for name in phase:
            if name in rules:
                for number in RULES[name](seen):
                    why.setdefault(left[number], name)
    return why


def is_prose(text: str) -> bool:
    """Whether a line reads on in sentences rather than being a label, a name or a heading."""
    return len(text) >= PROSE or (len(text) >= SHORT_PROSE and text.endswith(ENDS))


# -- the engine's lines and the page's blocks


def _page(
    tree: HtmlElement,
    engine_text: str,
    claims: Claims,
    *,
    title: str,
    url: str,
    authors: Sequence[str],
) -> Page:
    found = layout(tree)
    texts = [text for line in engine_text.split("\n") if (text := flat(line)) and text != CELL]
    lines = tuple(_healed(_aligned(texts, found.blocks), found.blocks))
    stated = frozenset(_stated_titles(claims, title))
    titles = stated | frozenset(_headlines(found))
    return Page(
        lines=lines,
        core=_core(found, stated),
        layout=found,
        chars=(0, *accumulate(len(block.text) for block in found.blocks)),
        size=sum(len(line.text) for line in lines),
        claims=claims,
        authors=tuple(authors),
        titles=titles,
        url=url,
        host=_host(url),
    )


def _core(found: Layout, titles: frozenset[str]) -> Core | None:
    """Where title and text stand; None if the page has no title, or no prose below it."""
    blocks, boxes = found.blocks, found.boxes
    beside = _asides(boxes)
    title = _shown_title(blocks, titles, beside)
    if title is None:
        return None
    later = range(title + 1, len(blocks))
    first = next(
        (
            number
            for number in later
            if not beside[blocks[number].box]
            and blocks[number].key not in titles
            and _may_open(found, number)
        ),
        None,
    )
    if first is None:
        return None
    home = inner = blocks[first].box
    while home and not boxes[home].first <= title < boxes[home].end:
        inner, home = home, boxes[home].parent
    # A paragraph right beside the title: its neighbours are the text.
    alone = inner == blocks[first].box and boxes[inner].end - boxes[inner].first <= 1
    around = boxes[home if alone else inner]
    return Core(
        title=title,
        first=first,
        home=range(first, around.end),
        region=range(title, boxes[home].end),
    )


def _shown_title(
    blocks: Sequence[Block], titles: frozenset[str], beside: Sequence[bool]
) -> int | None:
    """The block that shows the title: a heading if one does, not the crumb of a path."""
    named = [n for n, block in enumerate(blocks) if block.key in titles and not beside[block.box]]
    first = next((n for n, b in enumerate(blocks) if b.tag == "h1" and b.linked < LINKED), None)
    heading = next((n for n in named if blocks[n].tag in HEADINGS), None)
    if first is not None and heading is not None and first < heading:
        # The title may be said in other words above, and be the heading of a part as well.
        heading = first if _likeness(blocks[first].key, blocks[heading].key) >= ALIKE else heading
    ranked = (heading, next((n for n in named if blocks[n].linked < LINKED), None), first)
    return next((n for n in ranked if n is not None), None)


def _likeness(one: str, other: str) -> float:
    """Dice of the words of two keys."""
    words, others = set(one.split()), set(other.split())
    return 2 * len(words & others) / (len(words) + len(others))


# Likeness from which an h1 says what a heading below it says.
ALIKE = 0.5


def _asides(boxes: Sequence[Box]) -> list[bool]:
    """Whether each box is, or is in, one of ASIDE. Boxes come after those that they are in."""
    beside: list[bool] = []
    for number, box in enumerate(boxes):
        beside.append(box.tag in ASIDE or (number > 0 and beside[box.parent]))
    return beside


def _may_open(found: Layout, number: int) -> bool:
    """Whether a block can be the first of an article: prose, and no caption or furniture."""
    block = found.blocks[number]
    if block.linked > MAX_LINKED or not is_prose(block.text):
        return False
    box = found.boxes[block.box]
    named = is_furniture(box.names) or is_furniture(found.boxes[box.parent].names)
    return not named and not _is_away(block)


def _aligned(texts: Sequence[str], blocks: Sequence[Block]) -> Iterator[Line]:
    """Each line with the blocks that it is from: the next ones in reading order if there are some.

    Spaces do not count, since the engine loses and adds some at links, drop caps and line breaks.
    """
    compacts = [block.key.replace(" ", "") for block in blocks]
    starts = [0, *accumulate(map(len, compacts))]
    whole = "".join(compacts)
    places: defaultdict[str, list[int]] = defaultdict(list)
    for number, compact in enumerate(compacts):
        places[compact].append(number)
    here, searched = 0, 0
    for text in texts:
        named = key(text)
        compact = named.replace(" ", "")
        first = end = -1
        exact = False
        if where := places.get(compact):
            first = where[min(bisect_left(where, here), len(where) - 1)]
            end, exact = first + 1, True
        elif len(compact) >= MIN_FOUND and searched < MAX_SEARCHED:
            searched += len(whole)
            at = whole.find(compact, starts[here])
            at = at if at >= 0 else whole.find(compact)
            if at >= 0:
                first, end = bisect_right(starts, at) - 1, bisect_left(starts, at + len(compact))
                exact = starts[first] == at and starts[end] == at + len(compact)
        here = max(here, end if exact else end - 1)
        yield Line(text=text, key=named, first=first, end=end, exact=exact)


def _healed(lines: Iterable[Line], blocks: Sequence[Block]) -> Iterator[Line]:
    """Words as the page joins them, and blocks that the engine glued together as lines again.

    Below 250 characters of article, the engine takes all that it holds as one line, date and
    by-line glued to the text; so notices are read block by block.
    """
    for line in lines:
        if not line.exact or line.text.startswith(CELL):
            yield line
            continue
        for number in range(line.first, line.end):
            block = blocks[number]
            same = line.key == block.key
            yield Line(
                text=line.text if same else block.text,
                key=block.key,
                first=number,
                end=number + 1,
                exact=True,
            )


def _stated_titles(claims: Claims, title: str) -> Iterator[str]:
    """The keys of what the article is believed and said to be called."""
    stated = [plain(thing.get("headline")) for thing in islice(claims.articles(), 2)]
    metas = [claims.meta("og:title"), claims.meta("twitter:title")]
    yield from filter(None, (key(text or "") for text in (title, *metas, *stated)))


def _headlines(found: Layout) -> Iterator[str]:
    """The keys of the headings that may be its title, with a kicker and a subtitle in them."""
    for box in found.boxes:
        if box.tag == "h1" and 0 < box.end - box.first <= MAX_TITLE_BLOCKS:
            yield " ".join(block.key for block in found.blocks[box.first : box.end])


# -- what goes


def _headline(page: Page) -> Iterator[int]:
    """The title above the text, which the engine keeps on two pages of five: .004 to .013."""
    for number, line in _above(page):
        block = page.block(line)
        if _is_title(page, line) or (line.exact and block and block.tag == "h1"):
            yield number


# Between the crumbs of a trail: "Accueil > Guides > Le logement en dix questions".
CRUMBS = re.compile(r"\s[>›»→/]\s")
MIN_CRUMBS = 3


def _is_title(page: Page, line: Line) -> bool:
    """Whether a line is the title, or the trail of sections that ends with it."""
    if line.key in page.titles:
        return True
    crumbs = CRUMBS.split(line.text)
    return len(crumbs) >= MIN_CRUMBS and key(crumbs[-1]) in page.titles


def _above(page: Page) -> Iterator[tuple[int, Line]]:
    """The lines before the first prose, and those that stand above it on the page.

    Where the engine finds no article it sets the longest text first and all the rest after it.
    """
    for number, line in enumerate(page.lines[:OPENING]):
        if is_prose(line.text) and not _is_title(page, line):
            break
        yield number, line
    else:
        return
    start = page.lines[number].first
    for later in range(number + 1, len(page.lines)):
        line = page.lines[later]
        if 0 <= line.first < start and not is_prose(line.text):
            yield later, line


# A day with its year, in figures or with the month's name before or after it.
DATE = re.compile(
    r"\b\d{1,2}[./-]\d{1,2}[./-](?:19|20)?\d\d\b|\b(?:19|20)\d\d[./-]\d{1,2}[./-]\d{1,2}\b"
    r"|\b\d{1,2}(?:er|\.|º|°|e)?(?: de)? [^\W\d]{3,12}\.?,?(?: de)? (?:19|20)\d\d\b"
    r"|\b[^\W\d]{3,12}\.? \d{1,2}(?:st|nd|rd|th)?,? (?:19|20)\d\d\b"
    r"|(?:19|20)\d\d年\d{1,2}月\d{1,2}日"
)
MAX_DATE_LINE, MAX_DATE_WORDS, MAX_BYLINE_WORDS = 90, 14, 16


def _opening(page: Page) -> Iterator[int]:
    """Dates and by-lines above the first prose: .001."""
    authors = _author_words(page)
    for number, line in _above(page):
        if line.text.startswith(ITEM):
            continue
        words = line.key.split()
        dated = len(line.text) < MAX_DATE_LINE and len(words) <= MAX_DATE_WORDS
        named = sum(word in authors for word in words)
        signed = named > 1 and named >= len(words) / 2 and len(words) <= MAX_BYLINE_WORDS
        if signed or (dated and DATE.search(line.text)):
            yield number


# Words of a signature below or between paragraphs: "Propos recueillis par Awa Sylla".
MAX_SIGNATURE_WORDS, SIGNED = 8, 1 / 3


def _signature(page: Page) -> Iterator[int]:
    """By-lines anywhere: paragraphs of a few words, a third of them the names of who signed."""
    authors = _author_words(page)
    for number, line in enumerate(page.lines):
        block = page.block(line)
        words = line.key.split()
        if not block or not line.exact or block.tag in HEADINGS | {"li", "blockquote", "td", "th"}:
            continue
        named = sum(word in authors for word in words)
        few = len(words) <= MAX_SIGNATURE_WORDS and not line.text.endswith(STOPS)
        if few and named > 1 and named >= SIGNED * len(words):
            yield number


def _author_words(page: Page) -> frozenset[str]:
    names = (*page.authors, *_authors(page.claims))
    return frozenset(word for name in names for word in key(name).split())


def _authors(claims: Claims) -> Iterator[str]:
    for thing in islice(claims.articles(), 1):
        stated = thing.get("author")
        for author in stated if isinstance(stated, list) else [stated]:
            yield plain(author.get("name") if isinstance(author, dict) else author)
    for name in ("author", "article:author", "dc.creator"):
        yield from claims.metas.get(name, ())


def _wording(page: Page) -> Iterator[int]:
    """Lines whose words send the reader elsewhere: .003 to .006."""
    for number, line in enumerate(page.lines):
        if points_away(line.text.lstrip(BULLETS), line.key):
            yield number


def _credits(page: Page) -> Iterator[int]:
    """Credits of photographers and agencies, and claims of copyright: .001 to .002."""
    for number, line in enumerate(page.lines):
        block = page.block(line)
        heading = line.exact and block is not None and block.tag in HEADINGS
        if not heading and credits_picture(line.text.lstrip(BULLETS), line.key):
            yield number


TYPE = re.compile(r"\b(?:pdf|docx?|xlsx?|csv|pptx?|od[tsp]|epub|zip)\b", re.IGNORECASE)


def _files(page: Page) -> Iterator[int]:
    """Links to documents, which end with their type and size: "Le rapport (PDF, 1,2 Mo)"."""
    for number, line in enumerate(page.lines):
        block = page.block(line)
        long = len(line.text) >= PROSE and (block is None or block.linked < LINKED)
        if not block or not block.links or long:
            continue
        size = next(reversed([*SIZE.finditer(line.text)]), None)
        if size and len(line.text) - size.end() <= 1 and TYPE.search(line.text):
            yield number


def _captions(page: Page) -> Iterator[int]:
    """The captions of pictures: .0005, and a page more in a hundred is clean."""
    for number, line in enumerate(page.lines):
        block = page.block(line)
        short = len(line.text) <= MAX_CAPTION
        if short and line.exact and block and block.tag not in ("blockquote", "td", "th"):
            around = islice(page.holders(line.first), 4)
            if any(box.tag in ("figure", "figcaption") for box in around):
                yield number


# What is longer is text that a site shows as a picture: a quotation, an answer. Characters.
MAX_CAPTION = 300


def _furniture(page: Page) -> Iterator[int]:
    """Lines in small boxes that are named for it: `author-bio`, `newsletter`: .001 to .004.

    By name alone, without regard to size, whole articles go: -.013.
    """
    hits = []
    for number, line in enumerate(page.lines):
        if line.first < 0:
            continue
        for box in islice(page.holders(line.first), 4):
            if page.length(box) > FURNITURE_BOX * page.size:
                break
            # The id of a heading is often the heading again (`id="what-is-social-work"`).
            if box.tag not in HEADINGS | {"p"} and is_furniture(box.names):
                hits.append(number)
                break
    return _unless_much(page, hits, MAX_FURNITURE)


def _appeals(page: Page) -> Iterator[int]:
    """Small boxes in or beside the text that ask for money, heading and all."""
    core = page.core
    if core is None:
        return
    blocks, boxes = page.layout.blocks, page.layout.boxes
    asking: set[int] = set()
    for line in page.lines:
        if line.first < 0 or len(line.text) > MAX_APPEAL or not appeals(line.key):
            continue
        number = blocks[line.first].box
        if boxes[number].tag in PARAGRAPHS:
            number = boxes[number].parent
        box = boxes[number]
        if box.tag in PARTS and page.length(box) <= MAX_APPEAL and core.first < box.first:
            asking.update(range(box.first, box.end))
    for number, line in enumerate(page.lines):
        if line.exact and asking.issuperset(range(line.first, line.end)):
            yield number


# Characters of a box that asks, with its heading; what else is a paragraph in it.
MAX_APPEAL = 400
PARAGRAPHS = HEADINGS | {"p", "li", "blockquote"}


def _links(page: Page) -> Iterator[int]:
    """Lines that are nothing but a link to another page of the site: .001 to .005."""
    hits = []
    for number, line in enumerate(page.lines):
        block = page.block(line)
        if not (block and line.exact and block.linked >= LINKED and _inner(page, block)):
            continue
        if len(WORD.findall(line.key)) >= MIN_LINK_WORDS:
            hits.append(number)
    return _unless_much(page, hits, MAX_LINK_LINES)


# Shorter links are names in a list of the article's own as often as they are headlines.
MIN_LINK_WORDS = 4


def _outside(page: Page) -> Iterator[int]:
    """Lines above the title or below the box that is named as the article: .001.

    It loses as much on how-to pages; but of notices in the moulds of SPIP, Drupal and TYPO3, which
    the engine reads with all that stands around them, it saves a third.
    """
    boxes = list(_bodies(page.layout.boxes))
    inside = {number for box in boxes for number in range(box.first, box.end)}
    prose = [line for line in page.lines if line.first in inside and is_prose(line.text)]
    if not prose:
        return
    start = min(line.first for line in page.lines if line.first in inside)
    between = range(max(_title_at(page, start), 0), start + 1)
    hits = [
        number
        for number, line in enumerate(page.lines)
        if line.exact and line.first not in inside and line.first not in between
    ]
    own = sum(len(line.text) for line in prose)
    above = (line for line in page.lines if line.first in between and line.first not in inside)
    if sum(len(line.text) for line in above if is_prose(line.text)) > own:
        return  # a box in the text
    texts = [page.lines[number].text for number in hits]
    size, said = sum(map(len, texts)), sum(len(text) for text in texts if is_prose(text))
    if size <= SOME_FURNITURE or (size <= MAX_OUTSIDE * page.size and said <= own):
        yield from hits


def _bodies(boxes: Sequence[Box]) -> Iterator[Box]:
    """The boxes that are named as the article's, or around what is (`p.bodytext`)."""
    named = {names for names in {box.names for box in boxes} if is_body(names)}
    for box in boxes if named else ():
        if box.names in named and box.end > box.first:
            if box.tag in PARTS:
                yield box
            elif box.tag in RUNNING:
                yield boxes[box.parent]


def _region(page: Page) -> Iterator[int]:
    """Lines above the title, and below the smallest box around title and text.

    For pages laid out by tables, of which the engine takes menus and all. Of notices that is most
    of the text, so what counts is that more prose stands inside.
    """
    core = page.core
    if core is None:
        return
    exact = [(number, line) for number, line in enumerate(page.lines) if line.exact]
    above = [number for number, line in exact if line.end <= core.title]
    below = [number for number, line in exact if line.first >= core.region.stop]
    inside = sum(len(line.text) for line in page.lines if line.first in core.region)
    for hits in (above, below):
        texts = [page.lines[number].text for number in hits]
        prose, size = sum(len(text) for text in texts if is_prose(text)), sum(map(len, texts))
        if prose <= inside and size <= max(MAX_AROUND * page.size, SOME_FURNITURE):
            yield from hits


# What may go from around title and text, as a share of all, if it is more than SOME_FURNITURE. With
# .3, four pages of 500 lose half of their text.
MAX_AROUND = 0.1


def _standing(page: Page) -> Iterator[int]:
    """Parts below the text's own with a form to subscribe or to write; all below a closing heading.

    Builders of pages (Divi, Elementor) have no other sign for what stands below every article.
    """
    core = page.core
    if core is None:
        return
    blocks = page.layout.blocks
    boxes = page.layout.boxes
    named = {names for names in {box.names for box in boxes} if is_furniture(names)}
    forms = sorted(
        box.first
        for box in boxes
        if box.end > box.first and (box.tag == "form" or box.names in named)
    )
    lines: defaultdict[int, list[int]] = defaultdict(list)
    for number, line in enumerate(page.lines):
        lines[line.first].append(number)
    own = sum(len(line.text) for line in page.lines if line.first in core.home)
    closed = False
    for box in _parts(page, core):
        inside = [n for block in range(box.first, box.end) for n in lines.get(block, ())]
        size = sum(len(page.lines[number].text) for number in inside)
        if len(inside) > MAX_STANDING_LINES or size > MAX_STANDING or is_body(box.names):
            closed = False
            continue
        closed = closed or _closes(blocks[box.first : box.end])
        formed = bisect_left(forms, box.first) < bisect_left(forms, box.end) and (
            core.home.stop <= box.first and box.end <= core.region.stop and size <= own
        )
        if closed or formed:
            yield from inside


def _closes(blocks: Sequence[Block]) -> bool:
    """Whether a part begins as what stands below every article, or is mostly that."""
    if closes(blocks[0].text, blocks[0].key):
        return True
    size = sum(len(block.text) for block in blocks)
    return sum(len(b.text) for b in blocks if closes(b.text, b.key)) >= MOSTLY * size


# Share of a part that is notices on rights and the like.
MOSTLY = 0.5
# A part with more characters or lines is text that has a form in it. Without the lines, one page in
# a hundred of many kinds loses its tables of facts; a paragraph on data protection is 170 words.
MAX_STANDING, MAX_STANDING_LINES = 1600, 12


def _parts(page: Page, core: Core) -> Iterator[Box]:
    """The boxes below that of title and text or in it, but in no smaller one, nearest first."""
    boxes = page.layout.boxes
    own = page.layout.blocks[core.first].box
    above = [
        number
        for number in _upwards(boxes, own)
        if boxes[boxes[number].parent].first <= core.title < boxes[boxes[number].parent].end
    ]
    children: dict[int, list[Box]] = {boxes[number].parent: [] for number in above}
    for box in boxes[1:]:
        if box.parent in children and box.end > box.first and box.tag in PARTS:
            children[box.parent].append(box)
    for number in above:
        look = boxes[number].look if number == own else ""
        for box in children[boxes[number].parent]:
            if box.first >= boxes[number].end and box.look != look:
                yield box


def _upwards(boxes: Sequence[Box], number: int) -> Iterator[int]:
    while number:
        yield number
        number = boxes[number].parent


# What can hold parts of a page, rather than lines of a text; and what holds these.
PARTS = frozenset(
    {"div", "section", "main", "aside", "footer", "article", "form", "td", "tr", "table"}
)
RUNNING = frozenset({"p", "ul", "ol", "blockquote"})


def _title_at(page: Page, below: int) -> int:
    """The last block before the one numbered `below` that is a title; -1 if there is none."""
    blocks = page.layout.blocks
    for number in range(below - 1, -1, -1):
        if blocks[number].tag == "h1" or blocks[number].key in page.titles:
            return number
    return -1


def _unless_much(page: Page, hits: Sequence[int], share: float) -> Iterator[int]:
    """`hits`, if they are at most that share of the text."""
    if sum(len(page.lines[number].text) for number in hits) <= share * page.size:
        yield from hits


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _inner(page: Page, block: Block) -> bool:
    """Whether a block links to other pages of the same host, and to nothing else."""
    return bool(block.links) and all(_leads_inside(page, link.href.strip()) for link in block.links)


def _leads_inside(page: Page, href: str) -> bool:
    if href.startswith(("#", "mailto:", "javascript:", "tel:")):
        return False
    if href.startswith("//"):
        href = f"https:{href}"
    if href.startswith(("http:", "https:")) and _host(href) != page.host:
        return False
    return href.partition("#")[0].rstrip("/") != page.url.partition("#")[0].rstrip("/")


def _cards(page: Page) -> Iterator[int]:
    """Lists of related articles by their shape: .002."""
    gone: set[int] = set()
    for cards in _card_lists(page):
        gone.update(number for card in cards for number in range(card.first, card.end))
        head = page.layout.blocks[above] if (above := cards[0].first - 1) >= 0 else None
        if head and (head.tag in HEADINGS or heads_others(head.text, head.key)):
            gone.add(above)
    hits = [
        number
        for number, line in enumerate(page.lines)
        if line.exact and gone.issuperset(range(line.first, line.end))
    ]
    size = sum(len(page.lines[number].text) for number in hits)
    if size <= MAX_CARDS * page.size or page.size - size >= MIN_REMAINDER:
        yield from hits


# Neighbours of these tags are alike in any text.
NO_CARDS = (
    frozenset({"p", "blockquote", "figure", "tr", "td", "th", "tbody", "thead", "dd", "dt"})
    | HEADINGS
)
MIN_CARDS, CARD_LIST = 2, 0.8


def _card_lists(page: Page) -> Iterator[list[Box]]:
    """Two or more neighbours of one look, nearly all of them cards."""
    boxes = page.layout.boxes
    used = _used(page)
    neighbours: defaultdict[int, list[Box]] = defaultdict(list)
    for box in boxes[1:]:
        around = boxes[box.parent]
        if box.end > box.first and used[around.end] > used[around.first]:
            neighbours[box.parent].append(box)
    for each in neighbours.values():
        if len(each) < MIN_CARDS:
            continue
        look, count = Counter(box.look for box in each).most_common(1)[0]
        if count < MIN_CARDS or look.partition(".")[0] in NO_CARDS:
            continue
        cards = [box for box in each if box.look == look and _is_card(page, box)]
        if len(cards) >= max(MIN_CARDS, CARD_LIST * count):
            yield cards


def _used(page: Page) -> list[int]:
    """How many blocks below the n-th hold a line."""
    holds = [0] * len(page.layout.blocks)
    for line in page.lines:
        for number in range(max(line.first, 0), line.end):
            holds[number] = 1
    return [0, *accumulate(holds)]


def _is_card(page: Page, box: Box) -> bool:
    size = page.length(box)
    if not CARD_LINK <= size < CARD:
        return False
    inside = page.layout.blocks[box.first : box.end]
    if any(len(block.text) > CARD_PARAGRAPH and block.linked < LINKED for block in inside):
        return False
    links = [b for b in inside if len(b.text) >= CARD_LINK and b.linked >= _enough(b)]
    headed = any(block.tag in HEADINGS for block in links)
    linked = sum(block.linked * len(block.text) for block in inside) / size
    whole = linked >= CARD_LINKED and size > MIN_CARD and box.tag != "li"
    return bool(links) and (headed or whole) and all(_inner(page, block) for block in links)


# A card without a linked heading is nearly all link.
CARD_LINKED, MIN_CARD = 0.7, 25


def _enough(block: Block) -> float:
    return LINKED_HEADING if block.tag in HEADINGS else LINKED


def _tail(page: Page) -> Iterator[int]:
    """From a heading like "Autres articles" to the end, if only links and excerpts follow: .001.

    This is what short notices need on sites that are built of `div` alone.
    """
    start, links = len(page.lines), 0
    for number in range(len(page.lines) - 1, 0, -1):
        line = page.lines[number]
        if links and heads_others(line.text, line.key):
            start = number
        elif _is_teaser(page, line):
            links += 1
        elif not _is_scrap(line):
            break
    yield from range(start, len(page.lines))


# A label, a date, a category between two teasers; characters.
SCRAP = 40


def _is_scrap(line: Line) -> bool:
    short = len(line.text) <= SCRAP and not line.text.endswith((".", "!", "?"))
    return short or line.text.endswith(CUT_OFF) or points_away(line.text, line.key) is not None


def _is_teaser(page: Page, line: Line) -> bool:
    """Whether a line is mostly link, or stands in a small box with a linked heading."""
    block = page.block(line)
    if block is None:
        return False
    if block.linked >= CARD_LINKED:
        return True
    for box in islice(page.holders(line.first), 4):
        if page.length(box) > TEASER:
            return False
        inside = page.layout.blocks[box.first : box.end]
        if any(b.tag in HEADINGS and (box.anchor or b.linked >= LINKED_HEADING) for b in inside):
            return True
    return False


RULES: Mapping[str, Rule] = {
    "headline": _headline,
    "opening": _opening,
    "wording": _wording,
    "credits": _credits,
    "signature": _signature,
    "files": _files,
    "captions": _captions,
    "tail": _tail,
    "cards": _cards,
    "links": _links,
    "furniture": _furniture,
    "appeals": _appeals,
    "outside": _outside,
    "region": _region,
    "standing": _standing,
}

# What stands above the first prose shows only when menus and teasers are gone.
LAST = ("headline", "opening")
PHASES = (tuple(name for name in RULES if name not in LAST), LAST)


# -- what comes back

MIN_PARAGRAPH = 60
# Kept paragraphs from which a container is the article's, for a paragraph among and outside them.
HOME_AMONG, HOME_OUTSIDE = 2, 3
# Words below which a description is a slogan, and to which a cut-off one can be completed.
MIN_LEAD_WORDS, MIN_CUT_WORDS = 8, 10


def _rescued(page: Page, kept: Sequence[Line]) -> Iterator[tuple[int, Change]]:
    """Paragraphs and subheadings that stand with the kept ones but were left out.

    Articles parted by advertisements lose all after the first part: .006 on English news.
    """
    blocks = page.layout.blocks
    lines = (*page.lines, *kept)
    used = {number for line in lines for number in range(line.first, line.end)}
    known = {blocks[number].key for number in used if number >= 0} | page.titles
    found = [line for line in kept if line.first >= 0]
    homes = Counter(
        _home(page, line.first)
        for line in found
        if len(line.text) >= MIN_PARAGRAPH and blocks[line.first].tag == "p"
    )
    if not homes:
        return
    low, high = min(line.first for line in found), max(line.first for line in found)
    for number, block in enumerate(blocks):
        among = low < number < high
        if number in used or block.key in known or block.linked > MAX_LINKED:
            continue
        near = homes[_home(page, number)]
        paragraph = block.tag == "p" and len(block.text) >= MIN_PARAGRAPH
        enough = HOME_AMONG if among else HOME_OUTSIDE
        if paragraph and near >= enough and (among or is_prose(block.text)):
            rule = "paragraph"
        elif block.tag in SUBHEADINGS and near >= HOME_OUTSIDE and among:
            rule = "subheading"
        else:
            continue
        if not _is_away(block):
            yield number, Change(text=block.text, rule=rule)


def _beside(page: Page, kept: Sequence[Line]) -> Iterator[tuple[int, Change]]:
    """What line breaks part from a kept line, below the title: the engine leaves the first out."""
    if page.core is None:
        return
    blocks = page.layout.blocks
    used = {number for line in (*page.lines, *kept) for number in range(line.first, line.end)}
    boxes = {blocks[line.first].box for line in kept if line.first >= 0 and is_prose(line.text)}
    for number in page.core.home:
        block = blocks[number]
        fits = block.box in boxes and block.tag != "p" and number not in used
        if fits and is_prose(block.text) and _in_text(page, number):
            yield number, Change(text=block.text, rule="line")


def _scripted(page: Page, kept: Sequence[Line]) -> tuple[str, ...]:
    """The text that the page gives to machines, if what it shows is only a stub of it.

    Not where that text is said to be for subscribers. Fires on one page in a thousand.
    """
    things = [thing for thing in page.claims.articles() if _is_free(thing)]
    bodies = [body for thing in things if isinstance(body := thing.get("articleBody"), str)]
    body = html.unescape(max(bodies, key=len, default=""))
    lines = tuple(text for part in BREAKS.split(body) if (text := plain(part)))
    there = Counter(word for line in lines for word in key(line).split())
    if there.total() < MIN_SCRIPT:
        return ()
    shown = Counter(word for line in kept for word in line.key.split())
    many = shown.total() < MAX_STUB * there.total()
    return lines if many and (there & shown).total() >= SAME * shown.total() else ()


def _is_free(thing: Thing) -> bool:
    return str(thing.get("isAccessibleForFree", True)).rpartition("/")[2].lower() != "false"


# Words that make a text, the share of it below which what is shown is a stub, and the share of the
# stub's words that have to be in it.
MIN_SCRIPT, MAX_STUB, SAME = 60, 0.5, 0.75
BREAKS = re.compile(r"\n|</p>|<br[^<>]{0,20}>")


def _is_away(block: Block) -> bool:
    return bool(points_away(block.text, block.key)) or credits_picture(block.text, block.key)


def _home(page: Page, number: int) -> tuple[str, str, int]:
    """The looks of the two boxes around a paragraph, and the one around these.

    So the parts of an article between two advertisements, each in a box of its own, are one.
    """
    boxes = page.layout.boxes
    inner = boxes[boxes[page.layout.blocks[number].box].parent]
    outer = boxes[inner.parent]
    return inner.look, outer.look, outer.parent


def _standfirst(page: Page, kept: Sequence[Line], said: str) -> Iterator[tuple[int, Change]]:
    """What stands between title and body, belongs to the article and is not yet `said`.

    `said` is a key without spaces. Gains .002, and .009 of segments in many languages.
    """
    lead = _lead(page, said)
    end = max((line.end for line in kept), default=0)
    if lead is not None and not 0 < end <= lead:
        yield lead, Change(text=page.layout.blocks[lead].text, rule="lead")
    for number in _between(page, kept):
        block = page.layout.blocks[number]
        fits = block.linked <= MAX_LINKED and is_prose(block.text) and not DATE.search(block.text)
        if number == lead or not fits or block.key.replace(" ", "") in said:
            continue
        named = any(is_standfirst(box.names) for box in islice(page.holders(number), 3))
        if named and not _is_beside(page, number) and not _is_away(block):
            yield number, Change(text=block.text, rule="standfirst")


def _between(page: Page, kept: Sequence[Line]) -> Iterable[int]:
    """The blocks below the title and above the first line that is kept."""
    first = min((line.first for line in kept if line.first >= 0), default=0)
    title = _title_at(page, first)
    return range(title + 1, first) if title >= 0 else ()


def _is_beside(page: Page, number: int) -> bool:
    return any(box.tag in ASIDE for box in page.holders(number))


def _lead(page: Page, said: str) -> int | None:
    """The block that is the page's own description, unless `said`, a compact key, has it."""
    metas = ("og:description", "description", "twitter:description")
    stated = [plain(thing.get("description")) for thing in islice(page.claims.articles(), 2)]
    for text in (*stated, *(page.claims.meta(name) or "" for name in metas)):
        named = key(text)
        words = len(WORD.findall(named))
        if words < MIN_LEAD_WORDS:
            continue
        core = named.replace(" ", "")
        if text.rstrip().endswith(CUT_OFF):
            core = core[: len(core) * 9 // 10]
        if core in said:
            return None
        for number, block in enumerate(page.layout.blocks):
            if _is_lead(block, core, words) and block.key not in page.titles:
                credited = "©" in block.text or block.linked > MAX_LINKED
                if not credited and not _is_beside(page, number) and not _is_masthead(page, number):
                    return number
    return None


def _is_masthead(page: Page, number: int) -> bool:
    """Whether it stands in the header of the site: its slogan. That of an article has the title."""
    title = page.core.title if page.core else -1
    return any(
        box.tag == "header" and not box.first <= title < box.end for box in page.holders(number)
    )


def _is_lead(block: Block, core: str, words: int) -> bool:
    """Whether a block says what a description, as compact key, says, or begins so."""
    if len(block.key) < len(core):
        return False
    compact = block.key.replace(" ", "")
    if compact == core:
        return True
    longer = len(compact) < 1.5 * len(core) + SCRAP
    return words >= MIN_CUT_WORDS and longer and compact.startswith(core)


def _merged(kept: Sequence[Line], new: Sequence[tuple[int, str]]) -> Iterator[str]:
    """Kept lines in their order, new ones before the first that stands further down the page."""
    waiting = list(reversed(new))
    for line in kept:
        while waiting and line.first > waiting[-1][0]:
            yield waiting.pop()[1]
        yield line.text
    while waiting:
        yield waiting.pop()[1]
