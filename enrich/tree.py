"""A page as a tree of elements, for those who read it without Trafilatura, and their names."""

import re
from functools import lru_cache

from lxml import etree, html
from lxml.html import HtmlElement


def tree_of(text: str) -> HtmlElement:
    """Raises ValueError for what holds no element at all. Comments and the like are left out."""
    parser = html.HTMLParser(
        encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True
    )
    try:
        return html.document_fromstring(
            text.replace("\x00", "").encode("utf-8", "replace"), parser=parser
        )
    except etree.LxmlError as error:
        raise ValueError(str(error)) from error


# What a page builder calls everything: what is inside is not what the word says.
BUILT = re.compile(r"\belementor-(?:widget(?:-container|-wrap)?|element|column|section)\b")
MAX_NAMES = 300  # characters: some pages hold whole files in a class


def names_of(element: HtmlElement) -> frozenset[str]:
    """The words of its classes and its id: `td-post-content author_bio` has five."""
    return words_of(f"{element.get('class') or ''} {element.get('id') or ''}")


@lru_cache(maxsize=8_192)  # some hundred a site, on every one of its pages
def words_of(names: str) -> frozenset[str]:
    """The words of class names, in small letters.

    >>> sorted(words_of("elementor-widget-post-info Author_Bio"))
    ['', 'author', 'bio', 'info', 'post']
    """
    return frozenset(re.split(r"[\s_-]+", BUILT.sub(" ", names[:MAX_NAMES].lower())))
