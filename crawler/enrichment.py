"""Archived pages into articles, beside the crawl: take what waits, read it, store it."""

import concurrent.futures
import errno
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path

from pebble import ProcessExpired, ProcessPool
from sqlite_utils import Database

from crawler import database, sifting, store, workers
from crawler.errors import TamisError
from crawler.progress import Progress
from crawler.readings import Reading, Unread
from crawler.sifting import Changed
from enrich import annotate
from enrich.annotate import Annotation

# In the pool at a time, for each worker: one being read and enough waiting that none is idle
# while results are stored.
AHEAD = 4
# Stored in one transaction: at most so many, and at least as often.
BATCH = 50
WAIT_SECONDS = 0.2
# What an error says where nothing can be written; the last, where there is no folder for it.
FULL = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EROFS, errno.ENOENT})
# A process can end for want of memory, through no fault of the page that it was reading.
MAX_CRASHES = 2


def read(page: Unread) -> Reading:
    """What one archived page is. Runs in a worker process; pure but for its input."""
    from crawler import pages  # noqa: PLC0415 (no other process needs what reading takes)

    return pages.read(page)


def run(
    db: Database,
    *,
    processes: int | None = None,
    progress: Progress | None = None,
    more: Callable[[], bool] = lambda: False,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Read every page that waits, and go on while `more()`; returns how many were read.

    At last takes from the texts what their sites repeat, which means to read these again.
    `stop()` ends it at once; what is being read then waits for the next time.
    A page that takes too long, or ends the process that reads it, is `failed` with that reason
    and holds up nothing else. A kill at any moment leaves what was not stored among the waiting.
    """
    done = 0
    while not store.count_unread(db):  # a day without news starts no process
        if stop() or not more():
            return done
        if store.is_expecting(db):
            break  # what readers load takes as long as the first page is on its way
        time.sleep(WAIT_SECONDS)
    version, room = annotate.version(), (processes or workers.cores()) * AHEAD
    with workers.pool(processes, module=workers.FOR_PAGES) as pool:
        for batch in _batches(db, pool, room, more, stop):
            store.save(db, batch, version)
            done += len(batch)
            if progress:
                progress.advance("read", len(batch))
        if not stop():
            # While there are processes that have loaded all this takes.
            sifting.sift(db, partial(_annotated, pool, room))
    return done


def _annotated(pool: ProcessPool, room: int, changed: Sequence[Changed]) -> Iterator[Annotation]:
    """What is noted of each, read by the pool."""
    for each, future in workers.in_order(pool, sifting.annotated, changed, ahead=room):
        try:
            yield future.result()
        except (FutureTimeoutError, ProcessExpired):
            yield sifting.annotated(each)  # its page was read in time, so its text can be


def _batches(
    db: Database,
    pool: ProcessPool,
    room: int,
    more: Callable[[], bool],
    stop: Callable[[], bool],
) -> Iterator[list[Reading]]:
    """Readings as they are finished, with at most `room` pages in the pool."""
    reading: dict[Future[Reading], Unread] = {}
    crashes: Counter[int] = Counter()
    while not stop():
        expecting = more()
        if len(reading) <= room // 2:
            taken = {page.url_id for page in reading.values()}
            for page in store.unread(db, room - len(reading), without=taken):
                reading[workers.schedule(pool, read, page)] = page
        if reading:
            done = concurrent.futures.wait(
                reading, WAIT_SECONDS, concurrent.futures.FIRST_COMPLETED
            ).done
            finished = [(future, reading.pop(future)) for future in list(done)[:BATCH]]
            if batch := list(_answers(finished, crashes)):
                yield batch
        elif expecting:
            time.sleep(WAIT_SECONDS)
        else:
            return
    pool.stop()


def _answers(
    finished: list[tuple["Future[Reading]", Unread]], crashes: Counter[int]
) -> Iterator[Reading]:
    for future, page in finished:
        if isinstance(future.exception(), ProcessExpired):
            crashes[page.url_id] += 1
            if crashes[page.url_id] < MAX_CRASHES:
                continue  # it waits still, and is taken again
        yield _result(future, page)


def _result(future: "Future[Reading]", page: Unread) -> Reading:
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001 (whatever one page does must not stop the others)
        return Reading(url_id=page.url_id, outcome="failed", reason=reason_for(error))


def reason_for(error: Exception) -> str:
    """Why a page could not be read. Raises TamisError where that is not the page's fault."""
    if isinstance(error, FutureTimeoutError):
        return f"reading took over {workers.SECONDS_A_PAGE:.0f} s"
    if isinstance(error, ProcessExpired):
        return f"the process that read it ended, {MAX_CRASHES} times ({error})"
    if isinstance(error, BrokenProcessPool):
        # The page waits for the next time.
        raise TamisError(f"processes that read pages cannot be kept running: {error}") from error
    if isinstance(error, OSError) and error.errno in FULL:
        # A model is unpacked to a file, and no page can be read without.
        raise TamisError(
            f"no page can be read: {error}; free some room in {tempfile.gettempdir()} and run"
            " it again, it goes on from what was read"
        ) from error
    return f"{type(error).__name__}: {error}"


class Beside:
    """Enrichment in a thread of the crawling process; its work is done in processes of its own."""

    def __init__(self, path: str | Path, *, processes: int | None, progress: Progress) -> None:
        self.path, self.processes, self.progress = path, processes, progress
        self.crawl_over, self.stop = threading.Event(), threading.Event()
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, name="enrichment")

    def start(self) -> None:
        self.thread.start()

    def finish(self, *, stop: Callable[[], bool]) -> None:
        """Say that no more pages come, wait until all are read, and raise what went wrong.

        When `stop()`, leave what waits for the next time.
        """
        self.crawl_over.set()
        while self.thread.is_alive():
            if stop():
                self.stop.set()
            self.thread.join(WAIT_SECONDS)
        if self.error:
            raise self.error

    def _run(self) -> None:
        try:
            db = database.private(self.path)
            try:
                waiting = store.count_unread(db)
                self.progress.expect("read", waiting)
                run(
                    db,
                    processes=self.processes,
                    progress=self.progress,
                    more=lambda: not self.crawl_over.is_set(),
                    stop=self.stop.is_set,
                )
            finally:
                db.close()
        except BaseException as error:  # noqa: BLE001 (raised again by finish, in the main thread)
            self.error = error
