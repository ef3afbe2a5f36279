"""Archives read away from any database: their parts, done in a pool of processes or on a cluster.

A part that is done stays done, so a run that was stopped is run again.
"""

import json
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Protocol

from pebble import ProcessPool

from crawler import ranges, workers
from crawler.errors import ConfigError, TamisError
from crawler.parts import NOTE, Job, Part, Report, read_part
from crawler.progress import Progress

# A file of CC-NEWS has a gigabyte: sixteen parts of some two minutes each. That is long beside what
# a part costs, and short enough that 500 cores share a day of news, and little is done twice.
RANGE = 64 * 1024 * 1024
AHEAD = 2  # parts for each process: the one it reads, and the next
WAIT_SECONDS = 1.0
# A part that fails is tried again elsewhere: the fault can be the machine's.
TRIES = 3
GONE = "the Dask scheduler has gone; parts that are done stay: run it again"


class Workers(Protocol):
    """Who reads parts."""

    def submit(self, part: Part) -> "Future[Report]": ...

    def room(self) -> int:
        """How many parts may be with them at a time. Raises TamisError if they are gone."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Processes of this machine."""

    processes: ProcessPool
    count: int
    job: Job

    def submit(self, part: Part) -> "Future[Report]":
        future: Future[Report] = self.processes.schedule(read_part, args=(part, self.job))
        return future

    def room(self) -> int:
        return AHEAD * self.count


@contextmanager
def pool(job: Job, count: int | None = None) -> Iterator[Pool]:
    """Processes, one a core or `count`, for `with`; what they have not finished ends with it."""
    count = count or workers.cores()
    with workers.pool(count, module=read_part.__module__) as processes:
        try:
            yield Pool(processes=processes, count=count, job=job)
        finally:
            processes.stop()


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a backfill came to; `errors` say which archives were not read whole, and why."""

    parts: int
    done: int
    there: int
    records: int
    results: int
    skipped: dict[str, int]
    errors: tuple[str, ...]

    @property
    def well(self) -> bool:
        return not self.errors and self.done == self.parts

    def __str__(self) -> str:
        lines = [
            f"{self.done:,} of {self.parts:,} parts done, {self.there:,} of them before",
            f"{self.records:,} records: {self.results:,} results",
        ]
        if self.skipped:
            skipped = ", ".join(f"{reason} {count:,}" for reason, count in self.skipped.items())
            lines.append(f"Skipped: {skipped}")
        if self.done < self.parts:
            lines.append("Run it again to go on")
        return "\n".join(lines)


def plan(archives: Iterable[Path]) -> tuple[list[Part], list[str]]:
    """The parts of these archives, and what is wrong with those that cannot be read.

    Raises ConfigError where two have one name: so would their results.
    """
    named: dict[str, Path] = {}
    parts: list[Part] = []
    errors: list[str] = []
    for path in dict.fromkeys(path.absolute() for path in archives):
        if other := named.setdefault(path.name, path) != path and named[path.name]:
            raise ConfigError(
                f"{other} and {path} have one name, and so would their results: read them into"
                " two folders"
            )
        try:
            with path.open("rb") as file:
                cuts = ranges.cuts(file, RANGE)
        except OSError as error:
            errors.append(f"{path} cannot be read: {error.strerror or error}")
            continue
        parts += [Part(archive=path, start=start, end=end) for start, end in pairwise(cuts)]
    return parts, errors


def prepare(job: Job) -> None:
    """Make the folder of results; raises ConfigError if it holds those of another kind."""
    path = job.out / NOTE
    try:
        job.out.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(json.dumps(job.note(), indent=1) + "\n", encoding="utf-8")
        there = json.loads(path.read_bytes())
    except OSError as error:
        raise TamisError(f"{path} cannot be written: {error.strerror or error}") from error
    except ValueError:
        there = None
    if there != job.note():
        raise ConfigError(
            f"{job.out} holds results of another kind: {json.dumps(there)}; these would be"
            f" {json.dumps(job.note())}: choose another folder"
        )


def run(
    job: Job,
    parts: Iterable[Part],
    workers: Workers,
    *,
    errors: Iterable[str] = (),
    progress: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Summary:
    """Have the parts read, and sum up. Raises TamisError where no part could be.

    `stop()` ends it at once; parts that are done are there the next time.
    """
    parts, failed = list(parts), list(errors)
    skipped: Counter[str] = Counter()
    done = there = records = taken = 0
    new = {part for part in parts if not (job.out / part.name).exists()}
    if progress:
        progress.expect("bytes", sum(part.end - part.start for part in new))
    for report in _reports(parts, workers, stop):
        if isinstance(report, str):
            failed.append(report)
            continue
        done += 1
        there += report.there
        records += report.tail.records
        taken += report.tail.results
        skipped.update(report.tail.skipped)
        if report.tail.error:
            failed.append(report.tail.error)
        if progress and report.part in new:
            progress.advance("bytes", report.part.end - report.part.start)
    if done == len(parts):
        _tidy(job, parts)
    return Summary(
        parts=len(parts), done=done, there=there, records=records, results=taken,
        skipped=dict(skipped.most_common()), errors=tuple(failed),
    )  # fmt: skip


def _reports(
    parts: Iterable[Part], workers: Workers, stop: Callable[[], bool]
) -> Iterator[Report | str]:
    """What became of each part, in the order they are finished; or why it could not be read."""
    waiting, reading = deque(parts), dict["Future[Report]", Part]()
    tries: Counter[Part] = Counter()
    while (waiting or reading) and not stop():
        for _ in range(min(len(waiting), workers.room() - len(reading))):
            part = waiting.popleft()
            reading[workers.submit(part)] = part
        if not reading:
            time.sleep(WAIT_SECONDS)  # until a cluster has its first worker
        for future in wait(reading, WAIT_SECONDS, FIRST_COMPLETED).done:
            part = reading.pop(future)
            try:
                yield future.result()
            except CancelledError:  # Dask's word for it
                raise TamisError(GONE) from None
            except TamisError:
                raise
            except ImportError as error:
                raise TamisError(
                    f"a worker cannot read pages ({error}): install the same Tamis on all machines"
                ) from error
            except Exception as error:  # noqa: BLE001 (of one part; the others go on)
                tries[part] += 1
                if tries[part] < TRIES:
                    waiting.append(part)
                else:
                    where = f"{part.archive} from byte {part.start:,}"
                    yield f"{where}: {type(error).__name__}: {error}"


def _tidy(job: Job, parts: Iterable[Part]) -> None:
    """Remove what killed processes had begun to write."""
    names = {part.name for part in parts}
    for path in job.out.glob("*.part"):
        if path.name.rsplit(".", 2)[0] in names:
            with suppress(OSError):
                path.unlink()
