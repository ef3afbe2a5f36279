"""What was taken down and must not come back: known by hashes, so that they say nothing of it.

The hash is keyed: hosts and names of persons are few enough to be guessed from a plain one. The
key stands with the tombstone, in the private database and nowhere else, so tombstones that come
from another database hold here too.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlite_utils import Database

from crawler import clock, urls
from enrich.hosts import registered, site
from enrich.text import fold

KINDS = ("url", "host", "author")
LEDGER = "forgotten"  # what the ledger has in the place of such an address


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """`hash` is of the identity that its `kind` has; `part_of` is the one it was laid with."""

    id: int
    kind: str
    hash: str
    salt: str
    day: str
    reason: str
    ref: str | None
    part_of: int | None


COLUMNS = ", ".join(Tombstone.__slots__)


def identity(kind: str, name: str) -> str:
    """What is hashed of an address, a host or an author. Raises ValueError on what is none."""
    return {"url": urls.key, "host": _host, "author": _author}[kind](name)


def _host(name: str) -> str:
    """A host whose subdomains are meant too, so none that belongs to several owners."""
    found = site(urlsplit(name if "//" in name else f"//{name}").hostname or "")
    if not found:
        raise ValueError(f"{name!r} is no host: write it as in quai.example.org")
    if registered(f"a.{found}") == f"a.{found}":
        raise ValueError(f"{found} is no site's own host: below it are many owners'")
    return found


def _author(name: str) -> str:
    found = fold(name)
    if not found:
        raise ValueError(f"{name!r} is no name")
    return found


class Tombstones:
    """Those of a database, as they are now, to ask about what comes by."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.stones = all_of(db)
        self.salts = sorted({stone.salt for stone in self.stones})
        self.salt_of = {stone.id: stone.salt for stone in self.stones}
        self.ids = {(stone.kind, stone.hash): stone.id for stone in self.stones}

    def __bool__(self) -> bool:
        return bool(self.stones)

    def of(self, *addresses: str | None) -> int | None:
        """The tombstone of any of these addresses, or of its host; None if there is none."""
        return self._first(self._address, addresses) if self else None

    def of_host(self, address: str) -> int | None:
        """The tombstone of the host of an address, or of a host above it."""
        name = site(urlsplit(address).hostname or "")
        labels = name.split(".")
        suffixes = [".".join(labels[start:]) for start in range(len(labels))]
        return self._first(lambda each: self.laid("host", each), suffixes)

    def of_authors(self, names: Iterable[str]) -> int | None:
        return self._first(lambda name: self.laid("author", fold(name)), names)

    def ledger_key(self, stone: int, key: str) -> str:
        """What the ledger has as identity of an address that was forgotten by this tombstone."""
        return f"{LEDGER}:{_hash('url', key, self.salt_of[stone])}"

    def laid(self, kind: str, name: str) -> int | None:
        """The tombstone of just this identity."""
        hashes = ((kind, _hash(kind, name, salt)) for salt in self.salts)
        return next((self.ids[each] for each in hashes if each in self.ids), None)

    def _address(self, address: str) -> int | None:
        try:
            key = urls.key(address)
        except ValueError:
            return None
        found = (self.laid("url", key), self._in_ledger(key), self.of_host(address))
        return next((stone for stone in found if stone is not None), None)

    def _in_ledger(self, key: str) -> int | None:
        """The tombstone of a host or an author with which an address was forgotten."""
        keys = [f"{LEDGER}:{_hash('url', key, salt)}" for salt in self.salts]
        row = self.db.execute(
            "SELECT tombstone FROM urls WHERE key IN (SELECT value FROM json_each(?))",
            [json.dumps(keys)],
        ).fetchone()
        return row and int(row[0])

    @staticmethod
    def _first(ask: Callable[[str], int | None], values: Iterable[str | None]) -> int | None:
        found: Iterator[int | None] = (ask(value) for value in values if value)
        return next((stone for stone in found if stone is not None), None)


def _hash(kind: str, name: str, salt: str) -> str:
    key = bytes.fromhex(salt)
    return hashlib.blake2b(f"{kind} {name}".encode(), key=key, digest_size=16).hexdigest()


def all_of(db: Database) -> list[Tombstone]:
    return [Tombstone(**row) for row in db.query(f"SELECT {COLUMNS} FROM tombstones ORDER BY id")]


def lay(
    db: Database, kind: str, name: str, *, reason: str, ref: str | None, part_of: int | None = None
) -> int:
    """Lay a tombstone, unless it lies there already; its id."""
    stones, named = Tombstones(db), identity(kind, name)
    if (there := stones.laid(kind, named)) is not None:
        return there
    salt = stones.salts[0] if stones.salts else secrets.token_hex(16)
    row = db.conn.execute(
        "INSERT INTO tombstones (kind, hash, salt, day, reason, ref, part_of)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (kind, _hash(kind, named, salt), salt, clock.now()[:10], reason, ref, part_of),
    ).fetchone()
    return int(row[0])


def lift(db: Database, stone: int) -> int:
    """Remove a tombstone, its parts and what the ledger has of it; how many addresses may come.

    They are discovered anew, as if never seen. Raises ValueError if there is none of that id.
    """
    parts = [each.id for each in all_of(db) if stone in (each.id, each.part_of)]
    if stone not in parts:
        raise ValueError(f"no tombstone {stone}: see `tamis forget --list`")
    listed = [json.dumps(parts)]
    # A channel that has not changed since would not name them again.
    db.conn.execute(
        "UPDATE channels SET etag = NULL, modified = NULL, body_hash = NULL WHERE id IN"
        " (SELECT channel FROM urls WHERE tombstone IN (SELECT value FROM json_each(?)))",
        listed,
    )
    freed = db.conn.execute(
        "DELETE FROM urls WHERE tombstone IN (SELECT value FROM json_each(?))", listed
    ).rowcount
    db.conn.execute("DELETE FROM tombstones WHERE id IN (SELECT value FROM json_each(?))", listed)
    return int(freed)


def join(db: Database, other: Database) -> int:
    """Lay those of another database here too; how many were new. What they name is not erased."""
    names = [name for name in Tombstone.__slots__ if name not in ("id", "part_of")]
    sql = f"INSERT INTO tombstones ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    stones = {stone.id: stone for stone in all_of(other)}
    new = 0
    for stone in stones.values():
        values = [getattr(stone, name) for name in names]
        new += db.conn.execute(f"{sql} ON CONFLICT (kind, hash) DO NOTHING", values).rowcount
    ids = {(stone.kind, stone.hash): stone.id for stone in all_of(db)}
    for stone in stones.values():
        if stone.part_of in stones:
            whole = stones[stone.part_of]
            db.conn.execute(
                "UPDATE tombstones SET part_of = ? WHERE id = ? AND part_of IS NULL",
                [ids[whole.kind, whole.hash], ids[stone.kind, stone.hash]],
            )
    return new
