"""An article as machines read it from its page: for Zotero, for cards, for search engines. Pure.

Highwire's `citation_*` and Dublin Core are what reference managers look for, Open Graph what
messengers show, schema.org what search engines read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from crawler.article import Article
from crawler.urls import web_url

# What is longer is no title, but a mistake of its page or an attack: the extract beside it has 220.
MOST_OF_A_LINE = 500
# Controls, and what turns the direction of all that follows it (Unicode TR 9).
HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]")


@dataclass(frozen=True, slots=True)
class Tag:
    """A <meta>: `kind` is the attribute that holds its name."""

    kind: str
    name: str
    content: str


def plain(text: str, most: int = MOST_OF_A_LINE) -> str:
    """Text for where no markup can keep it in its place: one line, at most `most` characters."""
    line = " ".join(HARMFUL.sub("", text[: 4 * most]).split())
    return line if len(line) <= most and len(text) <= 4 * most else f"{line[: most - 1].rstrip()}…"


def tags(article: Article, address: str) -> tuple[Tag, ...]:
    """What the head of the page says; `address` is that of the page, if it has a public one."""
    named = (("name", _named(article)), ("property", _properties(article, address)))
    return tuple(
        Tag(kind, name, plain(content))
        for kind, found in named
        for name, content in found
        if content
    )


def _named(article: Article) -> Iterator[tuple[str, str]]:
    original, day = web_url(article.url) or "", (article.published or "")[:10]
    yield "description", article.summary
    yield "citation_title", article.title
    yield from (("citation_author", author) for author in article.authors)
    yield "citation_publication_date", day.replace("-", "/")
    yield "citation_publisher", article.source.name
    yield "citation_language", article.language_tag
    yield "citation_public_url", original
    yield "DC.title", article.title
    yield from (("DC.creator", author) for author in article.authors)
    yield "DC.date", day
    yield "DC.publisher", article.source.name
    yield "DC.language", article.language_tag
    yield "DC.identifier", original
    yield "DC.type", "Text"
    yield "DC.rights", web_url(article.source.licence_url or "") or ""
    yield from (("DC.subject", theme.name) for theme in article.themes)


def _properties(article: Article, address: str) -> Iterator[tuple[str, str]]:
    yield "og:type", "article"
    yield "og:title", article.title
    yield "og:description", article.summary
    yield "og:url", address
    yield "og:site_name", article.source.name
    yield "article:published_time", article.published or ""
    yield "article:modified_time", article.updated or ""


def linked_data(article: Article, address: str) -> dict[str, Any]:
    """A schema.org NewsArticle; what is not known is left out."""
    signer = {"organisation": "Organization", "persons": "Person"}.get(article.signed_by or "")
    kind = {"@type": signer} if signer else {}
    found = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "@id": address,
        "url": web_url(article.url),
        "headline": plain(article.title),
        "description": plain(article.summary),
        "inLanguage": article.language_tag,
        "datePublished": article.published,
        "dateModified": article.updated,
        "author": [{**kind, "name": plain(author)} for author in article.authors],
        "publisher": {
            "@type": "Organization",
            "name": article.source.name,
            "url": web_url(article.source.homepage),
        },
        "wordCount": article.words,
        "license": web_url(article.source.licence_url or ""),
        "isBasedOn": web_url(article.origin_url or ""),
        "about": [{"@type": "Thing", "name": theme.name} for theme in article.themes],
        "mentions": [{"@type": "Organization", "name": x.name} for x in article.organisations],
        "contentLocation": [{"@type": "Country", "name": x.name} for x in article.countries],
    }
    return {name: value for name, value in found.items() if value}
