"""Crawls, and dies by SIGKILL at the edge of a transaction: before or after BEGIN or COMMIT.

    python tests/edges.py SOURCES FOLDER

For every edge there is, a fresh database in FOLDER: the crawl is killed at that edge, and then
runs to its end. Prints a line of JSON for each: the edge, and what was in the database at the end.
Children are forked, so that what takes longest (to import everything) is done once.
"""

import json
import os
import signal
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlite_utils import Database

import crawler.database
from crawler import enrichment, pages, registry, store
from enrich.annotate import version
from spiders import run

SETTINGS = {
    "TAMIS_LOOPBACK": True, "DOWNLOAD_DELAY": 0, "LOG_LEVEL": "CRITICAL", "RETRY_TIMES": 0,
}  # fmt: skip
PAGES_AT_A_TIME = 3


class Edges:
    """Counts the edges of all transactions, and dies at the one it was told."""

    def __init__(self, deadly: int) -> None:
        self.deadly, self.passed = deadly, 0
        self.edge_before = False

    def __call__(self, statement: str) -> None:
        is_edge = statement.split(maxsplit=1)[0].upper().rstrip(";") in ("BEGIN", "COMMIT")
        # A statement is announced before it is run: what follows an edge is its other side.
        if is_edge or self.edge_before:
            self.passed += 1
            if self.passed == self.deadly:
                os.kill(os.getpid(), signal.SIGKILL)
        self.edge_before = is_edge


def work(sources: Path, path: Path, edges: Edges) -> None:
    """The job from crawl to settled articles, in this process, with every connection watched."""
    opened = crawler.database.private

    def watched(*arguments: Any, **options: Any) -> Database:
        db = opened(*arguments, **options)
        db.conn.set_trace_callback(edges)
        return db

    crawler.database.private = watched
    run.crawl(registry.load(sources), path, settings=SETTINGS, enrich=False)
    with closing(watched(path)) as db:
        while waiting := store.unread(db, PAGES_AT_A_TIME):
            store.save(db, [enrichment.read(page) for page in waiting], version())
        store.settle(db)


def forked(sources: Path, path: Path, deadly: int) -> tuple[bool, int]:
    """Whether the child was killed, and how many edges it passed otherwise."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        edges = Edges(deadly)
        try:
            work(sources, path, edges)
            os.write(writing, str(edges.passed).encode())
        finally:
            os._exit(0)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading) as pipe:
        passed = pipe.read()
    return os.WIFSIGNALED(status), int(passed or 0)


def found(path: Path) -> dict[str, Any]:
    with closing(Database(path)) as db:
        return {
            "integrity": db.execute("PRAGMA integrity_check").fetchone()[0],
            "outcomes": dict(
                db.execute("SELECT outcome, count(*) FROM urls GROUP BY 1").fetchall()
            ),
            "articles": db.table("articles").count,
            "distinct": db.execute("SELECT count(DISTINCT url) FROM articles").fetchone()[0],
            "texts": db.table("article_texts").count,
            "pages": db.table("pages").count,
        }


def main() -> None:
    pages.ready()  # once for all children
    sources, folder = Path(sys.argv[1]), Path(sys.argv[2])
    deadly, killed = 0, True
    while killed:
        deadly += 1
        path = folder / f"{deadly}.db"
        killed, _ = forked(sources, path, deadly)
        again, _ = forked(sources, path, 0)
        print(
            json.dumps({"edge": deadly, "killed": killed, "again": again, **found(path)}),
            flush=True,
        )


if __name__ == "__main__":
    main()
