"""Exports of a whole search, in every format: for the site's routes and for the command line."""

import sqlite3
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from crawler.errors import ConfigError
from crawler.exports import columns, parquet, textometry
from crawler.exports.inquiry import Inquiry, inquire
from crawler.exports.package import Fields, Resource, Tally, package
from crawler.exports.parts import Part, zipped
from crawler.exports.plain import write_csv, write_jsonl, write_ris
from crawler.exports.replacing import replace_file, replace_folder
from crawler.exports.rows import Batch, batches
from crawler.exports.xlsx import write_xlsx
from crawler.progress import Progress
from crawler.published import connect
from crawler.query import Query
from crawler.translation import spoken

# Batches of articles into bytes, or into files, as they come; the inquiry says whose they are.
Writer = Callable[[Inquiry, Iterable[Batch]], Iterator[bytes]]
Parts = Callable[[Inquiry, Iterable[Batch]], Iterator[Part]]
ARTICLES = "articles"
ZIP = "application/zip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """What a search can be written as: one file, or the files of a package.

    `fields` are the columns of the one file, `resources` what the several are.
    """

    label: str  # for people
    media_type: str
    ending: str
    write: Writer | None = None
    fields: Fields | None = None
    parts: Parts | None = None
    resources: tuple[Resource, ...] = ()


FORMATS = {
    "csv": Format(
        label="CSV", ending="csv", media_type="text/csv; charset=utf-8; header=present",
        write=write_csv, fields=lambda: [*columns.fields(flat=True)],
    ),
    "xlsx": Format(
        label="XLSX (Excel)", ending="xlsx", write=write_xlsx,
        media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    "jsonl": Format(
        label="JSON lines", ending="jsonl", media_type="application/x-ndjson; charset=utf-8",
        write=write_jsonl, fields=lambda: [*columns.fields(flat=False)],
    ),
    "parquet": Format(
        label="Parquet", ending="parquet", media_type="application/vnd.apache.parquet",
        write=parquet.write_parquet, fields=parquet.parquet_fields,
    ),
    "ris": Format(
        label="RIS (Zotero)", ending="ris", write=write_ris,
        media_type="application/x-research-info-systems; charset=utf-8",
    ),
    "iramuteq": Format(
        label="IRaMuTeQ", ending="iramuteq.zip", media_type=ZIP, parts=textometry.iramuteq,
        resources=textometry.RESOURCES,
    ),
    "txm": Format(
        label="TXM", ending="txm.zip", media_type=ZIP, parts=textometry.txm,
        resources=textometry.RESOURCES,
    ),
}  # fmt: skip


def offered() -> dict[str, str]:
    """The formats that can be written here, and what they are called."""
    missing = set() if parquet.available() else {"parquet"}
    return {name: each.label for name, each in FORMATS.items() if name not in missing}


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
    tally: Tally = field(default_factory=Tally)

    @property
    def name(self) -> str:
        return file_name(self.inquiry, FORMATS[self.format].ending)

    @property
    def media_type(self) -> str:
        return FORMATS[self.format].media_type

    def chunks(self) -> Iterator[bytes]:
        """As one file: as a zip, if the format is of several."""
        write = FORMATS[self.format].write
        return write(self.inquiry, self._batches()) if write else zipped(self.parts())

    def parts(self) -> Iterator[Part]:
        """As the files of a package."""
        chosen, found = FORMATS[self.format], self._batches()
        resources, parts = chosen.resources, chosen.parts and chosen.parts(self.inquiry, found)
        if chosen.write:
            name, body = f"{ARTICLES}.{chosen.ending}", chosen.write(self.inquiry, found)
            media_type, _, _ = chosen.media_type.partition(";")
            resources = (Resource(ARTICLES, media_type, chosen.ending, chosen.fields),)
            parts = iter([Part(name, body)])
        return package(self.conn, self.inquiry, self.tally, parts or (), resources)

    def _batches(self) -> Iterator[Batch]:
        about = self.inquiry
        for batch in batches(self.conn, about.query, about.base_url, spoken().language):
            if self.progress:
                self.progress.advance(COUNTED, len(batch))
            self.tally.count(batch)
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

    `base_url` is used where the snapshot names no site. Raises ConfigError if there is no database,
    or the format cannot be written here.
    """
    if format_ == "parquet":
        parquet.required()
    conn = connect(db, shared=True)
    try:
        inquiry = inquire(conn, query, base_url=base_url, day=day)
    except BaseException:
        conn.close()
        raise
    if progress:
        progress.expect(COUNTED, inquiry.count)
    return Export(inquiry, format_, conn, progress)


@dataclass(frozen=True, slots=True)
class Written:
    """What an export has written; `changed` unless it was there already and said the same."""

    inquiry: Inquiry
    tally: Tally
    changed: bool = True

    @property
    def count(self) -> int:
        return self.inquiry.count


def export_articles(
    db: Path,
    query: Query,
    out: BinaryIO | Path,
    format_: str,
    *,
    base_url: str,
    day: str,
    progress: Progress | None = None,
) -> Written:
    """Write the export to `out`; what is there is there whole, or as it was.

    A path that has the ending of the format is one file. One that ends in .zip is its package, one
    without an ending the same as a folder; what was in that folder goes.
    """
    with closing(
        opened(db, query, format_, base_url=base_url, day=day, progress=progress)
    ) as export:
        if isinstance(out, Path):
            changed = _replaced(out, export)
        else:
            changed = True
            out.writelines(export.chunks())
    return Written(export.inquiry, export.tally, changed)


def _replaced(out: Path, export: Export) -> bool:
    if out.suffix == ".zip":
        return replace_file(out, zipped(export.parts()))
    if out.name and not out.suffix:
        return replace_folder(out, export.parts())
    if out.suffix == f".{FORMATS[export.format].ending}":
        return replace_file(out, export.chunks())
    one = f"a file that ends in .{export.format}, " if FORMATS[export.format].write else ""
    raise ConfigError(
        f"{out} is no name for {export.format}: give {one}a folder without an ending, or a .zip"
    )


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
