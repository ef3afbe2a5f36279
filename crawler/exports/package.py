"""A search as a data package (https://datapackage.org, version 2): its files, and what they are.

datapackage.json names each file with size and hash, each column with type and meaning, the
licences and sources of the articles, and, under `tamis`, the search: its manifest.
"""

import hashlib
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from crawler.exports.inquiry import Inquiry, described
from crawler.exports.parts import Part
from crawler.exports.replacing import DAILY, DESCRIPTION
from crawler.exports.rows import Batch
from crawler.published import PRIVATE, rows
from crawler.registry import LICENCES
from crawler.urls import web_url

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
NO_LICENCE = "notspecified"  # the Open Definition's word for it
PUBLIC_NOTE = (
    "Texts are whole where their licence allows it; whoever passes one on sets its credit under "
    "it. Of all others there are title, extract and link: each belongs to its publisher."
)
PRIVATE_NOTE = (
    "PRIVATE: has whole texts that may not be passed on. For your own reading and research; "
    "not for redistribution."
)
LEFT_OUT = {
    "extract": "may be shown in part only",
    "metadata": "may not be shown: title and link only",
    "full": "its text has no word",
}


Fields = Callable[[], list[dict[str, Any]]]  # columns, as Table Schema has them


@dataclass(frozen=True, slots=True)
class Resource:
    """What a file of a package is, or several that are of one kind; `fields` are its columns."""

    name: str
    media_type: str
    ending: str
    fields: Fields | None = None


@dataclass(kw_only=True)
class Tally:
    """What has been written, counted as it passes.

    `whole` are the texts by licence, `left_out` the rights that keep others back.
    """

    articles: int = 0
    whole: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)

    @property
    def texts(self) -> int:
        return self.whole.total()

    def count(self, batch: Batch) -> None:
        self.articles += len(batch)
        for row in batch:
            if row.worded:
                self.whole[row.licence or NO_LICENCE] += 1
            else:
                self.left_out[row.rights] += 1
        self.languages.update(row.language for row in batch)
        self.licences.update(row.licence or NO_LICENCE for row in batch)
        self.sources.update(row.source for row in batch)


@dataclass(kw_only=True)
class _Written:
    """The files of a resource: their size, and the hash of all their bytes, one after the other."""

    paths: list[str] = field(default_factory=list)
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def measured(self, part: Part) -> Iterator[bytes]:
        self.paths.append(part.name)
        for chunk in part.chunks:
            self.size += len(chunk)
            self.digest.update(chunk)
            yield chunk


def package(
    conn: sqlite3.Connection,
    about: Inquiry,
    tally: Tally,
    parts: Iterable[Part],
    resources: tuple[Resource, ...],
) -> Iterator[Part]:
    """The files, and last the description of what has been written."""
    written = {each.name: _Written() for each in resources}
    for part in parts:
        yield Part(part.name, written[part.resource].measured(part), part.resource)
    told = _description(conn, about, tally)
    told["resources"] = [
        _resource(each, written[each.name]) for each in resources if written[each.name].paths
    ]
    text = json.dumps(told, ensure_ascii=False, indent=2)
    yield Part(DESCRIPTION, [f"{text}\n".encode("utf-8", "replace")])


def _resource(resource: Resource, written: _Written) -> dict[str, Any]:
    one = len(written.paths) == 1
    schema = {"fields": resource.fields(), "primaryKey": ["id"]} if resource.fields else None
    return {
        "name": resource.name,
        **({"type": "table"} if schema else {}),
        "path": written.paths[0] if one else written.paths,
        "format": resource.ending,
        "mediatype": resource.media_type,
        "encoding": "utf-8",
        "bytes": written.size,
        "hash": f"sha256:{written.digest.hexdigest()}",
        **({"schema": schema} if schema else {}),
    }


def _description(conn: sqlite3.Connection, about: Inquiry, tally: Tally) -> dict[str, Any]:
    private = about.level == PRIVATE
    return {
        "$schema": PROFILE,
        "name": f"tamis-{re.sub(r'[^a-z0-9]+', '-', about.snapshot.lower())}",
        "title": f"{about.title}, PRIVATE" if private else about.title,
        "description": PRIVATE_NOTE if private else PUBLIC_NOTE,
        "homepage": about.address,
        "version": about.snapshot,
        "created": about.built,
        **_licences(tally),
        "sources": _sources(conn, tally),
        "tamis": {
            **described(about),
            "level": about.level,
            "texts": tally.texts,
            "without_text": {
                LEFT_OUT[rights]: n for rights, n in sorted(tally.left_out.items())
            },
            "languages": dict(sorted(tally.languages.items())),
            "licences": dict(sorted(tally.licences.items())),
            DAILY: about.day,
        },
    }  # fmt: skip


def _licences(tally: Tally) -> dict[str, Any]:
    """Of the articles, each with what it asks for; the standard has no empty list of them."""
    notes = {**LICENCES, NO_LICENCE: "none is stated: all rights are the publisher's"}
    found = [
        {"name": name, "title": notes.get(name, name), "articles": n, "texts": tally.whole[name]}
        for name, n in sorted(tally.licences.items())
    ]
    return {"licenses": found} if found else {}


def _sources(conn: sqlite3.Connection, tally: Tally) -> list[dict[str, Any]]:
    sql = """
        SELECT id, name, homepage, licence, licence_url, terms_read_on
        FROM sources WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id
    """
    found = []
    for id_, name, homepage, licence, terms, read in rows(
        conn, sql, [json.dumps([*tally.sources])]
    ):
        told = {
            "title": name, "path": web_url(homepage), "licence": licence,
            "licence_url": web_url(terms or ""), "terms_read_on": read,
            "articles": tally.sources[id_],
        }  # fmt: skip
        found.append({name: value for name, value in told.items() if value is not None})
    return found
