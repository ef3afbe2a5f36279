"""What is there already: the two databases, who is at work on them, what was left behind."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from crawler import clock, database, published, schema, upgrading
from crawler.doctor.case import Case, Finding, check, ok, problem, warning
from crawler.doctor.machine import MB
from crawler.errors import ConfigError
from crawler.setback import clock_problem

# A copy that an upgrade left: by then, whether all is well is known.
OLD_COPY = 30 * 86_400.0


@check("private database")
def private(case: Case) -> Iterator[Finding]:
    path = case.private
    if not path.is_file():
        yield ok(f"{path} is not there yet: the first crawl makes it")
        return
    with closing(Database(_read_only(path))) as db:
        upgrading.check(db, path)
        if pending := schema.private.pending(db):
            size = upgrading.SPACE * path.stat().st_size / MB
            yield warning(
                f"{path} is of an older version, {len(pending)} steps behind",
                f"nothing: the next command brings it up to date, with {size:,.0f} MB free",
            )
            return
        if case.deep and (wrong := _damaged(db.conn)):
            yield problem(f"{path} is damaged: {wrong}", "put back a copy of it")
        elif wrong := clock_problem(db):
            yield warning(wrong, "set the clock, or have it set by the network")
        else:
            articles = db.table("articles").count
            yield ok(f"{path}: {articles:,} articles, {path.stat().st_size / MB:,.0f} MB")


@check("published database")
def news(case: Case) -> Iterator[Finding]:
    path = case.published
    if not path.is_file():
        yield ok(f"{path} is not there yet: `tamis publish` makes it")
        return
    with closing(published.connect(path)) as db:
        told = published.snapshot(db)
        if case.deep and (wrong := _damaged(db)):
            yield problem(f"{path} is damaged: {wrong}", "`tamis publish --rebuild` makes it anew")
            return
    yield ok(f"{path}: {int(told['articles']):,} articles, of {told['built']}")


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _damaged(db: sqlite3.Connection) -> str | None:
    (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
    return None if found == "ok" else found


@check("at work")
def at_work(case: Case) -> Iterator[Finding]:
    """A lock that nobody holds is no sign of anything: its file stays for the next run."""
    held = [path for path in (case.private, case.published) if _held(path)]
    for path in held:
        yield warning(f"another tamis is at work on {path}", "wait until it is done, or stop it")
    if not held:
        yield ok("no other tamis")


def _held(path: Path) -> bool:
    if not path.with_name(f"{path.name}.lock").is_file():
        return False
    try:
        with database.alone(path):
            return False
    except ConfigError:
        return True


@check("leftovers")
def leftovers(case: Case) -> Iterator[Finding]:
    found = False
    folder = case.published.parent
    halves = folder.glob(f"{case.published.name}.new*") if folder.is_dir() else ()
    for path in halves:
        if _held(case.published):
            continue
        found = True
        yield warning(f"{path} is of a publish that was killed", "nothing: the next one deletes it")
    for path in upgrading.copies(case.private) if case.private.parent.is_dir() else ():
        age = clock.moment().timestamp() - path.stat().st_mtime
        if age > OLD_COPY:
            found = True
            yield warning(
                f"{path} is what an upgrade left {age / 86_400:,.0f} days ago,"
                f" {path.stat().st_size / MB:,.0f} MB with whole texts",
                "delete it, if all is well",
            )
    if not found:
        yield ok("none")
