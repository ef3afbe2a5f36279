"""Opening the private database, the same way for whoever reads or writes it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlite_utils import Database

from crawler import schema
from crawler.errors import ConfigError

BUSY_MILLISECONDS = 60_000  # crawl and enrichment write in turns, each for milliseconds


def private(path: str | Path, *, create: bool = True) -> Database:
    """The private database, brought to today's schema. ConfigError if there is none to open."""
    path = Path(path)
    if create:
        path.parent.mkdir(parents=True, exist_ok=True)
    elif not path.is_file():
        raise ConfigError(
            f"{path} does not exist: `tamis crawl` makes it, or name another with --db"
        )
    db = Database(path)
    db.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    try:
        db.execute("PRAGMA journal_mode = WAL")
    except sqlite3.DatabaseError as error:
        db.close()
        raise ConfigError(f"{path} cannot be used as the private database: {error}") from error
    # In WAL a killed process loses nothing that was committed; a power cut may lose the last
    # commits, whose pages are then fetched again.
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA foreign_keys = ON")
    try:
        schema.private.apply(db)
    except sqlite3.DatabaseError as error:
        db.close()
        raise ConfigError(f"{path} cannot be used as the private database: {error}") from error
    return db


@contextmanager
def alone(path: str | Path) -> Iterator[None]:
    """Be the only one at work on a private database; ConfigError if another process is.

    Two crawls would fetch the same pages. Held by a lock on a file beside it, which the system lets
    go when the process ends, however it ends.
    """
    if not Path(path).parent.is_dir():
        Path(path).parent.mkdir(parents=True)
    with closing(sqlite3.connect(f"{path}.lock", timeout=0, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise ConfigError(f"{path}.lock cannot be written: {error}") from error
            raise ConfigError(
                f"another tamis is at work on {path}: wait until it is done, or stop it"
            ) from error
        yield
