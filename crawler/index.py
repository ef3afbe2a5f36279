"""The full-text index of what is published: what it holds of an article, and under which number.

A document's number is its day and its place in that day, so that the index's own order is that of
the dates: the newest come first without sorting, a period is a range of numbers, and a month is
counted without a look at its articles. What narrows a search (language, theme, ...) is in the index
too, as a word in the column `tags`; so one expression answers any query.

The index holds whole texts even where only an extract may be shown, and no text can be read from
the tables: it has no content of its own (FTS5, content=''). So a document leaves by the very words
it came with.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date

from crawler import words

PLACES = 20  # bits: a million articles of one day
EVERY, COPY, RETOLD = "every", "copy", "retold"
INSERT = "INSERT INTO articles_fts(rowid, title, text, stems, tags) VALUES (?, ?, ?, ?, ?)"
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


def tag(kind: str, code: str) -> str:
    """The word in `tags` that stands for a code of a kind: one token, whatever the code holds."""
    escaped = "".join(c if c.isascii() and c.isalnum() else f"x{ord(c):x}x" for c in code.lower())
    return f"{kind}{escaped}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What lists and counts need of an article; codes have a space between them."""

    article_id: int
    language: str
    source: str
    themes: str
    countries: str
    organisations: str
    copy: bool
    retold: bool

    @property
    def tags(self) -> str:
        """The column `tags` of its document."""
        many = {"theme": self.themes, "country": self.countries, "organisation": self.organisations}
        found = [tag(kind, code) for kind, codes in many.items() for code in codes.split()]
        found += [tag("language", self.language), tag("source", self.source), EVERY]
        found += [COPY] * self.copy + [RETOLD] * self.retold
        return " ".join(found)


NAMES = tuple(each.name for each in fields(Listed))


def document(title: str, text: str, listed: Listed) -> tuple[str, str, str, str]:
    """The columns of the index for an article."""
    heading, body = words.folded(title), words.folded(text)
    return heading, body, words.stems(f"{heading} {body}", listed.language), listed.tags


def add(conn: sqlite3.Connection, documents: Iterable[tuple[str, Listed, str, str]]) -> None:
    """Index articles: when each is dated, what it is listed under, its title and its whole text.

    The quickest order is that of the dates, since FTS5 keeps what comes in it in memory.
    """
    numbers = _Numbers(conn)
    for dated, listed, title, text in documents:
        doc = numbers.next(dated)
        row = (doc, *(getattr(listed, name) for name in NAMES))
        conn.execute(f"INSERT INTO listed VALUES ({', '.join('?' * len(row))})", row)
        conn.execute("UPDATE articles SET doc = ? WHERE id = ?", (doc, listed.article_id))
        conn.execute(INSERT, (doc, *document(title, text, listed)))


def remove(conn: sqlite3.Connection, article: int, text: str) -> None:
    """Take an article out of the index; `text` is the one it came with, its title still stands."""
    doc, title, *columns = conn.execute(
        f"""
        SELECT listed.doc, title, {", ".join(f"listed.{name}" for name in NAMES)}
        FROM listed JOIN articles ON articles.doc = listed.doc WHERE article_id = ?
        """,
        (article,),
    ).fetchone()
    listed = Listed(**dict(zip(NAMES, columns, strict=True)))
    conn.execute(DELETE, (doc, *document(title, text, listed)))
    conn.execute("DELETE FROM listed WHERE doc = ?", (doc,))
    conn.execute("UPDATE articles SET doc = NULL WHERE id = ?", (article,))


class _Numbers:
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


def listings(conn: sqlite3.Connection) -> Iterator[tuple[str, str, Listed]]:
    """Of each article that is not indexed yet: its date, its title, what it is listed under."""
    rows = conn.execute(
        """
        SELECT coalesce(published, fetched) AS dated, title, id, language, source,
          (SELECT group_concat(theme, ' ') FROM article_themes WHERE article_id = id),
          (SELECT group_concat(country, ' ') FROM article_countries WHERE article_id = id),
          (SELECT group_concat(organisation, ' ') FROM article_organisations WHERE article_id = id),
          duplicate_of IS NOT NULL,
          EXISTS (
            SELECT 1 FROM same_story JOIN articles AS other ON other.id = other_id
            WHERE article_id = articles.id
              AND (coalesce(other.published, other.fetched), other.id)
                < (coalesce(articles.published, articles.fetched), articles.id)
          )
        FROM articles WHERE doc IS NULL ORDER BY dated, id
        """
    )
    for dated, title, id_, language, source, themes, countries, organisations, copy, retold in rows:
        yield dated, title, Listed(
            article_id=id_, language=language, source=source, themes=themes or "",
            countries=countries or "", organisations=organisations or "",
            copy=bool(copy), retold=bool(retold),
        )  # fmt: skip
