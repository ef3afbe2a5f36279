"""Exports as text: CSV for spreadsheets, JSON lines for programs, RIS for reference managers."""

import json
from collections.abc import Iterable, Iterator

from crawler.citing import names_of, ris_record
from crawler.exports.inquiry import Inquiry
from crawler.exports.rows import COLUMNS, CONTROLS, Batch, Row, without_controls
from crawler.urls import web_url

# Excel takes a file for UTF-8 only if it begins with this.
MARK = "\ufeff"
# A spreadsheet computes a cell that begins so; after an apostrophe it is text (OWASP, "CSV
# injection"). The last four are what = + - @ become in full width, which some take for the same.
COMPUTED = frozenset("=+-@\t\r＝＋－＠")
# Controls that are left out: before the first character they would hide it.
LEFT_OUT = "".join(map(chr, CONTROLS))
QUOTE = '"'
# Between the values of a list in one cell.
BETWEEN = "; "


def write_csv(_: Inquiry, found: Iterable[Batch]) -> Iterator[bytes]:
    """RFC 4180 in UTF-8, with a byte order mark; texts are quoted, what is not known is empty.

    Without the module csv, which looks at each character: that would be half of the time.
    """
    yield f"{MARK}{','.join(COLUMNS)}\r\n".encode()
    for batch in found:
        yield without_controls("".join([f"{','.join(map(cell, row))}\r\n" for row in batch]))


def cell(value: object) -> str:
    """A cell of a spreadsheet that nothing computes."""
    if value is None:
        return ""
    text = BETWEEN.join(value) if isinstance(value, tuple) else value
    if not isinstance(text, str):
        return str(text)
    if text[:1] in LEFT_OUT:
        text = text.lstrip(LEFT_OUT)
    guard = "'" if text[:1] in COMPUTED else ""
    return f'"{guard}{text.replace(QUOTE, QUOTE * 2)}"'


def write_jsonl(_: Inquiry, found: Iterable[Batch]) -> Iterator[bytes]:
    """One object a line, nothing changed; lists are lists, and what is not known is null."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    for batch in found:
        yield "".join([f"{encode(row._asdict())}\n" for row in batch]).encode()


def write_ris(_: Inquiry, found: Iterable[Batch]) -> Iterator[bytes]:
    """A record an article; an article whose address is none to click on leads to our page of it."""
    for batch in found:
        yield without_controls("".join(map(reference, batch)))


def reference(row: Row) -> str:
    """A record of RIS."""
    day = (row.published or "")[:10]
    return ris_record(
        [
            ("TY", "NEWS" if row.source_kind == "media" else "ELEC"),
            ("ID", f"tamis-{row.id}"),
            ("TI", row.title),
            *(
                ("AU", name.inverted)
                for name in names_of(row.authors, row.signed_by, row.source_name)
            ),
            ("PY", day[:4]),
            ("DA", f"{day.replace('-', '/')}/" if day else ""),
            ("T2", row.source_name),
            ("PB", row.source_name),
            ("UR", web_url(row.url) or row.page),
            ("Y2", f"{row.fetched[:10].replace('-', '/')}/"),
            ("LA", row.language),
            ("AB", row.extract),
            *(("KW", word) for word in (*row.theme_labels, *row.keywords)),
            ("N1", f"{row.page} ({row.content_hash[:16]})"),
            *([("N1", row.credit)] if row.licence else []),
            ("DB", "Tamis"),
            ("AN", str(row.id)),
        ]
    )
