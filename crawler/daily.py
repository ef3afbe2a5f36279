"""The daily job: everything from the crawl to the report, each step going on where it was.

It belongs to the command line, so it may import the spiders. Killed at any moment and run again, it
does what is left: a crawl asks only for what is due, and the other steps are done anew or not at
all.
"""

import signal
import sqlite3
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from crawler import clock, database, enrichment, health, registry, runs, store, workers
from crawler.config import Config
from crawler.errors import TamisError
from crawler.exports.articles import export_articles, format_of
from crawler.exports.feeds import BASE_URL
from crawler.exports.files import Selection, export_feeds
from crawler.exports.replacing import replace_file
from crawler.forget import unfinished
from crawler.progress import Progress
from crawler.publish import PHASES, publish
from crawler.query import written
from crawler.reports import Report, keep
from crawler.retention import Retention, prune
from crawler.runs import Step
from crawler.setback import clock_problem
from crawler.shards import Shard
from enrich import annotate
from spiders.run import crawl

# Of the time that a run has, what comes after the crawl gets SAFETY times what it took in the last
# run, between these shares of the whole.
SAFETY = 1.5
LEAST_AFTER, MOST_AFTER = 0.1, 0.5
# Pages that an older version has read and that are marked to be read again at a time: three
# minutes' work, so that what is new waits no longer for them.
STALE = 5_000
# A run that is not done now and then has had much to do; one after the other, too little time.
MOST_UNFINISHED = 3
SECONDS_AN_HOUR = 3600.0


class StoppedError(Exception):
    """A person, or the system, asked the run to stop."""


