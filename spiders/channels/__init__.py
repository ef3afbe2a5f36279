"""The ways to learn of a source's articles. A channel is one module here and one line in CHANNELS.

A channel's module holds two functions:
`addresses(source)`: the addresses to visit for a source, each with its language or None;
`read(body, url, content_type)`: what an answer with status 200 names, as a `crawler.feeds.Feed`;
raises FeedError if the answer is not what it should be.
"""

from collections.abc import Iterator
from typing import Protocol

from crawler.feeds import Feed
from crawler.items import Source
from spiders.channels import feed


class Channel(Protocol):
    def addresses(self, source: Source) -> Iterator[tuple[str, str | None]]: ...
    def read(self, body: bytes, url: str, content_type: str | None) -> Feed: ...


CHANNELS: dict[str, Channel] = {"feed": feed}


def addresses(source: Source) -> Iterator[tuple[str, str, str | None]]:
    """Every channel of a source, as (kind, url, language)."""
    for kind, channel in CHANNELS.items():
        for url, language in channel.addresses(source):
            yield kind, url, language
