"""The databases that are merged: looked at first, then attached to the one that takes them in."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from crawler import database, schema, upgrading
from crawler.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Input:
    """`name` is what it is attached as; `db` is a connection of its own. Both only read."""

    number: int
    path: Path
    db: Database

    @property
    def name(self) -> str:
        return f"d{self.number}"


@contextmanager
def opened(db: Database, paths: Sequence[Path], into: Path) -> Iterator[tuple[Input, ...]]:
    """The inputs, attached to `db` (at `into`), in the order of their names.

    ConfigError if one cannot be merged, or if another tamis is at work on it.
    """
    _check_names(db, paths, into)
    with ExitStack() as stack:
        found = []
        for number, path in enumerate(sorted(paths), 1):
            stack.enter_context(database.alone(path))
            with database.told(path):
                conn = sqlite3.connect(_read_only(path), uri=True)
                stack.callback(conn.close)
                each = Input(number, path, Database(conn))
                _check(each)
                db.execute(f"ATTACH ? AS {each.name}", [_read_only(path)])
            stack.callback(db.execute, f"DETACH {each.name}")
            found.append(each)
        yield tuple(found)


def _check_names(db: Database, paths: Sequence[Path], into: Path) -> None:
    most = db.conn.getlimit(sqlite3.SQLITE_LIMIT_ATTACHED)
    if len(paths) > most:
        raise ConfigError(
            f"{len(paths)} databases are more than {most} at a time: merge the others into"
            f" {into} afterwards, which gives the same"
        )
    for path in paths:
        if not path.is_file():
            raise ConfigError(f"{path} does not exist: name databases that `tamis crawl` made")
        if path.samefile(into):
            raise ConfigError(f"{path} is what the others are merged into: name only the others")
    if len({path.resolve() for path in paths}) < len(paths):
        raise ConfigError("a database is named twice: name each once")


def _check(each: Input) -> None:
    path = each.path
    try:
        upgrading.check(each.db, path)
        pending = schema.private.pending(each.db)
    except sqlite3.DatabaseError as error:
        raise ConfigError(f"{path} is no private database of Tamis: {error}") from error
    if len(pending) == len(schema.private.pending(_nothing())):
        raise ConfigError(f"{path} is empty: name databases that `tamis crawl` made")
    if pending:
        raise ConfigError(
            f"{path} was made by an older Tamis, and is not changed by a merge: bring it up to"
            f" date with `tamis health --db {path}`, then merge again"
        )


def _nothing() -> Database:
    return Database(memory=True)


def _read_only(path: Path) -> str:
    return f"{path.resolve().as_uri()}?mode=ro"