@dataclass(slots=True)
class _Run:
    """A run in progress: what it is to do, and what it has done so far."""

    config: Config
    db: Path
    ident: int
    started: str
    before: tuple[int, int]
    latest: float  # time.monotonic(), when what comes after reading must begin
    settings: dict[str, Any]
    steps: list[Step] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)
    needs: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    stopped: bool = False
    late: bool = False

    @property
    def news(self) -> Path:
        return Path(self.config["files.published"])

    # -- the steps, each of which says in a sentence what it did

    def crawl(self) -> str:
        config = self.config
        records = registry.load(config.path("files.sources"))
        chosen = registry.select(
            records,
            enabled=None if config["crawl.only"] else True,
            **{name: config[f"crawl.{name}"] for name in SELECTING},
        )
        if terms := registry.to_read_again(chosen, clock.now()):
            self.notices.append(
                f"The licences of {len(terms):,} sources were not read for a year: `tamis sources"
                " list --terms-older-than 365` names them"
            )
        summary = crawl(
            chosen, self.db, settings=self.settings, known=records,
            shard=Shard.parse(config["crawl.shard"]) if config["crawl.shard"] else None,
            workers=config["crawl.workers"], seconds=self.latest - time.monotonic(),
        )  # fmt: skip
        self.figures |= {"channels": summary.visited, "failed": summary.failed}
        self.late = summary.late
        if summary.stopped:
            raise StoppedError
        if not summary.well:
            self.needs.append(
                f"None of {summary.visited:,} channels gave an answer: see whether this machine"
                " reaches the network"
            )
        return str(summary)

    def enrich(self) -> str:
        """What an older version has read, as much as there is time for."""
        version, done = annotate.version(), 0
        with (
            closing(database.private(self.db)) as private,
            Progress("read") as progress,
            workers.asked_to_stop() as asked,
        ):
            while not self.late and store.mark_stale(private, version, most=STALE):
                progress.expect("read", store.count_unread(private))
                done += enrichment.run(
                    private, processes=self.config["crawl.workers"], progress=progress,
                    stop=lambda: asked.is_set() or self.is_late(),
                )  # fmt: skip
                if asked.is_set():
                    raise StoppedError
            if done:
                store.settle(private)
        return f"{done:,} pages read by this version that an older one had read"

    def is_late(self) -> bool:
        """Whether what comes after the crawl must begin; once it is, it stays so."""
        self.late = self.late or time.monotonic() >= self.latest
        return self.late

    def prune(self) -> str:
        names = ("raw_pages", "text", "metadata")
        retention = Retention(**{name: self.config[f"retention.{name}"] for name in names})
        with (
            closing(database.private(self.db)) as private,
            Progress("pruned") as progress,
            workers.asked_to_stop() as asked,
        ):
            self.needs += [
                f"The take-down of tombstone {stone} is not finished: run `tamis forget` again"
                for stone in unfinished(private)
            ]
            if retention == Retention():
                return "all is kept for ever"
            done = prune(private, retention, progress=progress, stop=asked.is_set)
            store.settle(private)
            if asked.is_set():
                raise StoppedError
        return str(done)

    def check(self) -> str:
        """New alarms want a person, once that day; all of them do in the first run of a week."""
        today = clock.moment().date()
        monday = today - timedelta(days=today.weekday())
        with closing(database.private(self.db)) as private:
            found, said_today = health.check(private), runs.needs_of(private, today)
            remind = not runs.any_since(private, monday, besides=self.ident)
            told = health.feed(private, self.config["publish.base_url"])
        reports = Path(self.config["files.reports"])
        reports.mkdir(parents=True, exist_ok=True)
        replace_file(reports / "alarms.atom", [told])
        for alarm in found.open:
            said = f"{alarm.sentence} ({alarm.kind}, since {alarm.since})"
            wanted = remind or (alarm.raised == today and said not in said_today)
            (self.needs if wanted else self.notices).append(said)
        self.notices += [f"Over: {alarm.sentence}" for alarm in found.ended]
        return (
            f"{len(found.open):,} alarms, {len(found.new):,} of them new;"
            f" {len(found.ended):,} are over"
        )

    def publish(self) -> str:
        config = self.config
        with Progress(*PHASES) as progress:
            return str(
                publish(
                    self.db, self.news, base_url=config["publish.base_url"],
                    rights=config["publish.rights"], keep=config["publish.keep"],
                    progress=progress,
                )
            )  # fmt: skip

    def feeds(self) -> str:
        out = self.config.path("feeds.out")
        if out is None:
            return "none are asked for"
        asked: dict[str, Any] = {name: tuple(self.config[f"feeds.{name}"]) for name in SELECTED}
        selection = Selection(**asked, archives=self.config["feeds.archives"])
        with Progress("feeds") as progress:
            done = export_feeds(self.news, out, selection, progress=progress)
        self.notices += [f"{path}: no such feed any more; left as it is" for path in done.gone]
        return f"{out}: {len(done.written):,} files"

    def exports(self) -> str:
        told = []
        for wanted in self.config["exports"]:
            out = self.config.below(wanted["out"])
            query, remarks = written(wanted.get("query", ""))
            self.notices += [f"{out}: {remark}" for remark in remarks]
            with Progress("articles") as progress:
                done = export_articles(
                    self.news, query, out, format_of(out, wanted.get("format")),
                    base_url=BASE_URL, day=clock.now()[:10], progress=progress,
                )  # fmt: skip
            told.append(f"{out}: {done.count:,} articles{'' if done.changed else ', as they were'}")
        return "\n".join(told) or "none are asked for"


SELECTING = ("only", "languages", "countries", "categories")
SELECTED = ("languages", "themes", "countries", "sources", "searches", "formats")
# In this order. Those after `publish` write what it published, so they need it.
STEPS: dict[str, Callable[[_Run], str]] = {
    "crawl": _Run.crawl,
    "enrich": _Run.enrich,
    "prune": _Run.prune,
    "check": _Run.check,
    "publish": _Run.publish,
    "feeds": _Run.feeds,
    "exports": _Run.exports,
}
BRINGING = ("crawl", "enrich")
AFTER_PUBLISHING = ("feeds", "exports")


