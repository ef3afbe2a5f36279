"""Articles in the private database: what waits to be read, and what reading it gave."""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from sqlite_utils import Database

from crawler import (
    archive,
    channels,
    clock,
    clusters,
    erasing,
    sifting,
    sketches,
    stories,
    versions,
)
from crawler.readings import Reading, Unread
from crawler.tombstones import Tombstones
from crawler.writes import transaction
from enrich import memory
from enrich.article import Extracted

# The columns of `articles` that a reading decides, in their order; `content_hash` covers them all.
READING = (
    "page_id", "source", "url", "canonical", "title", "authors", "published", "published_source",
    "fetched", "updated", "language", "language_confidence", "language_method", "language_votes",
    "language_declared", "language_tag", "language_shares", "language_claims", "image",
    "attachments", "categories", "origin_url", "words", "themes", "themes_method",
    "countries", "regions", "organisations", "keywords", "text_hash", "signals", "kind",
    "signed_by", "image_caption", "section", "origin_publisher", "relation", "candidates",
)  # fmt: skip


def unread(db: Database, limit: int, *, without: Collection[int] = ()) -> list[Unread]:
    """The next pages to read, oldest first; `without` are ids of URLs that are being read."""
    return _unread(
        db,
        "urls.outcome = 'fetched' AND urls.id NOT IN (SELECT value FROM json_each(:without))"
        " ORDER BY urls.id LIMIT :limit",
        limit=limit, without=json.dumps(list(without)),
    )  # fmt: skip


def waiting(db: Database, keys: Collection[str], version: str) -> dict[str, Unread]:
    """By the key of its address, each of these that waits, and that no other version has read."""
    ids = dict(
        db.execute(
            "SELECT id, key FROM urls WHERE key IN (SELECT value FROM json_each(?))"
            " AND outcome = 'fetched' AND coalesce(enricher, ?2) = ?2",
            [json.dumps(list(keys)), version],
        ).fetchall()
    )
    rows = _unread(db, "urls.id IN (SELECT value FROM json_each(:ids))", ids=json.dumps(list(ids)))
    return {ids[row.url_id]: row for row in rows}


def _unread(db: Database, which: str, **values: Any) -> list[Unread]:
    rows = list(
        db.query(
            f"""
            SELECT urls.id AS url_id, pages.id AS page_id, urls.source, pages.url, pages.fetched,
                   pages.content_type, pages.body,
                   json_extract(sources.record, '$.languages') AS languages
            FROM urls JOIN sources ON sources.id = urls.source JOIN pages ON pages.id = (
              SELECT id FROM pages WHERE pages.url_id = urls.id ORDER BY fetched DESC, id DESC
              LIMIT 1
            )
            WHERE {which}
            """,
            values,
        )
    )
    told = channels.hints(db, (row["url_id"] for row in rows))
    return [
        Unread(
            **{**row, "languages": tuple(json.loads(row["languages"] or "[]"))},
            hints=told.get(row["url_id"], {}),
        )
        for row in rows
    ]


def count_unread(db: Database) -> int:
    # Asked five times a second: the index that SQLite takes by itself holds the whole ledger.
    found = db.execute(
        "SELECT count(*) FROM urls INDEXED BY urls_fetched WHERE outcome = 'fetched'"
    )
    return int(found.fetchone()[0])


def is_expecting(db: Database) -> bool:
    """Whether there is a page to fetch now, so that soon there will be one to read."""
    found = db.execute(
        "SELECT 1 FROM urls WHERE outcome = 'pending' AND due <= ? LIMIT 1", [clock.now()]
    )
    return found.fetchone() is not None


def mark_stale(db: Database, version: str, *, most: int = -1) -> int:
    """Put back among the unread every page that another enricher than `version` read.

    Or up to `most` of them, so that what is new need not wait for all of these. Those whose bodies
    retention has let go of stay as they were read.
    """
    return db.execute(
        "UPDATE urls SET outcome = 'fetched' WHERE id IN (SELECT id FROM urls"
        " WHERE (enricher < :version OR enricher > :version) AND outcome <> 'fetched'"
        f" AND {archive.HELD} LIMIT :most)",
        {"version": version, "most": most},
    ).rowcount


