"""Joins private databases into one, by upsert: the same in any order, in one call or several.

All that the inputs have is taken in in one transaction, so that a kill leaves the database as it
was; then what follows from all articles together is settled. Inputs are only read.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlite_utils import Database

from crawler import database, erasing, store
from crawler.merging import articles, ledger, numbers, others
from crawler.merging.inputs import Input, opened
from crawler.progress import Progress
from crawler.writes import transaction
from enrich.annotate import version

CACHE = 64 * 1024  # kB of the merged database that SQLite may hold in memory


@dataclass(slots=True, kw_only=True)
class Taken:
    """Of an input's rows, each is new, known or forgotten (under a tombstone)."""

    new: int = 0
    known: int = 0
    forgotten: int = 0

    def __str__(self) -> str:
        total = self.new + self.known + self.forgotten
        return f"{total:,} ({self.new:,} new, {self.known:,} known, {self.forgotten:,} forgotten)"


@dataclass(slots=True, kw_only=True)
class Merged:
    """What a merge came to. `changed` articles were there and are newer now.

    `erased` addresses were there and are under a tombstone of an input; `unread` pages are to be
    read, here or again.
    """

    into: Path
    addresses: dict[Path, Taken] = field(default_factory=dict)
    articles: dict[Path, Taken] = field(default_factory=dict)
    changed: int = 0
    erased: int = 0
    unread: int = 0
    total: int = 0

    @property
    def new(self) -> int:
        return sum(taken.new for taken in (*self.addresses.values(), *self.articles.values()))

    def __str__(self) -> str:
        lines = [
            f"{path}: addresses {self.addresses[path]}, articles {self.articles[path]}"
            for path in self.addresses
        ]
        lines.append(
            f"{self.into}: {self.total:,} articles,"
            f" {sum(taken.new for taken in self.articles.values()):,} new,"
            f" {self.changed:,} changed, {self.erased:,} erased"
        )
        if self.unread:
            lines.append(
                f"{self.unread:,} pages are to be read, or read again: `tamis enrich --db"
                f" {self.into}`"
            )
        return "\n".join(lines)


def merge(paths: Sequence[Path], into: Path, *, progress: Progress | None = None) -> Merged:
    """Take the databases at `paths` into the one at `into`, which is made if it is not there.

    Raises ConfigError if one of them cannot be merged, TamisError if one fails.
    """
    progress = progress or Progress("merged")
    with database.alone(into), database.told(into), closing(database.private(into)) as db:
        db.execute(f"PRAGMA cache_size = -{CACHE}")
        erasing.secure(db)
        with opened(db, paths, into) as inputs, _numbered(db):
            merged = _merge(db, inputs, into, progress)
        store.settle(db)
        merged.unread = _to_read(db)
        (merged.total,) = db.execute("SELECT count(*) FROM articles").fetchone()
    return merged


@contextmanager
def _numbered(db: Database) -> Iterator[None]:
    """One transaction, with tables of numbers beside it."""
    with transaction(db):
        numbers.prepare(db)
        yield
        numbers.clear(db)


def _merge(db: Database, inputs: Sequence[Input], into: Path, progress: Progress) -> Merged:
    merged = Merged(into=into)
    for each in inputs:
        progress.expect(
            "merged", sum(_count(each, table) for table in ("urls", "pages", "articles"))
        )
        ledger.take_sources(db, each)
        ledger.take_channels(db, each)
        numbers.map_channels(db, each)
    laid = sum([ledger.take_stones(db, each) for each in inputs])
    for each in inputs:
        numbers.map_stones(db, each)
    _take_urls(db, inputs, merged, "outcome = 'forgotten'")
    merged.erased, stricken = ledger.bar(db, inputs, new_stones=laid > 0)
    _take_urls(db, inputs, merged, "outcome <> 'forgotten'")
    for each in inputs:
        ledger.enter_barred(db, each)
        progress.advance("merged", _count(each, "urls"))
    numbers.map_urls(db, inputs)
    numbers.number_pages(db, inputs)
    numbers.number_articles(db, inputs)
    for each in inputs:
        before = progress.done["merged"]
        articles.take_pages(db, each, lambda count: progress.advance("merged", count))
        progress.advance("merged", _count(each, "pages") - progress.done["merged"] + before)
    changes = articles.Changes()
    for each in inputs:
        numbers.map_pages(db, each)
        new = articles.take(db, each, changes)
        ledger.take_words(db, each)
        others.take(db, each)
        merged.articles[each.path] = _articles(db, each, new)
        progress.advance("merged", _count(each, "articles"))
    others.take_all(db, inputs)
    articles.finish(db, changes)
    ledger.forget_hosts(db)
    for source in sorted(stricken):
        erasing.take_out_lines(db, source)
    merged.changed = changes.changed
    return merged


def _take_urls(db: Database, inputs: Sequence[Input], merged: Merged, which: str) -> None:
    numbers.number_urls(db, inputs, which)
    for each in inputs:
        ledger.take_new_urls(db, each)
        taken = merged.addresses.setdefault(each.path, Taken())
        new, total, barred = db.execute(
            "SELECT (SELECT count(*) FROM temp.new_urls WHERE db = ?1), (SELECT count(*)"
            f" FROM {each.name}.urls WHERE {which}),"
            " (SELECT count(*) FROM temp.barred WHERE db = ?1)",
            [each.number],
        ).fetchone()
        taken.new += new
        taken.forgotten += barred
        taken.known += total - new - barred


def _articles(db: Database, each: Input, new: int) -> Taken:
    (barred,) = db.execute(
        f"SELECT count(*) FROM {each.name}.articles JOIN temp.barred ON db = ? AND old = url_id",
        [each.number],
    ).fetchone()
    known = _count(each, "articles") - new - barred
    return Taken(new=new, known=known, forgotten=barred)


def _count(each: Input, table: str) -> int:
    return int(each.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def _to_read(db: Database) -> int:
    """What waits, and what another version has read."""
    (stale,) = db.execute(
        "SELECT count(*) FROM urls WHERE enricher <> ? AND outcome <> 'fetched'"
        " AND EXISTS (SELECT 1 FROM pages WHERE url_id = urls.id AND length(body) > 0)",
        [version()],
    ).fetchone()
    return store.count_unread(db) + int(stale)
