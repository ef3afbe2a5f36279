"""Files that are written as they are asked for, and packed into one as they come."""

import io
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo


class Part(NamedTuple):
    """A file: its name, and its bytes, which are made once, before those of the next.

    `resource` is what it is of a package.
    """

    name: str
    chunks: Iterable[bytes]
    resource: str = "articles"


class Outbox(io.RawIOBase):
    """A file that is sent away: what was written and nobody has taken. It cannot go back."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.place = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.place

    def write(self, data: object) -> int:
        self.parts.append(bytes(data))  # type: ignore[call-overload]
        self.place += len(self.parts[-1])
        return len(self.parts[-1])

    def take(self) -> bytes:
        taken, self.parts = b"".join(self.parts), []
        return taken


def zipped(parts: Iterable[Part], *, beyond_2_gb: bool = True) -> Iterator[bytes]:
    """The parts as a zip. Those of more than 2 GB need an extension that Excel does not read."""
    outbox = Outbox()
    with ZipFile(outbox, "w") as packed:
        for part in parts:
            named = ZipInfo(part.name)  # of no day: the same parts give the same bytes
            named.compress_type = ZIP_DEFLATED
            with packed.open(named, "w", force_zip64=beyond_2_gb) as file:
                for chunk in part.chunks:
                    file.write(chunk)
                    if sent := outbox.take():
                        yield sent
    yield outbox.take()
