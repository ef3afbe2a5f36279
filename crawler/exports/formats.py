"""The formats that feeds are written in: one function each from a Feed to bytes."""

from collections.abc import Callable
from dataclasses import dataclass

from crawler.exports import atom, jsonfeed, rss
from crawler.exports.items import Feed


@dataclass(frozen=True, slots=True)
class Format:
    name: str  # for people
    media_type: str
    write: Callable[[Feed], bytes]


# By the ending of an address. What is here is served, exported and offered on pages.
FORMATS = {
    "atom": Format("Atom", atom.MEDIA_TYPE, atom.write),
    "rss": Format("RSS", rss.MEDIA_TYPE, rss.write),
    "json": Format("JSON Feed", jsonfeed.MEDIA_TYPE, jsonfeed.write),
}
