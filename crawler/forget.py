"""A take-down: erases what is meant, lays a tombstone, and looks whether every byte of it is gone.

The tombstone comes first, so that nothing is collected again meanwhile; then what can be made
again (exports, snapshots), as long as the database knows the words to find it by; then the
database, in one transaction; then what is published is built anew. Killed anywhere, the same
take-down is run again and finds what is left to do.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sqlite_utils import Database

from crawler import (
    clock,
    database,
    erasing,
    publish,
    published,
    remains,
    store,
    takedowns,
    upgrading,
)
from crawler import tombstones as laid
from crawler.errors import TamisError
from crawler.remains import Pieces, Search
from crawler.takedowns import Target, Wanted
from crawler.tombstones import Tombstones
from crawler.writes import transaction

# How long another program may hold the log of the database before it is named, in ms.
PATIENCE = 5_000
ARCHIVES = (".warc.gz", ".warc")  # the operator's own: named where they hold it, never deleted
# Written in blocks that are packed otherwise each time, so nobody can look into them.
CLOSED = (".parquet",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where it may be: the two databases, the exports (files, folders); where to write it down."""

    private: Path
    published: tuple[Path, ...] = ()
    exports: tuple[Path, ...] = ()
    records: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a take-down would erase, and the copies of it that are other publishers'."""

    targets: tuple[Target, ...]
    copies: tuple[Target, ...]


@dataclass(slots=True, kw_only=True)
class Erasure:
    """What was done, without a word of what it was done to."""

    id: int
    tombstone: int
    kind: str
    hash: str
    reason: str
    ref: str | None
    begun: str
    finished: str | None = None
    resumed: bool = False  # after a kill
    addresses: int = 0
    erased: dict[str, int] = field(default_factory=dict)  # rows of the private database
    rebuilt: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)  # files
    verified: list[str] = field(default_factory=list)  # files without a byte of it
    vacuumed: bool = False
    elsewhere: dict[str, int] = field(default_factory=dict)  # rows of others that quote it
    remains: list[str] = field(default_factory=list)  # files that hold it still, and why

    @property
    def well(self) -> bool:
        return not self.remains

    def __str__(self) -> str:
        rows = ", ".join(f"{name} {count:,}" for name, count in self.erased.items()) or "none"
        looked = f"Looked at, byte by byte{' (after VACUUM)' * self.vacuumed}"
        lines = [
            f"Forgotten: {self.addresses:,} addresses, tombstone {self.tombstone}",
            f"Rows erased: {rows}",
            *(f"Built anew: {each}" for each in self.rebuilt),
            *(f"Removed: {each}" for each in self.removed),
            f"{looked}: nothing of it is in {len(self.verified):,} files",
        ]
        if self.elsewhere:
            quoted = ", ".join(f"{name} {count:,}" for name, count in self.elsewhere.items())
            lines.append(f"Words of it stand in other articles too, in rows of: {quoted}")
        return "\n".join([*lines, *(f"STILL THERE: {each}" for each in self.remains)])


def plan(db: Database, wanted: Wanted) -> Plan:
    found = takedowns.targets(db, wanted)
    return Plan(targets=tuple(found), copies=tuple(takedowns.copies(db, found)))


def forget(places: Places, wanted: Wanted, *, with_copies: bool = False) -> Erasure:
    """Do it, or go on with what a killed run has left of it; nobody else may be at work meanwhile.

    TamisError if a file cannot be written. `remains` of the answer names what is still there.
    """
    with database.alone(places.private), database.told(places.private):
        with closing(database.private(places.private, create=False)) as db:
            erasing.secure(db)
            planned = plan(db, wanted)
            taken = (*planned.targets, *(planned.copies if with_copies else ()))
            done = _begun(db, wanted, taken)
            search = _removed(places, Tombstones(db), _pieces(db, wanted, taken), done)
            _erase(db, taken, done)
            store.settle(db)
        for path in filter(Path.is_file, places.published):
            _publish(places.private, path)
            done.rebuilt.append(str(path))
        _verify(places, search, done)
        _write_down(places, done)
    return done


# --- The private database ------------------------------------------------------------------------


