"""What a feed says, in no format yet."""

from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from crawler.exports.addresses import Address
from crawler.exports.texts import BEGINNING, tag


@dataclass(frozen=True, slots=True)
class Category:
    """What an item is about: a code in a scheme (an IRI), and its name for people."""

    scheme: str
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A document that goes with an item; `size` is in bytes, if known."""

    url: str
    title: str
    media_type: str
    size: int | None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an item appeared before. `publisher` may be unknown."""

    url: str
    publisher: str


@dataclass(frozen=True, slots=True)
class Publisher:
    """Whom an item comes from. `homepage` may be unknown."""

    id: str
    name: str
    homepage: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An article as feeds give it: every format says all of this.

    Texts are plain, and of one line; but `html` is the whole text in paragraphs, where it may be
    shown. Addresses are http(s), times are aware. `page` is ours about it, `url` the original.
    """

    id: str
    url: str
    page: str
    title: str
    summary: str
    html: str | None
    authors: tuple[str, ...]
    publisher: Publisher
    dated: datetime
    updated: datetime
    language: str
    categories: tuple[Category, ...] = ()
    origin: Origin | None = None
    enclosures: tuple[Enclosure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What a feed says of itself. `interface` is the language of its own words.

    `language` is that of its items, None if they have several. `newer` and `older` are the names
    of the pages of its archive beside this one; `address.period` is its own, if it is one of them.
    """

    title: str
    description: str
    interface: str
    language: str | None
    address: Address
    page: str
    base_url: str
    items: tuple[Item, ...]
    newer: str | None = None
    older: str | None = None

    @property
    def id(self) -> str:
        return tag(self.base_url, self.address.identity)

    @property
    def url(self) -> str:
        return self.base_url + self.address.url

    @property
    def stylesheet(self) -> str:
        """Without a host, so that it is found wherever the feed is looked at."""
        return f"{urlsplit(self.base_url).path}feeds/feed.css"

    @property
    def updated(self) -> datetime:
        return max((item.updated for item in self.items), default=BEGINNING)

    def at(self, period: str | None) -> str:
        """The address of a page of its archive; of its newest entries, without a period."""
        return self.base_url + replace(self.address, period=period or "").url
