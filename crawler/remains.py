"""Looks for what was erased, byte by byte, in files and in the rows that are left.

A text is known again by pieces of it, spread so that one is found wherever SQLite has split it
over pages; what is stored packed, by pieces of its packed bytes.
"""

import gzip
import re
import sqlite3
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

import numpy as np  # comes with py3langid, which locks it for each Python

# Of a text so many pieces of so many characters: five words are seldom together by chance, and
# between two pages of a file (4,096 bytes) there are several. What is shorter than SHORT is none.
PIECES, LENGTH, SHORT = 12, 28, 16
PACKED = 24  # bytes of what is packed, three times
# Looked for at once: more are thinned out evenly. A file of 1.1 GB takes 6 s with all of these, on
# a busy machine of two cores.
MOST = 20_000
BLOCK = 4 * 1024 * 1024
ROWS = 50  # looked through together
WINDOW = 8  # bytes of a number; what is shorter than 15 may hold none
BITS, MIX = 24, np.uint64(0x9E3779B97F4A7C15)  # a table of 16 MB, and Fibonacci hashing into it
# What no format writes in another way than it stands: no quotes, no angle brackets, no line ends.
PLAIN = re.compile(r"[\w ,.:;()’«»–-]+")
# An address ends here, or it is the beginning of a longer one.
ADDRESS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/%?&=+#")


@dataclass(slots=True)
class Pieces:
    """What to look for."""

    found: dict[bytes, bool] = field(default_factory=dict)  # whether it is an address

    def text(self, *texts: str | None) -> None:
        for text in texts:
            runs = [run.strip() for run in PLAIN.findall(text or "")]
            starts = [
                run[start : start + LENGTH]
                for run in runs
                for start in range(0, max(1, len(run) - LENGTH + 1), LENGTH)
                if len(run) >= SHORT
            ]
            for piece in _spread(starts, PIECES):
                self.found.setdefault(piece.encode("utf-8", "replace"), False)

    def packed(self, blob: bytes | None) -> None:
        middle = range(PACKED, len(blob or b"") - PACKED, PACKED)
        for start in _spread(list(middle), 3):
            self.found.setdefault((blob or b"")[start : start + PACKED], False)

    def address(self, url: str) -> None:
        for spelled in {url, url.replace("&", "&amp;")}:
            if len(spelled) >= 2 * WINDOW:
                self.found[spelled.encode("utf-8", "replace")] = True

    def search(self) -> "Search":
        return Search(dict(_spread(list(self.found.items()), MOST)))


class Search:
    """Looks for pieces; takes as long for thousands as for one, and a block of a file in memory.

    Every eighth byte begins a number of eight. A piece holds one of eight such numbers, whatever
    its place: those are looked up, and only where one of them stands is the piece compared.
    """

    def __init__(self, pieces: dict[bytes, bool]) -> None:
        self.pieces = pieces
        self.longest = max(map(len, pieces), default=0)
        self.starts: defaultdict[int, list[tuple[bytes, int]]] = defaultdict(list)
        for piece in pieces:
            for offset in range(WINDOW):
                window = piece[offset : offset + WINDOW]
                self.starts[int.from_bytes(window, "little")].append((piece, offset))
        self.numbers = np.array(sorted(self.starts), dtype="<u8")
        self.maybe = np.zeros(1 << BITS, dtype=bool)
        self.maybe[_mixed(self.numbers)] = True

    def inside(self, data: bytes, *, exact: bool = False, last: bool = True) -> set[bytes]:
        """`exact`: an address that goes on is another one. Not where SQLite lets columns touch.

        `last`: nothing comes after the data.
        """
        found = set()
        for place, number in self._places(data):
            for piece, offset in self.starts[number]:
                start = place - offset
                if start < 0 or not data.startswith(piece, start):
                    continue
                after = data[start + len(piece) : start + len(piece) + 1]
                ends = after[0] not in ADDRESS if after else last
                if ends or not (exact and self.pieces[piece]):
                    found.add(piece)
        return found

    def _places(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Where a number stands that some piece has."""
        if not self.pieces:
            return
        windows = np.frombuffer(data, dtype="<u8", count=len(data) // WINDOW)
        places = np.nonzero(self.maybe[_mixed(windows)])[0]
        numbers = windows[places]
        at = np.minimum(np.searchsorted(self.numbers, numbers), len(self.numbers) - 1)
        are = self.numbers[at] == numbers
        yield from zip((places[are] * WINDOW).tolist(), numbers[are].tolist(), strict=True)

    def file(self, path: Path, *, exact: bool = False) -> set[bytes]:
        """Which pieces a file holds; unpacked, if it is a gzip or zip archive."""
        found: set[bytes] = set()
        for stream in _streams(path):
            with stream:
                block, kept = b"-", b""
                while block:
                    block = stream.read(BLOCK)
                    found |= self.inside(kept + block, exact=exact, last=not block)
                    kept = (kept + block)[-self.longest - 1 :]
        return found

    def rows(self, db: sqlite3.Connection, among: Iterable[str]) -> tuple[set[bytes], Counter[str]]:
        """Which pieces stand in rows of these tables, and in how many of each."""
        found: set[bytes] = set()
        counts: Counter[str] = Counter()
        for table in among:
            rows = db.execute(f'SELECT * FROM "{table}"')
            while some := [b"\n".join(map(_bytes, row)) for row in rows.fetchmany(ROWS)]:
                if self.inside(b"\n".join(some)):
                    hits = [here for row in some if (here := self.inside(row))]
                    found.update(*hits)
                    counts[table] += len(hits)
        return found, +counts


def _mixed(numbers: Any) -> Any:
    return (numbers * MIX) >> np.uint64(64 - BITS)


def tables(db: sqlite3.Connection) -> list[str]:
    """All that hold rows of their own."""
    named = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    return [name for (name,) in db.execute(named).fetchall()]


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


def _spread(values: list[Any], most: int) -> list[Any]:
    """At most so many of them, as far apart as they are."""
    return list(islice(values[:: -(-len(values) // most)], most)) if values else []


def _streams(path: Path) -> Iterator[IO[bytes]]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield archive.open(name)
    elif path.suffix == ".gz":
        yield cast("IO[bytes]", gzip.open(path))  # noqa: SIM115 (closed by whoever reads it)
    else:
        yield path.open("rb")


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    uri = f"{path.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as conn:
        yield conn
