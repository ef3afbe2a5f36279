"""Which stored texts share text: an index of sampled shingles, and what was read of each pair.

An article's text is read when it is new or has changed; those that share shingles with it are read
again beside it, and what the two are to each other is kept (`pairs`), so that a day with few new
articles reads few texts. Sketches are dropped after WINDOW; what was found by them stays.
"""

import sqlite3
import struct
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import TypeVar

from sqlite_utils import Database

from crawler.writes import transaction
from enrich.duplicates import MIN_HASHES, Sketch, Text, promising, relation, sketch, text_of

# Articles fetched so many days apart are not compared, so that the index stays small: 1,000
# articles a day make 120,000 sketches of 1 kB. Reprints follow within days, most series monthly.
WINDOW = 120
# Of the articles that have one hash so many are looked at, those that came first. A phrase that
# more have says little; a text that more have is tied to all by these.
MOST_OF_A_HASH = 64
# So many of those that share most with a text are read beside it. More are found only where more
# than so many texts are one, or one form, and these then tie them together.
MOST_READ = 5
# Texts put in and looked up at a time. More take less time each, as their hashes, in order, come to
# lie on the same pages of the file: of 200,000 texts, 0.75 ms one of 1,000, 0.35 ms one of 5,000,
# which take 60 MB.
BATCH = 4_000
READ = 1_000  # texts held in memory, 30 kB each
CACHE = 64 * 1024  # kB of the index that SQLite may hold in memory

Found = TypeVar("Found")

# A time so many days before or after another, as they are stored.
MOMENT = "strftime('%Y-%m-%dT%H:%M:%SZ', {}, ?)"

TABLE = """
CREATE TABLE sketches (
  hash INTEGER NOT NULL, article_id INTEGER NOT NULL,
  PRIMARY KEY (hash, article_id)
) WITHOUT ROWID;
"""


class Index:
    """The table `sketches`, in whatever database. Texts are taken many at a time, by hash.

    One by one, each hash would be on another page of the file than the one before.
    """

    def __init__(self, conn: sqlite3.Connection) -> None:
        self.conn = conn

    def add(self, sketches: Mapping[int, Sketch]) -> None:
        self.conn.executemany(
            "INSERT OR IGNORE INTO sketches (hash, article_id) VALUES (?, ?)", _by_hash(sketches)
        )

    def remove(self, sketches: Mapping[int, Sketch]) -> None:
        self.conn.executemany(
            "DELETE FROM sketches WHERE hash = ? AND article_id = ?", _by_hash(sketches)
        )

    def alike(
        self,
        sketches: Mapping[int, Sketch],
        sizes: Mapping[int, int],
        known: Callable[[int, int], bool],
    ) -> dict[int, list[int]]:
        """For each of these texts, the others worth reading beside it, most alike first.

        `sizes` says how many shingles each text has, `known` of which two all is known unread.
        """
        shared: dict[int, Counter[int]] = {article: Counter() for article in sketches}
        execute = self.conn.execute
        lookup = f"SELECT article_id FROM sketches WHERE hash = ? LIMIT {MOST_OF_A_HASH}"
        last, there = None, []
        for each, article in _by_hash(sketches):
            if each != last:
                last, there = each, [other for (other,) in execute(lookup, (each,)).fetchall()]
            if there != [article]:
                shared[article].update(there)
        return {
            article: _most_alike(article, counts, sizes, known)
            for article, counts in shared.items()
        }


def _by_hash(sketches: Mapping[int, Sketch]) -> list[tuple[int, int]]:
    return sorted((each, article) for article, of in sketches.items() for each in of.hashes)


def _most_alike(
    article: int,
    shared: Mapping[int, int],
    sizes: Mapping[int, int],
    known: Callable[[int, int], bool],
) -> list[int]:
    size = sizes[article]
    found = sorted(
        (-count / min(size, sizes[other]), -count, other)
        for other, count in shared.items()
        if count >= MIN_HASHES
        and other != article
        and other in sizes  # or a kill, or another program, has left its hashes behind
        and promising(count, size, sizes[other])
    )
    unread = (other for *_, other in found if not known(article, other))
    return list(islice(unread, MOST_READ))


def settle(db: Database) -> int:
    """Read the texts that are new or changed beside those that share text with them; how many."""
    waiting = db.execute(
        """
        SELECT articles.id, articles.fetched, sketched.article_id IS NULL FROM articles
        LEFT JOIN sketched ON sketched.article_id = articles.id
        WHERE sketched.text_hash IS NOT articles.text_hash
          OR sketched.title IS NOT articles.title
        ORDER BY articles.fetched, articles.id
        """
    ).fetchall()
    if waiting:
        db.execute(f"PRAGMA cache_size = -{CACHE}")
        _Settling(db).all(waiting)
    return len(waiting)


def forget(db: Database, article: int) -> None:
    """Take an article's hashes out, before it leaves; its other rows leave with it."""
    if found := _kept(db, article):
        Index(db.conn).remove({article: found})


def _kept(db: Database, article: int) -> Sketch | None:
    """The sketch of an article as it is in the index."""
    row = db.execute("SELECT size, hashes FROM sketched WHERE article_id = ?", [article]).fetchone()
    if row is None or row[1] is None:
        return None
    return Sketch(frozenset(struct.unpack(f"<{len(row[1]) // 4}I", row[1])), row[0])


def _packed(of: Sketch) -> bytes:
    return struct.pack(f"<{len(of.hashes)}I", *sorted(of.hashes))


