import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from crawler import database
from crawler.writes import BATCH, Writes, transaction

PUT = "INSERT INTO sources (id, record) VALUES (?, '{}')"


def test_what_is_read_before_a_write_does_not_lock_the_others_out(tmp_path: Path) -> None:
    """Enrichment writes beside the crawl; both read before they write."""
    database.private(tmp_path / "a.db").close()
    errors = []

    def write(name: str) -> None:
        try:
            with closing(database.private(tmp_path / "a.db")) as db:
                for n in range(300):
                    with transaction(db):
                        (count,) = db.conn.execute("SELECT count(*) FROM sources").fetchone()
                        db.conn.execute(PUT, (f"{name}-{n}-{count}",))
        except sqlite3.Error as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with closing(Database(tmp_path / "a.db")) as db:
        assert db.table("sources").count == 600


def test_a_transaction_that_fails_leaves_nothing(db: Database) -> None:
    def twice() -> None:
        with transaction(db):
            db.conn.execute(PUT, ("a",))
            db.conn.execute(PUT, ("a",))

    with pytest.raises(sqlite3.IntegrityError):
        twice()
    assert db.table("sources").count == 0


def test_one_inside_another_is_part_of_it(db: Database) -> None:
    def fail() -> None:
        with transaction(db):
            with transaction(db):
                db.conn.execute(PUT, ("a",))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert db.table("sources").count == 0


def test_what_waits_is_committed_when_it_is_much_or_asked_for(db: Database) -> None:
    writes = Writes(db)
    writes.later((PUT, ("a",)))
    assert db.table("sources").count == 0
    writes.flush()
    assert db.table("sources").count == 1
    writes.later(*((PUT, (str(n),)) for n in range(BATCH)))
    assert db.table("sources").count == 1 + BATCH
    writes.later((PUT, ("b",)))
    writes.now((PUT, ("c",)))
    assert db.table("sources").count == 3 + BATCH
