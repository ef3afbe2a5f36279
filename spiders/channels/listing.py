"""Pages that list articles ("Actualités", a section, a home page), of sites without a feed."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import chain, islice
from urllib.parse import parse_qsl, unquote, urlsplit

from cssselect import HTMLTranslator, SelectorError
from lxml import etree
from lxml.html import HtmlElement

from crawler import cards, ranking
from crawler.anchors import MAX_ANCHORS, Anchor, anchors_of, names, words
from crawler.cards import Card
from crawler.errors import FeedError
from crawler.items import Address, Answer, Harvest, Link, Source
from crawler.urls import key, web_url
from enrich import charset
from enrich.tree import tree_of

# The largest of the 1,185 pages we tried has 2.2 MB; one of 8 MB takes 2 to 3 s.
MAX_BYTES = 10 * 1024 * 1024
# `li h3 a` took 47 s on a page of 300,000, and the time grows with the square.
MAX_ELEMENTS = 60_000
SNIFFED = 4096
# How every document begins that is sent as a page by mistake.
NO_HTML = (b"%PDF-", b"{", b"[", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b")
FEED = re.compile(rb"^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:rss|feed|rdf:RDF)\b", re.DOTALL)
# "Next page" or "older articles" as pagers say it, without arrows.
NEXT = frozenset(
    label.strip()
    for label in """
    next|next page|older|older posts|older articles|older entries|previous entries|load more
    suivant|suivante|page suivante|suivants|articles suivants|articles plus anciens
    articles précédents|plus anciens|anciens articles
    volgende|volgende pagina|oudere berichten|ouder|weiter|nächste|nächste seite|ältere beiträge
    ältere artikel|siguiente|siguientes|página siguiente|siguiente página|entradas anteriores
    entradas antiguas|próxima|próximo|seguinte|página seguinte|próxima página|artigos anteriores
    mais antigos|successivo|successiva|pagina successiva|avanti|articoli precedenti
    التالي|التالية|الصفحة التالية|بعدی|صفحه بعد|صفحه بعدی|הבא|הדף הבא|sonraki|sonraki sayfa
    наступна|наступна сторінка|далі|следующая|следующая страница|вперед|дальше|następna|następne
    dalej|starsze wpisy|další|ďalšie|следваща|următoarea|următor|pagina următoare|επόμενη
    επόμενη σελίδα|επόμενο|följande|nästa|nästa sida|næste|neste|seuraava|következő|inayofuata
    ukurasa unaofuata|ቀጣይ|ቀጣይ ገጽ|xaqa|itaha|selanjutnya|berikutnya|tiếp|trang sau|अगला|পরবর্তী
    ถัดไป|次へ|次のページ|下一页|下一頁|下页|다음|다음 페이지
    """.replace("\n", "|").casefold().split("|")
) - {""}  # fmt: skip
FORWARD = frozenset({"›", "»", ">", ">>", "→", "⟩", "❯"})
PAGERS = frozenset({
    "pagination", "paginate", "pager", "pages", "pagenav", "pagenavi", "paging", "paginator",
    "pagelinks", "paginas",
})  # fmt: skip
NAVIGATION = frozenset({"navigation", "nav", "posts", "links", "page"})
# The names that count pages or articles; a `p` also names articles, so the link must say a number.
COUNTERS = re.compile(
    r"(?:page|paged|pg|pagina|seite|start|limitstart|offset|from|p|debut\w*)", re.IGNORECASE
)
IN_PATH = re.compile(r"(?:/page[/-]|/p|[-_])(\d{1,5})(?=(?:\.\w+)?/?$)", re.IGNORECASE)
# More pages to different places than this are no pager's: "weiter" also means "read on".
MAX_NEXT = 2
LONGEST_LABEL = 60
MAX_DIGITS = 7
PAGER_LEVELS = 4  # elements around a link that may be named as a pager


def addresses(source: Source) -> tuple[Address, ...]:
    return source.listings


def ask(url: str, cursor: str | None, options: Mapping[str, str]) -> str:  # noqa: ARG001 (a channel's arguments)
    return cursor or url


def read(answer: Answer) -> Harvest:
    """The articles that the page lists. Raises FeedError if it is no page, or lists none."""
    tree = _page(answer)
    base = _base(tree, answer.url)
    anchors = anchors_of(tree, base)
    if answer.selector:
        selected = anchors_of(tree, base, _selected(tree, answer))
        found = tuple(cards.read(tree, cards.targets_of(selected)))
        if not found:
            raise FeedError(f"{_where(answer)} matches no link, and nothing with a link in it")
    else:
        found = ranking.articles(tree, anchors, answer.url, answer.examples)
        if not found:
            raise FeedError(f"{answer.url}: no article links were found: give a selector")
    older = _older(tree, base, anchors, found, answer.url)
    cut = len(anchors) == MAX_ANCHORS
    return Harvest(
        links=tuple(Link(**asdict(card)) for card in found if card.url != older),
        older=older,
        defect=f"only the first {len(anchors):,} links of the page were read" if cut else None,
    )


def _page(answer: Answer) -> HtmlElement:
    body, url = answer.body, answer.url
    if len(body) > MAX_BYTES:
        raise FeedError(f"{url}: {len(body):,} bytes is more than a listing's {MAX_BYTES:,}")
    start = body[:SNIFFED].lstrip(b"\xef\xbb\xbf \t\r\n")
    kind = (answer.content_type or "").partition(";")[0].strip().lower()
    if FEED.match(start):
        raise FeedError(f"{url}: a feed, where a page was expected: name it under `feeds`")
    textual = not kind or "html" in kind or kind in {"text/plain", "application/octet-stream"}
    looks = b"<html" in start.lower() or b"<!doctype html" in start.lower()
    if start.startswith(NO_HTML) or not (textual or looks):
        raise FeedError(f"{url}: {kind or 'something'}, where an HTML page was expected")
    text, _ = charset.decode(body, answer.content_type)
    try:
        return tree_of(text)
    except ValueError as error:
        raise FeedError(f"{url}: no HTML page ({error})") from error


def _base(tree: HtmlElement, url: str) -> str:
    for base in tree.iter("base"):
        if base.get("href"):
            return web_url(base.get("href"), url) or url
    return url


def _selected(tree: HtmlElement, answer: Answer) -> frozenset[HtmlElement]:
    if sum(1 for _ in tree.iter()) > MAX_ELEMENTS:
        raise FeedError(f"{_where(answer)}: the page has more than {MAX_ELEMENTS:,} elements")
    try:
        matches = tree.xpath(HTMLTranslator().css_to_xpath(answer.selector or ""))
    except (SelectorError, etree.XPathError, ValueError, RecursionError) as error:
        raise FeedError(f"{_where(answer)} is not valid ({error})") from error
    if not matches:
        raise FeedError(f"{_where(answer)} matches nothing")
    return frozenset(matches)


def _where(answer: Answer) -> str:
    return f"{answer.url}: selector {answer.selector!r}"


def _older(
    tree: HtmlElement, base: str, anchors: list[Anchor], found: tuple[Card, ...], url: str
) -> str | None:
    """The page that goes on with older articles: of this site, and further on than this one."""
    # `rel=next` also leads from one article to the next.
    articles = {card.url for card in found if words(card.title or "") >= cards.HEADLINE_WORDS}
    for candidate in _candidates(tree, base, anchors, url):
        if candidate in articles or not ranking.related(candidate, url):
            continue
        (here, at), (there, number) = _counted(url), _counted(candidate)
        back = here == there and number is not None and at is not None and number <= at
        if key(candidate) != key(url) and not back:
            return candidate
    return None


def _candidates(tree: HtmlElement, base: str, anchors: list[Anchor], url: str) -> Iterator[str]:
    links = (link.get("href") or "" for link in tree.iter("link") if _is_next(link))
    yield from filter(None, (web_url(link, base) for link in links))
    yield from (anchor.url for anchor in anchors if _is_next(anchor.element))
    named = [anchor for anchor in anchors if _said(anchor) & NEXT]
    if len({anchor.url for anchor in named}) > MAX_NEXT:
        named = [anchor for anchor in named if _in_pager(anchor.element)]
    yield from (anchor.url for anchor in named)
    for anchor in anchors:
        if _said(anchor) & FORWARD and (_in_pager(anchor.element) or _continues(anchor.url, url)):
            yield anchor.url
    if numbered := _numbered(anchors, url):
        yield numbered


def _is_next(element: HtmlElement) -> bool:
    return "next" in (element.get("rel") or "").lower().split()


def _said(anchor: Anchor) -> set[str]:
    """The link's text and labels, without the arrows around words."""
    element = anchor.element
    said = (anchor.text, element.get("title") or "", element.get("aria-label") or "")
    return {_bare(one[:LONGEST_LABEL]) for one in said} - {""}


