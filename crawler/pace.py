"""How often one reader may ask for pages that cost much, so that a crawler leaves room for people.

Each address has a bucket of tokens that fills steadily: a page takes one, and an empty bucket says
when to come back. Feeds, articles and files cost little and take none.
"""

import ipaddress
import math
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from datasette.utils.asgi import Response

from crawler import translation
from crawler.translation import gettext as _
from crawler.translation import speaking

# A person who follows links quickly opens one in two seconds; the burst is for tabs opened at once.
A_MINUTE = 60
BURST = 30
MOST_READERS = 10_000  # buckets kept, some 2 MB; who has not come for longest has a full one anyway
# Pages that count much, files of a search, Datasette's own (`/-/` too).
COSTLY = r"/(?:facet/|trends|export\.|cite|coverage|-/|{databases}(?:[/.~]|$))"


@dataclass
class Bucket:
    tokens: float
    at: float


@dataclass
class Pace:
    """`clock` is in seconds and only goes forward."""

    a_minute: float = A_MINUTE
    burst: int = BURST
    clock: Callable[[], float] = time.monotonic
    buckets: OrderedDict[str, Bucket] = field(default_factory=OrderedDict)

    def wait(self, reader: str) -> int:
        """Take a token: 0, or the seconds until there is one (and none is taken)."""
        now = self.clock()
        bucket = self.buckets.pop(reader, None) or Bucket(self.burst, now)
        self.buckets[reader] = bucket
        if len(self.buckets) > MOST_READERS:
            self.buckets.popitem(last=False)
        filled = bucket.tokens + (now - bucket.at) * self.a_minute / 60
        bucket.tokens, bucket.at = min(self.burst, filled), now
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            return 0
        return math.ceil((1 - bucket.tokens) * 60 / self.a_minute)


def reader(scope: Any, proxies: Collection[str]) -> str:
    """Who asks: an IPv4 address or an IPv6 network of one house; "" for this machine itself.

    A header says so only where it comes from one of our `proxies`, and then its last entry, which
    is the one that the proxy wrote.
    """
    address = (scope.get("client") or ("",))[0]
    if address in proxies:
        forwarded = dict(scope.get("headers") or ()).get(b"x-forwarded-for", b"")
        address = forwarded.decode("latin-1").rpartition(",")[2].strip()
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.is_loopback:
        return ""
    return address if found.version == 4 else str(ipaddress.ip_network((found, 64), strict=False))  # noqa: PLR2004


def costly(path: str, query_string: bytes, databases: Collection[str]) -> bool:
    """Whether a page counts; `path` is below the site's base."""
    here = translation.wanted(path).path
    names = "|".join(map(re.escape, databases)) or "(?!)"
    asks = here in {"", "/"} and bool(query_string)
    return asks or re.match(COSTLY.format(databases=f"(?:{names})"), here) is not None


def paced(app: Any, datasette: Any, pace: Pace, proxies: Collection[str]) -> Any:
    """The ASGI application `app`, for readers who keep to the `pace`."""
    base = datasette.setting("base_url").rstrip("/")

    async def answer(scope: Any, receive: Any, send: Any) -> Any:
        if scope["type"] != "http":
            return await app(scope, receive, send)
        path = scope["path"].removeprefix(base)
        wait = 0
        if costly(path, scope.get("query_string", b""), datasette.databases):
            who = reader(scope, proxies)
            wait = pace.wait(who) if who else 0
        if not wait:
            return await app(scope, receive, send)
        return await too_often(scope, path, wait).asgi_send(send)

    return answer


def too_often(scope: Any, path: str, wait: int) -> Response:
    """Plain text: it must cost nothing."""
    accept = dict(scope.get("headers") or ()).get(b"accept-language", b"").decode("latin-1")
    with speaking(translation.wanted(path, accept)):
        said = _(
            "That is more pages than one reader opens. Please wait %(seconds)s s. For all of a "
            "search at once, there are its files and feeds."
        ) % {"seconds": wait}
    headers = {"Retry-After": str(wait), "Cache-Control": "no-store"}
    return Response.text(said, status=429, headers=headers)