def daily(config: Config, *, settings: dict[str, Any], hours: float | None = None) -> Report:
    """Do the whole job once, and leave its report; `settings` are Scrapy's for the crawl.

    `hours` is how long it may take (as the configuration says). What fails in a step is told in the
    report, and what can be done without it is done. Raises ConfigError if another tamis is at work
    on the same database, TamisError if that cannot be used at all.
    """
    began = time.monotonic()
    db = Path(config["files.private"])
    with database.alone(db):
        with closing(database.private(db)) as private:
            seconds = (hours or config["daily.hours"]) * SECONDS_AN_HOUR
            after = SAFETY * runs.seconds_of(private, besides=("crawl", "enrich")) / seconds
            share = min(max(after, LEAST_AFTER), MOST_AFTER)
            run = _Run(
                config=config, db=db, ident=runs.begin(private), started=clock.now(),
                before=runs.marks(private), settings=settings,
                latest=began + (1 - share) * seconds,
            )  # fmt: skip
            # Before the crawl, after which what is newest is of now.
            run.needs += filter(None, [clock_problem(private)])
        _work(run)
        report = _ended(run)
    try:
        keep(report, Path(config["files.reports"]), config["daily.reports"])
    except OSError as error:
        why = f"This report is not kept: {error.filename}: {error.strerror}"
        report = replace(report, needs=(*report.needs, why))
    return report


def _ended(run: _Run) -> Report:
    """The report, also in the database, if that can still be written."""
    try:
        with closing(database.private(run.db)) as private:
            report = _report(
                run, runs.new_articles(private, run.before), runs.in_a_row(private, "unfinished")
            )
            runs.end(private, run.ident, report.status, report.needs)
    except (TamisError, sqlite3.Error) as error:
        run.needs.append(f"{run.db}: {error}: this run is not noted in it")
        report = _report(run, {}, 0)
    return report


def _work(run: _Run) -> None:
    """All steps, as far as they can be done."""
    for name, step in STEPS.items():
        began = time.monotonic()
        if run.stopped or (name in AFTER_PUBLISHING and _failed(run, "publish")):
            run.steps.append(Step(name=name, status="left", seconds=0.0, told="not begun"))
            continue
        try:
            with _interruptible():
                status, told = "done", step(run)
        except (StoppedError, KeyboardInterrupt):
            run.stopped, status, told = True, "left", "stopped; the next run goes on from there"
        except TamisError as error:
            status, told = "failed", str(error)
        except Exception as error:  # noqa: BLE001 (a mistake in one step must not hide the others)
            traceback.print_exc()
            status, told = "failed", f"{type(error).__name__}: {error}"
        seconds = round(time.monotonic() - began, 1)
        run.steps.append(Step(name=name, status=status, seconds=seconds, told=told))
        _noted(run)


def _failed(run: _Run, name: str) -> bool:
    return any(step.name == name and step.status != "done" for step in run.steps)


def _noted(run: _Run) -> None:
    try:
        with closing(database.private(run.db)) as private:
            if run.steps[-1].name in BRINGING:  # of a million addresses it takes two seconds
                run.figures |= runs.count(private, run.started, run.before)
            runs.note(private, run.ident, run.steps, run.figures)
    except Exception as error:  # noqa: BLE001 (told in the report; the next step may still do)
        run.needs.append(f"{run.db}: {error}")


def _report(run: _Run, sources: dict[str, int], unfinished: int) -> Report:
    """`unfinished` is how many runs before, in a row, had too little time."""
    status = _status(run)
    needs = [*run.needs]
    needs += [
        f"The step {step.name} failed: {step.told}" for step in run.steps if step.status == "failed"
    ]
    if status == "unfinished" and unfinished + 1 >= MOST_UNFINISHED:
        needs.append(
            f"{unfinished + 1} runs in a row had too little time: give them more ([daily] hours in"
            " tamis.toml), or visit fewer sources"
        )
    left = [f"the step {step.name}" for step in run.steps if step.status == "left"]
    if (run.late or run.stopped) and (waiting := run.figures.get("waiting")):
        left.append(f"{waiting:,} addresses to fetch or to read")
    return Report(
        run=run.ident, started=run.started, ended=clock.now(), status=status,
        steps=tuple(run.steps), figures=run.figures, sources=sources, needs=tuple(needs),
        notices=tuple(run.notices), left=tuple(left),
    )  # fmt: skip


def _status(run: _Run) -> str:
    if run.stopped:
        return "stopped"
    if any(step.status == "failed" for step in run.steps):
        return "failed"
    return "unfinished" if run.late else "done"


@contextmanager
def _interruptible() -> Iterator[None]:
    """A SIGTERM is as Ctrl-C: the step ends, and the report is written. A second one ends all."""
    before = {
        number: signal.signal(number, signal.default_int_handler)
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
