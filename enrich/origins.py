"""Where a re-posted article comes from, as its page says: in words, by rel=canonical, in a feed.

A wrong origin does more harm than a missing one, since coverage is then counted for somebody
else. So words count only where a text begins or ends, a link only if it leads to another site,
and nothing counts if a page has several of it (a list of references, of cards, of charts).
"""

import re
import tomllib
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree
from lxml.html import HtmlElement

from enrich.engine import RUNS, texts_of
from enrich.hosts import registered, site
from enrich.text import UNPRINTABLE, fold, printable
from enrich.tree import names_of

DATA = Path(__file__).parent / "data" / "origins.toml"

# Inside these nothing is said of the article itself.
FURNITURE = frozenset(
    ("nav", "aside", "form", "figure", "figcaption", "caption", "header", "footer")
)
# A header or footer inside one of these is the article's.
OWNERS = frozenset(("article", "main"))
INLINE = frozenset(
    ("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "button", "cite", "code", "data", "del",
     "dfn", "em", "font", "i", "img", "ins", "kbd", "label", "mark", "path", "q", "s", "samp",
     "small", "span", "strike", "strong", "sub", "sup", "svg", "time", "tt", "u", "use", "var",
     "wbr")
)  # fmt: skip
MEDIA = ("img", "figure", "picture", "table", "iframe", "video", "svg", "canvas", "object")
# Words of a class or id of what stands beside an article, not of the article.
CREDITS = frozenset(("credit", "credits"))
BESIDE = frozenset(
    ("caption", "captions", "figcaption", "legende", "credit", "credits", "comment", "comments",
     "commentlist", "disqus", "respond", "share", "sharing", "sharedaddy", "social", "newsletter",
     "cookie", "cookies", "copyright", "related", "sidebar", "widget", "menu", "breadcrumb",
     "breadcrumbs", "advert", "promo", "teaser", "gallery", "chart", "infographic")
)  # fmt: skip
CLASS_LEVELS, ALL_LEVELS, INLINE_LEVELS = 5, 60, 12

# How far from the body's ends, in characters, words of origin may stand; a whole sentence that
# says so may stand further in. A run of text this long, if the text has it, is part of the body.
NEAR, FAR, RUN = 500, 1500, 30
# A line that is longer holds its origin in its last sentences, or none.
LONG, TAIL = 400, 300
# The longest words of origin, publisher's name (in characters, in words), number of candidates
# that are looked at. On 1,185 real pages nothing right was longer, and no page had over 60.
MAX_REST, MAX_NAME, MAX_NAME_WORDS, MAX_CREDIT, MAX_CANDIDATES = 200, 60, 8, 90, 200

# As `engine.texts_of`, with the element of each.
PLACED = etree.XPath(RUNS)

# By so many of its first letters a run of text is found again; so many are looked for within lines
# (each costs a search through the text), more than any real page of 1,185 has, and so long is the
# part of a line that is read.
KEY, MAX_LOOKS, MAX_LINE = 25, 3_000, 20_000

LEAD = " \t\n\r\xa0\u200b([{<>*•►▶→»«–—-|\"“”„'’"
SENTENCE_END = re.compile(r"[.!?…؟。][\"'»”)\]]{0,2}(?=\s|$)|。")
STARTS = re.compile(r"(?:[.!?…؟»”\")\]]\s{1,3}|。|\s(?=[(\[–—|]))[(\[–—|\s]{0,4}")
COLON = re.compile(r"\s?[:：>→|–—-]{1,2}\s?|\s?،\s?")
NAME_END = re.compile(r"[,;()\[\]|،؛\n\"“”„«»]|[.!?…。](?=\s|$)|\s[–—-]\s|\s/\s|https?:|www\.")
ADDRESS = re.compile(r"(?:https?://)?(?:www\.)?([\w-]+(?:\.[\w-]+)*\.[a-z]{2,12})/?", re.IGNORECASE)
PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|avif|mp[34])$", re.IGNORECASE)
YEAR, HOUR = (
    re.compile(r"(?<!\d)(?:1[89]|20)\d\d"),
    re.compile(r"\d{1,2}\s?(?:[:h]|[ap]\.?m)", re.IGNORECASE),
)
APOSTROPHES = str.maketrans({"’": "'", "ʼ": "'", "`": "'", "´": "'"})

