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
from contextlib import contextmanager
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
# A worker is replaced now and then, in case a library under it keeps memory; a new one costs about
# a second, for a minute's work or more.
PAGES_A_WORKER = 2000


def pool(workers: int | None = None, *, module: str = __name__) -> ProcessPool:
    """A pool of `workers` processes (one a core), for `with`; tasks are cut at SECONDS_A_PAGE.

    Each imports `module` before its first task and calls its `ready()`, if it has one, so that this
    costs no page its time.

    A worker that dies takes its one task with it (`ProcessExpired`) and is replaced. The workers
    end when this process does, however it ends.
    """
    processes = ProcessPool(
        max_workers=workers or cores(),
        max_tasks=PAGES_A_WORKER,
        initializer=_begin,
        initargs=[module],
        context=multiprocessing.get_context("spawn"),
    )
    # Ctrl-C is the parent's affair, though a terminal sends it to the workers too. They ignore it
    # once they run; until then it is blocked, as threads and processes started here inherit.
    block = getattr(signal, "pthread_sigmask", None)  # not on Windows
    before = block(signal.SIG_BLOCK, {signal.SIGINT}) if block else None
    try:
        _ = processes.active  # starts it
    finally:
        if block:
            block(signal.SIG_SETMASK, before)
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


def _begin(module: str) -> None:
    _end_with_parent()
    prepare = getattr(importlib.import_module(module), "ready", None)
    if prepare is not None:
        prepare()


def _end_with_parent() -> None:
    """Watch for the parent's death: a killed parent cannot tell its workers to stop."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    if resource is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, hard))
    logging.disable(logging.WARNING)
