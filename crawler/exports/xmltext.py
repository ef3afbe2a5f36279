"""What the two XML formats have in common."""

from collections.abc import Mapping
from datetime import UTC, datetime
from xml.sax.saxutils import quoteattr

from lxml import etree

ATOM = "http://www.w3.org/2005/Atom"
HISTORY = "http://purl.org/syndication/history/1.0"  # RFC 5005


def xml_bytes(root: etree._Element, stylesheet: str) -> bytes:
    """The document, with a style sheet for those who look at it in a browser."""
    etree.indent(root)
    style = f'<?xml-stylesheet type="text/css" href={quoteattr(stylesheet)}?>'
    body = etree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{style}\n{body}\n'.encode()


def in_language(code: str | None) -> Mapping[str, str]:
    return {"{http://www.w3.org/XML/1998/namespace}lang": code} if code else {}


def timestamp(when: datetime) -> str:
    """RFC 3339, in UTC."""
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def attributes(**named: str | int | None) -> dict[str, str]:
    """Those that have a value."""
    return {name: str(value) for name, value in named.items() if value not in {None, ""}}
