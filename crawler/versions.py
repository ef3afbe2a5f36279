"""What a later visit made of an article: nothing, a change of its looks only, or a new version.

A version is kept when what is said has changed. Its page stays in the archive; a page that says
nothing new does not.
"""

from dataclasses import dataclass, replace

from sqlite_utils import Database

from crawler import archive, sifting
from crawler.readings import Reading
from enrich.changes import Text, compare


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """The article as it is in the database before a reading is saved."""

    id: int
    page_id: int
    fetched: str
    updated: str | None
    enricher: str
    title: str
    text: str


def present(db: Database, url_id: int) -> Present | None:
    row = db.conn.execute(
        "SELECT articles.id, page_id, fetched, articles.updated, enricher, title,"
        " article_texts.text, sieved.text FROM articles JOIN urls ON urls.id = url_id"
        " JOIN article_texts ON article_texts.article_id = articles.id"
        " LEFT JOIN sieved ON sieved.article_id = articles.id WHERE url_id = ?",
        (url_id,),
    ).fetchone()
    if not row:
        return None
    *columns, packed = row
    found = Present(**dict(zip(Present.__slots__, columns, strict=True)))
    # What a new reading is compared with is an old one, before the memory of its site.
    return replace(found, text=archive.unpack(packed).decode()) if packed else found


def settle(db: Database, reading: Reading, before: Present | None, version: str) -> Reading | None:
    """The reading to save, dated as the article is; None if the article stays as it was.

    `reading`, by enricher `version`, is of the newest page of its URL; `before` is what an earlier
    one gave.
    """
    if before is None:
        return reading
    if reading.page_id in (None, before.page_id):  # None: it could not be read at all
        return replace(reading, fetched=before.fetched, updated=before.updated)
    if reading.extracted is not None and before.enricher != version:
        # Read in another way, it may differ in words that the page has not changed.
        return replace(reading, fetched=before.fetched, updated=before.updated)
    if reading.extracted is None:
        _forget(db, reading, "a later visit found no article")
        return None
    old, new = sifting.to_compare(db, before.id, reading.extracted) or (
        before.text, reading.extracted.text,
    )  # fmt: skip
    change = compare(
        Text(title=before.title, text=old), Text(title=reading.extracted.title, text=new)
    )
    if not change.meaningful:
        _forget(db, reading, None)
        return None
    db.conn.execute(
        "INSERT INTO versions"
        " (article_id, number, page_id, title, text, seen, added, removed, diff)"
        " SELECT ?1, 1 + count(*), ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM versions WHERE article_id = ?1",
        (
            before.id, before.page_id, before.title, archive.pack(before.text.encode()),
            reading.fetched, change.added, change.removed, change.diff,
        ),
    )  # fmt: skip
    db.conn.execute("UPDATE urls SET unchanged = 0 WHERE id = ?", (reading.url_id,))
    return replace(reading, fetched=before.fetched, updated=reading.fetched)


def _forget(db: Database, reading: Reading, why: str | None) -> None:
    """Let go of a page that says nothing new."""
    db.conn.execute("DELETE FROM pages WHERE id = ?", (reading.page_id,))
    db.conn.execute(
        "UPDATE urls SET reason = ? WHERE id = ?",
        (f"{why} ({reading.outcome})" if why else None, reading.url_id),
    )