# Which of several witnesses is believed: the relations that say most come first.
ORDER = ("reprint", "translation", "adaptation", "excerpt", "source", "via")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an article was before: `url` (absolute), `publisher` as it is named there, or both.

    `relation` is `reprint`, `translation`, `adaptation`, `excerpt` (the rest is there), `source`
    or `via`. `phrase` says how we know: the words, `rel=canonical` or `feed`. `words` are the lines
    of the page that say so, which are no part of the article's text.
    """

    url: str | None
    publisher: str | None
    relation: str
    phrase: str
    words: tuple[str, ...] = ()


def origin_of(  # noqa: PLR0911 - witnesses in their order
    tree: HtmlElement,
    url: str,
    *,
    text: str = "",
    texts: Sequence[str] | None = None,
    canonicals: Iterable[str] = (),
    feed: tuple[str | None, str | None] = (None, None),
    site_name: str | None = None,
) -> Origin | None:
    """The origin that the page at `url` states, or None. Never raises, changes nothing.

    `text` is the page's extracted text, by which the article's ends are known; `texts` what
    `engine.texts_of` finds, if that is known; `canonicals` its rel=canonical, absolute; `feed` the
    publisher and address in its feed; `site_name` its own.
    """
    try:
        own = house(urlsplit(url).hostname or "")
    except ValueError:
        return None
    if not own:
        return None
    page = _Page(url, own, text, site_name)
    said = _said(page, _places(tree, text, texts_of(tree) if texts is None else texts))
    declared = next((one for one in canonicals if _is_elsewhere_article(one, own)), None)
    publisher, address = feed
    named = publisher if publisher and not _is_own(publisher, own, site_name) else None
    if said and said.url:
        return said
    if declared:
        # A mere "Source: ..." may be one of a figure.
        said = said if said and said.relation != "source" else None
        return Origin(
            url=declared,
            publisher=said.publisher if said else named,
            relation=said.relation if said else "reprint",
            phrase="rel=canonical",
            words=said.words if said else (),
        )
    if said:
        return said
    if address and not _is_elsewhere(address, own):
        address = None
    if named or address:
        return Origin(url=address, publisher=named, relation="source", phrase="feed")
    return None


def without_origin(text: str, origin: Origin | None) -> str:
    """The text (paragraphs are lines) without the words that state its origin."""
    if not origin or not origin.words:
        return text
    gone = {key for words in origin.words if (key := fold(words))}
    kept: list[str] = []
    after_gone = False
    name = fold(origin.publisher or "")
    for line in text.split("\n"):
        key = fold(line)
        # A label and the name that it leads to may have become two lines.
        if key and (key in gone or (after_gone and key == name)):
            after_gone = True
            continue
        after_gone = after_gone and not key
        kept.append(_without_tail(line, origin.words))
    return "\n".join(kept).strip("\n")


def house(hostname: str) -> str:
    """The name that a site's owner registered; "" for none."""
    return registered(site(hostname))


# What the page says


