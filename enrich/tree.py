"""A page's text as a tree of elements, for those who read it without Trafilatura."""

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
