"""Texts for textometry: IRaMuTeQ (one file) and TXM (a file a text), each with a table of them.

Only texts that may be shown whole; each begins with its title.
"""

import re
from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import Any, Self

from crawler.exports.inquiry import Inquiry
from crawler.exports.package import Resource
from crawler.exports.parts import Part
from crawler.exports.plain import BETWEEN, cell
from crawler.exports.rows import Batch, Row
from crawler.exports.texts import UNFIT
from crawler.urls import web_url

# Names that TXM takes for properties of a text: no accents, no signs, small letters (its manual,
# "Formats importables", TXT+CSV); commas, double quotes, and no byte order mark, which would be
# taken for a part of `id`. IRaMuTeQ reads no table; there `id` is that of the starred line.
TABLE = (
    "id", "title", "author", "source", "publisher", "date", "year", "month", "language", "theme",
    "country", "words", "licence", "credit", "url", "page",
)  # fmt: skip
MEANT = {
    "id": "The text: its file in TXM, its variable *id in IRaMuTeQ",
    "title": "Title, plain text",
    "author": "Who signed it",
    "source": "Whose site it was found on, the short name",
    "publisher": "The same by name",
    "date": "Day on which it was published, or found where nothing says",
    "year": "The year of that day",
    "month": "The month of that day",
    "language": "BCP 47 code",
    "theme": "Its themes, the surest first, by name",
    "country": "The countries that it is about, ISO 3166-1 alpha-2",
    "words": "Length of the article's text in words",
    "licence": "Licence of the source's texts",
    "credit": "The line to set under what is quoted or passed on",
    "url": "Address of the article at its publisher",
    "page": "Where it is shown with all that is known of it; the address to cite",
}
IN_MEMORY = 2**20  # bytes of the table; beyond, it waits on disk until the texts are written

RUNS = re.compile("  +")  # not of blanks that keep words on one line, as in French

# What IRaMuTeQ 0.8 (corpus.py) would take for more than text. A line that begins with **** begins a
# text, one with -* a theme; $ ends a text, and what comes after is lost; _ makes words of a phrase.
MARKS = re.compile("[*$_]")
NONE = re.compile("(?!)")
# The value of a variable is what stands between the first _ of a word and the next blank.
NO_VALUE = re.compile(r"[^a-zA-Z0-9]+")


def table_fields() -> list[dict[str, Any]]:
    """As Table Schema has them."""
    return [
        {"name": n, "type": "integer" if n == "words" else "string", "description": MEANT[n]}
        for n in TABLE
    ]


RESOURCES = (
    Resource("texts", "text/plain", "txt"),
    Resource("metadata", "text/csv", "csv", table_fields),
)

# --- IRaMuTeQ ------------------------------------------------------------------------------------


def iramuteq(_: Inquiry, found: Iterable[Batch]) -> Iterator[Part]:
    """UTF-8 without a byte order mark, behind which no **** would be seen."""
    with _Table() as table:
        yield Part("articles.txt", _starred(found, table), "texts")
        yield Part("metadata.csv", table.chunks(), "metadata")


def _starred(found: Iterable[Batch], table: "_Table") -> Iterator[bytes]:
    for batch in found:
        texts = [row for row in batch if row.worded]
        for row in texts:
            table.add(row, str(row.id))
        yield "".join(map(_text, texts)).encode()


def _text(row: Row) -> str:
    return f"**** {' '.join(_variables(row))}\n{_plain(row, MARKS)}"


def _variables(row: Row) -> Iterator[str]:
    """One value a variable, since IRaMuTeQ compares texts by them: the first theme and country."""
    day = _day(row)
    values = {
        "id": str(row.id), "source": row.source, "language": row.language, "year": day[:4],
        "month": day[:7], "theme": "".join(row.themes[:1]), "country": "".join(row.countries[:1]),
    }  # fmt: skip
    named = ((name, NO_VALUE.sub("_", value).strip("_")) for name, value in values.items())
    return (f"*{name}_{value}" for name, value in named if value)


# --- TXM -----------------------------------------------------------------------------------------


def txm(_: Inquiry, found: Iterable[Batch]) -> Iterator[Part]:
    """Files in the order of days: 2026-10-01_000000012.txt."""
    with _Table() as table:
        for batch in found:
            for row in batch:
                if row.worded:
                    name = f"{_day(row)}_{row.id:09}"
                    table.add(row, name)
                    yield Part(f"{name}.txt", [_plain(row, NONE).encode()], "texts")
        yield Part("metadata.csv", table.chunks(), "metadata")


# --- Both ----------------------------------------------------------------------------------------


class _Table:
    """A row for each text, kept until the texts are written."""

    def __init__(self) -> None:
        self.file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  closed by __exit__
        self._write(TABLE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def add(self, row: Row, id_: str) -> None:
        day = _day(row)
        self._write((
            id_, row.title, row.authors, row.source, row.source_name, day, day[:4], day[:7],
            row.language, row.theme_labels, row.countries, row.words, row.licence, row.credit,
            web_url(row.url) or row.page, row.page,
        ))  # fmt: skip

    def chunks(self) -> Iterator[bytes]:
        self.file.seek(0)
        while chunk := self.file.read(IN_MEMORY):
            yield chunk

    def _write(self, values: Iterable[object]) -> None:
        self.file.write(f"{','.join(cell(_clean(value)) for value in values)}\r\n".encode())


def _plain(row: Row, marks: re.Pattern[str]) -> str:
    """Title and text, a line each of what any reader takes for one; `marks` are blanked."""
    texts = (row.title, row.text or "")
    lines = (_line(marks.sub(" ", line)) for text in texts for line in text.splitlines())
    return "".join([f"{line}\n" for line in lines if line])


def _clean(value: object) -> object:
    text = BETWEEN.join(value) if isinstance(value, tuple) else value
    return _line(text) if isinstance(text, str) else value


def _line(text: str) -> str:
    plain = UNFIT.sub("", " ".join(text.splitlines()).replace("\t", " "))
    return RUNS.sub(" ", plain).strip() if "  " in plain else plain.strip()


def _day(row: Row) -> str:
    return (row.published or row.fetched)[:10]