@dataclass(frozen=True, slots=True)
class _Link:
    start: int
    end: int
    href: str


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    links: tuple[_Link, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a candidate block is: does the body begin or end there, nearly or by far?"""

    block: HtmlElement
    near: bool
    far: bool


@dataclass(frozen=True, slots=True)
class _Page:
    url: str
    own: str
    text: str
    site_name: str | None


def _said(page: _Page, places: Iterable[_Place]) -> Origin | None:
    found: list[tuple[Origin, bool, bool]] = []
    for place in places:
        lines = _lines(place.block)
        for at, line in enumerate(lines):
            read = _read(line, lines[at + 1 : at + 4], place, page)
            if read is not None and not _is_beside(place.block):
                origin, is_sentence = read
                found.append((origin, is_sentence, place.far if is_sentence else place.near))
    # Of what there may be one of: several of it are references, cards or charts.
    unsure = [origin for origin, is_sentence, _ in found if not is_sentence]
    several = len({origin.url for origin in unsure if origin.url}) > 1
    names = len({origin.publisher for origin in unsure if not origin.url}) > 1
    believed = [
        origin
        for origin, is_sentence, is_placed in found
        if is_placed and (is_sentence or not (several if origin.url else names))
    ]
    best = min(believed, key=lambda o: (o.url is None, ORDER.index(o.relation)), default=None)
    if best is None:
        return None
    words = [one for origin in believed if _agree(origin, best) for one in origin.words]
    name = best.publisher or next((o.publisher for o in believed if _agree(o, best)), None)
    return Origin(
        url=best.url,
        publisher=name,
        relation=best.relation,
        phrase=best.phrase,
        words=tuple(dict.fromkeys(words)),
    )


def _agree(one: Origin, best: Origin) -> bool:
    return one.url == best.url or (one.url is None and one.relation == best.relation)


def _places(  # noqa: C901 - one pass, few sums
    tree: HtmlElement, text: str, texts: Iterable[str]
) -> list[_Place]:
    """The blocks of text in which a line begins with a phrase, with where they are."""
    seen = body = looks = 0
    first = last = None
    begins = {line[:KEY] for line in text.split("\n")}
    waiting: dict[int, tuple[int, int]] = {}
    for number, run in enumerate(texts):
        if run.isspace():
            continue
        stripped = run.lstrip(LEAD)
        if len(stripped) < 2:  # noqa: PLR2004
            continue
        before = seen, body
        seen += len(stripped)
        is_candidate = _is_phrase(stripped, 0)
        looks += len(stripped) >= RUN
        if len(stripped) >= RUN and _is_of(stripped, text if looks <= MAX_LOOKS else "", begins):
            body += len(stripped)
            first = before[0] if first is None else first
            last = seen
            # At the end of a paragraph the words end the body too.
            if not is_candidate and any(
                _is_phrase(stripped, start.end())
                for start in STARTS.finditer(stripped, max(0, len(stripped) - TAIL))
            ):
                is_candidate, before = True, (seen, body)
        if is_candidate and len(waiting) < MAX_CANDIDATES:
            waiting[number] = before
    if not waiting:
        return []
    # Only now, since to know a text's element costs ten times as much as the text.
    placed = PLACED(tree)
    blocks: dict[HtmlElement, tuple[int, int]] = {}
    for number, before in waiting.items():
        if (block := _block(_holder(placed[number]))) is not None:
            blocks.setdefault(block, before)
    if first is None or last is None:
        return [_Place(block, near=True, far=True) for block in blocks]
    places = []
    for block, (at, passed) in blocks.items():
        outside, inside = max(at - last, first - at), min(passed, body - passed)
        places.append(
            _Place(block, near=max(outside, inside) <= NEAR, far=max(outside, inside) <= FAR)
        )
    return places


def _is_of(run: str, text: str, begins: Container[str]) -> bool:
    """Whether a run of text is in the body: it begins one of its lines, or is anywhere in it."""
    key = " ".join(run[:60].split())[:KEY]
    return key in begins or key in text


def _is_phrase(text: str, start: int) -> bool:
    """Whether a phrase of any kind may begin there."""
    phrases = _phrases()
    head = text[start : start + 4].casefold()
    if not (head in phrases.heads or head[:3] in phrases.heads or head[:2] in phrases.heads):
        return False
    said = " ".join(text[start : start + LONG].translate(APOSTROPHES).split())
    return bool(
        phrases.labels.match(said) or phrases.links.match(said) or phrases.sentences.match(said)
    )


def _holder(text: Any) -> HtmlElement | None:
    """The element that a text is directly in."""
    element = text.getparent()
    return element.getparent() if text.is_tail else element


def _block(element: HtmlElement | None) -> HtmlElement | None:
    for _ in range(INLINE_LEVELS):
        if element is None or element.tag not in INLINE:
            return element
        element = element.getparent()
    return None


def _is_beside(block: HtmlElement) -> bool:
    is_owned = any(
        a.tag in OWNERS for a, _ in zip(block.iterancestors(), range(ALL_LEVELS), strict=False)
    )
    element: HtmlElement | None = block
    for level in range(ALL_LEVELS):
        if element is None:
            return False
        if element.tag in FURNITURE and not (is_owned and element.tag in ("header", "footer")):
            return True
        if level < CLASS_LEVELS and element.tag not in ("body", "html"):
            beside = BESIDE & names_of(element)
            # A line of its own that is called a credit and links is no picture's.
            if beside - (CREDITS if level == 0 and block.find(".//a") is not None else set()):
                return True
        element = element.getparent()
    return True


def _lines(block: HtmlElement) -> list[_Line]:  # noqa: C901 - one walk, one state
    """A block's own text, parted at line breaks and inner blocks, with its links."""
    outer = next(
        (a for a, _ in zip(block.iterancestors(), range(3), strict=False) if a.tag == "a"), None
    )
    lines: list[_Line] = []
    text, links = "", []
    opened: tuple[int, str] | None = (0, outer.get("href") or "") if outer is not None else None

    def add(run: str | None) -> None:
        nonlocal text
        if run and len(text) < MAX_LINE:
            words = " ".join(printable(run[:MAX_LINE]).translate(APOSTROPHES).split())
            before = " " if run[0].isspace() and text and not text.endswith(" ") else ""
            text += before + words + (" " if words and run[-1].isspace() else "")

    def end() -> None:
        nonlocal text, links, opened
        if opened and len(text) > opened[0]:
            links.append(_Link(opened[0], len(text), opened[1]))
        if text.strip():
            lines.append(_Line(text, tuple(links)))
        text, links = "", []
        opened = (0, opened[1]) if opened else None

    walker = etree.iterwalk(block, events=("start", "end", "comment", "pi"))
    for event, element in walker:
        if event == "start":
            if element is not block and element.tag not in INLINE:
                walker.skip_subtree()
                end()
                continue
            if element.tag == "a" and not opened:
                text += " " if text[-1:].isalpha() else ""  # parted by a style, as labels are
                opened = len(text), element.get("href") or ""
            add(element.text)
        elif element is not block:
            if event == "end" and element.tag == "a" and opened and outer is None:
                links.append(_Link(opened[0], len(text), opened[1]))
                opened = None
            add(element.tail)
    end()
    return lines


def _read(line: _Line, rest: list[_Line], place: _Place, page: _Page) -> tuple[Origin, bool] | None:
    """What a line says of the article's origin, and whether it is a whole sentence that does."""
    phrases = _phrases()
    text = line.text
    starts = [len(text) - len(text.lstrip(LEAD))]
    starts += [found.end() for found in STARTS.finditer(text, max(0, len(text) - TAIL))]
    for start in dict.fromkeys(starts):
        # Within a line, a sentence begins with a capital, or with a letter that has none.
        is_start = start == starts[0] or not text[start : start + 1].islower()
        if is_start and (match := phrases.sentences.match(text, start)):
            return _sentence(line, match, page)
        if match := phrases.labels.match(text, start):
            return _label(line, match, rest, place, page)
    for link in line.links:
        label = text[link.start : link.end].strip(LEAD + ".… :")
        if match := phrases.links.fullmatch(label):
            target = _target(link.href, page)
            alone = len(text) - (link.end - link.start) <= MAX_NAME
            if target and alone:
                return _origin(target, None, match, text), False
    return None


def _sentence(line: _Line, match: re.Match[str], page: _Page) -> tuple[Origin, bool] | None:
    text, start, end = line.text, match.start(), _sentence_end(line, match.end())
    while end < len(text):
        begins = len(text) - len(text[end:].lstrip(LEAD))
        if not (_phrases().after.match(text, begins) or _phrases().sentences.match(text, begins)):
            break
        end = _sentence_end(line, begins)
    links = [link for link in line.links if link.start < end and link.end > start]
    targets = [(link, target) for link in links if (target := _target(link.href, page))]
    if any(_is_own_page(link.href, page) for link in links) and not targets:
        return None
    best = min(
        targets,
        key=lambda pair: (
            not _phrases().links.fullmatch(text[pair[0].start : pair[0].end].strip(LEAD)),
            urlsplit(pair[1]).path in ("", "/"),
        ),
        default=None,
    )
    publisher = _publisher(line, match.end(), links, page)
    if best is None and publisher is None:
        return None
    relation = str(match.lastgroup)
    # "Read more on ..." with nowhere to go, or with a name that is no name, is an idiom.
    if relation == "excerpt" and best is None:
        return None
    words = text[start:end].strip()
    return _origin(best[1] if best else None, publisher, match, words), relation != "excerpt"


def _sentence_end(line: _Line, start: int) -> int:
    """Where the sentence ends that `start` is in; a stop within a link is part of its text."""
    found = SENTENCE_END.search(line.text, start)
    end = found.end() if found else len(line.text)
    return max([end, *(link.end for link in line.links if link.start < end < link.end)])


def _label(  # noqa: PLR0911 - a table of cases
    line: _Line, match: re.Match[str], rest: list[_Line], place: _Place, page: _Page
) -> tuple[Origin, bool] | None:
    text, relation = line.text, str(match.lastgroup)
    colon = COLON.match(text, match.end())
    begins = colon.end() if colon else match.end()
    links = [link for link in line.links if link.end > match.start()]
    hrefs = {link.href for link in links}
    if len(text) - begins > MAX_REST or len(hrefs) > 1:
        return None
    closes = text[begins:].strip(LEAD + ".:)]")
    words = text[match.start() :].strip()
    if not closes and not links:
        return _labelled(match, words, rest, place, page)
    if links:
        link = links[0]
        target = _target(link.href, page)
        whole = text[link.start : link.end].strip(LEAD + ".:)]")
        if not target or not (colon or whole == closes or link.start <= match.start()):
            return None
        if _is_own(text[begins : link.start].strip(LEAD + ".:"), page.own, page.site_name):
            return None
        return _origin(target, _publisher(line, begins, links, page), match, words), False
    is_stated = bool(colon) or relation == "reprint"
    # A longer credit is a reference: names of authors, a title, a year.
    is_stated = is_stated and relation != "via" and len(closes) <= MAX_CREDIT
    publisher = _publisher(line, begins, [], page) if is_stated else None
    if not publisher or not _is_credit(place, words, page):
        return None
    return _origin(None, publisher, match, words), False


def _labelled(
    match: re.Match[str], words: str, rest: list[_Line], place: _Place, page: _Page
) -> tuple[Origin, bool] | None:
    """A label alone on its line: the one link of the next line or block is meant."""
    following = rest or [
        line for block in _next_blocks(place.block) for line in _lines(block) if line.text
    ]
    links = [link for line in following for link in line.links]
    if len({link.href for link in links}) != 1 or not following[0].links:
        return None
    line = following[0]
    target = _target(links[0].href, page)
    if not target or len(line.text) > MAX_REST:
        return None
    publisher = _publisher(line, 0, list(line.links), page)
    origin = _origin(target, publisher, match, words)
    return Origin(
        url=origin.url,
        publisher=origin.publisher,
        relation=origin.relation,
        phrase=origin.phrase,
        words=(words, line.text, f"{words} {line.text}"),
    ), False


def _next_blocks(block: HtmlElement) -> list[HtmlElement]:
    """What follows a label, if it is small: its next sibling, or its parent's, with what it has."""
    for _ in range(2):
        following = block.getnext()
        while following is not None and not isinstance(following.tag, str):
            following = following.getnext()
        if following is not None:
            found = []
            for element, _ in zip(following.iter(), range(40), strict=False):
                if isinstance(element.tag, str) and element.tag not in INLINE - {"a"}:
                    found.append(element)
            return found if len(found) < 20 else []  # noqa: PLR2004
        parent = block.getparent()
        if parent is None:
            break
        block = parent
    return []


def _origin(target: str | None, publisher: str | None, match: re.Match[str], words: str) -> Origin:
    return Origin(
        url=target,
        publisher=publisher,
        relation=str(match.lastgroup),
        phrase=match[0].strip(),
        words=(words,),
    )


def _is_credit(place: _Place, words: str, page: _Page) -> bool:
    """Whether a name without a link is the text's: at its end, and no picture is before it."""
    if page.text and fold(words) not in fold(
        "\n".join(page.text[-5 * LONG :].rsplit("\n", 3)[-3:])
    ):
        return False
    block: HtmlElement | None = place.block
    for _ in range(2):
        if block is None or block.tag in ("td", "th"):
            return False
        before = block.getprevious()
        while before is not None and not isinstance(before.tag, str):
            before = before.getprevious()
        if before is not None:
            return before.tag not in MEDIA and next(before.iter(*MEDIA), None) is None
        block = block.getparent()
    return True


# Names and addresses


def _publisher(line: _Line, start: int, links: list[_Link], page: _Page) -> str | None:
    """The name after a phrase: before the first link, or that link's text."""
    phrases = _phrases()
    after = [link for link in links if link.end > start]
    head = line.text[start : after[0].start] if after else line.text[start:]
    tries = [head, *(line.text[max(start, link.start) : link.end] for link in after)]
    tries += [line.text[after[0].end :]] if after else []
    for text in tries:
        if address := ADDRESS.fullmatch(text.strip(LEAD + ".:)]")):
            return None if _is_own(address[1], page.own, page.site_name) else address[1].lower()
        name = text.lstrip(LEAD + ".:,")
        name = name[: found.start()] if (found := NAME_END.search(name)) else name
        name = name[: found.start()] if (found := phrases.stops.search(name)) else name
        name = _bare(name.strip(LEAD + ".:"))
        if not name or len(name) > MAX_NAME or len(name.split()) > MAX_NAME_WORDS:
            continue
        key = fold(name)
        if key in phrases.nameless or not any(char.isalpha() for char in name):
            continue
        # A date or an hour is nobody: "Originally published in March 2022".
        if YEAR.search(name) or HOUR.match(name) or key.split()[0] in phrases.months:
            return None
        if any(f" {word} " in f" {key} " for word in phrases.refused):
            continue
        return None if _is_own(name, page.own, page.site_name) else name
    return None


def _bare(name: str) -> str:
    """A name without up to three small words before it ("la revue Esprit"), or nothing."""
    words = name.split()
    for at, word in enumerate(words[:4]):
        core = word[2:] if word[1:2] == "'" else word
        if core[:1] and not core[0].islower():
            return " ".join([core, *words[at + 1 :]]) if at or core != word else name
    # Brands that begin in lower case are one word with a stop or a digit in it.
    return name if len(words) == 1 and re.search(r"[.\d]", name) else ""


def _is_own(name: str, own: str, site_name: str | None) -> bool:
    """Whether a name is the site's: as it writes it, or as its address does."""
    if not (key := fold(name).replace(" ", "")):
        return False
    host = own.partition(".")[0].replace("-", "")
    mine = fold(site_name or "").replace(" ", "")
    short = 4
    return (
        key in (mine, host)
        or (len(mine) > short and mine in key)
        or (len(key) > short and (key in mine or key in host))
        or (len(host) > short and host in key)
    )


def _target(href: str, page: _Page) -> str | None:
    """A link made whole, if it leads to a page of another site that may be an origin."""
    href = href.strip()
    # Before the address is made whole, which costs more than all the rest.
    if not href.lower().startswith(("http://", "https://", "//")) or UNPRINTABLE.search(href):
        return None
    try:
        found = urljoin(page.url, href)
        return found if _is_elsewhere(found, page.own) else None
    except ValueError:
        return None


def _is_elsewhere(address: str, own: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    host = (parts.hostname or "").lower().removeprefix("www.")
    there = house(host)
    return bool(
        parts.scheme in ("http", "https")
        and host
        and there != own
        and not _phrases().hosts & {host, there}
        and not PICTURE.search(parts.path)
        and not re.search(r"/(?:share|sharer|intent|submit)\b", parts.path)
    )


def _is_elsewhere_article(address: str, own: str) -> bool:
    """As rel=canonical: not the other domain of one house, and not a home page."""
    if not _is_elsewhere(address, own):
        return False
    parts = urlsplit(address)
    there = house(parts.hostname or "")
    same_brand = there.partition(".")[0] == own.partition(".")[0]
    return not same_brand and (parts.path not in ("", "/") or bool(parts.query))


def _is_own_page(href: str, page: _Page) -> bool:
    try:
        parts = urlsplit(href.strip())
        return parts.scheme in ("", "http", "https") and house(parts.hostname or "") in (
            "",
            page.own,
        )
    except ValueError:
        return False


def _without_tail(line: str, words: Iterable[str]) -> str:
    """A line without the words it begins or ends with."""
    plain = " ".join(line.translate(APOSTROPHES).split())
    for one in words:
        if len(one) < len(plain) and plain.endswith(one):
            return plain[: -len(one)].rstrip(" ([–—-|")
        if len(one) < len(plain) and plain.startswith(one) and one[-1:] in ".!?…。":
            return plain[len(one) :].lstrip()
    return line


# The phrases


@dataclass(frozen=True, slots=True)
class _Phrases:
    labels: re.Pattern[str]
    sentences: re.Pattern[str]
    links: re.Pattern[str]
    after: re.Pattern[str]
    stops: re.Pattern[str]
    heads: frozenset[str]
    nameless: frozenset[str]
    refused: frozenset[str]
    hosts: frozenset[str]
    months: frozenset[str]


@cache
def _phrases() -> _Phrases:
    data = tomllib.loads(DATA.read_text(encoding="utf-8"))
    label, sentence, link = data["label"], data["sentence"], data["link"]
    dates = "|".join(map(re.escape, data["stop"]["dates"]["any"]))
    words = "|".join(map(re.escape, data["stop"]["words"]["any"]))
    return _Phrases(
        labels=_pattern(label),
        sentences=_pattern(sentence),
        links=_pattern(
            {
                **link,
                "source": {
                    **label["source"],
                    **{f"{k} link": v for k, v in link["source"].items()},
                },
            },
            whole=True,
        ),
        after=_pattern(data["after"]),
        stops=re.compile(rf"\s(?:{words})\b|\s(?:{dates})\s(?:\w{{2,12}}\s)?\d", re.IGNORECASE),
        heads=_heads([*label.values(), *sentence.values(), *link.values()]),
        nameless=frozenset(map(fold, data["nameless"]["words"]["any"])),
        refused=frozenset(map(fold, data["refused"]["words"]["any"])),
        hosts=frozenset(data["refused"]["hosts"]["any"]),
        months=frozenset(map(fold, data["refused"]["months"]["any"])),
    )


def _pattern(by_relation: Mapping[str, Any], *, whole: bool = False) -> re.Pattern[str]:
    """One pattern with a group for each relation. No part of it can match in two lengths."""
    groups = []
    for relation in (*ORDER, "any"):
        phrases = [one for these in by_relation.get(relation, {}).values() for one in these]
        if phrases:
            each = "|".join(map(_spelled, sorted(phrases, key=len, reverse=True)))
            groups.append(f"(?P<{relation}>{each})")
    # A name may follow a Chinese phrase without a blank, but no letter another one.
    end = "" if whole else r"(?:(?<=[\u3040-\u9fff'])|(?![^\W\d_]))"
    return re.compile(f"(?:{'|'.join(groups)}){end}", re.IGNORECASE)


def _spelled(phrase: str) -> str:
    """A phrase of the data as a pattern."""
    out: list[str] = []
    for part in re.findall(r" ?\.\.\. ?| ?\[|\] ?|[()|]| |[^ ()\[\]|]+", phrase):
        bare = part.strip()
        # A blank beside what may be missing may be missing too.
        blank = " ?" if bare and bare != part else " " if not bare else ""
        if bare == "...":
            out.append(r" ?[^.!?\n]{1,120}? ?")
        elif bare == "[":
            out.append(f"{blank}(?:")
        elif bare == "]":
            out.append(f")?{blank}")
        else:
            out.append({"(": "(?:", ")": ")", "|": "|", "": blank}.get(bare) or re.escape(bare))
    return "".join(out).replace("') ", "') ?")  # "L'article" has no blank, "Cet article" has


def _heads(kinds: Iterable[Mapping[str, list[str]]]) -> frozenset[str]:
    """The first letters, at most four and case-folded, with which some phrase can begin."""
    found = set()
    for phrase in (phrase for kind in kinds for these in kind.values() for phrase in these):
        for start in _starts(phrase):
            head = re.split(r"[(\[]|\.\.\.", start)[0].replace("' ", "'")[:4].casefold()
            found |= {head, head.replace("'", "’")}
    return frozenset(found)


def _starts(phrase: str) -> Iterator[str]:
    """What a phrase can begin with, as far as its first choices go."""
    waiting = [phrase.lstrip()]
    while waiting:
        one = waiting.pop()
        if one[:1] not in ("(", "["):
            yield one
            continue
        choices, end = _choices(one)
        rest = one[end:].lstrip() if one[0] == "[" else one[end:]
        waiting += [choice + one[end:] if choice else rest for choice in choices]
        waiting += [rest] if one[0] == "[" else []


def _choices(phrase: str) -> tuple[list[str], int]:
    """The choices of the bracket that a phrase begins with, and where it ends."""
    choices, depth = [""], 0
    for at, char in enumerate(phrase):
        depth += (char in "([") - (char in ")]")
        if depth == 0:
            return choices, at + 1
        if depth == 1 and char == "|":
            choices.append("")
        elif at:
            choices[-1] += char
    raise ValueError(f"{DATA.name}: no end of a bracket in {phrase!r}")
