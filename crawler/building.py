"""The rows and the index of a published database: all of them, or those that have changed."""

import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool
from sqlite_utils import Database

from crawler import changes, index, rows, workers
from crawler.errors import PublishError
from crawler.progress import Progress
from crawler.rows import Context, Docs, insert

Item = TypeVar("Item")
Result = TypeVar("Result")

# Articles that one process works on at a time: some 2 MB, which others wait for behind it.
BATCH = 250
AHEAD = 3  # batches of each process that are on their way
# Fewer take one process less time than several take to begin.
FEW = 4000
# Bytes of the index that FTS5 holds before it writes them.
HASH_SIZE = 48 * 1024 * 1024
TABLES = (
    "article_texts", "article_themes", "article_countries", "article_regions",
    "article_organisations", "attachments", "removed_lines", "article_languages",
    "language_votes", "article_versions", "duplicates", "same_story",
)  # fmt: skip


class RebuildError(Exception):
    """What has changed cannot be brought into the old file; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """From which database into which, in one state of the first."""

    source: Database
    db: Database
    context: Context
    progress: Progress | None

    def expect(self, name: str, more: int) -> None:
        if self.progress:
            self.progress.expect(name, more)

    def advance(self, name: str, by: int) -> None:
        if self.progress:
            self.progress.advance(name, by)


# --- All of it -----------------------------------------------------------------------------------


def build(work: Work) -> None:
    """Fill the tables of articles, the ledger and the index, which are empty."""
    order, docs = _numbers(work.source)
    for name in ("rows", "index"):
        work.expect(name, len(order))
    with _pool(len(order)) as pool:
        ids = (list(ids) for ids in _batches(sorted(order)))
        _rows(work, pool, ids, docs)
        insert_ledger(work, None)
        # Each word is then merged once, at the end.
        _configure(work.db, automerge=0, crisismerge=1999, hashsize=HASH_SIZE)
        for found in _through(pool, rows.documents, _documents(work, order, docs)):
            for doc, document in found:
                index.put(work.db.conn, doc, document)
            work.advance("index", len(found))
    work.db.execute("INSERT INTO articles_fts(articles_fts) VALUES ('optimize')")
    _configure(work.db, automerge=4, crisismerge=16, hashsize=HASH_SIZE)


def _numbers(source: Database) -> tuple[Sequence[int], Sequence[int]]:
    """The articles in the order of their dates, and the number of each in the index by its id."""
    (most,) = source.execute("SELECT coalesce(max(id), 0) FROM articles").fetchone()
    order, docs = array("q"), array("q", bytes(8 * (most + 1)))
    day, doc = "", 0
    for ident, dated in source.execute(
        "SELECT id, coalesce(published, fetched) AS dated FROM articles ORDER BY dated, id"
    ):
        doc = doc + 1 if dated[:10] == day else index.first_of(dated)
        day = dated[:10]
        order.append(ident)
        docs[ident] = doc
    return order, docs


def _documents(
    work: Work, order: Iterable[int], docs: Sequence[int]
) -> Iterator[list[tuple[int, str, str, index.Listed]]]:
    for ids in _batches(order):
        yield [
            (docs[listed.article_id], title, text, listed)
            for _, title, text, listed in _listings(work, ids)
        ]


def _configure(db: Database, **settings: int) -> None:
    for name, value in settings.items():
        db.execute("INSERT INTO articles_fts(articles_fts, rank) VALUES (?, ?)", [name, value])


# --- What has changed ----------------------------------------------------------------------------


def update(work: Work, urls: set[int]) -> None:
    """Bring a copy of an earlier snapshot up to date for these addresses.

    Raises RebuildError where the old file would keep what has to leave it.
    """
    for name in ("rows", "index"):
        work.expect(name, len(urls))
    conn = work.db.conn
    conn.execute("PRAGMA secure_delete = ON")  # nothing that is shown no longer stays in the file
    listed = json.dumps(sorted(urls))
    had = dict(_in(work.db, "SELECT id, article_id FROM ledger WHERE id IN", listed))
    now = dict(
        _in(
            work.source,
            "SELECT urls.id, articles.id FROM urls LEFT JOIN articles ON url_id = urls.id"
            " WHERE urls.id IN",
            listed,
        )
    )
    if had.keys() - now.keys():
        raise RebuildError("an address has left the ledger")
    articles = sorted(filter(None, now.values()))
    if set(filter(None, had.values())) - set(articles):
        # Its words would stay in the index, if only as ones that nothing has.
        raise RebuildError("an article has been taken out")
    before = {article: index.indexed(conn, article) for article in articles}
    ids = json.dumps(articles)
    for table in TABLES:
        _in(work.db, f"DELETE FROM {table} WHERE article_id IN", ids)
    _in(work.db, "DELETE FROM articles WHERE id IN", ids)
    _in(work.db, "DELETE FROM ledger WHERE id IN", listed)
    docs = {article: found.doc if found else None for article, found in before.items()}
    with _pool(len(articles)) as pool:
        _rows(work, pool, (list(each) for each in _batches(articles)), docs)
    insert_ledger(work, sorted(urls))
    _index_again(work, before)


def _index_again(work: Work, before: dict[int, index.Indexed | None]) -> None:
    """Index again what has another document than before, or another day."""
    conn = work.db.conn
    out: list[tuple[int, index.Document]] = []
    new: list[tuple[str, int | None, index.Document]] = []
    for ids in _batches(before):
        for dated, title, text, listed in _listings(work, ids):
            found, old = index.document(title, text, listed), before[listed.article_id]
            same_day = old is not None and index.day_of(old.doc) == index.day(dated)
            if old is None:
                new.append((dated, None, found))
            elif not same_day or old.digest != found.digest:
                out.append((old.doc, _document_of(work, old)))
                new.append((dated, old.doc if same_day else None, found))
        work.advance("index", len(ids))
    for doc, found in sorted(out, key=lambda each: each[0]):
        index.remove(conn, doc, found)
    numbers = index.Numbers(conn)
    new.sort(key=lambda each: (each[0], each[2].listed.article_id))
    numbered = [(doc or numbers.next(dated), found) for dated, doc, found in new]
    for doc, found in sorted(numbered, key=lambda each: each[0]):
        index.put(conn, doc, found)


def _document_of(work: Work, old: index.Indexed) -> index.Document:
    """The words by which a document came: those of the text that its digest fits."""
    for text in (*changes.texts(work.source, old.listed.article_id), ""):
        found = index.document(old.title, text, old.listed)
        if found.digest == old.digest:
            return found
    raise RebuildError("the former text of an article is not known")


# --- Both ----------------------------------------------------------------------------------------


def _rows(
    work: Work,
    pool: ProcessPool | None,
    batches: Iterable[list[int]],
    docs: Docs,
) -> None:
    def read() -> Iterator[rows.Batch]:
        for ids in batches:
            insert(work.db, rows.related(work.source, ids))
            yield rows.read(work.source, ids, docs, work.context)

    for found in _through(pool, rows.published, read()):
        insert(work.db, found)
        work.advance("rows", len(found["articles"][1]))


def insert_ledger(work: Work, urls: list[int] | None) -> None:
    """The ledger's rows of these addresses, or of all."""
    chosen = "WHERE urls.id IN (SELECT value FROM json_each(?))" if urls is not None else ""
    found = work.source.execute(
        f"""
        SELECT urls.id, urls.url, urls.source, urls.outcome, urls.reason, urls.discovered,
               urls.decided, articles.id
        FROM urls LEFT JOIN articles ON articles.url_id = urls.id {chosen} ORDER BY urls.id
        """,
        [json.dumps(urls)] if urls is not None else [],
    )
    work.db.conn.executemany("INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?)", found)