def _begun(db: Database, wanted: Wanted, taken: Sequence[Target]) -> Erasure:
    """Lay the tombstones, and take up the erasure that was begun with them, if one was."""
    with transaction(db):
        stone = laid.lay(db, wanted.kind, wanted.name, reason=wanted.reason, ref=wanted.ref)
        for url in _parts(wanted, taken):
            laid.lay(db, "url", url, reason=wanted.reason, ref=wanted.ref, part_of=stone)
        (hashed,) = (each.hash for each in laid.all_of(db) if each.id == stone)
        row = db.execute(
            "SELECT id, record FROM erasures WHERE tombstone = ? AND finished IS NULL", [stone]
        ).fetchone()
        if row:
            return Erasure(**{**json.loads(row[1]), "id": row[0], "resumed": True, "remains": []})
        done = Erasure(
            id=0, tombstone=stone, kind=wanted.kind, hash=hashed, reason=wanted.reason,
            ref=wanted.ref, begun=clock.now(),
        )  # fmt: skip
        (done.id,) = db.conn.execute(
            "INSERT INTO erasures (tombstone, begun, record) VALUES (?, ?, ?) RETURNING id",
            [stone, done.begun, _json(done)],
        ).fetchone()
        return done


def _parts(wanted: Wanted, taken: Sequence[Target]) -> Iterator[str]:
    """Other addresses of the same: of a host or an author, the tombstone itself is enough."""
    if wanted.kind == "url":
        for target in taken:
            yield from (target.url, *target.others)


def _pieces(db: Database, wanted: Wanted, taken: Sequence[Target]) -> Pieces:
    pieces = takedowns.pieces(db, taken)
    if wanted.kind == "url":
        pieces.address(wanted.name)
    return pieces


def _erase(db: Database, taken: Sequence[Target], done: Erasure) -> None:
    """All rows of it, and what the tombstones let the database keep of them, at once."""
    stones = Tombstones(db)
    with transaction(db):
        erased = Counter(done.erased)
        for target in taken:
            erased += erasing.erase(stones, target.id, done.tombstone)
        for source in {target.source for target in taken}:
            erasing.take_out_lines(db, source)
        # The robots.txt of a host and the like: it is asked for nothing any more.
        for (name,) in db.execute("SELECT host FROM hosts").fetchall():
            if stones.of_host(f"http://{name}/") is not None:
                db.conn.execute("DELETE FROM hosts WHERE host = ?", [name])
        done.addresses += len(taken)
        done.erased = dict(erased)
        db.conn.execute("UPDATE erasures SET record = ? WHERE id = ?", [_json(done), done.id])


def unfinished(db: Database) -> list[int]:
    """Tombstones whose take-down was killed before its end: it is to be run again."""
    sql = "SELECT tombstone FROM erasures WHERE finished IS NULL ORDER BY id"
    return [stone for (stone,) in db.execute(sql).fetchall()]


# --- What was made of it -------------------------------------------------------------------------


def _removed(places: Places, stones: Tombstones, pieces: Pieces, done: Erasure) -> Search:
    """Take away what holds it and can be made again, or is of use no more; what to look for then.

    Exports, dated snapshots, and the copies that upgrades have left of the private database.
    """
    dated = [path for path in _databases(places) if _told(stones, path, pieces)]
    search = pieces.search()
    copies = [path for path in upgrading.copies(places.private) if search.file(path)]
    snapshots = [path for path in dated if path not in places.published]
    for path in (*_holding(places, search), *snapshots, *copies):
        path.unlink()
        done.removed.append(str(path))
    return search


def _databases(places: Places) -> list[Path]:
    """The published databases, with their dated copies."""
    return [
        each
        for path in places.published
        for each in (path, *sorted((path.parent / publish.KEPT).glob(f"{path.stem}-*.db")))
        if each.is_file()
    ]


def _told(stones: Tombstones, path: Path, pieces: Pieces) -> bool:
    """Whether a published database has anything of it, of which `pieces` then have some, too."""
    held = False
    with closing(published.connect(path)) as conn:
        sql = (
            "SELECT url, authors, title, summary, text FROM articles"
            " LEFT JOIN article_texts ON article_id = id"
        )
        for url, authors, *texts in conn.execute(sql):
            if _is_meant(stones, url, authors):
                held = True
                pieces.address(url)
                pieces.text(*texts)
        for (url,) in conn.execute("SELECT url FROM ledger WHERE article_id IS NULL"):
            if stones.of(url) is not None:
                held = True
                pieces.address(url)
    return held


