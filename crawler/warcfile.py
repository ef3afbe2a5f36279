"""The records of a WARC file, whoever wrote it: all that are whole, on beyond what is damaged."""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from crawler.errors import TamisError

BLOCK = 64 * 1024
GZIP, WARC = b"\x1f\x8b\x08", b"WARC/"
# Where a record begins: the file format's drafts of 2007 on, and its two standards.
VERSION = re.compile(rb"WARC/(?:0\.1[78]|1\.[01])[ \t]*\r?\n")
LONGEST_VERSION = 16  # bytes
# Of a member, enough to see what it begins with, whatever its header holds.
BEGINNING = 4 * 1024
# A head of a record has a dozen lines, of which the one with the address can be long.
MAX_LINE, MAX_HEAD = 64 * 1024, 256 * 1024
MAX_NAMED = 3  # damages that are described one by one


class WarcError(TamisError):
    """A WARC file is damaged; names the file, the places, what is wrong and how much was lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """`offset` is where it begins in the file: itself, or the gzip member that it begins in.

    `headers` have lower-case names. `block` is its content, cut off at a limit.
    """

    offset: int
    headers: dict[str, str]
    block: bytes

    @property
    def kind(self) -> str:
        return self.headers.get("warc-type", "")


class _DamageError(Exception):
    """What is wrong with the record that was being read."""


def records(file: BinaryIO, *, limit: int) -> Iterator[Record]:
    """Each whole record from where `file` stands, with up to `limit` bytes of its content.

    What is damaged is passed over up to where a record begins again. Raises WarcError at the end if
    there was anything of it.
    """
    source = _Source(file, file.tell())
    whole, damages, named = 0, 0, list[str]()
    while True:
        try:
            record = _record(source, limit)
        except _DamageError as damage:
            began = source.began
            onward = next_record(file, began + 1)
            lost = (file.seek(0, 2) if onward is None else onward) - began
            damages += 1
            if damages <= MAX_NAMED:
                named.append(
                    f"after {whole:,} records: {damage}: {lost:,} bytes lost from byte {began:,}"
                )
            if onward is None:
                break
            source = _Source(file, onward)
            continue
        if record is None:
            break
        whole += 1
        yield record
    if not whole and not damages:
        raise WarcError(f"{file.name}: after 0 records: the file holds no record")
    if damages:
        more = [f"and {damages - MAX_NAMED:,} more"] if damages > MAX_NAMED else []
        said = "; ".join([*named, *more, "what else it holds was read"])
        raise WarcError(f"{file.name}: {said}")


def next_record(file: BinaryIO, start: int) -> int | None:
    """Where the first record begins at or after `start` that can be found; None if none does.

    In a gzipped file that is where a member begins with one.
    """
    file.seek(0)
    zipped = file.read(len(GZIP)) == GZIP
    beginning = re.compile(re.escape(GZIP)) if zipped else VERSION
    at, kept = start, b""
    while True:
        file.seek(at + len(kept))
        more = file.read(BLOCK)
        window = kept + more
        for found in beginning.finditer(window):
            if not zipped or _begins(file, at + found.start()):
                return at + found.start()
        if not more:
            return None
        kept = window[-LONGEST_VERSION:]
        at += len(window) - len(kept)


def _begins(file: BinaryIO, at: int) -> bool:
    """Whether a member at `at` begins with a record."""
    file.seek(at)
    try:
        beginning = _unpacker().decompress(file.read(BEGINNING), LONGEST_VERSION)
    except zlib.error:
        return False
    return VERSION.match(beginning) is not None


def _unpacker() -> "zlib._Decompress":
    return zlib.decompressobj(zlib.MAX_WBITS | 16)


def _record(source: "_Source", limit: int) -> Record | None:
    """The next record, whole; None at the end of the file. Raises _DamageError."""
    source.skip_blank_lines(across=True)
    source.begin()
    if not (version := source.line()):
        return None
    if not VERSION.fullmatch(version):
        raise _DamageError("no WARC record begins here")
    headers = _headers(source)
    length = headers.get("content-length", "")
    if not re.fullmatch("[0-9]{1,15}", length):
        raise _DamageError("a record does not say how long it is")
    block = source.block(int(length), limit)
    source.skip_blank_lines(across=False)
    if not source.at_boundary():
        raise _DamageError("a record is longer or shorter than it says")
    return Record(offset=source.began, headers=headers, block=block)


def _headers(source: "_Source") -> dict[str, str]:
    """The first of each name; a line that begins with a space goes on with the one before."""
    headers: dict[str, str] = {}
    lines: list[str] = []
    size = 0
    while line := source.line().rstrip(b"\r\n"):
        size += len(line)
        if size > MAX_HEAD:
            raise _DamageError("the head of a record is too long")
        text = _text(line)
        if line[:1] in b" \t" and lines:
            lines[-1] += f" {text.strip()}"
        else:
            lines.append(text)
    for name, _, value in (each.partition(":") for each in lines):
        headers.setdefault(name.strip().lower(), value.strip())
    return headers


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


class _Source:
    """The bytes of a file from `at`, out of its gzip members if it has any.

    Raises _DamageError where they cannot be had.
    """

    def __init__(self, file: BinaryIO, at: int) -> None:
        self.began = at  # where the record begins that is being read
        self._file = file
        self._size = file.seek(0, 2)
        self._at = file.seek(at)  # up to where the file was read
        self._packed = b""
        self._zipped = self._more_packed() and self._packed.startswith(GZIP)
        self._unpacker: zlib._Decompress | None = None
        self._member = at  # where the member begins that is being unpacked
        self._ready, self._place = b"", 0

    def begin(self) -> None:
        """A record begins here."""
        left = len(self._ready) - self._place + (0 if self._zipped else len(self._packed))
        self.began = self._member if self._zipped else self._at - left

    def line(self) -> bytes:
        """Up to the end of the line, or of the file."""
        parts: list[bytes] = []
        size = 0
        while self._fill():
            end = self._ready.find(b"\n", self._place) + 1
            parts.append(self._take((end or len(self._ready)) - self._place))
            size += len(parts[-1])
            if end:
                break
            if size > MAX_LINE:
                raise _DamageError("a line of a record's head is too long")
        return b"".join(parts)

    def block(self, length: int, limit: int) -> bytes:
        """So many bytes, of which those after `limit` are passed over."""
        if not self._zipped and self._at - len(self._packed) + length > self._size + self._left:
            raise _DamageError("the file is cut off in the middle of a record")
        parts: list[bytes] = []
        read = 0
        while read < length:
            if not self._fill(across=False):
                # A record may go on in another member, but not where another record begins.
                if not self._fill():
                    raise _DamageError("the file is cut off in the middle of a record")
                if VERSION.match(self._ahead(LONGEST_VERSION)):
                    raise _DamageError("a record is longer or shorter than it says")
            part = self._take(length - read)
            if read < limit:
                parts.append(part[: limit - read])
            read += len(part)
        return b"".join(parts)

    def skip_blank_lines(self, *, across: bool) -> None:
        """`across`: those of the next members too."""
        while self._fill(across=across) and self._ready[self._place] in b"\r\n":
            self._place += 1

    def at_boundary(self) -> bool:
        """Whether a record can have ended here: with its member or the file, or before another."""
        # Of its first bytes, some may be in the next member.
        return not self._fill(across=False) or WARC.startswith(self._ahead(len(WARC)))

    @property
    def _left(self) -> int:
        return len(self._ready) - self._place

    def _ahead(self, size: int) -> bytes:
        """The next bytes, as far as they are in this member."""
        while self._left < size and (more := self._unpacked()):
            self._ready, self._place = self._ready[self._place :] + more, 0
        return self._ready[self._place : self._place + size]

    def _take(self, most: int) -> bytes:
        part = self._ready[self._place : self._place + most]
        self._place += len(part)
        return part

    def _fill(self, *, across: bool = True) -> bool:
        """Have something ready; False at the end of the file, or (not `across`) of the member."""
        while not self._left:
            self._ready, self._place = self._unpacked(), 0
            if not self._ready and not (across and self._enter()):
                return False
        return True

    def _unpacked(self) -> bytes:
        """More of this member, or of a file without; nothing at its end."""
        if not self._zipped:
            self._more_packed()
            ready, self._packed = self._packed, b""
            return ready
        while self._unpacker and not self._unpacker.eof:
            if not self._more_packed():
                raise _DamageError("the file is cut off in the middle of a gzip member")
            try:
                ready = self._unpacker.decompress(self._packed, BLOCK)
            except zlib.error as error:
                raise _DamageError(f"the gzip data is damaged ({error})") from error
            self._packed = self._unpacker.unconsumed_tail or self._unpacker.unused_data
            if ready:
                return ready
        return b""

    def _enter(self) -> bool:
        """Begin with the next member; False if there is none."""
        while self._zipped and self._more_packed(len(GZIP)):
            if self._packed.startswith(b"\0"):  # padding
                self._packed = self._packed.lstrip(b"\0")
                continue
            self._member = self._at - len(self._packed)
            if not self._packed.startswith(GZIP):
                self.began = self._member
                raise _DamageError("the gzip data is damaged (no member begins here)")
            self._unpacker = _unpacker()
            return True
        return False

    def _more_packed(self, least: int = 1) -> bool:
        """Have `least` bytes of the file, or what is left of it; whether there are any."""
        while len(self._packed) < least and (more := self._file.read(BLOCK)):
            self._packed += more
            self._at += len(more)
        return bool(self._packed)
