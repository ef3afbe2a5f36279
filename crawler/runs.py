"""Each daily job in a table: when, what it did, and what it wanted a person to do."""

import json
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlite_utils import Database

from crawler import clock
from crawler.writes import transaction

STATUSES = {
    "running": "at work; the run that published this database, if it is the newest",
    "done": "came to its end",
    "unfinished": "its time was up, and something is left for the next one",
    "failed": "a step failed",
    "stopped": "was asked to stop",
    "killed": "ended without a word; the next one went on from there",
}
# What is counted of a run, and what it says.
FIGURES = {
    "channels": "channels visited",
    "failed": "of these without a good answer",
    "discovered": "addresses seen for the first time",
    "stored": "articles that are new",
    "changed": "articles that were looked at again and read anew",
    "waiting": "addresses still to be fetched or read",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a run. `status` is done, left (not begun, or not finished) or failed."""

    name: str
    status: str
    seconds: float
    told: str


def begin(db: Database) -> int:
    """A new run; what an earlier one left as running was killed, since one is alone at work."""
    with transaction(db):
        db.execute("UPDATE runs SET status = 'killed' WHERE status = 'running'")
        (ident,) = db.execute(
            "INSERT INTO runs (started, status) VALUES (?, 'running') RETURNING id", (clock.now(),)
        ).fetchone()
    return int(ident)


def note(db: Database, ident: int, steps: list[Step], figures: dict[str, int]) -> None:
    """What is known of a run so far; so a killed one says how far it was."""
    with transaction(db):
        db.execute(
            "UPDATE runs SET steps = ?, figures = ? WHERE id = ?",
            (json.dumps([asdict(step) for step in steps]), json.dumps(figures), ident),
        )


def end(db: Database, ident: int, status: str, needs: tuple[str, ...]) -> None:
    with transaction(db):
        db.execute(
            "UPDATE runs SET ended = ?, status = ?, needs = ? WHERE id = ?",
            (clock.now(), status, json.dumps(needs, ensure_ascii=False), ident),
        )


def in_a_row(db: Database, status: str) -> int:
    """How many of the newest finished runs had this status, one after the other."""
    rows = db.execute(
        "SELECT status FROM runs WHERE status <> 'running' ORDER BY id DESC LIMIT 100"
    ).fetchall()
    return next((n for n, (each,) in enumerate(rows) if each != status), len(rows))


def needs_of(db: Database, day: date) -> set[str]:
    """What the runs of a day (UTC) have asked a person to do."""
    rows = db.execute("SELECT needs FROM runs WHERE started >= ?", [day.isoformat()]).fetchall()
    return {need for (needs,) in rows for need in json.loads(needs)}


def any_since(db: Database, day: date, *, besides: int) -> bool:
    """Whether another run than this one has begun since that day (UTC)."""
    found = db.execute(
        "SELECT 1 FROM runs WHERE started >= ? AND id <> ?", [day.isoformat(), besides]
    ).fetchone()
    return found is not None


def seconds_of(db: Database, *, besides: Collection[str]) -> float:
    """How long the other steps than these took in the last run that came to its end."""
    found = db.execute(
        "SELECT steps FROM runs WHERE status = 'done' ORDER BY id DESC LIMIT 1"
    ).fetchone()
    steps = json.loads(found[0]) if found else []
    return float(sum(step["seconds"] for step in steps if step["name"] not in besides))


def published(db: Database) -> Iterator[dict[str, Any]]:
    """The rows of the published table, oldest first."""
    for row in db.query("SELECT id, started, ended, status, figures, needs FROM runs ORDER BY id"):
        figures = json.loads(row.pop("figures"))
        seconds = clock.seconds_between(row["started"], row["ended"]) if row["ended"] else None
        yield {
            **row,
            **{name: figures.get(name) for name in FIGURES},
            "needs": len(json.loads(row["needs"])),
            "seconds": seconds,
        }


def marks(db: Database) -> tuple[int, int]:
    """The newest address and the newest article; what a run brings has larger numbers."""
    urls, articles = db.execute(
        "SELECT (SELECT coalesce(max(id), 0) FROM urls),"
        " (SELECT coalesce(max(id), 0) FROM articles)"
    ).fetchone()
    return urls, articles


def count(db: Database, started: str, before: tuple[int, int]) -> dict[str, int]:
    """What has come since `before`, which `marks` gave at the start."""
    urls, articles = before
    discovered, stored, changed, waiting = db.execute(
        "SELECT (SELECT count(*) FROM urls WHERE id > :urls),"
        " (SELECT count(*) FROM articles WHERE id > :articles),"
        " (SELECT count(*) FROM urls WHERE outcome = 'stored' AND decided >= :started"
        "  AND id NOT IN (SELECT url_id FROM articles WHERE id > :articles)),"
        " (SELECT count(*) FROM urls WHERE outcome IN ('pending', 'fetched'))",
        {"urls": urls, "articles": articles, "started": started},
    ).fetchone()
    return {"discovered": discovered, "stored": stored, "changed": changed, "waiting": waiting}


def new_articles(db: Database, before: tuple[int, int]) -> dict[str, int]:
    """How many each source gave since `before`, the most first."""
    found = db.execute(
        "SELECT source, count(*) FROM articles WHERE id > ? GROUP BY 1 ORDER BY 2 DESC, 1",
        (before[1],),
    )
    return dict(found.fetchall())
