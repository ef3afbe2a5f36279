"""Work that may hang or eat memory, in a process of its own: it costs that piece of work only.

Unlike a pool's, the process can be started from any other, also from a worker of Dask: those are
daemons, to which multiprocessing refuses children.
"""

import faulthandler
import os
import pickle
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any, BinaryIO, TypeVar, cast

from pebble import ProcessExpired

from crawler import workers
from crawler.errors import TamisError

Item = TypeVar("Item")
Result = TypeVar("Result")
# Workers of Dask have it, for arrays: memory is given back at once, and pages take 2 % longer.
TRIM = "MALLOC_TRIM_THRESHOLD_"
READY = b"ready"  # said once all is loaded, so that it costs no piece of work its time
START = "import sys; sys.path[:] = {path!r}; from crawler import apart; apart.serve()"


class Apart:
    """A process that does one piece of work at a time, begun when it is first asked."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._end: weakref.finalize[Any, Any] | None = None
        self._asked = 0

    def ask(self, function: Callable[[Item], Result], item: Item) -> Result:
        """What `function` makes of `item` there, or raises there.

        TimeoutError after SECONDS_A_PAGE, ProcessExpired where the process ended; the next question
        has another process.
        """
        limit = workers.SECONDS_A_PAGE
        process = self._running()
        began = time.monotonic()
        questions, answers = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
        try:
            pickle.dump((limit, function, item), questions, pickle.HIGHEST_PROTOCOL)
            questions.flush()
            result, error = pickle.load(answers)  # noqa: S301 (from our own child)
        except (OSError, EOFError, pickle.UnpicklingError):
            status = self.close()
            if time.monotonic() - began >= limit:
                raise TimeoutError from None
            raise ProcessExpired("Abnormal termination", code=status, pid=process.pid) from None
        if error is not None:
            raise error
        return result  # type: ignore[no-any-return]

    def close(self) -> int:
        """End the process; its status."""
        status = int(self._end() or 0) if self._end else 0
        self._process = self._end = None
        return status

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._asked >= workers.PAGES_A_WORKER:
            self.close()
        if self._process is None:
            self._asked = 0
            self._process = subprocess.Popen(  # noqa: S603 (ourselves)
                [sys.executable, "-c", START.format(path=sys.path)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                env={name: value for name, value in os.environ.items() if name != TRIM},
                start_new_session=True,  # Ctrl-C in a terminal is this process's affair
            )  # fmt: skip
            self._end = weakref.finalize(self, _end, self._process)
            if not cast("IO[bytes]", self._process.stdout).read(len(READY)):
                status = self.close()
                raise TamisError(f"no process that reads pages can be started (status {status})")
        self._asked += 1
        return self._process


_of_thread = threading.local()


def mine() -> Apart:
    """The one of this thread, which stays for the next task: to begin one takes two seconds."""
    if not hasattr(_of_thread, "apart"):
        _of_thread.apart = Apart()
    return _of_thread.apart  # type: ignore[no-any-return]


def _end(process: "subprocess.Popen[bytes]") -> int:
    """At the end of its input it ends by itself; what still works on something is stopped."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    try:
        return process.wait(1)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def serve() -> None:
    """Answer on standard output what is asked on standard input, until that ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    from crawler import loaded  # noqa: F401, PLC0415 (so that no page waits for what reading takes)

    workers.restrict()
    answers.write(READY)
    answers.flush()
    _answer(sys.stdin.buffer, answers)


def _answer(questions: BinaryIO, answers: BinaryIO) -> None:
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        while True:
            try:
                limit, function, item = pickle.load(questions)  # noqa: S301 (from our parent)
            except EOFError:
                return
            # Ends this process from a thread that needs no Python, whatever hangs.
            faulthandler.dump_traceback_later(limit, exit=True, file=nowhere)
            try:
                answer = _packed(function(item), None)
            except Exception as error:  # noqa: BLE001 (the asker's affair)
                answer = _packed(None, error)
            faulthandler.cancel_dump_traceback_later()
            answers.write(answer)
            answers.flush()


def _packed(result: Any, error: Exception | None) -> bytes:
    try:
        packed = pickle.dumps((result, error), pickle.HIGHEST_PROTOCOL)
        if error:
            pickle.loads(packed)  # noqa: S301 (some errors can be packed, but not unpacked)
    except Exception:
        if error is None:
            raise
        return _packed(None, RuntimeError(f"{type(error).__name__}: {error}"))
    return packed
