"""What is too old to be kept: raw pages, texts, articles, each after its own number of days.

Age is counted from when a page was fetched. Batches are short transactions, so others wait for
none of them long, and a kill leaves the rest to the next time. Room that is given up is used again
by what comes next: the file stays as long as it is.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlite_utils import Database

from crawler import clock, erasing, sketches
from crawler.progress import Progress
from crawler.schedule import DAY, NEVER
from crawler.writes import transaction

# Articles, or pages, in one transaction: some 20 ms.
BATCH = 200
# What hints hold of a text; the others are metadata.
WORDED = "instr(hints, '\"content\"') OR instr(hints, '\"summary\"')"
# What waits to be read, and what is under a tombstone, has no age.
SETTLED = "outcome NOT IN ('pending', 'fetched', 'forgotten')"

Batch = Callable[[Database, list[int]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """In days; 0 is for ever. What goes takes along what was made of it or would restore it.

    A page goes with its text, since reading it again would bring the text back, and a text with
    its article.
    """

    raw_pages: int = 0
    text: int = 0
    metadata: int = 0

    def before(self, *names: str) -> str:
        """What is older than this moment goes; '' if nothing does."""
        days = [days for name in names if (days := getattr(self, name))]
        return clock.after(-min(days) * DAY) if days else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """How many of each were let go of: bodies of pages, texts, and articles with all they had."""

    raw_pages: int = 0
    text: int = 0
    metadata: int = 0

    def __str__(self) -> str:
        return (
            f"Let go of {self.raw_pages:,} raw pages, {self.text:,} texts,"
            f" {self.metadata:,} articles"
        )


def prune(
    db: Database,
    retention: Retention,
    *,
    dry_run: bool = False,
    progress: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Pruned:
    """Let go of what is too old by now; `dry_run` only counts it. Publish afterwards.

    What has not been read yet is kept.
    """
    erasing.secure(db)
    steps: dict[str, tuple[str, str, Batch]] = {
        "metadata": (OLD_ARTICLES, retention.before("metadata"), _expire),
        "text": (OLD_TEXTS, retention.before("text", "metadata"), let_go_of_texts),
        "raw_pages": (OLD_PAGES, retention.before("raw_pages", "text", "metadata"), _empty),
    }
    counts = dict.fromkeys(steps, 0)
    for name, (sql, before, let_go) in steps.items():
        waiting = [ident for (ident,) in db.execute(sql, [before])] if before else []
        if dry_run:
            counts[name] = len(waiting)
            continue
        if progress:
            progress.expect("pruned", len(waiting))
        for ids in _batches(waiting, stop):
            with transaction(db):
                let_go(db, ids)
            counts[name] += len(ids)
            if progress:
                progress.advance("pruned", len(ids))
    if not dry_run and (before := retention.before("text", "metadata")):
        _forget_hints(db, before, stop)
        _forget_replaced(db)
    return Pruned(**counts)


OLD_ARTICLES = f"""
    SELECT articles.id FROM articles JOIN urls ON urls.id = url_id
    WHERE articles.fetched < ? AND {SETTLED} ORDER BY articles.fetched
"""
OLD_TEXTS = f"""
    SELECT articles.id FROM articles JOIN urls ON urls.id = url_id
    WHERE articles.fetched < ? AND expired IS NULL AND {SETTLED} ORDER BY articles.fetched
"""
OLD_PAGES = f"""
    SELECT pages.id FROM pages JOIN urls ON urls.id = url_id
    WHERE pages.fetched < ? AND length(body) > 0 AND {SETTLED} ORDER BY pages.fetched
"""
OLD_HINTS = f"""
    SELECT discoveries.rowid FROM discoveries JOIN urls ON urls.id = url_id
    WHERE discoveries.discovered < ? AND {SETTLED} AND ({WORDED})
      AND NOT EXISTS (SELECT 1 FROM articles WHERE url_id = urls.id AND expired IS NULL)
"""


def _batches(ids: list[int], stop: Callable[[], bool]) -> Iterator[list[int]]:
    for start in range(0, len(ids), BATCH):
        if stop():
            return
        yield ids[start : start + BATCH]


def _expire(db: Database, articles: list[int]) -> None:
    """The article goes; its address stays in the ledger, and is not fetched again."""
    for article in articles:
        (url_id,) = db.execute("SELECT url_id FROM articles WHERE id = ?", [article]).fetchone()
        erasing.take_out(db, url_id)
        for table in ("pages", "notices"):
            db.conn.execute(f"DELETE FROM {table} WHERE url_id = ?", [url_id])
        db.conn.execute("UPDATE discoveries SET hints = '{}' WHERE url_id = ?", [url_id])
        db.conn.execute(
            "UPDATE urls SET outcome = 'expired', reason = NULL, decided = ?, enricher = NULL,"
            " look = NULL, due = ? WHERE id = ?",
            [clock.now(), NEVER, url_id],
        )


def let_go_of_texts(db: Database, articles: list[int]) -> None:
    """Title, link, metadata and tags stay, with the single words that are evidence of tags."""
    now = clock.now()
    for article in articles:
        sketches.forget(db, article)
        db.conn.execute("UPDATE sketched SET hashes = NULL WHERE article_id = ?", [article])
        for table in ("sieved", "removed_lines", "versions", "replaced_texts"):
            db.conn.execute(f"DELETE FROM {table} WHERE article_id = ?", [article])
        # A trigger keeps the text among those replaced, by which it leaves the published index.
        db.conn.execute("UPDATE article_texts SET text = '' WHERE article_id = ?", [article])
        db.conn.execute(
            "UPDATE replaced_texts SET replaced = ? WHERE article_id = ?", [now, article]
        )
        db.conn.execute(
            "UPDATE signatures SET day = NULL, signature = NULL WHERE article_id = ?", [article]
        )
        db.conn.execute(
            "UPDATE articles SET expired = ?, keywords = '[]', image_caption = NULL WHERE id = ?",
            [now, article],
        )
        db.conn.execute(
            "UPDATE urls SET look = NULL, due = ? WHERE id ="
            " (SELECT url_id FROM articles WHERE id = ?)",
            [NEVER, article],
        )


def _empty(db: Database, pages: list[int]) -> None:
    """The body goes; the headers stay, which say what may be done with the article."""
    for page in pages:
        db.conn.execute("UPDATE pages SET body = x'' WHERE id = ?", [page])


def _forget_hints(db: Database, before: str, stop: Callable[[], bool]) -> None:
    """What channels gave of texts that are no longer kept, or that never became one."""
    waiting = [ident for (ident,) in db.execute(OLD_HINTS, [before])]
    for ids in _batches(waiting, stop):
        with transaction(db):
            for ident in ids:
                db.conn.execute(
                    "UPDATE discoveries SET hints = json_remove(hints, '$.content', '$.summary')"
                    " WHERE rowid = ?",
                    [ident],
                )


def _forget_replaced(db: Database) -> None:
    """The words of texts that have left the published index by now."""
    with transaction(db):
        db.conn.execute(
            "DELETE FROM replaced_texts WHERE article_id IN"
            " (SELECT id FROM articles WHERE expired IS NOT NULL)"
            " AND replaced <= coalesce((SELECT max(built) FROM snapshots), '9')"
        )
