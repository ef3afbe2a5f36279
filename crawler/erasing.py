"""Takes an address out of the private database: its article, its pages, all that was said of it."""

from collections import Counter

from sqlite_utils import Database

from crawler import clock, sifting, sketches, stories
from crawler.schedule import NEVER
from crawler.tombstones import LEDGER, Tombstones

# Where the words of an article are, and those of its address. A test walks the schema for others.
OF_ARTICLE = (
    "article_texts", "versions", "sieved", "removed_lines", "replaced_texts", "sketched",
    "signatures", "duplicates",
)  # fmt: skip
OF_ADDRESS = ("articles", "pages", "notices", "discoveries")
# Where words of it may stand all the same: in rows of others, and in the operator's own records.
QUOTING = (
    *OF_ARTICLE, *OF_ADDRESS, "stories", "urls", "channels", "sources", "probes",
    "blocks", "measures", "alarms",  # lines that several articles of a site have
)  # fmt: skip


def secure(db: Database) -> None:
    """From now on, what this connection deletes is overwritten by zeros."""
    db.execute("PRAGMA secure_delete = ON")


def take_out(db: Database, url_id: int) -> None:
    """Delete the article at an address; whoever it stood for finds another when all is settled."""
    articles = db.execute("SELECT id FROM articles WHERE url_id = ?", [url_id]).fetchall()
    for (article,) in articles:
        db.conn.execute("UPDATE articles SET duplicate_of = NULL WHERE duplicate_of = ?", [article])
        # Those that shared text with it may have been compared with it alone.
        db.conn.execute(
            "UPDATE sketched SET text_hash = '' WHERE article_id IN ("
            " SELECT large FROM pairs WHERE small = ?1 UNION SELECT small FROM pairs"
            " WHERE large = ?1) AND (SELECT expired FROM articles WHERE id = article_id) IS NULL",
            [article],
        )
        sketches.forget(db, article)
        stories.forget(db, article)
    sifting.unsettle(db, url_id)
    db.conn.execute("DELETE FROM articles WHERE url_id = ?", [url_id])


def take_out_lines(db: Database, source: str) -> None:
    """The lines that a source has repeated, if none of its articles is left to have them."""
    if db.execute("SELECT 1 FROM articles WHERE source = ? LIMIT 1", [source]).fetchone():
        return
    db.conn.execute("DELETE FROM blocks WHERE source = ?", [source])
    db.conn.execute("UPDATE measures SET blocks = '{}' WHERE source = ?", [source])
    db.conn.execute("DELETE FROM alarms WHERE source = ? AND kind = 'block'", [source])


def erase(stones: Tombstones, url_id: int, stone: int) -> Counter[str]:
    """Erase all that is known of an address but that it was forgotten; rows erased, by table.

    Its row stays in the ledger, and says nothing: not even the address, which may hold a name.
    """
    db = stones.db
    secure(db)
    counts = _counted(db, url_id)
    take_out(db, url_id)
    for table in OF_ADDRESS[1:]:
        db.conn.execute(f"DELETE FROM {table} WHERE url_id = ?", [url_id])
    (key,) = db.execute("SELECT key FROM urls WHERE id = ?", [url_id]).fetchone()
    hashed = stones.ledger_key(stone, key)
    if db.execute("SELECT 1 FROM urls WHERE key = ?", [hashed]).fetchone():
        db.conn.execute("DELETE FROM urls WHERE id = ?", [url_id])
        return counts
    db.conn.execute(
        "UPDATE urls SET key = ?, url = ?, host = '', outcome = 'forgotten', tombstone = ?,"
        " decided = ?, due = ?, reason = NULL, tries = 0, enricher = NULL, etag = NULL,"
        " modified = NULL, body_hash = NULL, dated = NULL, updated = NULL, look = NULL,"
        " gone = NULL, given = 0, unchanged = 0, first_fetched = NULL, last_fetched = NULL"
        " WHERE id = ?",
        [hashed, LEDGER, stone, clock.now(), NEVER, url_id],
    )
    return counts


def enter(stones: Tombstones, key: str, stone: int, *, source: str, channel: int) -> None:
    """Count in the ledger an address that was discovered and is under a tombstone."""
    stones.db.conn.execute(
        "INSERT INTO urls (key, url, host, source, channel, discovered, outcome, decided, due,"
        " tombstone) VALUES (?1, ?2, '', ?3, ?4, ?5, 'forgotten', ?5, ?6, ?7)"
        " ON CONFLICT (key) DO NOTHING",
        [stones.ledger_key(stone, key), LEDGER, source, channel, clock.now(), NEVER, stone],
    )


def _counted(db: Database, url_id: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    for table in OF_ADDRESS:
        sql = f"SELECT count(*) FROM {table} WHERE url_id = ?"
        counts[table] = db.execute(sql, [url_id]).fetchone()[0]
    for table in OF_ARTICLE:
        sql = (
            f"SELECT count(*) FROM {table}"
            " WHERE article_id IN (SELECT id FROM articles WHERE url_id = ?)"
        )
        counts[table] = db.execute(sql, [url_id]).fetchone()[0]
    return +counts
