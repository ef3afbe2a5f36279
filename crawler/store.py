"""Articles in the private database: what waits to be read, and what reading it gave."""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from sqlite_utils import Database

from crawler import clock
from enrich.annotate import Annotation
from enrich.duplicates import Text, relations
from enrich.extract import Extracted

# The columns of `articles` that a reading decides, in their order; `content_hash` covers them all.
READING = (
    "page_id", "source", "url", "canonical", "title", "authors", "published", "published_source",
    "fetched", "language", "language_confidence", "language_method", "language_votes",
    "language_declared", "image", "attachments", "categories", "origin_url", "words", "themes",
    "countries", "text_hash",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """An archived page that waits to be read; `body` is as it is stored, packed."""

    url_id: int
    page_id: int
    source: str
    url: str
    fetched: str
    content_type: str | None
    body: bytes
    hints: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What became of a page: an article (outcome `stored`), or the reason why it is none."""

    url_id: int
    outcome: str
    reason: str | None = None
    page_id: int | None = None
    source: str = ""
    url: str = ""
    fetched: str = ""
    extracted: Extracted | None = None
    annotation: Annotation | None = None
    text_hash: str = ""


def unread(db: Database, limit: int, *, without: Collection[int] = ()) -> list[Unread]:
    """The next pages to read, oldest first; `without` are ids of URLs that are being read."""
    rows = db.query(
        """
        SELECT urls.id AS url_id, pages.id AS page_id, urls.source, pages.url, pages.fetched,
               pages.content_type, pages.body, urls.hints
        FROM urls JOIN pages ON pages.id = (
          SELECT max(id) FROM pages WHERE pages.url_id = urls.id
        )
        WHERE urls.outcome = 'fetched' AND urls.id NOT IN (SELECT value FROM json_each(:without))
        ORDER BY urls.id LIMIT :limit
        """,
        {"limit": limit, "without": json.dumps(list(without))},
    )
    return [Unread(**{**row, "hints": json.loads(row["hints"])}) for row in rows]


def count_unread(db: Database) -> int:
    return int(db.execute("SELECT count(*) FROM urls WHERE outcome = 'fetched'").fetchone()[0])


def mark_stale(db: Database, version: str) -> int:
    """Put back among the unread every page that another enricher than `version` read."""
    return db.execute(
        "UPDATE urls SET outcome = 'fetched' WHERE enricher IS NOT NULL AND enricher <> ?"
        " AND outcome <> 'fetched'",
        (version,),
    ).rowcount


def save(db: Database, readings: Iterable[Reading], version: str) -> None:
    """Write readings and their outcomes in one transaction. What has not changed is not touched.

    A page that could not be read leaves the article that an earlier reading made of it.
    """
    with db.atomic():
        for reading in readings:
            outcome, reason = reading.outcome, reading.reason
            if outcome == "stored":
                _save_article(db, reading)
            elif outcome == "failed" and _has_article(db, reading.url_id):
                outcome = "stored"
            else:
                _remove_article(db, reading.url_id)
            db.conn.execute(
                "UPDATE urls SET outcome = ?, reason = ?, decided = ?, enricher = ? WHERE id = ?",
                (outcome, reason, clock.now(), version, reading.url_id),
            )


def _has_article(db: Database, url_id: int) -> bool:
    found = db.conn.execute("SELECT 1 FROM articles WHERE url_id = ?", (url_id,)).fetchone()
    return found is not None


def _remove_article(db: Database, url_id: int) -> None:
    # Its duplicates find another original when all is settled again.
    db.conn.execute(
        "UPDATE articles SET duplicate_of = NULL"
        " WHERE duplicate_of = (SELECT id FROM articles WHERE url_id = ?)",
        (url_id,),
    )
    db.conn.execute("DELETE FROM articles WHERE url_id = ?", (url_id,))


def _save_article(db: Database, reading: Reading) -> None:
    row = _row(reading)
    columns = ["url_id", *READING, "content_hash"]
    changes = ", ".join(f"{name} = excluded.{name}" for name in (*READING, "content_hash"))
    changed = db.conn.execute(
        f"INSERT INTO articles ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        f" ON CONFLICT (url_id) DO UPDATE SET {changes}"
        " WHERE content_hash IS NOT excluded.content_hash RETURNING id",
        [row[name] for name in columns],
    ).fetchone()
    if changed:
        text = reading.extracted.text if reading.extracted else ""
        db.conn.execute(
            "INSERT INTO article_texts (article_id, text) VALUES (?, ?)"
            " ON CONFLICT (article_id) DO UPDATE SET text = excluded.text"
            " WHERE text IS NOT excluded.text",
            (changed[0], text),
        )


def _row(reading: Reading) -> dict[str, Any]:
    page, notes = reading.extracted, reading.annotation
    if page is None or notes is None:
        raise ValueError(f"{reading.url}: a stored reading without an article")
    language = notes.language
    row: dict[str, Any] = {
        "page_id": reading.page_id,
        "source": reading.source,
        "url": reading.url,
        "canonical": page.canonical,
        "title": page.title,
        "authors": _json(page.authors),
        "published": clock.utc(page.published),
        "published_source": page.published_source,
        "fetched": reading.fetched,
        "language": language.code,
        "language_confidence": language.confidence,
        "language_method": language.method,
        "language_votes": _json([asdict(vote) for vote in language.votes]),
        "language_declared": page.declared_language,
        "image": page.image,
        "attachments": _json([asdict(attachment) for attachment in page.attachments]),
        "categories": _json(page.categories),
        "origin_url": page.origin_url,
        "words": page.words,
        "themes": _json([asdict(theme) for theme in notes.themes]),
        "countries": _json([asdict(country) for country in notes.countries]),
        "text_hash": reading.text_hash,
    }
    content = _json([*row.values(), page.text]).encode()
    return {
        "url_id": reading.url_id,
        **row,
        "content_hash": hashlib.blake2b(content, digest_size=16).hexdigest(),
    }


def settle(db: Database) -> int:
    """Say of every article whether its text is another's; returns how many rows changed.

    Computed from all that is stored, so the order in which pages came does not matter.
    """
    wanted = dict(_duplicates(db))
    current = dict(
        db.execute(
            "SELECT id, duplicate_of FROM articles WHERE duplicate_of IS NOT NULL"
        ).fetchall()
    )
    changes = [
        (wanted.get(ident), ident)
        for ident in wanted.keys() | current.keys()
        if wanted.get(ident) != current.get(ident)
    ]
    with db.atomic():
        db.conn.executemany("UPDATE articles SET duplicate_of = ? WHERE id = ?", changes)
    return len(changes)


def _duplicates(db: Database) -> Iterator[tuple[int, int]]:
    rows = db.query(
        """
        SELECT articles.id, urls.key, articles.published, articles.text_hash
        FROM articles JOIN urls ON urls.id = articles.url_id
        WHERE articles.text_hash IN (
          SELECT text_hash FROM articles GROUP BY text_hash HAVING count(*) > 1
        )
        """
    )
    ids, texts = {}, []
    for row in rows:
        ids[row["key"]] = row["id"]
        texts.append(Text(id=row["key"], text_hash=row["text_hash"], published=row["published"]))
    for relation in relations(texts):
        if relation.relation != "original":
            yield ids[relation.id], ids[relation.cluster]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def outcomes(db: Database) -> dict[str, int]:
    """How many URLs have each outcome, the commonest first."""
    return dict(
        db.execute("SELECT outcome, count(*) FROM urls GROUP BY 1 ORDER BY 2 DESC, 1").fetchall()
    )


def visits(db: Database, urls: Collection[str], *, since: str) -> tuple[int, int, str | None]:
    """Of the channels at `urls`: visited since then, failed of these, and when the next is due."""
    visited, failed, due = db.execute(
        "SELECT coalesce(sum(checked >= :since), 0),"
        " coalesce(sum(checked >= :since AND failures > 0), 0), min(due)"
        " FROM channels WHERE url IN (SELECT value FROM json_each(:urls))",
        {"since": since, "urls": json.dumps(list(urls))},
    ).fetchone()
    return visited, failed, due
