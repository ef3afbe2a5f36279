"""Is a new snapshot sound, and what is its name."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

from sqlite_utils import Database

from crawler import schema
from crawler.errors import PublishError

SHOWN = 5  # problems in the message
INDEX = "full-text index"
COUNTED = (
    "articles",
    "listed",
    "article_themes",
    "article_countries",
    "article_organisations",
    "ledger",
)
ARTICLES = """
    SELECT id, url, content_hash, rights, tdm, robots, gone, updated, versions, duplicate_of, digest
    FROM articles JOIN listed ON listed.doc = articles.doc ORDER BY id
"""


def check(new: Path) -> tuple[str, ...]:
    """What was checked of the file at `new`: all of it. Raises PublishError with what is wrong.

    SQLite lets go of Python while it reads, so two threads keep two cores busy.
    """
    tasks: dict[str, Callable[[sqlite3.Connection], Iterator[str]]] = {
        "file and indexes": lambda conn: _said(conn, "integrity_check"),
        INDEX: _full_text,
        "references": _references,
    }
    with ThreadPoolExecutor(2) as threads:
        found = [threads.submit(_run, new, task) for task in tasks.values()]
        _refuse([problem for future in found for problem in future.result()])
    return tuple(tasks)


@contextmanager
def index_checked(new: Path) -> Iterator[None]:
    """Check the full-text index of the file at `new` while its caller reads other tables there."""
    with ThreadPoolExecutor(1) as thread:
        found = thread.submit(_run, new, _full_text)
        yield
        _refuse(found.result())


def file_checked(new: Path) -> tuple[str, ...]:
    """What was checked of a file whose index is (`index_checked`), but for indexes and references.

    These take 10 s of 16 at 200,000 articles, and a daily publish has a minute at a million.
    """
    _refuse(_run(new, lambda conn: _said(conn, "quick_check")))
    return "file", INDEX


def _refuse(problems: list[str]) -> None:
    if problems:
        raise PublishError(f"the new database is not published: {'; '.join(problems[:SHOWN])}")


def _run(new: Path, task: Callable[[sqlite3.Connection], Iterator[str]]) -> list[str]:
    with closing(sqlite3.connect(new, isolation_level=None)) as conn:
        return list(task(conn))


def _said(conn: sqlite3.Connection, pragma: str) -> Iterator[str]:
    for (said,) in conn.execute(f"PRAGMA {pragma}({SHOWN})"):
        if said != "ok":
            yield said


def _full_text(conn: sqlite3.Connection) -> Iterator[str]:
    try:
        conn.execute("INSERT INTO articles_fts(articles_fts) VALUES ('integrity-check')")
    except sqlite3.DatabaseError as error:
        yield f"full-text index: {error}"


def _references(conn: sqlite3.Connection) -> Iterator[str]:
    for row in conn.execute("PRAGMA foreign_key_check"):
        yield f"broken reference {tuple(row)}"


def counts(db: Database, source: Database) -> dict[str, int]:
    """Rows by table. Raises PublishError unless they are those of the private database."""
    found = {name: _count(db, f"SELECT count(*) FROM {name}") for name in COUNTED}
    problems = [
        f"{found[table]:,} rows in {table}, but {expected:,} in the private database"
        for table, origin in (("articles", "articles"), ("ledger", "urls"))
        if found[table] != (expected := _count(source, f"SELECT count(*) FROM {origin}"))
    ]
    if found["articles"] != found["listed"]:
        problems.append(f"{found['articles']} articles, but {found['listed']} in the index")
    if lost := _count(
        db, "SELECT count(*) FROM ledger WHERE outcome = 'stored' AND article_id IS NULL"
    ):
        problems.append(f"{lost} URLs are said to be stored but have no article")
    _refuse(problems)
    return found


def _count(db: Database, sql: str) -> int:
    return int(db.execute(sql).fetchone()[0])


def identity(db: Database, level: str) -> str:
    """The snapshot's name: 16 hex digits that are others when anything is published otherwise.

    The same private state has the same, in whatever way it was published.
    """
    digest = hashlib.sha256(level.encode())
    for sql in (ARTICLES, "SELECT id, url, outcome, reason FROM ledger ORDER BY id"):
        for row in db.execute(sql):
            digest.update(repr(row).encode())
    return digest.hexdigest()[:16]


def same_tables(db: Database) -> bool:
    """Whether a file has the tables and indexes of today's schema."""
    with closing(Database(memory=True)) as fresh:
        schema.published.apply(fresh)
        fresh.table(schema.published.migrations_table).drop()
        fresh.execute("ANALYZE")
        return _tables(db) == _tables(fresh)


def _tables(db: Database) -> set[str]:
    return {sql for (sql,) in db.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
