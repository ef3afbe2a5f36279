"""The body of a page as Trafilatura finds it, without the work that could not change the answer.

The steps are Trafilatura's own functions in its order (`trafilatura.core.trafilatura_sequence`,
2.3). Left out are copies of the tree that nobody changes, searches for what the page has no name
of, and second opinions that cannot win: a sixth of its time on 198 pages of public corpora. Where
it finds next to nothing, all of it runs. tests/test_engine.py holds that the answers are the same.
"""

import logging
import re
from collections.abc import Iterable
from copy import copy

from lxml import etree
from lxml.html import HtmlElement, fromstring
from trafilatura import bare_extraction, html2txt
from trafilatura.core import (
    ESCALATION_ACCEPT_RATIO,
    ESCALATION_JUSTEXT_RATIO,
    ESCALATION_MAX_LENGTH,
    ESCALATION_PAGE_SHARE,
)
from trafilatura.external import SANITIZED_XPATH, compare_extraction, justext_rescue
from trafilatura.htmlprocessing import convert_tags, prune_unwanted_nodes, tree_cleaning
from trafilatura.main_extractor import extract_content
from trafilatura.settings import Document, Extractor
from trafilatura.utils import is_dubious_html, load_html, repair_faulty_html
from trafilatura.xml import xmltotxt
from trafilatura.xpaths import RAW_TREE_PRUNE_XPATH, REMOVE_COMMENTS_AND_LISTS_XPATH

from enrich.text import printable

# Trafilatura logs every page it refuses; the ledger says so better.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)

# One reference to a character that XML does not have would empty the whole page.
REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]{1,8})|([0-9]{1,10}));?")
LEGAL = (
    range(0x9, 0xB), range(0xD, 0xE), range(0x20, 0xD800), range(0xE000, 0xFFFE),
    range(0x10000, 0x110000),
)  # fmt: skip
# Trafilatura's own parser, but all elements are of one class. `lxml.html` asks for the class of
# each whenever it is met, for the sake of forms, which takes an eighth of all our time.
PARSER = etree.HTMLParser(
    collect_ids=False, default_doctype=False, encoding="utf-8", remove_comments=True,
    remove_pis=True,
)  # fmt: skip
PARSER.set_element_class_lookup(etree.ElementDefaultClassLookup(element=HtmlElement))
# What Trafilatura mends stands in the first 4,096 characters and the line that they end in.
BEGINNING = 8_192
SHORT_BEGINNING = 50
UNPARSED = bytes([*range(0x9), 0xB, 0xC, *range(0xE, 0x20)])
NO_CHARACTER = b"\xef\xbf"  # what U+FFFE and U+FFFF begin with
NO_CHARACTERS = re.compile(NO_CHARACTER + b"[\xbe\xbf]")

OPTIONS = Extractor(output_format="python", comments=False)
RECALL = Extractor(output_format="python", comments=False, recall=True)
# What a class or an id has with which its searches for what is no article can find anything.
APPENDED = ("mvp-post-add", "infinite", "elementor-share-buttons")
COMMENTS = re.compile(
    "^(?:[Cc]omment(?!ary)|comol|disqus_thread|dsq-comments)|(?:article|post)-comments",
    re.MULTILINE,
)
# On a page with such JSON-LD it takes the comments for the text.
FORUM = "DiscussionForumPosting"
# All texts that may be a part of the body, and how it writes a film that it found.
RUNS = "descendant::text()[normalize-space()][not(parent::script or parent::style)]"
TEXTS = etree.XPath(RUNS, smart_strings=False)
FILM = "VIDEO"


def engine_tree(html: str) -> HtmlElement | None:
    """The page as Trafilatura parses it, or None. References that would empty it are left out."""
    html = REFERENCE.sub(_legal, html)
    beginning = html[:SHORT_BEGINNING].lower()
    end = html.find("\n", BEGINNING) + 1 or len(html)
    mended = repair_faulty_html(html[:end], beginning) + html[end:]
    try:
        raw = mended.encode().translate(None, UNPARSED)
    except UnicodeEncodeError:
        return load_html(html)  # halves of characters, of which no page that was decoded has one
    if NO_CHARACTER in raw:
        raw = NO_CHARACTERS.sub(b"", raw)
    try:
        tree: HtmlElement = fromstring(raw, parser=PARSER)
    except (etree.LxmlError, ValueError, AssertionError):
        return None
    return None if is_dubious_html(beginning) and len(tree) < 2 else tree  # noqa: PLR2004