def _bare(text: str) -> str:
    flat = " ".join(text.casefold().replace("-", " ").split())
    return flat.strip("›»>→⟩❯‹«←<….: ") or flat


def _in_pager(element: HtmlElement) -> bool:
    for around in islice(chain([element], element.iterancestors()), PAGER_LEVELS):
        if around.tag == "body":
            return False
        named = names(around)
        if named & PAGERS or len(named & NAVIGATION) > 1:
            return True
    return False


def _numbered(anchors: list[Anchor], url: str) -> str | None:
    """Among links that differ from this page in nothing but a number: the next number's."""
    here, at = _counted(url)
    ahead: dict[int, str] = {}
    for anchor in anchors:
        if not (anchor.text.isdecimal() and len(anchor.text) < MAX_DIGITS):
            continue
        stem, number = _counted(anchor.url)
        if stem != here or number is None:
            continue
        # Systems count from 0, from 1, or by articles, and the first page mostly says nothing.
        if number > at if at is not None else int(anchor.text) == 2:  # noqa: PLR2004
            ahead.setdefault(number, anchor.url)
    return ahead[min(ahead)] if ahead else None


def _continues(address: str, url: str) -> bool:
    (here, at), (there, number) = _counted(url), _counted(address)
    return here == there and number is not None and (at is None or number > at)


def _counted(url: str) -> tuple[str, int | None]:
    """An address without its page's number, and the number."""
    parts = urlsplit(url)
    number: int | None = None
    path = unquote(parts.path)
    if found := IN_PATH.search(path):
        number = int(found[1])
        path = path[: found.start()] + path[found.end() :]
    kept = []
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if COUNTERS.fullmatch(name) and value.isdecimal() and len(value) < MAX_DIGITS:
            number = int(value)
        else:
            kept.append((name, value))
    stem = re.sub(r"/?(?:index)?(?:\.\w+)?/?$", "", path)
    return f"{parts.hostname}{stem}?{sorted(kept)}", number
