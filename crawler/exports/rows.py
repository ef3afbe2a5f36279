"""What is told of an article in an export: one row, the same in every format."""

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from crawler.exports.texts import BLANKS, UNFIT
from crawler.published import themes
from crawler.query import Cursor, Query
from crawler.search import documents

# Articles asked for at a time: 10 ms of SQLite, and half a megabyte.
BATCH = 500

WORD = re.compile(r"[^\W_]")
WEB = re.compile("https?:")


class Row(NamedTuple):
    """Codes as in the table `articles`; the surest theme or country comes first.

    `page` is where the site shows the article. `text` is there only if it may be shown whole.
    `relation` is what it is to `duplicate_of`, `credit` the line to set under what is quoted.
    """

    id: int
    page: str
    url: str
    title: str
    source: str
    source_name: str
    source_kind: str
    published: str | None
    fetched: str
    language: str
    themes: tuple[str, ...]
    theme_labels: tuple[str, ...]
    countries: tuple[str, ...]
    organisations: tuple[str, ...]
    authors: tuple[str, ...]
    signed_by: str | None
    extract: str
    text: str | None
    words: int
    keywords: tuple[str, ...]
    licence: str | None
    credit: str
    rights: str
    duplicate_of: int | None
    relation: str | None
    origin_url: str | None
    content_hash: str

    @property
    def worded(self) -> bool:
        """Whether it has a text, and that has a word."""
        return self.text is not None and WORD.search(self.text) is not None


COLUMNS = Row._fields
Batch = Sequence[Row]

SQL = """
    SELECT listed.doc, articles.id, articles.url, title, sources.id, sources.name,
           sources.organisation, published, fetched, articles.language,
           (SELECT group_concat(theme, ' ') FROM (
             SELECT theme FROM article_themes WHERE article_id = articles.id
             ORDER BY score DESC, theme
           )),
           (SELECT group_concat(country, ' ') FROM (
             SELECT country FROM article_countries WHERE article_id = articles.id
             ORDER BY score DESC, country
           )),
           listed.organisations, authors, signed_by, summary, text, words,
           keywords, sources.licence, licence_url, rights, duplicate_of,
           CASE WHEN duplicate_of IS NULL THEN NULL ELSE (
             SELECT relation FROM duplicates
             WHERE article_id = articles.id AND cluster = duplicate_of
           ) END,
           origin_url, content_hash
    FROM json_each(?) AS hit
    CROSS JOIN listed ON listed.doc = hit.value
    CROSS JOIN articles ON articles.id = listed.article_id
    JOIN sources ON sources.id = articles.source
    LEFT JOIN article_texts ON article_texts.article_id = articles.id AND rights = 'full'
"""


def batches(
    conn: sqlite3.Connection, query: Query, base_url: str, language: str = "en"
) -> Iterator[Batch]:
    """Every article that fits, the newest first; themes are named in `language`.

    Between two batches nothing is asked: no statement is open, so no lock is held.
    """
    labels = themes(conn, language)
    place: Cursor | None = None
    while found := [doc for doc, _ in documents(conn, query.at(place), BATCH)]:
        told = {row[0]: row for row in conn.execute(SQL, (json.dumps(found),)).fetchall()}
        yield [_row(told[doc], base_url, labels) for doc in found]
        place = Cursor("older", found[-1])


def one(conn: sqlite3.Connection, number: int, base_url: str, language: str = "en") -> Row | None:
    """The row of one article, or None if there is none of that number."""
    (doc,) = conn.execute("SELECT doc FROM articles WHERE id = ?", (number,)).fetchone() or (None,)
    values = conn.execute(SQL, (json.dumps([doc]),)).fetchone()
    return _row(values, base_url, themes(conn, language)) if values else None


def _row(values: tuple[Any, ...], base_url: str, labels: dict[str, str]) -> Row:
    (
        _, id_, url, title, source, name, kind, published, fetched, language, on, of, by, authors,
        signed, extract, text, words, keywords, licence, terms, rights, original, relation, origin,
        hash_,
    ) = values  # fmt: skip
    slugs, names, page = tuple((on or "").split()), _strings(authors), f"{base_url}article/{id_}"
    by = ", ".join(names)
    free = f"{licence} ({terms})" if licence and terms else licence
    credit = _credit(by if by != name else "", title, name, free, url if WEB.match(url) else page)
    return Row(
        id_, page, url, title, source, name, kind,
        published, fetched, language, slugs, tuple([labels.get(slug, slug) for slug in slugs]),
        tuple((of or "").split()), tuple(by.split()), names, signed, extract,
        text, words, _strings(keywords), licence, credit, rights, original, relation,
        origin, hash_,
    )  # fmt: skip


def _credit(*told: str | None) -> str:
    """Author, title, source, licence and address, as licences want them named, in one line."""
    line = ". ".join(filter(None, told))
    return line if line.isprintable() else BLANKS.sub(" ", UNFIT.sub("", line))


def _strings(text: str) -> tuple[str, ...]:
    """A JSON list of texts; where nothing is escaped, split as it was joined: faster by half."""
    if text == "[]":
        return ()
    plain = tuple(text[2:-2].split('", "'))
    if "\\" in text or text.count('"') != 2 * len(plain):
        return tuple(map(str, json.loads(text)))
    return plain


# Controls (but tab and line breaks), which spreadsheets and XML refuse. As bytes they stand for
# nothing else in UTF-8.
CONTROLS = bytes({*range(32), 127} - {*b"\t\n\r"})


def without_controls(text: str) -> bytes:
    return text.encode().translate(None, CONTROLS)