def _legal(reference: re.Match[str]) -> str:
    """A numeric reference, unless it is to a character that XML, and so lxml, refuses."""
    hexadecimal, decimal = reference.groups()
    number = int(hexadecimal, 16) if hexadecimal else int(decimal)
    return reference[0] if any(number in legal for legal in LEGAL) else ""


def texts_of(tree: HtmlElement) -> list[str]:
    """All runs of text in a page that are not blank, of programs none."""
    found: list[str] = TEXTS(tree)
    return found


def body_text(
    tree: HtmlElement, *, names: Iterable[str], texts: Iterable[str], scripts: str
) -> str:
    """The body, a paragraph a line, "" for none. `tree` stays as it is.

    `names` are the classes and ids of its elements, `texts` is what `texts_of` finds in it, and
    `scripts` is what holds its JSON-LD.
    """
    if FORUM in scripts:
        return whole_cascade(tree)
    try:
        body = _body(_pruned(tree, "\n".join(names)), _most(tree, texts))
    except Exception:  # noqa: BLE001 (it has its own ways to end what it cannot read)
        body = None
    return whole_cascade(tree) if body is None else _lines(xmltotxt(body, OPTIONS.formatting))


def _body(page: HtmlElement, most: int) -> etree._Element | None:
    """The body by the first, second and last steps of the cascade; None if it needs the others.

    `most` are the most characters that any way of reading the page can give.
    """
    cleaned = tree_cleaning(copy(page), OPTIONS)
    body, text = extract_content(convert_tags(copy(cleaned), OPTIONS), OPTIONS)
    if len(text) < OPTIONS.min_extracted_size:
        return None
    if _may_lose(body, len(text), most):
        body, text = compare_extraction(cleaned, copy(page), body, text, OPTIONS)
    if len(text) < OPTIONS.min_extracted_size:
        return None
    return _again(page, body, len(text)) if _is_little(page, len(text), most) else body


def whole_cascade(page: HtmlElement | str, options: Extractor = OPTIONS) -> str:
    """The same by all that Trafilatura does; for what `options` ask."""
    found = bare_extraction(page, options=options)
    return _lines(found.text or "") if isinstance(found, Document) else ""


def _lines(text: str) -> str:
    return printable(text).strip()


def _pruned(tree: HtmlElement, names: str) -> HtmlElement:
    """The page without comments and further articles: a copy if it may have any."""
    wanted = [
        *(RAW_TREE_PRUNE_XPATH if any(name in names for name in APPENDED) else ()),
        *(REMOVE_COMMENTS_AND_LISTS_XPATH if COMMENTS.search(names) else ()),
    ]
    return prune_unwanted_nodes(copy(tree), wanted) if wanted else tree


def _most(tree: HtmlElement, texts: Iterable[str]) -> int:
    films = sum(1 for _ in tree.iter("iframe"))
    return len(" ".join(" ".join(texts).split())) + len(FILM) * films


def _may_lose(body: etree._Element, length: int, most: int) -> bool:
    """Whether what readability or justext finds might replace this text."""
    deficient = not body.xpath(".//p//text()") or (
        len(body.findall(".//table")) > len(body.findall(".//p"))
    )
    return 2 * length < most or deficient or bool(body.xpath(SANITIZED_XPATH))


def _is_little(page: HtmlElement, length: int, most: int) -> bool:
    """Whether it is so little of the page that Trafilatura reads it again, less strictly."""
    if length >= ESCALATION_MAX_LENGTH or length >= ESCALATION_PAGE_SHARE * most:
        return False
    return length < ESCALATION_PAGE_SHARE * len(html2txt(page))


def _again(page: HtmlElement, body: etree._Element, length: int) -> etree._Element:
    """The body as a less strict reading or justext has it, if that is much more."""
    cleaned = tree_cleaning(copy(page), RECALL)
    more, text = extract_content(convert_tags(copy(cleaned), RECALL), RECALL)
    more, text = compare_extraction(cleaned, copy(page), more, text, RECALL)
    other, said = justext_rescue(copy(page), OPTIONS)
    if len(said) > len(text) and len(said) > ESCALATION_JUSTEXT_RATIO * length:
        return other
    enough = max(OPTIONS.min_extracted_size, ESCALATION_ACCEPT_RATIO * length)
    return more if len(text) >= enough and len(text) > ESCALATION_ACCEPT_RATIO * length else body
