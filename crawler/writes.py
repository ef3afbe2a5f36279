"""Writes to the private database, gathered into few transactions.

What was not committed when a process dies is pending still, and done again.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # takes an eighth of a second, and processes that read pages come by here
    from sqlite_utils import Database

# Committed when so many wait, or so long: a kill loses at most these, and they are fetched again.
# Single commits write 12,300 rows a second, batches of 100 16,900.
BATCH = 100
SECONDS = 1.0

Statement = tuple[str, Sequence[Any]]


@contextmanager
def transaction(db: "Database") -> Iterator[None]:
    """A transaction that takes its turn among the writers before it reads.

    A plain BEGIN takes it at the first write; if another process has written since the first read,
    SQLite then gives up at once ("database is locked"), however long it may wait otherwise.
    """
    if db.conn.in_transaction:
        with db.atomic():
            yield
        return
    db.conn.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.conn.execute("COMMIT")
    except BaseException:
        db.rollback()
        raise


class Writes:
    """Statements that wait for their transaction. Not shared between threads."""

    def __init__(self, db: "Database") -> None:
        self.db = db
        self._waiting: list[Statement] = []
        self._since = 0.0

    def later(self, *statements: Statement) -> None:
        """With others of their batch, all of these in one transaction."""
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting += statements
        if len(self._waiting) >= BATCH:
            self.flush()

    def now(self, *statements: Statement) -> None:
        """In a transaction of their own, after what waits."""
        self.flush()
        self._commit(statements)

    def tick(self) -> None:
        """Commit what waits if it has waited long enough."""
        if self._waiting and time.monotonic() - self._since >= SECONDS:
            self.flush()

    def flush(self) -> None:
        """Commit all that waits."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._commit(waiting)

    def _commit(self, statements: Iterable[Statement]) -> None:
        with transaction(self.db):
            for sql, values in statements:
                self.db.conn.execute(sql, values)
