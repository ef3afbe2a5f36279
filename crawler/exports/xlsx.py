"""Exports as a workbook of Excel, written as it is read: Office Open XML, a zip of a few parts.

Written by hand, since the libraries make a file before its first byte can be sent; at a million
articles that takes minutes.
"""

import re
from collections.abc import Iterable, Iterator
from html import escape

from crawler.exports.inquiry import Inquiry, in_words
from crawler.exports.parts import Part, zipped
from crawler.exports.rows import COLUMNS, Batch, without_controls
from crawler.translation import gettext as _
from crawler.translation import number

# Excel's own limits; of the rows, one names the columns and one says what is left out.
MOST_ROWS = 1_048_576 - 2
MOST_CHARACTERS = 32_767  # UTF-16 units
# What a part may have without an extension that Excel does not read in a stream.
MOST_BYTES = 2**31 - 2**24

# What Excel would take for one character: _x0041_.
ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
PARTS = {
    "[Content_Types].xml": f"""<Types xmlns="{PACKAGE}/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>
<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>
<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>
</Types>""",  # noqa: E501
    "_rels/.rels": f"""<Relationships xmlns="{PACKAGE}/relationships">
<Relationship Id="rId1" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/>
</Relationships>""",
    "xl/workbook.xml": f"""<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>
<sheet name="Articles" sheetId="1" r:id="rId1"/><sheet name="Tamis" sheetId="2" r:id="rId2"/>
</sheets></workbook>""",
    "xl/_rels/workbook.xml.rels": f"""<Relationships xmlns="{PACKAGE}/relationships">
<Relationship Id="rId1" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>
<Relationship Id="rId2" Type="{RELATIONS}/worksheet" Target="worksheets/sheet2.xml"/>
<Relationship Id="rId3" Type="{RELATIONS}/styles" Target="styles.xml"/>
</Relationships>""",
    # Style 1 is text that stays text when its cell is edited (quotePrefix); style 2 is bold.
    "xl/styles.xml": f"""<styleSheet xmlns="{MAIN}">
<fonts count="2"><font/><font><b/></font></fonts>
<fills count="2"><fill><patternFill patternType="none"/></fill>
<fill><patternFill patternType="gray125"/></fill></fills>
<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>
<cellXfs count="3"><xf/><xf quotePrefix="1"/><xf fontId="1" applyFont="1"/></cellXfs>
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>
</styleSheet>""",
}
SHEET = f'{HEAD}<worksheet xmlns="{MAIN}">'
FROZEN = (
    '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" '
    'activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
)
END = "</sheetData></worksheet>"


def write_xlsx(about: Inquiry, found: Iterable[Batch]) -> Iterator[bytes]:
    """Two sheets: the articles, and how to cite them with what Excel had no place for."""
    return zipped(_parts(about, found), beyond_2_gb=False)


def _parts(about: Inquiry, found: Iterable[Batch]) -> Iterator[Part]:
    for name, body in PARTS.items():
        yield Part(name, [f"{HEAD}{body}".encode()])
    cells = _Cells()
    yield Part("xl/worksheets/sheet1.xml", _articles(about, found, cells))
    notes = "".join(cells.row(note) for note in _notes(about, cells))
    yield Part("xl/worksheets/sheet2.xml", [_xml(f"{SHEET}<sheetData>{notes}{END}")])


def _articles(about: Inquiry, found: Iterable[Batch], cells: "_Cells") -> Iterator[bytes]:
    yield f"{SHEET}{FROZEN}<sheetData>{cells.row(COLUMNS, 2)}".encode()
    size = 0
    for batch in found:
        fitting = batch[: MOST_ROWS - cells.articles] if size < MOST_BYTES else ()
        part = _xml("".join(map(cells.row, fitting)))
        cells.articles, size = cells.articles + len(fitting), size + len(part)
        yield part
        if len(fitting) < len(batch):
            break
    if cells.articles < about.count:
        yield _xml(cells.row([_left_out(about.count - cells.articles)], 2))
    yield END.encode()


def _xml(text: str) -> bytes:
    """Without the characters that XML 1.0 has none for."""
    return without_controls(text).replace(b"\xef\xbf\xbe", b"").replace(b"\xef\xbf\xbf", b"")


class _Cells:
    """Rows as XML; counts the articles, and the texts that were cut."""

    def __init__(self) -> None:
        self.articles = self.cut = 0

    def row(self, values: Iterable[object], style: int = 1) -> str:
        return f"<row>{''.join([self._cell(value, style) for value in values])}</row>"

    def _cell(self, value: object, style: int) -> str:
        if isinstance(value, int):
            return f"<c><v>{value}</v></c>"
        text = "; ".join(value) if isinstance(value, tuple) else value
        if not isinstance(text, str) or not text:
            return "<c/>"
        if len(text) * 2 > MOST_CHARACTERS:
            text = self._fitting(text)
        if "_x" in text:
            text = ESCAPED.sub("_x005F_", text)
        told = f'<is><t xml:space="preserve">{escape(text, quote=False)}</t></is>'
        return f'<c s="{style}" t="inlineStr">{told}</c>'

    def _fitting(self, text: str) -> str:
        units = text.encode("utf-16-le")
        if len(units) <= 2 * MOST_CHARACTERS:
            return text
        self.cut += 1
        return units[: 2 * MOST_CHARACTERS].decode("utf-16-le", "ignore")


def _left_out(n: int) -> str:
    return _("%(n)s more articles do not fit into a sheet of Excel: take them as CSV.") % {
        "n": number(n)
    }


def _notes(about: Inquiry, cells: _Cells) -> Iterator[tuple[str, str]]:
    yield _("To cite this search"), in_words(about)
    yield _("Address"), about.address
    yield _("Snapshot"), f"{about.snapshot} ({about.built})"
    yield _("Rights"), _("Titles, extracts and links: each article belongs to its publisher.")
    if cells.articles < about.count:
        yield _("Left out"), _left_out(about.count - cells.articles)
    if cells.cut:
        yield (
            _("Cut"),
            _("%(n)s texts are longer than the 32,767 characters of a cell, and cut there.")
            % {"n": number(cells.cut)},
        )
