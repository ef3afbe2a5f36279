"""What a page says of itself to machines: its metas and its JSON-LD, read once for all who ask."""

import html
import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lxml.html import HtmlElement

from enrich.text import printable

# The schema.org types that are an article itself, not a page, a site, a list or a comment.
ARTICLE_TYPES = frozenset(
    {"article", "newsarticle", "blogposting", "reportagenewsarticle", "analysisnewsarticle",
     "opinionnewsarticle", "backgroundnewsarticle", "liveblogposting", "report", "pressrelease",
     "scholarlyarticle", "reviewnewsarticle", "advertisercontentarticle", "techarticle",
     "socialmediaposting"}
)  # fmt: skip
# Objects looked at in all; a page of 1,185 real ones had at most some hundred.
MAX_THINGS = 2_000
TAG = re.compile(r"<[^<>]{0,500}>")

Thing = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Claims:
    """`metas` are contents by lower-case name, property or itemprop, each in document order.

    `things` are all JSON-LD objects, outermost first, in document order. None of it is checked.
    """

    metas: Mapping[str, tuple[str, ...]]
    things: tuple[Thing, ...]

    def meta(self, *names: str) -> str | None:
        """The first content of the first of `names` that the page has."""
        return next((self.metas[name][0] for name in names if name in self.metas), None)

    def articles(self) -> Iterator[Thing]:
        """The objects whose type is an article's."""
        return iter(self._articles)

    @cached_property  # a dozen ask for them
    def _articles(self) -> tuple[Thing, ...]:
        return tuple(thing for thing in self.things if types(thing) & ARTICLE_TYPES)

    def named(self, reference: Any) -> Thing | None:
        """The object that has a name and the `@id` that `reference`, an object, refers to."""
        ident = reference.get("@id") if isinstance(reference, dict) else None
        if not isinstance(ident, str):
            return None
        return next((t for t in self.things if t.get("@id") == ident and t.get("name")), None)


def claims_of(tree: HtmlElement) -> Claims:
    """Never raises: what cannot be read is as if it were not there."""
    metas: dict[str, list[str]] = {}
    for meta in tree.iter("meta"):
        content = plain(meta.get("content"))
        names = {(meta.get(how) or "").strip().lower() for how in ("property", "name", "itemprop")}
        for name in names - {""} if content else ():
            metas.setdefault(name, []).append(content)
    return Claims(
        metas={name: tuple(contents) for name, contents in metas.items()},
        things=tuple(_things(tree)),
    )


def types(thing: Thing) -> set[str]:
    """The types of a JSON-LD object in lower case, without a vocabulary's address."""
    kinds = thing.get("@type")
    each = kinds if isinstance(kinds, list) else [kinds]
    return {str(kind).rpartition("/")[2].lower() for kind in each if kind}


def plain(value: Any) -> str:
    """A claim as text: entities read (twice encoded ones too), tags out, on one line."""
    if not isinstance(value, str):
        return ""
    text = html.unescape(value)
    return " ".join(TAG.sub(" ", printable(html.unescape(text))).split())


def _things(tree: HtmlElement) -> Iterator[Thing]:
    seen = 0
    for script in tree.iter("script"):
        if "ld+json" not in (script.get("type") or "") or not script.text:
            continue
        try:
            data = json.loads(script.text.strip().rstrip(";"), strict=False)
        except (ValueError, RecursionError):
            continue
        waiting: deque[Any] = deque([data])
        while waiting and seen < MAX_THINGS:
            node = waiting.popleft()
            if isinstance(node, list):
                waiting += node
            elif isinstance(node, dict):
                seen += 1
                yield node
                waiting += [value for value in node.values() if isinstance(value, dict | list)]