def save(db: Database, readings: Iterable[Reading], version: str) -> None:
    """Write readings and their outcomes in one transaction. What has not changed is not touched.

    A page that could not be read leaves the article that an earlier reading made of it, and so
    does a later page that holds none.
    """
    with transaction(db):
        stones = Tombstones(db)
        for reading in readings:
            outcome, reason = reading.outcome, reading.reason
            source, newest = db.conn.execute(
                "SELECT source, (SELECT id FROM pages WHERE url_id = urls.id"
                " ORDER BY fetched DESC, id DESC LIMIT 1) FROM urls WHERE id = ?",
                (reading.url_id,),
            ).fetchone() or ("", None)
            if reading.page_id not in (None, newest) or reading.source not in ("", source):
                continue  # overtaken while it was read: it waits still, and is read again
            if (stone := _forgotten(stones, reading)) is not None:
                erasing.erase(stones, reading.url_id, stone)
                continue
            before = versions.present(db, reading.url_id)
            again = before is not None and before.enricher != version
            if outcome == "failed" and before:
                outcome = "stored"
            elif (saved := versions.settle(db, reading, before, version)) is None:
                # What an older version read is still to be read by this one.
                outcome, reason = "fetched" if again else "stored", None
            elif outcome == "stored":
                _save_article(db, saved, again=again)
            else:
                erasing.take_out(db, reading.url_id)
            db.conn.execute(
                "UPDATE urls SET outcome = ?, reason = coalesce(?, reason), decided = ?,"
                " enricher = ? WHERE id = ?",
                (outcome, reason, clock.now(), version, reading.url_id),
            )


def _forgotten(stones: Tombstones, reading: Reading) -> int | None:
    """The tombstone of where a page is, of what it says it is, or of who signed it."""
    found = stones.of(reading.url, reading.canonical)
    authors = reading.extracted.authors if reading.extracted else ()
    return stones.of_authors(authors) if found is None else found


def _save_article(db: Database, reading: Reading, *, again: bool) -> None:
    """`again`: another version read it before, so its text is settled anew, changed or not."""
    row, page = _row(reading), reading.extracted
    moved = db.execute(
        "SELECT 1 FROM articles WHERE url_id = ? AND source <> ?", (reading.url_id, reading.source)
    ).fetchone()
    if moved:
        sifting.unsettle(db, reading.url_id)
    columns = ["url_id", *READING, "content_hash"]
    changes = ", ".join(f"{name} = excluded.{name}" for name in (*READING, "content_hash"))
    changed = db.conn.execute(
        f"INSERT INTO articles ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        f" ON CONFLICT (url_id) DO UPDATE SET {changes}"
        " WHERE content_hash IS NOT excluded.content_hash OR ? RETURNING id",
        [*(row[name] for name in columns), again],
    ).fetchone()
    if changed and page:
        (ident,) = changed
        db.conn.execute(
            "INSERT INTO article_texts (article_id, text) VALUES (?, ?)"
            " ON CONFLICT (article_id) DO UPDATE SET text = excluded.text"
            " WHERE text IS NOT excluded.text",
            (ident, page.text),
        )
        db.conn.execute("DELETE FROM removed_lines WHERE article_id = ?", (ident,))
        db.conn.executemany(
            "INSERT INTO removed_lines (article_id, text, rule) VALUES (?, ?, ?)",
            ((ident, *line) for line in _removed(page)),
        )
        if page.seen:
            sifting.keep(db, ident, page.text, page.seen)


