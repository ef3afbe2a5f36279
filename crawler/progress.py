"""What long work says while it runs: a bar on a terminal, a plain line now and then in a log."""

import sys
import time
from datetime import timedelta
from typing import Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

LOG_SECONDS = 10.0  # between two lines of a log
_silent = False


def be_silent() -> None:
    """From now on nothing is said in this process: cron would send a mail of it."""
    global _silent  # noqa: PLW0603 (as the process, so its words)
    _silent = True


class Progress:
    """Named counts towards totals that may still grow. One thread at a time may call a name.

    `steady`: the totals are known, so that how fast it goes says how long it will take.

    >>> with Progress("fetched", "read") as progress:
    ...     progress.expect("fetched", 2)
    ...     progress.advance("fetched")
    """

    def __init__(self, *names: str, out: TextIO | None = None, steady: bool = False) -> None:
        self.out = out or sys.stderr
        self.steady = steady
        self.totals = dict.fromkeys(names, 0)
        self.done = dict.fromkeys(names, 0)
        self._bars: Bars | None = None
        self._began = self._next_line = 0.0

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        self._next_line = self._began + LOG_SECONDS
        if self.out.isatty() and not _silent:
            self._bars = Bars(
                TextColumn("{task.description:>10}"), BarColumn(), MofNCompleteColumn(),
                TimeElapsedColumn(), TextColumn("{task.fields[pace]}"),
                console=Console(file=self.out), transient=True,
            )  # fmt: skip
            self._tasks = {
                name: self._bars.add_task(name, total=0, pace="") for name in self.totals
            }
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars:
            self._bars.stop()
            self._bars = None

    def expect(self, name: str, more: int = 1) -> None:
        """So much more is to be done; a name that is not counted is passed over."""
        if name in self.totals:
            self.totals[name] += more
            self._show(name)

    def advance(self, name: str, by: int = 1) -> None:
        self.done[name] += by
        self._show(name)

    def _show(self, name: str) -> None:
        if self._bars:
            self._bars.update(
                self._tasks[name], total=self.totals[name], completed=self.done[name],
                pace=self._pace(name),
            )  # fmt: skip
        elif time.monotonic() >= self._next_line and not _silent:
            self._next_line = time.monotonic() + LOG_SECONDS
            counts = (
                f"{name} {self.done[name]:,} of {self.totals[name]:,}{self._pace(name)}"
                for name in self.totals
            )
            print(", ".join(counts), file=self.out, flush=True)

    def _pace(self, name: str) -> str:
        if not (self.steady and self.done[name]):
            return ""
        rate = self.done[name] / max(time.monotonic() - self._began, 1e-9)
        left = timedelta(seconds=round((self.totals[name] - self.done[name]) / rate))
        return f", {rate:,.0f} a second, {left} left"
