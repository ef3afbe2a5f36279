"""What to expect of sources, written into their records."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import tomlkit

from crawler import records, registry
from crawler.items import Expectation

EXPECT = r"(?m)^expect[ \t]*=[ \t]*\{[^}\n]*\}"


def text_of(expect: Expectation) -> str:
    """As the field of a record."""
    return f"expect = {records.inline(_fields(expect))}"


def write(folder: Path, expectations: Mapping[str, Expectation]) -> None:
    """Write into their records what to expect of sources; all else stays as it is."""
    texts: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        if path.name == registry.DEAD_FEEDS:
            continue
        text = before = records.read(path)
        wanted = records.parsed(text)
        for ident in wanted.keys() & expectations.keys():
            fields = _fields(expectations[ident])
            wanted[ident]["expect"] = fields
            line = text_of(expectations[ident])
            text = _expecting(text, ident, line, wanted) or _expecting_anew(text, ident, fields)
        if text != before:
            texts[path.name] = text
    if texts:
        records.replace(folder, texts)


def _fields(expect: Expectation) -> dict[str, Any]:
    told = {name: value for name, value in asdict(expect).items() if value}
    told["checked_on"] = date.fromisoformat(expect.checked_on)
    if expect.languages:
        told["languages"] = list(expect.languages)
    return told


def _expecting(text: str, ident: str, line: str, wanted: Mapping[str, Any]) -> str | None:
    """The text with this line in its record; None if the record is written in another way."""
    start = re.search(rf"(?m)^\[{re.escape(ident)}\][^\n]*\n", text)
    if start is None:
        return None
    following = re.search(r"(?m)^\[[^\n]*\n", text[start.end() :])
    end = start.end() + following.start() if following else len(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    inner = text[start.end() : end]
    if re.search(EXPECT, inner):
        new = re.sub(EXPECT, lambda _: line, inner, count=1)
    else:
        # Before the blank lines and comments that lead to the next record.
        held = re.sub(r"(?m)(?:^[ \t]*(?:#[^\n]*)?\r?\n)+\Z", "", inner)
        gap = "" if held.endswith("\n") else newline
        new = f"{held}{gap}{line}{newline}{inner[len(held) :]}"
    edited = text[: start.end()] + new + text[end:]
    return edited if records.holds(edited, wanted) else None


def _expecting_anew(text: str, ident: str, fields: Mapping[str, Any]) -> str:
    """The same through tomlkit, however the record is written."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    document = tomlkit.parse(text.removeprefix(mark))
    table: Any = document[ident]
    told = tomlkit.inline_table()
    told.update(fields)
    table["expect"] = told
    return mark + tomlkit.dumps(document)
