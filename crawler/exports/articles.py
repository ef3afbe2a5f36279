"""Exports of a whole search, in every format: for the site's routes and for the command line."""

import os
import sqlite3
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from crawler.errors import ConfigError
from crawler.exports.inquiry import Inquiry, inquire
from crawler.exports.plain import write_csv, write_jsonl, write_ris
from crawler.exports.rows import Batch, batches
from crawler.exports.xlsx import write_xlsx
from crawler.progress import Progress
from crawler.published import connect
from crawler.query import Query
from crawler.translation import spoken

# Batches of articles into bytes, as they come; the inquiry says whose they are.
Writer = Callable[[Inquiry, Iterable[Batch]], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Format:
    write: Writer
    media_type: str


FORMATS = {
    "csv": Format(write_csv, "text/csv; charset=utf-8; header=present"),
    "jsonl": Format(write_jsonl, "application/x-ndjson; charset=utf-8"),
    "xlsx": Format(write_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "ris": Format(write_ris, "application/x-research-info-systems; charset=utf-8"),
}
COUNTED = "articles"
# More makes a name that some file systems refuse with its path.
LONGEST_NAME = 60  # characters of the query


@dataclass(frozen=True, slots=True)
class Export:
    """A search being written: what it is, and its bytes as they are asked for.

    It has a connection of its own, on the snapshot that stood when it was opened, and ends on
    that, whatever is published meanwhile. Close it.
    """

    inquiry: Inquiry
    format: str
    conn: sqlite3.Connection
    progress: Progress | None = None

    @property
    def name(self) -> str:
        return file_name(self.inquiry, self.format)

    @property
    def media_type(self) -> str:
        return FORMATS[self.format].media_type

    def chunks(self) -> Iterator[bytes]:
        return FORMATS[self.format].write(self.inquiry, self._batches())

    def _batches(self) -> Iterator[Batch]:
        about = self.inquiry
        for batch in batches(self.conn, about.query, about.base_url, spoken().language):
            if self.progress:
                self.progress.advance(COUNTED, len(batch))
            yield batch

    def close(self) -> None:
        self.conn.close()


def opened(
    db: Path,
    query: Query,
    format_: str,
    *,
    base_url: str,
    day: str,
    progress: Progress | None = None,
) -> Export:
    """The export of `query` from the database at `db`; names in it are in the language spoken.

    `base_url` is used where the snapshot names no site. Raises ConfigError if there is no database.
    """
    conn = connect(db, shared=True)
    try:
        inquiry = inquire(conn, query, base_url=base_url, day=day)
    except BaseException:
        conn.close()
        raise
    if progress:
        progress.expect(COUNTED, inquiry.count)
    return Export(inquiry, format_, conn, progress)


def export_articles(
    db: Path,
    query: Query,
    out: BinaryIO | Path,
    format_: str,
    *,
    base_url: str,
    day: str,
    progress: Progress | None = None,
) -> Inquiry:
    """Write the export to `out`; a file is there whole, or as it was."""
    with closing(
        opened(db, query, format_, base_url=base_url, day=day, progress=progress)
    ) as export:
        if isinstance(out, Path):
            replace_file(out, export.chunks())
        else:
            out.writelines(export.chunks())
    return export.inquiry


def replace_file(path: Path, chunks: Iterable[bytes]) -> None:
    """Write `path` beside itself, then put it in its place in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    try:
        with draft.open("wb") as file:
            file.writelines(chunks)
        os.replace(draft, path)  # noqa: PTH105  says what it does: replaces
    finally:
        draft.unlink(missing_ok=True)


def format_of(out: Path | None, asked: str | None = None) -> str:
    """The format that is asked for, or that `out` ends in, or csv. ConfigError if there is none."""
    chosen = asked or (out.suffix[1:] if out and out.suffix else "csv")
    if chosen not in FORMATS:
        raise ConfigError(f"no format {chosen!r}: there are {', '.join(FORMATS)}")
    return chosen


def file_name(inquiry: Inquiry, ending: str) -> str:
    """What is in the file, in its name: the query, the day, the snapshot."""
    values = "-".join(
        value if name not in {"reprints", "stories"} else name
        for name, value in inquiry.query.parameters().items()
    )
    letters = "".join(
        c if c.isalnum() else "-" if unicodedata.category(c)[0] != "M" else ""
        for c in unicodedata.normalize("NFKD", values.lower())
    )
    asked = "-".join(part for part in letters.split("-") if part)[:LONGEST_NAME].strip("-")
    level = "private" if inquiry.level == "private" else ""
    snapshot = inquiry.snapshot.replace(":", "")[:20]
    parts = ("tamis", level, unicodedata.normalize("NFC", asked), inquiry.day, snapshot)
    return f"{'_'.join(filter(None, parts))}.{ending}"
