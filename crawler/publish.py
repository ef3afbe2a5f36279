"""The private database into the published one: only what may be shown, checked, swapped in whole.

The new database is built beside the old one, from nothing or from a copy of the old one and what
has changed since, and takes its place in one rename. So a reader sees yesterday's or today's,
never half of either, and never meets a lock.
"""

import errno
import hashlib
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from crawler import (
    __version__,
    building,
    changes,
    checks,
    clock,
    database,
    index,
    inflection,
    registry,
    rows,
    schema,
    showing,
    tables,
    words,
)
from crawler.building import RebuildError, Work, build, update
from crawler.coverage import read_coverage
from crawler.errors import ConfigError, PublishError
from crawler.limits import in_force
from crawler.progress import Progress
from crawler.published import PRIVATE, connect, snapshot
from crawler.rows import Context, insert, valued
from crawler.showing import reservations
from crawler.urls import web_url
from enrich import annotate

PUBLIC = "public"
# Another text of these may make other rows or other words of the same article.
MAKING = (building, index, inflection, rows, showing, tables, words)
# A take-down removes one article, a mistaken --db all of them. Half is far from both.
MOST_LOST = 0.5
# Of more than this, all of it is quicker: articles out and in again cost twice.
MOST_CHANGED = 0.2
FILL = "m002_indexes"  # the step of schema.published that comes after the rows
PHASES = ("rows", "index", "checks")
KEPT = "snapshots"  # the folder, since Datasette would serve any database beside the first


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What was published: its name, rows by table, how it was made, and what was checked of it."""

    out: Path
    id: str
    level: str
    counts: dict[str, int]
    way: str
    checked: tuple[str, ...]

    @property
    def unchecked(self) -> str:
        left = "references" not in self.checked
        return " (indexes and references when it is built from nothing: --rebuild)" if left else ""

    def __str__(self) -> str:
        return (
            f"{self.out}: {self.counts['articles']:,} articles from {self.counts['sources']:,}"
            f" sources, snapshot {self.id}{' (PRIVATE: whole texts)' * (self.level == PRIVATE)}\n"
            f"Built {self.way}; checked: {', '.join(self.checked)}{self.unchecked}"
        )


def publish(
    private: Path,
    out: Path,
    *,
    level: str = PUBLIC,
    base_url: str | None = None,
    rights: str = "licensed",
    force: bool = False,
    rebuild: bool = False,
    keep: int = 0,
    progress: Progress | None = None,
) -> Summary:
    """Build `out` from `private`.

    Of no text more is shown than `rights` says (crawler.config.RIGHTS). The `level` PRIVATE shows
    every text whole, for an instance that only its operator reads;
    `base_url` is where the site will be found, which its feeds repeat and their ids are made from
    (without one, that of the database now at `out`). `rebuild` makes all of it anew; `keep` leaves
    as many dated copies in a folder beside it. Raises ConfigError if there is no private database,
    or if `out` is something else than a published one, or a public one that is to become private;
    PublishError if the new one fails its checks, or (without `force`) has lost most articles. `out`
    is then what it was.
    """
    told = _present(private, out)
    if told.get("level") == PUBLIC and level == PRIVATE:
        raise ConfigError(f"{out} is public: give whole texts another file with --news")
    address = told.get("base_url") if base_url is None else web_url(base_url)
    if base_url is not None and address is None:
        raise ConfigError(f"not a web address: {base_url!r} (https://news.example.org/ is one)")
    new = out.with_name(f"{out.name}.new")
    with database.alone(out), _beside(new):
        try:
            with closing(database.private(private, create=False)) as source:
                job = _Job(source=source, old=out, told=told, new=new, level=level,
                           base_url=address, rights=rights, progress=progress)  # fmt: skip
                summary = job.run(rebuild=rebuild)
        except (sqlite3.Error, OSError) as error:
            raise PublishError(
                f"{out} is not built from {private}, and is what it was: {error}; {_advice(error)}"
            ) from error
        had = int(told.get("articles", 0))
        if summary.counts["articles"] < had * MOST_LOST and not force:
            raise PublishError(
                f"{private} has {summary.counts['articles']:,} articles and {out} has {had:,}: if"
                " so many are meant to go, say --force"
            )
        with new.open("rb") as written:
            os.fsync(written.fileno())
        if keep:
            _keep(new, out, summary.id, keep)
        new.replace(out)
    return summary


def _advice(error: sqlite3.Error | OSError) -> str:
    if isinstance(error, sqlite3.Error):
        return database.advice(error)
    full = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    code = sqlite3.SQLITE_FULL if error.errno in full else sqlite3.SQLITE_READONLY
    return database.ADVICE[code]


def _present(private: Path, out: Path) -> dict[str, str]:
    """What `out` says of itself now; nothing if it is not there."""
    if private.resolve() == out.resolve():
        raise ConfigError(f"{out} is the private database: publish to another file with --news")
    if not out.exists():
        return {}
    with closing(connect(out)) as conn:
        return snapshot(conn)


@contextmanager
def _beside(new: Path) -> Iterator[None]:
    """Nothing of an earlier try is there, and nothing stays of one that fails.

    A killed one leaves its file, which is not yet anybody's database: the next one starts anew.
    """
    names = [new, new.with_name(f"{new.name}-journal")]
    for leftover in names:
        leftover.unlink(missing_ok=True)
    try:
        yield
    finally:
        for leftover in names:
            with suppress(OSError):
                leftover.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    source: Database
    old: Path
    told: dict[str, str]
    new: Path
    level: str
    base_url: str | None
    rights: str
    progress: Progress | None

    def run(self, *, rebuild: bool) -> Summary:
        """The new file, built and checked; with its token the private database knows it again."""
        # One state of the private database, whatever is crawled meanwhile.
        with self.source.atomic():
            seq = changes.last(self.source)
            changed, why = (None, "as asked") if rebuild else self._changed()
            if changed is not None:
                try:
                    facts, counts = self._updated(changed)
                    why = f"from what has changed: {len(changed):,} addresses"
                except RebuildError as error:
                    changed, why = None, str(error)
            if changed is None:
                self.new.unlink(missing_ok=True)
                facts, counts = self._built()
                why = f"from nothing ({why})"
        self._expect_checks()
        checked = checks.check(self.new) if changed is None else checks.file_checked(self.new)
        if self.progress:
            self.progress.advance("checks")
        changes.remember(self.source, facts["token"], seq)
        return Summary(
            out=self.old, id=facts["id"], level=self.level, counts=counts, way=why,
            checked=("counts", *checked),
        )  # fmt: skip

    def _expect_checks(self) -> None:
        if self.progress:
            self.progress.expect("checks")

    def _changed(self) -> tuple[set[int] | None, str]:
        """The addresses that have changed since the old file; None, and why, if all is built."""
        if not self.told:
            return None, "there was none"
        now = self._facts()
        for name in ("format", "level", "rights", "tamis", "enricher"):
            if self.told.get(name) != now[name]:
                return None, f"{name} was {self.told.get(name, 'another')}"
        seq = changes.published(self.source, self.told.get("token", ""))
        if seq is None:
            return None, "the old one is of another database, or too old"
        with closing(Database(self.old)) as db:
            if not checks.same_tables(db):
                return None, "its tables were others"
            # What may be shown until a day that may have come.
            ending = "SELECT id FROM articles WHERE robots LIKE '%unavailable_after%'"
            due = [ident for (ident,) in db.execute(ending)]
            (ledger,) = db.execute("SELECT count(*) FROM ledger").fetchone()
        found = changes.since(self.source, seq) | changes.addresses(self.source, due)
        if len(found) > MOST_CHANGED * ledger:
            return None, f"{len(found):,} addresses of {ledger:,} have changed"
        return found, ""

    def _updated(self, changed: set[int]) -> tuple[dict[str, str], dict[str, int]]:
        """Make the new file of the old one."""
        _copy(self.old, self.new)
        with closing(_open(self.new)) as db:
            with db.atomic():
                work = self._work(db)
                update(work, changed)
            with checks.index_checked(self.new):
                read_coverage(db.conn)
                named = self._named(db)
            with db.atomic():
                tables.fill(self.source, db, work.context.sources)
                return self._described(db, *named)

    def _built(self) -> tuple[dict[str, str], dict[str, int]]:
        """Make the new file from nothing."""
        with closing(_open(self.new)) as db:
            schema.published.apply(db, stop_before=FILL)
            with db.atomic():
                work = self._work(db)
                build(work)
            schema.published.apply(db)
            db.table(schema.published.migrations_table).drop()  # nobody's data
            with db.atomic():
                tables.fill(self.source, db, work.context.sources)
                described = self._described(db, *self._named(db))
            db.execute("ANALYZE")
            db.execute("PRAGMA journal_mode = DELETE")
            return described

    def _work(self, db: Database) -> Work:
        records = {
            row["id"]: registry.from_json(json.loads(row["record"]))
            for row in self.source.query("SELECT id, record FROM sources ORDER BY id")
        }
        context = Context(
            sources=records, reservations=reservations(self.source),
            whole=self.level == PRIVATE, most=self.rights, now=clock.now(),
        )  # fmt: skip
        return Work(source=self.source, db=db, context=context, progress=self.progress)

    def _named(self, db: Database) -> tuple[dict[str, int], str]:
        """How many rows there are, once all articles are in, and what the snapshot is called."""
        return checks.counts(db, self.source), checks.identity(db, self.level)

    def _described(
        self, db: Database, counts: dict[str, int], ident: str
    ) -> tuple[dict[str, str], dict[str, int]]:
        """Say in the file what it is, once all else is in it."""
        (counts["sources"],) = db.execute("SELECT count(*) FROM sources").fetchone()
        facts = {**self._facts(), "articles": str(counts["articles"]), "id": ident}
        before = "previous" if self.told.get("id") == ident else "id"
        if before in self.told:
            facts["previous"] = self.told[before]
        db.conn.execute("DELETE FROM snapshot")
        told: list[dict[str, Any]] = [{"name": name, "value": facts[name]} for name in facts]
        insert(db, {"snapshot": valued(told)})
        return facts, counts

    def _facts(self) -> dict[str, str]:
        return {
            "built": clock.now(),
            "enricher": annotate.version(),
            "format": _format(),
            "level": self.level,
            "rights": self.rights,
            "scrapy": installed("scrapy"),
            "tamis": __version__,
            "token": changes.token(),
            **{f"limit_{name}": value for name, value in in_force().items()},
            "limit_extract_characters": str(showing.EXTRACT_CHARACTERS),
            "limit_open_licences": ", ".join(sorted(showing.OPEN_LICENCES)),
            **({"base_url": f"{self.base_url.rstrip('/')}/"} if self.base_url else {}),
        }


def _format() -> str:
    """8 hex digits that change when rows or words may be made otherwise."""
    digest = hashlib.blake2b(digest_size=4)
    for module in MAKING:
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()


def _open(new: Path) -> Database:
    db = Database(new)
    # Not yet anybody's database: if this process dies, the next one starts it anew.
    db.execute("PRAGMA journal_mode = OFF")
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA cache_size = -65536")  # 64 MB: rows come in order, and are not seen again
    return db


def _copy(old: Path, new: Path) -> None:
    """A copy that shares its blocks with the old file where the file system can do that."""
    try:
        with old.open("rb") as source, new.open("wb") as target:
            while os.copy_file_range(source.fileno(), target.fileno(), 1 << 30):
                pass
    except (AttributeError, OSError):  # not on macOS; not on every file system
        shutil.copyfile(old, new)


def _keep(new: Path, out: Path, ident: str, keep: int) -> None:
    """Give the new file a dated name, and take away the oldest that were given one."""
    folder = out.parent / KEPT
    folder.mkdir(exist_ok=True)
    copy = folder / f"{out.stem}-{clock.now()[:10]}-{ident}.db"
    copy.unlink(missing_ok=True)
    try:
        os.link(new, copy)
    except OSError:  # a file system without links
        shutil.copyfile(new, copy)
    for path in dated(out)[:-keep]:
        path.unlink()


def dated(out: Path) -> list[Path]:
    """The dated copies of the published database at `out`, the oldest first."""
    folder = out.parent / KEPT
    ours = re.compile(re.escape(out.stem) + r"-\d{4}-\d\d-\d\d-[0-9a-f]{16}\.db")
    kept = [path for path in folder.glob("*.db") if ours.fullmatch(path.name)]
    return sorted(kept, key=lambda path: (path.name[: len(out.stem) + 11], path.stat().st_mtime_ns))
