"""The ways to learn of a source's articles. A channel is one module here and one line in CHANNELS.

A channel's module holds three functions, all pure:

`addresses(source)`: the addresses of this kind in a source's record;
`ask(url, cursor, options)`: what to request of an address, given what the last visit left (None at
first) and what the operator set; raises ConfigError if something must be set that is not;
`read(answer)`: what an answer with status 200 names; raises FeedError if it is not what it should
be. It may run in another process, with a limit of time.

What several share, or one has too much of, is beside them: `json_api`, `server_time`, `shortcodes`.

MEANINGS, where it is there, says by HTTP status what an error means that only this kind gives.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from crawler.items import Address, Answer, Harvest, Source
from spiders.channels import feed, listing, reliefweb, sitemap, wordpress


class Channel(Protocol):
    def addresses(self, source: Source) -> Iterable[Address]: ...
    def ask(self, url: str, cursor: str | None, options: Mapping[str, str]) -> str: ...
    def read(self, answer: Answer) -> Harvest: ...


CHANNELS: dict[str, Channel] = {
    "feed": feed,
    "sitemap": sitemap,
    "listing": listing,
    "wordpress": wordpress,
    "reliefweb": reliefweb,
}


def addresses(source: Source) -> Iterator[tuple[str, Address]]:
    """Every channel of a source, with its kind."""
    for kind, channel in CHANNELS.items():
        for address in channel.addresses(source):
            yield kind, address
