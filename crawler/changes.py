"""What has changed in the private database since a snapshot, as its triggers have noted it.

A snapshot carries a random token that the private database keeps with the number of its last
change. So the history between them is known, or the token is not: a backup that was put back, or
another database, knows none of a later snapshot.
"""

import json
import secrets
from collections.abc import Iterator

from sqlite_utils import Database

from crawler import clock
from crawler.urls import host
from crawler.writes import transaction

# A site is published daily; who comes back later than this builds from nothing.
KEPT_SECONDS = 60 * 24 * 3600.0


def last(db: Database) -> int:
    """The number of the last change."""
    return int(db.execute("SELECT coalesce(max(seq), 0) FROM changes").fetchone()[0])


def published(db: Database, token: str) -> int | None:
    """The last change that the snapshot of this token has; None if it is not known here."""
    row = db.execute("SELECT seq FROM snapshots WHERE token = ?", [token]).fetchone()
    return row and int(row[0])


def remember(db: Database, token: str, seq: int) -> None:
    """Keep what the next publish of that snapshot needs, and let go of what is too old."""
    old = [clock.after(-KEPT_SECONDS)]
    with transaction(db):
        db.execute("INSERT INTO snapshots VALUES (?, ?, ?)", [token, seq, clock.now()])
        db.execute("DELETE FROM snapshots WHERE built < ?", old)
        db.execute("DELETE FROM replaced_texts WHERE replaced < ?", old)


def token() -> str:
    return secrets.token_hex(8)


def since(db: Database, seq: int) -> set[int]:
    """The addresses of which something that is published has changed after that change."""
    rows = db.execute("SELECT url_id, source, host FROM changes WHERE seq > ?", [seq]).fetchall()
    found = {url for url, *_ in rows if url is not None}
    sources = [source for _, source, _ in rows if source is not None]
    hosts = {name for *_, name in rows if name is not None}
    found.update(_ids(db, "SELECT id FROM urls WHERE source IN ", sources))
    found.update(_ids(db, "SELECT id FROM urls WHERE host IN ", sorted(hosts)))
    if hosts:  # an article's own host may be another, after redirects
        articles = db.execute("SELECT url_id, url FROM articles")
        found.update(url_id for url_id, url in articles if host(url) in hosts)
    return found | _telling_the_same(db, found)


def waits(db: Database, url_id: int, seq: int) -> bool:
    """Whether something of this address, of its source or of its host has changed after that."""
    sql = """
        SELECT 1 FROM urls JOIN changes
        ON changes.url_id = urls.id OR changes.source = urls.source OR changes.host = urls.host
        WHERE urls.id = ? AND seq > ?
    """
    return db.execute(sql, [url_id, seq]).fetchone() is not None


def addresses(db: Database, articles: list[int]) -> set[int]:
    return set(_ids(db, "SELECT url_id FROM articles WHERE id IN ", articles))


def texts(db: Database, article: int) -> Iterator[str]:
    """The texts that an article has or had lately, the newest first."""
    for sql in (
        "SELECT text FROM article_texts WHERE article_id = ?",
        "SELECT text FROM replaced_texts WHERE article_id = ? ORDER BY id DESC",
    ):
        for (text,) in db.execute(sql, [article]):
            yield text


def _telling_the_same(db: Database, urls: set[int]) -> set[int]:
    """Whoever is linked to these as one story: what is shown of a link depends on both ends."""
    ends = "SELECT {} FROM stories JOIN articles AS own ON own.id = {} JOIN articles AS linked"
    found: set[int] = set()
    for this, that in (("one", "other"), ("other", "one")):
        sql = ends.format("linked.url_id", this) + f" ON linked.id = {that} WHERE own.url_id IN "
        found.update(_ids(db, sql, sorted(urls)))
    return found


def _ids(db: Database, sql: str, values: list[str] | list[int]) -> Iterator[int]:
    rows = db.execute(f"{sql} (SELECT value FROM json_each(?))", [json.dumps(values)])
    return (ident for (ident,) in rows)
