"""RSS, RDF and Atom feeds."""

from collections.abc import Iterator

from crawler import feeds
from crawler.items import Source


def addresses(source: Source) -> Iterator[tuple[str, str | None]]:
    for feed in source.feeds:
        yield feed.url, feed.language


def read(body: bytes, url: str, content_type: str | None) -> feeds.Feed:
    return feeds.parse(body, url, content_type=content_type)
