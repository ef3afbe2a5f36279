"""Which links of a page are articles: scored by what speaks for and against each.

Each reason has a name and points (POINTS); a link whose points reach ENOUGH is an article's. No
reason stands on one system's class names.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from crawler import cards
from crawler.anchors import MAX_DEPTH, Anchor, words
from crawler.cards import HEADLINE_WORDS, Card, Target
from crawler.dates import PATH_DAY
from crawler.shapes import MEDIA, is_specific, kind, names_a_list, shape, tells
from crawler.urls import domain, key, web_url

# What each reason weighs. A headline of a dated card, or a headline with an article's address and
# peers of its kind, is enough; a menu's entry has none of it and four points against it. Set by
# this reasoning, not fitted; on the demo's listing pages it takes 563 of 571 links to articles
# (of lists beside the content, the most) and nothing else.
POINTS = {
    "an address like known articles'": 3,
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
    "in a menu": -4,
    "a name of sections or services": -6,
}
ENOUGH = 3
# How many links make a kind, and what part of it must be good (or bad) to speak for the others.
MIN_PEERS = 3
MOST, FEW = 0.6, 0.2
PLACE_LEVELS = 4  # link, heading, head, card

PATH_MONTH = re.compile(r"/(?:19[89]|20\d)\d[/-](?:0?[1-9]|1[0-2])/")
PAGED = re.compile(
    r"/page[/-]\d+/?$|(?:^|&)(?:page|paged|pg|pagina|seite|start|limitstart|offset|debut\w*)=\d+",
    re.IGNORECASE,
)
HOME = re.compile(r"/(?:index|default|home|accueil)?(?:\.\w{3,5})?/?|/\w\w/?|", re.IGNORECASE)
NO_ARTICLE_RELS = frozenset(
    {"alternate", "author", "category", "home", "license", "me", "next", "prev", "tag"}
)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A card and what speaks for and against it, by the names of POINTS."""

    card: Card
    reasons: tuple[str, ...]

    @property
    def score(self) -> int:
        return sum(POINTS[reason] for reason in self.reasons)


def articles(
    tree: HtmlElement, anchors: Sequence[Anchor], page: str, examples: Sequence[str] = ()
) -> tuple[Card, ...]:
    """The cards of `page` that are articles', in the page's order."""
    found = ranked(tree, anchors, page, examples)
    return tuple(one.card for one in found if one.score >= ENOUGH)


def ranked(
    tree: HtmlElement, anchors: Sequence[Anchor], page: str, examples: Sequence[str] = ()
) -> list[Ranked]:
    """Every link of the page that may be an article's, with its reasons, in the page's order.

    `anchors` are the page's, `examples` addresses of articles known already.
    """
    targets = [target for target in cards.targets_of(anchors) if _possible(target, page)]
    shapes = [shape(target.url) for target in targets]
    known = {shape(url) for example in examples if (url := web_url(example))}
    folders = _folders([*(target.url for target in targets), page])
    judged = [
        Ranked(
            card,
            (
                *_of_address(target.url, mine, mine in known and is_specific(mine), folders),
                *_of_text(card, target),
                *_of_place(target),
            ),
        )
        for card, target, mine in zip(cards.read(tree, targets), targets, shapes, strict=True)
    ]
    peers = _of_peers(judged, targets, shapes)
    return [
        Ranked(one.card, (*one.reasons, *more)) for one, more in zip(judged, peers, strict=True)
    ]


def related(one: str, other: str) -> bool:
    """Are two addresses of one site, sub-domains included?"""
    try:
        return domain(one) == domain(other)
    except ValueError:
        return False


def _possible(target: Target, page: str) -> bool:
    """Can it be an article, by its address and by what its links say of themselves?"""
    parts = urlsplit(target.url)
    if MEDIA.search(parts.path) or PAGED.search(parts.path) or PAGED.search(parts.query):
        return False
    if not parts.query and HOME.fullmatch(parts.path):
        return False
    # All of the links: Drupal calls its "read more" a tag.
    if all(map(_never, target.shown())) or not any(map(_says, target.anchors)):
        return False
    return related(target.url, page) and key(target.url) != key(page)


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


def _folders(urls: Iterable[str]) -> set[str]:
    """The paths of all that these addresses are below."""
    folders: set[str] = set()
    for url in urls:
        path = urlsplit(url).path.rstrip("/")
        for _ in range(MAX_DEPTH):
            path = path.rpartition("/")[0]
            if not path or path in folders:
                break
            folders.add(path)
    return folders


# --- reasons


def _of_address(url: str, mine: str, known: bool, folders: set[str]) -> Iterator[str]:  # noqa: FBT001
    parts = urlsplit(url)
    if known:
        yield "an address like known articles'"
    elif names_a_list(parts.path, parts.query):
        yield "a name of sections or services"
    if PATH_DAY.search(parts.path) or PATH_MONTH.search(parts.path):
        yield "a date in its address"
    if tells(mine):
        yield "a number or a headline in its address"
    if parts.path.rstrip("/") in folders and not parts.query:
        yield "others are below it"


def _of_text(card: Card, target: Target) -> Iterator[str]:
    shown = target.shown()
    if card.published:
        yield "a date beside it"
    if any(anchor.heading for anchor in shown):
        yield "a heading"
    length = max(words(text) for text in (card.title or "", *(anchor.text for anchor in shown)))
    if length >= HEADLINE_WORDS:
        yield "words of a headline"
    elif length <= 1:
        yield "one word at most"
    if card.summary:
        yield "a teaser beside it"
    if any("bookmark" in (anchor.element.get("rel") or "") for anchor in shown):
        yield "called a permanent link"


def _of_place(target: Target) -> Iterator[str]:
    blocks = [anchor.block for anchor in target.anchors]
    if all(block == "menu" for block in blocks):
        yield "in a menu"
    elif "menu" in blocks:
        yield "in the menu too"
    elif all(blocks):
        yield "beside the content"
    if target.repeated():
        yield "repeated all over the page"


def _of_peers(judged: list[Ranked], targets: list[Target], shapes: list[str]) -> list[list[str]]:
    """What links of one kind are, each of them likely is: its peers vouch for it, or against it."""
    reasons: list[list[str]] = [[] for _ in judged]
    groups: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for n, (target, mine) in enumerate(zip(targets, shapes, strict=True)):
        groups["address", kind(mine)].append(n)
        groups["place", _place(target)].append(n)
    blocks = [target.shown()[0].block for target in targets]
    for (what, name), members in groups.items():
        # What stands beside the content follows it; menus only speak against.
        content = [n for n in members if not blocks[n]]
        voters = [n for n in members if blocks[n] != "aside"]
        good = sum(judged[n].score >= ENOUGH for n in content)
        # One good article is enough where its address tells it from pages of other kinds.
        many = len(content) >= MIN_PEERS or (what == "address" and is_specific(name))
        if many and good and good >= MOST * len(content):
            reason = f"its {what} like those of other articles here"
        elif what == "address" and len(voters) >= MIN_PEERS and good <= FEW * len(voters):
            reason = "its address like those of other links here"
        else:
            continue
        for n in members if len(members) > 1 else ():
            reasons[n].append(reason)
    return reasons


def _place(target: Target) -> str:
    """The elements around the link, with their classes: cards of one list are built alike."""
    element: HtmlElement | None = target.shown()[0].element
    path: list[str] = []
    while element is not None and len(path) < PLACE_LEVELS:
        classes = re.sub(r"\S*\d\S*", "", element.get("class") or "")
        path.append(f"{element.tag}.{'.'.join(sorted(classes.split()))}")
        element = element.getparent()
    return " ".join(path)
