"""What was read of archives away from any database, as files of JSON lines: to load, or to query.

A file begins with a Head, has a Result for each page that was kept, and ends with a Tail, by which
one can tell that it is whole. It appears under its name when it is. `zstdcat FILE | jq` reads it,
and so does DuckDB.
"""

import io
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from crawler.archive import LEVEL
from crawler.errors import TamisError
from crawler.items import Page
from crawler.readings import Reading

SUFFIX = ".jsonl.zst"


class ResultsError(TamisError):
    """A file of results cannot be read on; names the file, the line, and what is wrong."""


class Head(msgspec.Struct, frozen=True, kw_only=True, tag="head"):
    """Which bytes of which archive (by its name) were read, by what, and what was asked for.

    `enricher` is enrich.annotate.version(); `asked` are the filters, as JSON.
    """

    tamis: str
    enricher: str
    archive: str
    start: int
    end: int
    asked: dict[str, Any]


class Result(msgspec.Struct, frozen=True, kw_only=True, tag="result"):
    """A page and what reading it gave. The page's body is packed; its reading has no ids.

    `offset` is that of its record's member in the archive, in bytes. `about` is what an export of
    Tamis says of the page (crawler.captures.Capture).
    """

    offset: int
    page: Page
    about: dict[str, Any] | None
    reading: Reading


class Tail(msgspec.Struct, frozen=True, kw_only=True, tag="tail"):
    """records = results + the sum of `skipped`, which counts by reason.

    `error` is why the archive could not be read on; empty if it was read to the end.
    """

    records: int
    results: int
    skipped: dict[str, int]
    error: str = ""


BLOCK = 64 * 1024  # longer than a head or a tail
ENCODER = msgspec.json.Encoder()
DECODER = msgspec.json.Decoder(Head | Result | Tail)


def write(path: Path, lines: Iterable[Head | Result | Tail]) -> None:
    """Write a file whole or not at all; `lines` are a Head, Results and a Tail."""
    # Of several machines two may write it at once, by processes of one number.
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
    try:
        with part.open("wb") as file:
            with zstandard.ZstdCompressor(LEVEL).stream_writer(file, closefd=False) as packed:
                for line in lines:
                    packed.write(ENCODER.encode(line) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise TamisError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def ends(path: Path) -> tuple[Head, Tail]:
    """The two lines that say what a whole file is. Raises ResultsError as `read` does."""
    first, last = b"", b""
    try:
        with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as unpacked:
            while block := unpacked.read(BLOCK):
                first = first or block
                last = (last + block)[-BLOCK:]
        head = DECODER.decode(first.partition(b"\n")[0])
        tail = DECODER.decode(last.rstrip(b"\n").rpartition(b"\n")[2])
    except (zstandard.ZstdError, msgspec.DecodeError) as error:
        raise ResultsError(f"{path}: {error}") from error
    except OSError as error:
        raise ResultsError(f"{path} cannot be read: {error.strerror or error}") from error
    if not isinstance(head, Head) or not isinstance(tail, Tail):
        raise ResultsError(f"{path}: cut off: run the backfill again")
    return head, tail


def read(path: Path) -> Iterator[Head | Result | Tail]:
    """The lines of a file. Raises ResultsError where it is not what `write` writes."""
    number = 0
    line: Head | Result | Tail | None = None
    try:
        with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as unpacked:
            for text in io.BufferedReader(unpacked):
                number += 1
                line = DECODER.decode(text)
                if (number == 1) != isinstance(line, Head):
                    raise ResultsError(f"{path}: line {number}: a file begins with one head")
                yield line
    except (zstandard.ZstdError, msgspec.DecodeError) as error:
        raise ResultsError(
            f"{path}: line {number}: {error}: this is no file of results, or a damaged one"
        ) from error
    except OSError as error:
        raise ResultsError(f"{path} cannot be read: {error.strerror or error}") from error
    if not isinstance(line, Tail):
        raise ResultsError(f"{path}: cut off after line {number}: run the backfill again")
