"""Ranges of an archive that can be read apart: whole records, found from any offset of the file.

A range has the records that begin in it, and what describes them: a metadata record belongs to what
stands before it. However a file is cut, every record is in one range.
"""

import io
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from crawler.captures import MAX_BODY
from crawler.warcfile import Record, WarcError, next_record, records

# A page can hold the bytes of an archive, with records that are not what they say, and these can
# stand in the file as they are. So where a record begins is told by going through those before it,
# from so far that no page that is taken is as long.
LEAD = 2 * MAX_BODY


def cuts(file: BinaryIO, length: int) -> list[int]:
    """Offsets that part a file in ranges of about `length`: 0, ... and its size.

    A file that is gzipped as a whole is one range.
    """
    size = file.seek(0, io.SEEK_END)
    first = [record.offset for record in islice(_records(file, 0), 2)]
    apart = size > length and len(set(first)) > 1
    return [*(range(0, size - length // 2, length) if apart else [0]), size]


def between(file: BinaryIO, start: int, end: int) -> "Window":
    """The records of the range from `start` to `end`, as a file."""
    return Window(file, boundary(file, start), boundary(file, end))


def boundary(file: BinaryIO, cut: int) -> int:
    """Where the first record begins at or after `cut`, metadata apart; or the end of the file."""
    size = file.seek(0, io.SEEK_END)
    if cut <= 0 or cut >= size:
        return min(max(cut, 0), size)
    start = next_record(file, max(0, cut - LEAD))
    for record in _records(file, size if start is None else start):
        if record.offset >= cut and record.kind != "metadata":
            return record.offset
    return size


def _records(file: BinaryIO, start: int) -> Iterator[Record]:
    """Without their content; what is damaged is for who reads it to say."""
    file.seek(start)
    try:
        yield from records(file, limit=0)
    except WarcError:
        return


class Window(io.RawIOBase):
    """Some bytes of a file, as a file of its name. `start` and `end` are where they are in it."""

    def __init__(self, file: BinaryIO, start: int, end: int) -> None:
        self.file, self.start, self.end = file, start, end
        self.name = file.name
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origins = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.end - self.start}
        self._at = max(0, origins[whence] + offset)
        return self._at

    def readinto(self, into: memoryview) -> int:  # type: ignore[override]
        self.file.seek(self.start + self._at)
        data = self.file.read(min(len(into), max(0, self.end - self.start - self._at)))
        into[: len(data)] = data
        self._at += len(data)
        return len(data)