def _batches(found: Sequence[Found]) -> Iterator[Sequence[Found]]:
    return (found[start : start + BATCH] for start in range(0, len(found), BATCH))


class _Settling:
    """One settling of all that waits; holds texts that were just read, which do not change."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.index = Index(db.conn)
        self.text = lru_cache(maxsize=READ)(self._text)
        self.sizes: dict[int, int] = {}

    def all(self, waiting: list[tuple[int, str, bool]]) -> None:
        """`waiting` stands in the order in which it was fetched.

        What is too old for all that follows leaves the index first: where years wait, it would
        otherwise hold them all, and each batch write all of it anew.
        """
        (horizon,) = self.db.execute(
            f"SELECT {MOMENT.format('max(fetched)')} FROM articles", [f"-{WINDOW} days"]
        ).fetchone()
        horizon = horizon or ""
        self.sizes = dict(
            self.db.execute("SELECT article_id, size FROM sketched WHERE hashes IS NOT NULL")
            .fetchall()
        )  # fmt: skip
        for number, batch in enumerate(_batches(waiting)):
            if number:
                self._drop(min(horizon, self._before(batch[0][1])))
            late = [fetched for _, fetched, is_new in batch if is_new and fetched < horizon]
            if late:  # an archive taken in: with its own time, whose sketches are gone
                self._restore(min(late), max(late))
            self._settle([article for article, *_ in batch])
        self._drop(horizon)

    def _before(self, fetched: str) -> str:
        """What was fetched earlier than this is not compared with what was fetched then."""
        (moment,) = self.db.execute(
            f"SELECT {MOMENT.format('?')}", [fetched, f"-{WINDOW} days"]
        ).fetchone()
        return str(moment)

    def _settle(self, articles: Sequence[int]) -> None:
        """Nothing counts as read before all is in, so that a kill leaves it to the next time."""
        old = {article: found for article in articles if (found := _kept(self.db, article))}
        new = {article: sketch(self.text(article).body) for article in articles}
        with transaction(self.db):
            self.index.remove(old)
            self.index.add(new)
            self.db.conn.executemany(
                "INSERT OR REPLACE INTO sketched (article_id, text_hash, title, size, hashes)"
                " VALUES (?, '', '', ?, ?)",
                [(article, of.size, _packed(of)) for article, of in new.items()],
            )
        self.sizes |= {article: of.size for article, of in new.items()}
        others = self.index.alike(new, self.sizes, self._are_same)
        pairs = {
            (min(article, other), max(article, other))
            for article in articles
            for other in (*others[article], *self._partners(article))
        }
        said_of = [
            (*((one, other) if said.first_is_smaller else (other, one)), said.kind, said.shared)
            for one, other in sorted(pairs)
            if self._near(one, other)
            and (said := relation(self.text(one), self.text(other)))
        ]  # fmt: skip
        with transaction(self.db):
            for column, other in (("small", "large"), ("large", "small")):
                self.db.conn.executemany(
                    f"DELETE FROM pairs WHERE {column} = ?"
                    f" AND (SELECT expired FROM articles WHERE id = {other}) IS NULL",
                    [(article,) for article in articles],
                )
            self.db.conn.executemany(
                "INSERT INTO pairs (small, large, relation, shared) VALUES (?, ?, ?, ?)", said_of
            )
            self.db.conn.executemany(
                "UPDATE sketched SET (text_hash, title) ="
                " (SELECT text_hash, title FROM articles WHERE id = article_id)"
                " WHERE article_id = ?",
                [(article,) for article in articles],
            )

    def _are_same(self, article: int, other: int) -> bool:
        """Whether they are the same to the letter, which needs no reading."""
        (same,) = self.db.execute(
            "SELECT one.text_hash = other.text_hash FROM articles AS one, articles AS other"
            " WHERE one.id = ? AND other.id = ?",
            [article, other],
        ).fetchone()
        return bool(same)

    def _partners(self, article: int) -> list[int]:
        """Those it was something to when it was last read, and whose texts are there."""
        rows = self.db.execute(
            "SELECT id FROM articles WHERE expired IS NULL AND id IN ("
            "SELECT large FROM pairs WHERE small = ?1"
            " UNION ALL SELECT small FROM pairs WHERE large = ?1)",
            [article],
        )
        return [other for (other,) in rows.fetchall()]

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
            f" WHERE hashes IS NULL AND expired IS NULL AND fetched BETWEEN {MOMENT.format('?')}"
            f" AND {MOMENT.format('?')}",
            [since, f"-{WINDOW} days", until, f"+{WINDOW} days"],
        ).fetchall()
        for articles in _batches([article for (article,) in dropped]):
            again = {article: sketch(self.text(article).body) for article in articles}
            with transaction(self.db):
                self.index.add(again)
                self._note((_packed(of), article) for article, of in again.items())
            self.sizes |= {article: of.size for article, of in again.items()}

    def _drop(self, horizon: str) -> None:
        old = self.db.execute(
            "SELECT article_id FROM sketched JOIN articles ON articles.id = article_id"
            " WHERE hashes IS NOT NULL AND fetched < ?",
            [horizon],
        ).fetchall()
        for articles in _batches([article for (article,) in old]):
            kept = {article: found for article in articles if (found := _kept(self.db, article))}
            with transaction(self.db):
                self.index.remove(kept)
                self._note((None, article) for article in articles)

    def _note(self, hashes: Iterable[tuple[bytes | None, int]]) -> None:
        self.db.conn.executemany("UPDATE sketched SET hashes = ? WHERE article_id = ?", hashes)
