"""Databases of other versions: every older one is upgraded after a copy, a newer one is refused."""

import json
import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from crawler import __version__, database, registry, schema, upgrading
from crawler.errors import ConfigError
from crawler.items import Source

with closing(Database(memory=True)) as _empty:
    STEPS = [step.name for step in schema.private.pending(_empty)]
# What a row holds where a column of its version wants something, by type; and by name.
PLAIN = {"TEXT": "[]", "INTEGER": 1, "REAL": 1.0, "BLOB": b"abri"}
DAY = "2026-11-20T08:00:00Z"
NAMED = {
    "id": 1, "url": "http://quai.example.org/a", "key": "quai.example.org/a", "source": "quai",
    "outcome": "stored", "language": "fr", "published": DAY, "fetched": DAY, "discovered": DAY,
}  # fmt: skip
FILLED = ("channels", "urls", "pages", "articles", "article_texts")


def made(path: Path, source: Source, *, before: str | None = None) -> Path:
    """A database as the version left it that had no step `before`, with an article in it."""
    with closing(Database(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        schema.private.apply(db, stop_before=before)
        record = json.dumps(registry.as_json(source))
        db.table("sources").insert({"id": "quai", "record": record})
        for table in FILLED:
            db.table(table).insert(row(db, table))
    return path


def row(db: Database, table: str) -> dict[str, Any]:
    columns = [
        column for column in db.table(table).columns
        if column.name in NAMED or (column.notnull and column.default_value is None)
    ]  # fmt: skip
    return {column.name: NAMED.get(column.name, PLAIN[column.type]) for column in columns}


def shape(db: Database) -> dict[str, Any]:
    """All that a database has: tables with their columns, indexes, triggers."""
    rows = db.query("SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
    return {
        f"{each['type']} {each['name']}": [column[1:] for column in db.table(each["name"]).columns]
        if each["type"] == "table"
        else None
        for each in rows
    }


def steps(path: Path) -> list[str]:
    with closing(Database(path)) as db:
        return [step.name for step in schema.private.applied(db)]


def test_every_step_has_a_number_of_its_own() -> None:
    numbers = [int(name[1:4]) for name in STEPS]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("before", STEPS[1:])
def test_a_database_of_every_older_version_is_brought_up_to_date_and_copied(
    tmp_path: Path, source: Source, before: str
) -> None:
    path = made(tmp_path / "tamis.db", source, before=before)
    path.chmod(0o600)
    last = steps(path)[-1]
    with closing(database.private(path)) as db, closing(Database(memory=True)) as new:
        schema.private.apply(new)
        assert shape(db) == shape(new)
        assert {table: db.table(table).count for table in FILLED} == dict.fromkeys(FILLED, 1)
        assert db.execute("SELECT text FROM article_texts").fetchone() == ("[]",)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    copy = tmp_path / f"tamis.db.before-{__version__}-{last[:4]}"
    assert upgrading.copies(path) == [copy]
    assert steps(copy)[-1] == last
    assert copy.stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob("*.new*"))


def test_a_database_of_this_version_is_not_copied(tmp_path: Path, source: Source) -> None:
    path = made(tmp_path / "tamis.db", source)
    database.private(path).close()
    assert upgrading.copies(path) == []


def test_the_copy_of_the_upgrade_before_goes_when_there_is_a_new_one(
    tmp_path: Path, source: Source
) -> None:
    path = made(tmp_path / "tamis.db", source, before=STEPS[4])
    (tmp_path / "tamis.db.before-0.0.9-m002").write_bytes(b"")
    database.private(path).close()
    assert [copy.name[-4:] for copy in upgrading.copies(path)] == [STEPS[3][:4]]


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(
    tmp_path: Path, source: Source
) -> None:
    path = made(tmp_path / "tamis.db", source, before="m007_organisations")
    with closing(Database(path)) as db:
        db.table("visits").insert({"mine": 1})  # in the way of m011
        was = shape(db)
    before = steps(path)
    with pytest.raises(ConfigError, match=r"tamis\.db cannot be used.*visits"):
        database.private(path)
    assert steps(path) == before
    with closing(Database(path)) as db:
        assert shape(db) == was


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mount"), reason="only root may mount")
def test_an_upgrade_without_room_for_a_copy_is_refused_and_says_how_much_it_needs(
    tmp_path: Path, source: Source
) -> None:
    made(tmp_path / "old.db", source, before="m007_organisations")
    disk = tmp_path / "disk"
    disk.mkdir()
    size = (tmp_path / "old.db").stat().st_size
    options = ["-t", "tmpfs", "-o", f"size={int(1.9 * size)}", "tmpfs", str(disk)]
    if (ran := subprocess.run(["mount", *options], capture_output=True, check=False)).returncode:
        pytest.skip(ran.stderr.decode().strip())
    try:
        path = Path(shutil.copy(tmp_path / "old.db", disk / "tamis.db"))
        with pytest.raises(ConfigError, match=rf"needs {2 * size / 1e6:.1f} MB free"):
            database.private(path)
        assert path.read_bytes() == (tmp_path / "old.db").read_bytes()
        assert list(disk.iterdir()) == [path]
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def newer(path: Path) -> str:
    database.private(path).close()
    with closing(Database(path)) as db:
        set_, name = schema.private.name, "m900_tomorrow"
        db.table("_sqlite_migrations").insert(
            {"migration_set": set_, "name": name, "applied_at": ""}
        )
    return "newer Tamis, whose step m900_tomorrow"


def foreign(path: Path) -> str:
    with closing(Database(path)) as db:
        db.table("shelves").insert({"id": 1})
    return "no private database of Tamis .*'shelves'"


def no_database(path: Path) -> str:
    path.write_text("Dear diary, " * 100, encoding="utf-8")
    return "file is not a database"


@pytest.mark.parametrize("make", [newer, foreign, no_database])
def test_what_is_not_ours_or_newer_is_refused_and_stays_as_it_is(
    tmp_path: Path, make: Callable[[Path], str]
) -> None:
    path = tmp_path / "tamis.db"
    said = make(path)
    was = path.read_bytes()
    with pytest.raises(ConfigError, match=rf"tamis\.db .*{said}"):
        database.private(path)
    assert path.read_bytes() == was
    assert list(tmp_path.iterdir()) == [path]


def at_once(path: Path, many: int = 6) -> None:
    """Open it from so many connections at the same moment."""
    ready = threading.Barrier(many)

    def opened(_: int) -> None:
        ready.wait()
        database.private(path).close()

    with ThreadPoolExecutor(many) as pool:
        list(pool.map(opened, range(many)))


def test_several_at_once_make_one_database(tmp_path: Path) -> None:
    for n in range(5):
        at_once(tmp_path / f"{n}.db")
        assert steps(tmp_path / f"{n}.db") == STEPS


def test_several_at_once_upgrade_and_copy_once(tmp_path: Path, source: Source) -> None:
    path = made(tmp_path / "tamis.db", source, before=STEPS[2])
    at_once(path)
    assert steps(path) == STEPS
    (copy,) = upgrading.copies(path)
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
