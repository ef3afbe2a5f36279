"""A part of an archive, read into its file of results: what a backfill has many of.

Reading it is a function of values. It gives the same file in any process on any machine, however
often it is begun.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from socket import gethostname
from typing import Any, BinaryIO, cast

from pebble import ProcessExpired

from crawler import __version__, apart, archive, enrichment, picking, ranges, results
from crawler.captures import Capture, captures, is_export
from crawler.errors import TamisError
from crawler.items import Source
from crawler.picking import Asked
from crawler.readings import Reading
from crawler.results import Head, Result, ResultsError, Tail
from crawler.warc import Sites
from crawler.warcfile import WarcError
from enrich import annotate

NOTE = "backfill.json"  # in the folder of results: what they were made by and for


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What all tasks of a backfill share; `enricher` is the version that reads."""

    out: Path
    asked: Asked
    sources: tuple[Source, ...]
    enricher: str

    def note(self) -> dict[str, Any]:
        return {"tamis": __version__, "enricher": self.enricher, "asked": self.asked.as_json()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The records of an archive that begin from `start` to before `end`."""

    archive: Path
    start: int
    end: int

    @property
    def name(self) -> str:
        """Of its file of results. In the order of names they are in the order of the archive."""
        return f"{self.archive.name}.{self.start:012}{results.SUFFIX}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of a part; `there`: another run had done it."""

    part: Part
    tail: Tail
    there: bool = False


# Has a function done in some process.
Ask = Callable[[Callable[[picking.Question], picking.Answer], picking.Question], picking.Answer]


def read_part(part: Part, job: Job, *, ask: Ask | None = None) -> Report:
    """Write the results of a part, if they are not there; this is the task.

    Pages are read in a process of their own, unless by `ask`.
    """
    _agree(job)
    path = job.out / part.name
    if (tail := _done(part, job)) is not None:
        return Report(part=part, tail=tail, there=True)
    results.write(path, _lines(part, job, ask or apart.mine().ask))
    return Report(part=part, tail=results.ends(path)[1])


def _agree(job: Job) -> None:
    """Raise TamisError unless this machine reads, and has the folder, as the one that asks."""
    if (version := annotate.version()) != job.enricher:
        raise TamisError(
            f"{gethostname()} reads pages as {version}, not as {job.enricher}: install the same"
            " Tamis with the same packages on all machines"
        )
    try:
        seen = json.loads((job.out / NOTE).read_bytes())
    except (OSError, ValueError):
        seen = None
    if seen != job.note():
        raise TamisError(
            f"{job.out} is another folder on {gethostname()}: archives and results must be on a"
            " file system that all machines share"
        )


def _head(part: Part, job: Job) -> Head:
    return Head(archive=part.archive.name, start=part.start, end=part.end, **job.note())


def _done(part: Part, job: Job) -> Tail | None:
    """The end of its results, if they are there and whole."""
    try:
        head, tail = results.ends(job.out / part.name)
    except ResultsError:
        return None
    return tail if head == _head(part, job) else None


def _lines(part: Part, job: Job, ask: Ask) -> Iterator[Head | Result | Tail]:
    skipped: Counter[str] = Counter()
    taken, error = 0, ""
    sites = Sites(job.sources)
    yield _head(part, job)
    with part.archive.open("rb") as file:
        window = ranges.between(file, part.start, part.end)
        at = window.start
        # In a part, unlike in a file, no record need begin.
        begun = at < window.end or part.start == 0
        ours = is_export(file)
        try:
            for found in captures(cast(BinaryIO, window), ours=ours) if begun else ():
                result = found if isinstance(found, str) else _result(found, at, sites, job, ask)
                if isinstance(result, str):
                    skipped[result] += 1
                else:
                    taken += 1
                    yield result
        except WarcError as damage:
            error = str(damage)
    yield Tail(
        records=taken + skipped.total(), results=taken, skipped=dict(sorted(skipped.items())),
        error=error,
    )  # fmt: skip


def _result(capture: Capture, start: int, sites: Sites, job: Job, ask: Ask) -> Result | str:
    if not picking.on_host(capture.page.url, job.asked):
        return "another host"
    taken = _taken((capture, sites.of(capture), job.asked), ask)
    if isinstance(taken, str):
        return taken
    page, reading = taken
    about = dict(capture.about) if capture.about is not None else None
    return Result(offset=start + capture.offset, page=page, about=about, reading=reading)


def _taken(question: picking.Question, ask: Ask) -> picking.Answer:
    """What `picking.take` says; a page that it cannot read is `failed`, as in `tamis enrich`."""
    crashes = 0
    while True:
        try:
            return ask(picking.take, question)
        except Exception as error:  # noqa: BLE001 (whatever one page does must not stop the others)
            crashes += isinstance(error, ProcessExpired)
            if 0 < crashes < enrichment.MAX_CRASHES and isinstance(error, ProcessExpired):
                continue
            reason = enrichment.reason_for(error)
        capture, _, asked = question
        if asked:
            return "failed"
        page = replace(capture.page, body=archive.pack(capture.page.body))
        return page, Reading(url_id=0, outcome="failed", reason=reason)