def _listings(work: Work, ids: Iterable[int]) -> Iterator[tuple[str, str, str, index.Listed]]:
    """Date, title, text and listing of published articles.

    Whole texts, also where an extract is shown: they are found, and cannot be read. Of those that
    ask that nothing be shown, the title alone.
    """
    listed = json.dumps(list(ids))
    texts = dict(_in(work.source, "SELECT article_id, text FROM article_texts WHERE article_id IN",
                     listed))  # fmt: skip
    hidden = "SELECT id FROM articles WHERE rights = 'metadata' AND id IN"
    texts.update((ident, "") for (ident,) in _in(work.db, hidden, listed))
    for dated, title, found in index.listings(work.db.conn, json.loads(listed)):
        yield dated, title, texts[found.article_id], found


def _in(db: Database, sql: str, listed: str) -> list[Any]:
    found: list[Any] = db.execute(f"{sql} (SELECT value FROM json_each(?))", [listed]).fetchall()
    return found


def _batches(ids: Iterable[int]) -> Iterator[tuple[int, ...]]:
    taken: list[int] = []
    for ident in ids:
        taken.append(ident)
        if len(taken) == BATCH:
            yield tuple(taken)
            taken = []
    if taken:
        yield tuple(taken)


@contextmanager
def _pool(articles: int) -> Iterator[ProcessPool | None]:
    """Processes, if there is enough to do for them."""
    if articles < FEW:
        yield None
        return
    with workers.pool(module="crawler.rows") as pool:
        try:
            yield pool
        except BaseException:
            pool.stop()
            raise


def _through(
    pool: ProcessPool | None, function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Result]:
    """What the function gives for each item, in their order."""
    if pool is None:
        yield from map(function, items)
        return
    futures = workers.in_order(pool, function, items, ahead=AHEAD * workers.cores())
    for _, future in futures:
        yield _result(future)


def _result(future: "Future[Result]") -> Result:
    try:
        return future.result()
    except ProcessExpired as error:
        raise PublishError(f"a process that turns articles into rows ended ({error})") from error