def _is_meant(stones: Tombstones, url: str, authors: str) -> bool:
    return stones.of(url) is not None or stones.of_authors(json.loads(authors)) is not None


def _publish(private: Path, path: Path) -> None:
    """From nothing, since the old file could hold what is erased; however much is lost."""
    with closing(published.connect(path)) as conn:
        told = published.snapshot(conn)
    publish.publish(
        private, path, level=told.get("level", publish.PUBLIC),
        rights=told.get("rights", "licensed"), rebuild=True, force=True,
    )  # fmt: skip


def _holding(places: Places, search: Search) -> Iterator[Path]:
    """The exports that hold it, or that nobody can look into; they are made again."""
    for path in _files(places.exports):
        if not path.name.endswith(ARCHIVES) and (
            path.suffix in CLOSED or search.file(path, exact=True)
        ):
            yield path


def _files(places: Sequence[Path]) -> list[Path]:
    """Files, and all that is in folders; with the drafts that a killed export left beside them."""
    found: set[Path] = set()
    for place in places:
        found |= {place, *place.rglob("*"), *place.parent.glob(f".{place.name}.*")}
    return sorted(path for path in found if path.is_file())


# --- Looking whether it is gone ------------------------------------------------------------------


def _verify(places: Places, search: Search, done: Erasure) -> None:
    with closing(database.private(places.private, create=False)) as db:
        erasing.secure(db)
        _checkpoint(db, places.private, done)
        left = _left(db.conn, places.private, search, done, erasing.QUOTING)
        if left or done.resumed:
            # Free pages from before deletions were overwritten; a killed run knew more words.
            db.execute("VACUUM")
            done.vacuumed = True
            _checkpoint(db, places.private, done)
            left = _left(db.conn, places.private, search, done, erasing.QUOTING)
        for path in (places.private, *_beside(places.private)):
            _say(path, left if path == places.private else search.file(path), done)
    for path in _databases(places):
        with remains.reading(path) as conn:
            _say(path, _left(conn, path, search, done, remains.tables(conn)), done)
    for path in _files(places.exports):
        _say(path, search.file(path, exact=True), done)


def _left(
    conn: sqlite3.Connection, path: Path, search: Search, done: Erasure, among: Iterable[str]
) -> set[bytes]:
    """What of it a database holds that is not in rows of others, of these tables: they quote it."""
    found = search.file(path)
    if not found:
        return set()
    quoted, counts = search.rows(conn, among)
    for table, rows in counts.items():
        done.elsewhere[f"{path.name}: {table}"] = rows
    return found - quoted


def _checkpoint(db: Database, path: Path, done: Erasure) -> None:
    """Bring the log into the database, and cut it to nothing."""
    db.execute(f"PRAGMA busy_timeout = {PATIENCE}")
    (busy, *_) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        told = f"{path}-wal: another program reads the database; close it and run this again"
        if told not in done.remains:
            done.remains.append(told)


def _beside(path: Path) -> list[Path]:
    """The log of a database, and the copies that somebody has put beside it."""
    return sorted(
        each
        for each in path.parent.glob(f"{path.name}*")
        if each.is_file() and each != path and not each.name.endswith(".lock")
    )


def _say(path: Path, found: set[bytes], done: Erasure) -> None:
    if not found:
        done.verified.append(str(path))
    elif path.name.endswith(ARCHIVES):
        done.remains.append(f"{path}: your own archive, which is yours to delete or write anew")
    elif not any(told.startswith(str(path)) for told in done.remains):
        done.remains.append(f"{path}: {len(found):,} pieces; delete it if it is a copy")


# --- What was done -------------------------------------------------------------------------------


def _write_down(places: Places, done: Erasure) -> None:
    """In the database and as a file beside it; finished only if nothing remains."""
    done.finished = clock.now() if done.well else None
    path = places.records / f"{done.begun[:10]}-{done.id}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(done), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise TamisError(f"{path} cannot be written: {error.strerror or error}") from error
    with closing(database.private(places.private, create=False)) as db, transaction(db):
        db.conn.execute(
            "UPDATE erasures SET finished = ?, record = ? WHERE id = ?",
            [done.finished, _json(done), done.id],
        )


def _json(done: Erasure) -> str:
    return json.dumps(asdict(done), ensure_ascii=False)
