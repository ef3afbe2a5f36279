"""Opening the private database, the same way for whoever reads or writes it."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlite_utils import Database

from crawler import upgrading
from crawler.errors import ConfigError, TamisError

BUSY_MILLISECONDS = 60_000  # crawl and enrichment write in turns, each for milliseconds

# Databases that this process is alone at work on.
_HELD: set[Path] = set()

# What to do about what SQLite says, by its primary result code.
ADVICE = {
    sqlite3.SQLITE_FULL: "free some space on its disk and run it again",
    sqlite3.SQLITE_IOERR: "see whether its disk is full or failing, and run it again",
    sqlite3.SQLITE_READONLY: "make the file and its folder writable, or name another place",
    sqlite3.SQLITE_CANTOPEN: "make the file and its folder writable, or name another place",
    sqlite3.SQLITE_BUSY: "close the program that holds it, or wait until it is done",
}


def advice(error: sqlite3.Error) -> str:
    code: int = getattr(error, "sqlite_errorcode", 0)  # absent from errors of Python's own
    return ADVICE.get(code & 0xFF, "run it again")


@contextmanager
def told(path: str | Path) -> Iterator[None]:
    """Turns what SQLite fails at into one sentence: which file, what is wrong, what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise TamisError(f"{path}: {error}; what was committed is kept: {advice(error)}") from error


def private(path: str | Path, *, create: bool = True) -> Database:
    """The private database, brought to today's schema. ConfigError if there is none to open."""
    path = Path(path)
    if create:
        path.parent.mkdir(parents=True, exist_ok=True)
    elif not path.is_file():
        raise ConfigError(
            f"{path} does not exist: `tamis crawl` makes it, or name another with --db"
        )
    with told(path):
        db = Database(sqlite3.connect(path, uri=True))  # uri: others may be attached, read-only
    try:
        db.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        upgrading.check(db, path)
        _wal(db)
        # In WAL a killed process loses nothing that was committed; a power cut may lose the last
        # commits, whose pages are then fetched again.
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA foreign_keys = ON")
        upgrading.upgrade(db, path)
    except sqlite3.DatabaseError as error:
        db.close()
        raise ConfigError(
            f"{path} cannot be used as the private database: {error}; {advice(error)}"
        ) from error
    except BaseException:
        db.close()
        raise
    return db


def _wal(db: Database) -> None:
    """For this lock SQLite does not wait by itself where another process sets it too."""
    give_up = time.monotonic() + BUSY_MILLISECONDS / 1000
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > give_up:
                raise
            time.sleep(0.01)
        else:
            return


@contextmanager
def alone(path: str | Path) -> Iterator[None]:
    """Be the only one at work on a private database; ConfigError if another process is.

    Two crawls would fetch the same pages. Held by a lock on a file beside it, which the system lets
    go when the process ends, however it ends. Whoever holds it may ask for it again.
    """
    held = Path(path).resolve()
    if held in _HELD:
        yield
        return
    if not Path(path).parent.is_dir():
        Path(path).parent.mkdir(parents=True)
    with told(f"{path}.lock"):
        lock = sqlite3.connect(f"{path}.lock", timeout=0, isolation_level=None)
    with closing(lock):
        try:
            with told(f"{path}.lock"):
                lock.execute("BEGIN EXCLUSIVE")
        except TamisError as error:
            if "locked" not in str(error.__cause__):
                raise
            raise ConfigError(
                f"another tamis is at work on {path}: wait until it is done, or stop it"
            ) from error
        _HELD.add(held)
        try:
            yield
        finally:
            _HELD.discard(held)
