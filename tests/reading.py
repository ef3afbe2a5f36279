"""Reading what is archived, in the process that tests: a pool takes a second to start."""

from sqlite_utils import Database

from crawler import enrichment, store
from enrich.annotate import version


def read_all(db: Database) -> None:
    """Read and store every page that waits, as `tamis enrich` does."""
    while pages := store.unread(db, 50):
        store.save(db, [enrichment.read(page) for page in pages], version())
