"""The full-text index of what is published: what it holds of an article, and under which number.

A document's number is its day and its place in that day, so that the index's own order is that of
the dates: the newest come first without sorting, a period is a range of numbers, and a month is
counted without a look at its articles. What narrows a search (language, theme, ...) is in the index
too, as a word in the column `tags`; so one expression answers any query.

The index holds whole texts even where only an extract may be shown, and no text can be read from
the tables: it has no content of its own (FTS5, content=''). So a document leaves by the very words
it came with.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date
from hashlib import blake2b

from crawler import words

PLACES = 20  # bits: a million articles of one day
EVERY, COPY = "every", "copy"
# An earlier article tells the same story; in the second case one of the same language.
RETOLD, RETOLD_IN_ITS_LANGUAGE = "retold", "toldagain"
INSERT = "INSERT INTO articles_fts(rowid, title, text, stems, tags) VALUES (?, ?, ?, ?, ?)"
NUMBER = "UPDATE articles SET doc = ? WHERE id = ? AND doc IS NOT ?"
DELETE = (
    "INSERT INTO articles_fts(articles_fts, rowid, title, text, stems, tags)"
    " VALUES ('delete', ?, ?, ?, ?, ?)"
)


def first_of(day: str) -> int:
    """The number that the first document of a day (ISO 8601, or a time of that day) has."""
    return date.fromisoformat(day[:10]).toordinal() << PLACES


def after(day: str) -> int:
    """The first number that is later than every document of that day."""
    return (date.fromisoformat(day[:10]).toordinal() + 1) << PLACES


def day_of(doc: int) -> date:
    return date.fromordinal(doc >> PLACES)


def day(dated: str) -> date:
    return date.fromisoformat(dated[:10])


def tag(kind: str, code: str) -> str:
    """The word in `tags` that stands for a code of a kind: one token, whatever the code holds."""
    escaped = "".join(c if c.isascii() and c.isalnum() else f"x{ord(c):x}x" for c in code.lower())
    return f"{kind}{escaped}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What lists and counts need of an article; codes have a space between them.

    `retold` is 1 if an earlier article tells the same story, 2 if one in its language does.
    """

    article_id: int
    language: str
    source: str
    themes: str
    countries: str
    organisations: str
    copy: bool
    retold: int

    @property
    def tags(self) -> str:
        """The column `tags` of its document."""
        many = {"theme": self.themes, "country": self.countries, "organisation": self.organisations}
        found = [tag(kind, code) for kind, codes in many.items() for code in codes.split()]
        found += [tag("language", self.language), tag("source", self.source), EVERY]
        found += [COPY] * self.copy + [RETOLD] * (self.retold > 0)
        found += [RETOLD_IN_ITS_LANGUAGE] * (self.retold > 1)
        return " ".join(found)


NAMES = tuple(each.name for each in fields(Listed))


@dataclass(frozen=True, slots=True)
class Document:
    """An article as the index has it: what it is listed under, and the columns of its words.

    `digest` tells whether two are the same; it is a number that SQLite can hold.
    """

    listed: Listed
    columns: tuple[str, str, str, str]
    digest: int


def document(title: str, text: str, listed: Listed) -> Document:
    heading, body = words.folded(title), words.folded(text)
    stems = words.stems(f"{heading} {body}", listed.language)
    columns = (heading, body, stems, listed.tags)
    told = blake2b("\n".join(columns).encode(), digest_size=8).digest()
    return Document(listed, columns, int.from_bytes(told, "big", signed=True))


def add(conn: sqlite3.Connection, documents: Iterable[tuple[str, Listed, str, str]]) -> None:
    """Index articles: when each is dated, what it is listed under, its title and its whole text."""
    numbers = Numbers(conn)
    for dated, listed, title, text in documents:
        put(conn, numbers.next(dated), document(title, text, listed))


def put(conn: sqlite3.Connection, doc: int, found: Document) -> None:
    """Give a document its number, which articles.doc repeats.

    The quickest order is that of the numbers, since FTS5 keeps what comes in it in memory.
    """
    row = (doc, *(getattr(found.listed, name) for name in NAMES), found.digest)
    conn.execute(f"INSERT INTO listed VALUES ({', '.join('?' * len(row))})", row)
    conn.execute(NUMBER, (doc, found.listed.article_id, doc))
    conn.execute(INSERT, (doc, *found.columns))


@dataclass(frozen=True, slots=True)
class Indexed:
    """What is kept of a document that is in the index; its words are not."""

    doc: int
    digest: int
    title: str
    listed: Listed


def indexed(conn: sqlite3.Connection, article: int) -> Indexed | None:
    row = conn.execute(
        f"""
        SELECT listed.doc, digest, title, {", ".join(f"listed.{name}" for name in NAMES)}
        FROM articles JOIN listed ON listed.doc = articles.doc WHERE articles.id = ?
        """,
        (article,),
    ).fetchone()
    if row is None:
        return None
    doc, digest, title, *columns = row
    return Indexed(doc, digest, title, Listed(**dict(zip(NAMES, columns, strict=True))))


def remove(conn: sqlite3.Connection, doc: int, found: Document) -> None:
    """Take a document out of the index, by the very words it came with."""
    conn.execute(DELETE, (doc, *found.columns))
    conn.execute("DELETE FROM listed WHERE doc = ?", (doc,))
    conn.execute("UPDATE articles SET doc = NULL WHERE doc = ?", (doc,))


class Numbers:
    """The next free number of a day."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self.conn = conn
        self.taken: dict[int, int] = {}

    def next(self, dated: str) -> int:
        first = first_of(dated)
        if first not in self.taken:
            (last,) = self.conn.execute(
                "SELECT max(doc) FROM listed WHERE doc >= ? AND doc < ?", (first, after(dated))
            ).fetchone()
            self.taken[first] = first - 1 if last is None else last
        self.taken[first] += 1
        return self.taken[first]


def listings(
    conn: sqlite3.Connection, articles: Collection[int] | None = None
) -> Iterator[tuple[str, str, Listed]]:
    """Of articles: the date, the title, what each is listed under.

    Of those given, in their order; else of all that are not indexed, in the order of dates.
    """
    chosen = "articles WHERE doc IS NULL ORDER BY dated, id"
    if articles is not None:
        chosen = (
            "json_each(:ids) AS hit CROSS JOIN articles ON articles.id = hit.value ORDER BY hit.key"
        )
    rows = conn.execute(
        f"""
        SELECT coalesce(published, fetched) AS dated, title, articles.id, language, source,
          (SELECT group_concat(theme, ' ') FROM article_themes WHERE article_id = articles.id),
          (SELECT group_concat(country, ' ') FROM article_countries
           WHERE article_id = articles.id),
          (SELECT group_concat(organisation, ' ') FROM article_organisations
           WHERE article_id = articles.id),
          duplicate_of IS NOT NULL,
          (
            SELECT coalesce(max(1 + (other.language = articles.language)), 0)
            FROM same_story JOIN articles AS other ON other.id = other_id
            WHERE article_id = articles.id
              AND (coalesce(other.published, other.fetched), other.id)
                < (coalesce(articles.published, articles.fetched), articles.id)
          )
        FROM {chosen}
        """,
        {"ids": json.dumps(articles)},
    )
    for dated, title, id_, language, source, themes, countries, organisations, copy, retold in rows:
        yield dated, title, Listed(
            article_id=id_, language=language, source=source, themes=themes or "",
            countries=countries or "", organisations=organisations or "",
            copy=bool(copy), retold=retold,
        )  # fmt: skip
