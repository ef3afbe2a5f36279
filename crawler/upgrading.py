"""A private database that another version made: brought to today's tables, or refused.

It is copied first, to `tamis.db.before-0.1.0-m013` beside it (the version that changed it, the last
step it had had). The copy stays until the next upgrade has succeeded and has a copy of its own.
"""

import logging
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from crawler import __version__, schema
from crawler.errors import ConfigError
from crawler.writes import transaction

# One for the copy; one for the log, which holds a page twice if a step changes every page.
SPACE = 2
MB = 1_000_000

logger = logging.getLogger(__name__)


def check(db: Database, path: Path) -> None:
    """Changes nothing; raises ConfigError for what is newer than this program, or none of ours."""
    applied = [step.name for step in schema.private.applied(db)]
    if unknown := [name for name in applied if name not in _known()]:
        raise ConfigError(
            f"{path} was made by a newer Tamis, whose step {unknown[0]} {__version__} does not"
            " know: install that version again, or name another database with --db"
        )
    tables = set(db.table_names()) - {schema.private.migrations_table}
    if tables and not applied:
        raise ConfigError(
            f"{path} is no private database of Tamis (it has a table {min(tables)!r}): name another"
            " with --db"
        )


def upgrade(db: Database, path: Path) -> None:
    """Apply the steps that are missing: all of them, or none.

    Raises ConfigError where there is no room for a copy, sqlite3.Error where a step fails.
    """
    if not schema.private.pending(db):
        return
    # Two processes that find the same steps missing take turns; the second finds nothing to do.
    with transaction(db):
        applied = schema.private.applied(db)
        if not schema.private.pending(db):
            return
        copy = _copied(path, applied[-1].name) if applied else None
        schema.private.apply(db)
    if copy:
        logger.warning("%s: made by an older Tamis, brought up to date; as it was: %s", path, copy)
        for old in copies(path):
            if old != copy:
                old.unlink()


def copies(path: Path) -> list[Path]:
    """The copies that upgrades have left beside a private database: whole texts, as it has."""
    return sorted(path.parent.glob(f"{path.name}.before-*"))


def _known() -> frozenset[str]:
    with closing(Database(memory=True)) as empty:
        return frozenset(step.name for step in schema.private.pending(empty))


def _copied(path: Path, step: str) -> Path:
    """Another connection's view of the database, whole and checked, under its name at once."""
    copy = path.with_name(f"{path.name}.before-{__version__}-{step.partition('_')[0]}")
    new = copy.with_name(f"{copy.name}.new")
    _room(path)
    new.unlink(missing_ok=True)
    try:
        new.touch(mode=0o600)
        with (
            closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(new)) as target,
        ):
            source.backup(target)
            (found,) = target.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise ConfigError(
                f"{path} is damaged, and stays as it is ({found}): put back a copy of it, or save"
                " what can be read with `sqlite3 FILE .recover`"
            )
        shutil.copymode(path, new)
        new.replace(copy)
    finally:
        new.unlink(missing_ok=True)
    return copy


def _room(path: Path) -> None:
    size = sum(
        part.stat().st_size for part in (path, path.with_name(f"{path.name}-wal")) if part.exists()
    )
    free = shutil.disk_usage(path.parent).free
    if free < SPACE * size:
        raise ConfigError(
            f"{path} was made by an older Tamis; to be brought up to date after a copy it needs"
            f" {SPACE * size / MB:,.1f} MB free on its disk, and there are {free / MB:,.1f}:"
            " free some space, or bring it up to date on another disk"
        )
