"""What the columns of an export hold and mean: the schemas of data packages and of Parquet."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, get_type_hints

import yaml

from crawler.exports.rows import Row
from crawler.folder import site_folder

# Described where the published table is: table and column of metadata.yml.
SAME = {
    "id": "articles.id", "url": "articles.url", "title": "articles.title",
    "source": "articles.source", "source_name": "sources.name",
    "source_kind": "sources.organisation", "published": "articles.published",
    "fetched": "articles.fetched", "language": "articles.language",
    "signed_by": "articles.signed_by", "extract": "articles.summary",
    "words": "articles.words", "licence": "sources.licence", "rights": "articles.rights",
    "duplicate_of": "articles.duplicate_of", "origin_url": "articles.origin_url",
    "content_hash": "articles.content_hash",
}  # fmt: skip
OWN = {
    "page": "Where it is shown with all that is known of it; the address to cite",
    "themes": "Its themes, the surest first: short names, as in the table themes",
    "theme_labels": "The same by name",
    "countries": "The countries that it is about, ISO 3166-1 alpha-2",
    "organisations": "The organisations that it names, as in the table organisations",
    "authors": (
        "The persons who signed it; where none did, the organisation that signed in their place"
    ),
    "text": "The full text, where it may be shown whole; else empty",
    "keywords": "Up to eight phrases that stand for it, the best first",
    "credit": (
        "The line to set under what is quoted or passed on: author, title, source, licence, address"
    ),
    "relation": "What it is to duplicate_of, as in the table duplicates",
    "published_at": "The same as a moment; a day is its midnight, UTC",
}
LISTS = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """`kind` is a type of Table Schema: integer, string, list or datetime."""

    name: str
    kind: str
    description: str


@cache
def columns() -> tuple[Column, ...]:
    """Those of a row, in its order."""
    text = (site_folder() / "metadata.yml").read_text(encoding="utf-8")
    tables = yaml.safe_load(text)["databases"]["news"]["tables"]

    def described(name: str) -> str:
        table, _, column = SAME.get(name, "").partition(".")
        return OWN[name] if name in OWN else str(tables[table]["columns"][column])

    return tuple(
        Column(name, _kind(name, hint), described(name))
        for name, hint in get_type_hints(Row).items()
    )


def _kind(name: str, hint: Any) -> str:
    if name == "fetched":
        return "datetime"
    if hint == LISTS:
        return "list"
    return "integer" if hint in {int, int | None} else "string"


def fields(*, flat: bool) -> Iterator[dict[str, Any]]:
    """As Table Schema has them; lists are cells of a spreadsheet if `flat`."""
    cell = {"type": "list", "delimiter": "; "}
    for each in columns():
        type_ = (cell if flat else {"type": "array"}) if each.kind == "list" else {}
        yield {"name": each.name, "type": each.kind, **type_, "description": each.description}
