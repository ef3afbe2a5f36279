"""The ways to learn of a source's articles. A channel is one module here and one line in CHANNELS.

A channel's module holds three functions, all pure:
`addresses(source)`: the addresses of this kind in a source's record;
`ask(url, cursor)`: what to request of an address, given what the last visit left (None at first);
`read(answer)`: what an answer with status 200 names; raises FeedError if it is not what it should
be. It may run in another process, with a limit of time.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

from crawler.items import Address, Answer, Harvest, Source
from spiders.channels import feed


class Channel(Protocol):
    def addresses(self, source: Source) -> Iterable[Address]: ...
    def ask(self, url: str, cursor: str | None) -> str: ...
    def read(self, answer: Answer) -> Harvest: ...


CHANNELS: dict[str, Channel] = {"feed": feed}


def addresses(source: Source) -> Iterator[tuple[str, Address]]:
    """Every channel of a source, with its kind."""
    for kind, channel in CHANNELS.items():
        for address in channel.addresses(source):
            yield kind, address
