"""Processes that read pages: never threads and never the reactor, which would do half as much.

Measured on two cores: 24 pages a second inline, 23 in two threads, 44 in two processes.
"""

import importlib
import logging
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import BaseContext
from typing import Any, TypeVar

from pebble import ProcessPool

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]

Item = TypeVar("Item")
Result = TypeVar("Result")

# Of 700 real pages the slowest took 2.4 s of CPU, the median 0.03; what takes this long is stuck.
SECONDS_A_PAGE = 60.0
# Bytes a worker may use. Of 1,185 real pages the largest needed 254 MB; 8 MB of `<p>x` would take
# 3 GB. Beyond it the page fails, and the worker goes on.
MEMORY = 960 * 1024 * 1024
# A worker is replaced now and then, in case a library under it keeps memory.
PAGES_A_WORKER = 2000
# What pools for pages ask for; it takes 1.6 s of CPU, and 0.03 for each process forked from there.
FOR_PAGES = "crawler.loaded"


def pool(workers: int | None = None, *, module: str | None = None) -> ProcessPool:
    """A pool of `workers` processes (one a core), for `with`; tasks are cut at SECONDS_A_PAGE.

    Each has imported `module` before its first task, so that this costs no page its time: where the
    system can fork, one process has, and the workers are forked from it.

    A worker that dies takes its one task with it (`ProcessExpired`) and is replaced. The workers
    end when this process does, however it ends, and so does what they are forked from.
    """
    with _without_ctrl_c():
        processes = ProcessPool(
            max_workers=workers or cores(),
            max_tasks=PAGES_A_WORKER,
            initializer=_begin,
            initargs=[module or __name__],
            context=_context(module),
        )
        _ = processes.active  # starts it
    return processes


@contextmanager
def asked_to_stop() -> Iterator[threading.Event]:
    """An event that Ctrl-C or a SIGTERM sets, instead of ending the process; in the main thread."""
    event = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: event.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def schedule(
    processes: ProcessPool, function: Callable[[Item], Result], item: Item
) -> "Future[Result]":
    future: Future[Result] = processes.schedule(function, args=(item,), timeout=SECONDS_A_PAGE)
    return future


def in_order(
    processes: ProcessPool, function: Callable[[Item], Result], items: Iterable[Item], *, ahead: int
) -> Iterator[tuple[Item, "Future[Result]"]]:
    """Each item with its finished future, in the order of `items`; at most `ahead` wait."""
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    for item in items:
        waiting.append((item, schedule(processes, function, item)))
        while waiting and (len(waiting) >= ahead or waiting[0][1].done()):
            yield _finished(*waiting.popleft())
    while waiting:
        yield _finished(*waiting.popleft())


def _finished(item: Any, future: "Future[Any]") -> tuple[Any, "Future[Any]"]:
    future.exception()
    return item, future


def _context(module: str | None) -> BaseContext:
    """How workers begin. Never as copies of this process, whose threads would be lost in them."""
    if module and "forkserver" in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([module])
        # Its socket is a file in TMPDIR: that may be full, or the path longer than the 107 bytes
        # that a socket's may have.
        with suppress(OSError):
            forkserver.ensure_running()
            return context
    return multiprocessing.get_context("spawn")


@contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """Block SIGINT here, and in the threads and processes started here, which inherit that.

    A terminal sends it to them too, but it is the parent's affair. They ignore it once they run.
    """
    block = getattr(signal, "pthread_sigmask", None)  # not on Windows
    if block is None:
        yield
        return
    resource_tracker.ensure_running()  # starts with all the others, and then unblocks it
    before = block(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        block(signal.SIG_SETMASK, before)


def restrict() -> None:
    """Bound the memory of this process, and be silent: it reads pages."""
    if resource is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
    logging.disable(logging.WARNING)


def _begin(module: str) -> None:
    if multiprocessing.parent_process():
        _end_with_parent()
        restrict()
    importlib.import_module(module)


def _end_with_parent() -> None:
    """Watch for the parent's death: a killed parent cannot tell its workers to stop."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
