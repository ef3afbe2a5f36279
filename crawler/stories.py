"""Which stored articles tell one story in words of their own, within days of each other.

What a link is worth depends on how rare its evidence is among the articles of these days. So
whenever one comes, changes or leaves, the days around its own are told apart anew, from signatures
that are kept, and the order in which articles came does not matter.
"""

import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from sqlite_utils import Database

from crawler import archive
from crawler.writes import transaction
from enrich.stories import (
    MOST_DAYS,
    VERSION,
    Signature,
    as_json,
    from_json,
    rarity,
    same_story,
    signature,
)

# A key that more articles have within these days says too little to look at them side by side. With
# this, 200,000 articles, 1,000 a day, take 0.9 ms each to be read and 0.9 ms to be told apart.
MOST_OF_A_KEY = 30
# Articles read in one transaction; another process waits no longer than for these.
BATCH = 200
# Days held in memory: those around one, and a few that the next ones need too.
DAYS = 2 * MOST_DAYS + 4

# An article as it was read: what follows from its page, from its site's memory, and from us.
STATE = f"content_hash || ' ' || text_hash || ' {VERSION}'"


def settle(db: Database) -> int:
    """Bring `stories` up to date; how many links came, went or changed."""
    _read(db)
    days = [day for (day,) in db.execute("SELECT day FROM story_days ORDER BY day").fetchall()]
    window = _Window(db)
    return sum(_settle_day(db, window, date.fromisoformat(day)) for day in days)


def forget(db: Database, article: int) -> None:
    """Have the days around an article's told apart anew, before it leaves."""
    row = db.execute("SELECT day FROM signatures WHERE article_id = ?", [article]).fetchone()
    if row:
        _mark(db, row)


def links(db: Database, articles: Collection[int]) -> Iterator[dict[str, Any]]:
    """What is published of these articles: their links to others that are not the same text."""
    sides = (("one", "other"), ("other", "one"))
    sql = " UNION ALL ".join(
        f"""
        SELECT {this} AS article_id, {that} AS other_id, score, evidence FROM stories
        JOIN articles AS a ON a.id = one JOIN articles AS b ON b.id = other
        WHERE {this} IN (SELECT value FROM json_each(:articles))
          AND a.duplicate_of IS NULL AND b.duplicate_of IS NULL
          AND NOT EXISTS (SELECT 1 FROM pairs WHERE small = one AND large = other)
          AND NOT EXISTS (SELECT 1 FROM pairs WHERE small = other AND large = one)
        """
        for this, that in sides
    )
    return db.query(
        f"SELECT * FROM ({sql}) ORDER BY article_id, other_id",
        {"articles": json.dumps(list(articles))},
    )


# -- reading


def _read(db: Database) -> None:
    """Make the signatures of articles that are new or have changed, and mark their days."""
    waiting = [
        article
        for (article,) in db.execute(
            f"SELECT id FROM articles LEFT JOIN signatures ON article_id = id"
            f" WHERE state IS NOT {STATE} AND expired IS NULL ORDER BY id"
        ).fetchall()
    ]
    for start in range(0, len(waiting), BATCH):
        listed = json.dumps(waiting[start : start + BATCH])
        rows = list(
            db.query(
                f"""
                SELECT id, {STATE} AS state, title, text, language, published, countries,
                       organisations, themes, day AS before
                FROM articles JOIN article_texts ON article_texts.article_id = id
                LEFT JOIN signatures ON signatures.article_id = id
                WHERE id IN (SELECT value FROM json_each(?))
                """,
                [listed],
            )
        )
        read = [(row, _signature(row)) for row in rows]
        with transaction(db):
            db.conn.executemany(
                "INSERT OR REPLACE INTO signatures (article_id, state, day, signature)"
                " VALUES (?, ?, ?, ?)",
                [(row["id"], row["state"], _day(found), _packed(found)) for row, found in read],
            )
            _mark(db, itertools.chain.from_iterable((row["before"], _day(of)) for row, of in read))


def _signature(row: dict[str, Any]) -> Signature:
    return signature(
        row["title"],
        row["text"],
        row["language"],
        row["published"],
        countries=[(each["country"], each["score"]) for each in json.loads(row["countries"])],
        organisations={
            each["organisation"]: [one["term"] for one in each["evidence"]]
            for each in json.loads(row["organisations"])
        },
        themes=[each["theme"] for each in json.loads(row["themes"])],
    )


def _day(of: Signature) -> str | None:
    return of.published.isoformat() if of.published else None