def _row(reading: Reading) -> dict[str, Any]:
    page, notes = reading.extracted, reading.annotation
    if page is None or notes is None:
        raise ValueError(f"{reading.url}: a stored reading without an article")
    image, origin = page.image, page.origin
    row: dict[str, Any] = {
        "page_id": reading.page_id,
        "source": reading.source,
        "url": reading.url,
        "canonical": reading.canonical,
        "title": page.title,
        "authors": _json(page.authors),
        "published": clock.utc(page.published),
        "published_source": page.published_source,
        "fetched": reading.fetched,
        "updated": reading.updated,
        "language_declared": page.declared_language,
        "language_claims": sifting.claimed(page.declared_language, reading.claims),
        "image": image and image.url,
        "image_caption": image and image.caption,
        "attachments": _json([asdict(attachment) for attachment in page.attachments]),
        "categories": _json(page.categories),
        "origin_url": origin and origin.url,
        "origin_publisher": origin and origin.publisher,
        "relation": origin and origin.relation,
        "signals": _json(asdict(page.rights)),
        "kind": page.kind,
        "signed_by": page.signed_by,
        "section": _json(page.section),
        "candidates": _json(_candidates(page)),
        **sifting.noted(page.text, notes),
    }
    seen = memory.pack(page.seen).hex() if page.seen else ""
    content = _json([*row.values(), page.text, seen, list(_removed(page))]).encode()
    return {
        "url_id": reading.url_id,
        **row,
        "content_hash": hashlib.blake2b(content, digest_size=16).hexdigest(),
    }


def _removed(page: Extracted) -> Iterator[tuple[str, str]]:
    for change in page.explained.removed[: sifting.MAX_LINES] if page.explained else ():
        yield change.text[: sifting.MAX_LINE], change.rule


def _candidates(page: Extracted) -> dict[str, list[dict[str, Any]]]:
    """What else the title, the date and the authors could have been, with where it stands."""
    if not (told := page.explained):
        return {}
    return {
        "title": [asdict(each) for each in told.title.candidates if each.why_not],
        "published": [asdict(each) for each in told.published.candidates if each.why_not],
        "authors": [asdict(each) for each in told.authors.candidates if each.why_not],
    }


def settle(db: Database) -> int:
    """Take from every text what its site repeats, and say whose text it is; how many rows changed.

    Computed from all that is stored, so the order in which pages came does not matter.
    """
    changed = sifting.sift(db)
    sketches.settle(db)
    changed += clusters.settle(db)
    return changed + stories.settle(db)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def outcomes(db: Database) -> dict[str, int]:
    """How many URLs have each outcome, the commonest first."""
    return dict(
        db.execute("SELECT outcome, count(*) FROM urls GROUP BY 1 ORDER BY 2 DESC, 1").fetchall()
    )


def health(db: Database) -> dict[str, dict[str, Any]]:
    """How each source does: its last visit that was answered, the last that brought news, failures.

    The failures are those in a row of the channel that has the fewest.
    """
    rows = db.query(
        "SELECT sources.id, max(succeeded) AS succeeded, max(found) AS found,"
        " coalesce(min(failures), 0) AS failures"
        " FROM sources LEFT JOIN channels ON channels.source = sources.id AND root IS NULL"
        " AND checked IS NOT NULL GROUP BY 1"
    )
    return {row.pop("id"): row for row in rows}


def visit_counts(db: Database) -> dict[int, int]:
    """How often each channel was visited, by its id."""
    return dict(db.execute("SELECT id, visits FROM channels").fetchall())


def visits(
    db: Database, urls: Collection[str], *, before: Mapping[int, int]
) -> tuple[int, int, str | None]:
    """Of the channels at `urls`: visited since then, failed of these, and when the next is due.

    `before` is what `visit_counts` said then: two crawls may begin within one second of the clock.
    """
    visited, failed, due = db.execute(
        "SELECT coalesce(sum(visits > coalesce(before.value, 0)), 0),"
        " coalesce(sum(visits > coalesce(before.value, 0) AND failures > 0), 0), min(due)"
        " FROM channels LEFT JOIN json_each(:before) AS before ON before.key = channels.id"
        " WHERE url IN (SELECT value FROM json_each(:urls))",
        {"before": json.dumps(before), "urls": json.dumps(list(urls))},
    ).fetchone()
    return visited, failed, due
