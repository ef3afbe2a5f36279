"""Which stored texts share text: an index of sampled shingles, and what was read of each pair.

An article's text is read when it is new or has changed; those that share shingles with it are read
again beside it, and what the two are to each other is kept (`pairs`), so that a day with few new
articles reads few texts. Sketches are dropped after WINDOW; what was found by them stays.
"""

import sqlite3
import struct
from collections import Counter
from collections.abc import Callable
from functools import lru_cache

from sqlite_utils import Database

from crawler.writes import transaction
from enrich.duplicates import MIN_HASHES, Sketch, Text, promising, relation, sketch, text_of

# Articles fetched so many days apart are not compared, so that the index stays small: 1,000
# articles a day make 120,000 sketches of 2 kB. Reprints follow within days, most series monthly.
WINDOW = 120
# Of the articles that have one hash so many are looked at, those that came first. A phrase that
# more have says little; a text that more have is tied to all by these.
MOST_OF_A_HASH = 64
# So many of those that share most with a text are read beside it. More are found only where more
# than so many texts are one, or one form, and these then tie them together.
MOST_READ = 8
# Texts settled in one transaction, as in crawler.sifting.
BATCH = 50
CACHE = 64 * 1024  # kB of the index held in memory; with SQLite's own 2 MB a text costs twice

# A time so many days before or after another, as they are stored.
MOMENT = "strftime('%Y-%m-%dT%H:%M:%SZ', {}, ?)"

TABLE = """
CREATE TABLE sketches (
  hash INTEGER NOT NULL, article_id INTEGER NOT NULL,
  PRIMARY KEY (hash, article_id)
) WITHOUT ROWID;
"""


class Index:
    """The table `sketches`, in whatever database."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self.conn = conn

    def add(self, article: int, of: Sketch) -> None:
        self.conn.executemany(
            "INSERT OR IGNORE INTO sketches (hash, article_id) VALUES (?, ?)",
            [(each, article) for each in sorted(of.hashes)],
        )

    def remove(self, article: int, of: Sketch) -> None:
        self.conn.executemany(
            "DELETE FROM sketches WHERE hash = ? AND article_id = ?",
            [(each, article) for each in of.hashes],
        )

    def alike(self, of: Sketch, size: Callable[[int], int | None]) -> list[int]:
        """The articles worth reading beside this one, those that share most first.

        `size` says how many shingles another has; None leaves it out.
        """
        shared = Counter[int]()
        execute = self.conn.execute
        lookup = f"SELECT article_id FROM sketches WHERE hash = ? LIMIT {MOST_OF_A_HASH}"
        for each in of.hashes:
            if found := execute(lookup, (each,)).fetchall():
                shared.update(other for (other,) in found)
        alike = []
        for other, count in shared.items():
            there = size(other) if count >= MIN_HASHES else None
            if there is not None and promising(count, of.size, there):
                alike.append((-count / min(of.size, there), -count, other))
        return [other for *_, other in sorted(alike)[:MOST_READ]]


def settle(db: Database) -> int:
    """Read the texts that are new or changed beside those that share text with them; how many."""
    waiting = db.execute(
        """
        SELECT articles.id, articles.fetched, sketched.article_id IS NULL FROM articles
        LEFT JOIN sketched ON sketched.article_id = articles.id
        WHERE sketched.text_hash IS NOT articles.text_hash
          OR sketched.title IS NOT articles.title
        ORDER BY articles.id
        """
    ).fetchall()
    if waiting:
        db.execute(f"PRAGMA cache_size = -{CACHE}")
        _Settling(db).all(waiting)
    return len(waiting)


def forget(db: Database, article: int) -> None:
    """Take an article's hashes out, before it leaves; its other rows leave with it."""
    row = db.execute("SELECT size, hashes FROM sketched WHERE article_id = ?", [article]).fetchone()
    if row and row[1] is not None:
        Index(db.conn).remove(article, _unpacked(*row))


