"""Which sources one of several machines crawls, so that no host is asked by two of them.

Sources that share a registered host are one group and stay together. A group goes by the hash of
the host that most of its sources have (of several, the first of the alphabet), so that one more
source of a shared host (a feed service, an API) moves none of the others: only a source that joins
two groups moves one of them. Other groups are never moved, until the number of shards changes.
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from sqlite_utils import Database

from crawler import registry
from crawler.errors import ConfigError
from crawler.items import Source
from crawler.writes import transaction
from enrich.hosts import registered, site


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `total`, counted from 1."""

    number: int
    total: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `2/8`; raises ConfigError."""
        found = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", text)
        if not found or not 1 <= int(found[1]) <= int(found[2]):
            raise ConfigError(f"{text!r} is no shard: write I/N as in 2/8, with I from 1 to N")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.total}"

    def of(self, sources: Iterable[Source], known: Iterable[Source]) -> tuple[Source, ...]:
        """Those of `sources` that are its own. `known` is the whole registry, which groups them."""
        names = anchors(known)
        return tuple(source for source in sources if self.has(names[source.id]))

    def has(self, anchor: str) -> bool:
        digest = hashlib.blake2b(anchor.encode(), digest_size=8).digest()
        return int.from_bytes(digest) % self.total == self.number - 1


def anchors(known: Iterable[Source]) -> dict[str, str]:
    """Of each source, by id, the host by which its group goes."""
    hosts = {source.id: _hosts(source) for source in known}
    having = Counter(host for of in hosts.values() for host in of)
    parent = {host: host for host in having}

    def root(host: str) -> str:
        while parent[host] != host:
            parent[host] = host = parent[parent[host]]
        return host

    for of in hosts.values():
        first, *others = of
        for other in others:
            parent[root(other)] = root(first)
    groups: dict[str, list[str]] = defaultdict(list)
    for host in having:
        groups[root(host)].append(host)
    named = {at: min(group, key=lambda host: (-having[host], host)) for at, group in groups.items()}
    return {ident: named[root(of[0])] for ident, of in hosts.items()}


def _hosts(source: Source) -> list[str]:
    """The registered hosts at which a source is asked."""
    urls = [source.homepage]
    urls += [at.url for name in registry.CHANNELS for at in getattr(source, name)]
    return sorted({registered(site(urlsplit(url).hostname or "")) for url in urls})


def claim(db: Database, path: Path, shard: Shard | None) -> None:
    """Note whose database this is; ConfigError if it is crawled as another one's.

    Any shard may take up one that was crawled whole, or merged.
    """
    row = db.execute("SELECT number, total FROM shard").fetchone()
    there = Shard(*row) if row else None
    if there == shard:
        return
    if there:
        asked = f"not shard {shard}" if shard else "not the whole"
        raise ConfigError(
            f"{path} is crawled as shard {there}, {asked}: say --shard {there}, or name another"
            " database with --db; to divide the sources otherwise, join the shards with"
            " `tamis merge` and go on from copies of what it makes"
        )
    if shard:
        with transaction(db):
            db.conn.execute("INSERT INTO shard VALUES (?, ?)", (shard.number, shard.total))