def _packed(of: Signature) -> bytes | None:
    """Nothing where no day is known: it is told apart from none."""
    if of.published is None:
        return None
    return archive.pack(json.dumps(as_json(of), ensure_ascii=False).encode())


def _mark(db: Database, days: Iterable[str | None]) -> None:
    """Mark the days whose links depend on articles of these: of those before and after, too."""
    around = {
        (date.fromisoformat(day) + timedelta(days=apart)).isoformat()
        for day in set(days)
        if day
        for apart in range(-MOST_DAYS, MOST_DAYS + 1)
    }
    db.conn.executemany(
        "INSERT OR IGNORE INTO story_days (day) VALUES (?)", [(day,) for day in sorted(around)]
    )


# -- telling apart


@dataclass(frozen=True, slots=True)
class _Told:
    """An article of some day. `address` is what tells it from others, however they came."""

    id: int
    address: str
    source: str
    signature: Signature
    keys: frozenset[str]

    def may_tell_as(self, other: "_Told") -> bool:
        """Whether they may be two reports: one newsroom writes again of what comes next."""
        return (self.source, self.signature.language) != (other.source, other.signature.language)


class _Window:
    """The articles of days around another, and how many of them have a key."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.of = lru_cache(maxsize=DAYS)(self._of)
        self.counts = lru_cache(maxsize=DAYS)(self._counts)

    def around(self, day: date) -> tuple[Counter[str], int]:
        counts: Counter[str] = Counter()
        days = [day + timedelta(days=apart) for apart in range(-MOST_DAYS, MOST_DAYS + 1)]
        for each in days:
            counts.update(self.counts(each))
        return counts, sum(len(self.of(each)) for each in days)

    def _of(self, day: date) -> tuple[_Told, ...]:
        rows = self.db.execute(
            "SELECT articles.id, urls.key, articles.source, signature FROM signatures"
            " JOIN articles ON articles.id = article_id JOIN urls ON urls.id = url_id"
            " WHERE day = ? ORDER BY urls.key",
            [day.isoformat()],
        ).fetchall()
        found = ((ident, address, source, _unpacked(blob)) for ident, address, source, blob in rows)
        return tuple(
            _Told(ident, address, source, of, of.keys) for ident, address, source, of in found
        )

    def _counts(self, day: date) -> Counter[str]:
        return Counter(key for told in self.of(day) for key in told.keys)


def _unpacked(blob: bytes) -> Signature:
    return from_json(json.loads(archive.unpack(blob)))


def _settle_day(db: Database, window: _Window, day: date) -> int:
    wanted = {(one, other): said for one, other, *said in _linked(window, day)}
    name = day.isoformat()
    there = {
        (one, other): said
        for one, other, *said in db.execute(
            "SELECT one, other, score, evidence FROM stories WHERE day = ?", [name]
        ).fetchall()
    }
    changed = {pair for pair in wanted.keys() | there.keys() if wanted.get(pair) != there.get(pair)}
    with transaction(db):
        db.conn.executemany("DELETE FROM stories WHERE one = ? AND other = ?", sorted(changed))
        db.conn.executemany(
            "INSERT OR REPLACE INTO stories (one, other, day, score, evidence)"
            " VALUES (?, ?, ?, ?, ?)",
            [(*pair, name, *wanted[pair]) for pair in sorted(changed & wanted.keys())],
        )
        db.conn.execute("DELETE FROM story_days WHERE day = ?", [name])
    return len(changed)


def _linked(window: _Window, day: date) -> Iterator[tuple[int, int, float, str]]:
    """Two articles that tell one story, the earlier of that day, with score and evidence."""
    if not window.of(day):
        return
    counts, articles = window.around(day)
    rare = rarity(lambda key: counts[key], articles)
    later = [day + timedelta(days=apart) for apart in range(MOST_DAYS + 1)]
    having: dict[str, list[_Told]] = defaultdict(list)
    for told in itertools.chain.from_iterable(map(window.of, later)):
        for key in told.keys:
            if 1 < counts[key] <= MOST_OF_A_KEY:
                having[key].append(told)
    for told in window.of(day):
        others = {
            other.id: other
            for key in told.keys
            for other in having.get(key, ())
            if other.signature.published != day or other.address > told.address
            if told.may_tell_as(other)
        }
        for other in others.values():
            one, two = sorted((told, other), key=lambda each: each.address)
            found = same_story(one.signature, two.signature, rare=rare)
            if found:
                evidence = [asdict(reason) for reason in found.reasons]
                yield one.id, two.id, found.score, json.dumps(evidence, ensure_ascii=False)