class _Settling:
    """One settling of all that waits; holds texts that were just read, which do not change."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.index = Index(db.conn)
        self.text = lru_cache(maxsize=256)(self._text)

    def all(self, waiting: list[tuple[int, str, bool]]) -> None:
        (horizon,) = self.db.execute(
            f"SELECT {MOMENT.format('max(fetched)')} FROM articles", [f"-{WINDOW} days"]
        ).fetchone()
        horizon = horizon or ""
        late = [fetched for _, fetched, is_new in waiting if is_new and fetched < horizon]
        if late:  # an archive taken in: with its own time, whose sketches are gone
            self._restore(min(late), max(late))
        for start in range(0, len(waiting), BATCH):
            with transaction(self.db):
                for article, *_ in waiting[start : start + BATCH]:
                    self._settle(article)
        self._drop(horizon)

    def _settle(self, article: int) -> None:
        title, text_hash = self.db.execute(
            "SELECT title, text_hash FROM articles WHERE id = ?", [article]
        ).fetchone()
        known = self.db.execute(
            "SELECT small + large - ?1 FROM pairs WHERE small = ?1"
            " UNION ALL SELECT small + large - ?1 FROM pairs WHERE large = ?1",
            [article],
        ).fetchall()
        self.db.conn.execute("DELETE FROM pairs WHERE small = ?", [article])
        self.db.conn.execute("DELETE FROM pairs WHERE large = ?", [article])
        forget(self.db, article)
        text = self.text(article)
        found = sketch(text.body)
        self.db.conn.execute(
            "INSERT OR REPLACE INTO sketched (article_id, text_hash, title, size, hashes)"
            " VALUES (?, ?, ?, ?, ?)",
            (article, text_hash, title, found.size, _packed(found)),
        )
        self.index.add(article, found)

        def size(other: int) -> int | None:
            # What is the same to the letter is known without reading it.
            row = self.db.execute(
                "SELECT size FROM sketched WHERE article_id = ? AND text_hash <> ?",
                [other, text_hash],
            ).fetchone()
            return row and int(row[0])

        others = {*self.index.alike(found, size), *(other for (other,) in known)}
        for other in sorted(others):
            if self._near(article, other) and (said := relation(text, self.text(other))):
                small, large = (article, other) if said.first_is_smaller else (other, article)
                self.db.conn.execute(
                    "INSERT INTO pairs (small, large, relation, shared) VALUES (?, ?, ?, ?)",
                    (small, large, said.kind, said.shared),
                )

    def _text(self, article: int) -> Text:
        title, text = self.db.execute(
            "SELECT title, text FROM articles JOIN article_texts ON article_id = id WHERE id = ?",
            [article],
        ).fetchone()
        return text_of(title, text)

    def _near(self, one: int, other: int) -> bool:
        """Whether they were fetched within WINDOW, on whatever day they are settled."""
        (near,) = self.db.execute(
            "SELECT abs(julianday(one.fetched) - julianday(other.fetched)) <= ?"
            " FROM articles AS one, articles AS other WHERE one.id = ? AND other.id = ?",
            [WINDOW, one, other],
        ).fetchone()
        return bool(near)

    def _restore(self, since: str, until: str) -> None:
        dropped = self.db.execute(
            "SELECT article_id FROM sketched JOIN articles ON articles.id = article_id"
            f" WHERE hashes IS NULL AND fetched BETWEEN {MOMENT.format('?')}"
            f" AND {MOMENT.format('?')}",
            [since, f"-{WINDOW} days", until, f"+{WINDOW} days"],
        ).fetchall()
        for start in range(0, len(dropped), BATCH):
            with transaction(self.db):
                for (article,) in dropped[start : start + BATCH]:
                    found = sketch(self.text(article).body)
                    self.index.add(article, found)
                    self.db.conn.execute(
                        "UPDATE sketched SET hashes = ? WHERE article_id = ?",
                        (_packed(found), article),
                    )

    def _drop(self, horizon: str) -> None:
        old = self.db.execute(
            "SELECT article_id FROM sketched JOIN articles ON articles.id = article_id"
            " WHERE hashes IS NOT NULL AND fetched < ?",
            [horizon],
        ).fetchall()
        for start in range(0, len(old), BATCH):
            with transaction(self.db):
                for (article,) in old[start : start + BATCH]:
                    forget(self.db, article)
                    self.db.conn.execute(
                        "UPDATE sketched SET hashes = NULL WHERE article_id = ?", [article]
                    )


def _packed(of: Sketch) -> bytes:
    return struct.pack(f"<{len(of.hashes)}I", *sorted(of.hashes))


def _unpacked(size: int, packed: bytes) -> Sketch:
    return Sketch(frozenset(struct.unpack(f"<{len(packed) // 4}I", packed)), size)
