"""A year of the daily job in minutes: 60 sites on loopback that publish, change and break.

    python tests/year.py --days 365 --sites 60

Each day is a run of the real commands, in a process whose clock is that day's (`crawler.clock`).
What the web named and gave is the truth that the databases are held to, day by day and at the end.
Prints a table of the months, in Markdown, and what was checked; ends with 1 if a check failed.
`tests/test_year.py` lives a month of it.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from datetime import time as daytime
from pathlib import Path
from statistics import median
from typing import Any

import warm
from kills import children, descendants
from sqlite_utils import Database
from yearbook import Book
from yearsites import sites_of
from yearweb import YearWeb

from crawler import registry
from crawler.demo.web import sources
from crawler.items import Source
from crawler.progress import Progress

HOUR = daytime(18)  # when cron runs it
# Ahead of the real clock by so many seconds, all day; and nothing has to wait for a site, as in the
# demo. The rest is as it comes.
LIVED = """
from datetime import timedelta
from crawler import clock, settings
clock.moment = lambda real=clock.moment, ahead=timedelta(seconds={}): real() + ahead
settings.CONCURRENT_REQUESTS_PER_DOMAIN = 8
"""


# The job of these sites, as their operator would say it.
CONFIG = """
contact = "year@example.org"

[files]
private = "tamis.db"
published = "news.db"
sources = "sources"
reports = "reports"

[crawl]
delay = 0
workers = 1
loopback = true

[feeds]
out = "feeds"
languages = ["fr"]
archives = false

[[exports]]
query = "language=nl"
out = "exports/nl.csv"
"""
# What may be more in the last month than in the second, and how many times: bytes an article,
# requests a day, CPU a day. The last has what grows with what is kept: files are copied each day.
FLAT = {"private": 1.2, "published": 1.2, "requests": 1.1, "cpu": 1.5}
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a day cost and left. Seconds: `cpu` of all its commands, `publish` of that step.

    `requests` are those for channels, robots.txt and the like; `private` and `published` are bytes.
    """

    number: int
    cpu: float
    publish: float
    requests: int
    articles: int
    ledger: int
    private: int
    published: int


@dataclass
class Year:
    """A year being lived in `folder`; `failures` collects what should not have been."""

    folder: Path
    web: YearWeb
    server: warm.Server
    days: int
    seed: int
    cuts: int = 2
    take_downs: int = 6
    log: list[Day] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = self.rng = random.Random(f"{self.seed}/year")
        self.dark, *chosen = rng.sample(range(4, self.days - 2), 1 + self.cuts + self.take_downs)
        self.cut_on, self.take_down_on = set(chosen[: self.cuts]), set(chosen[self.cuts :])
        self.killed, self.took = 0, 0.0
        self.book = Book(web=self.web, folder=self.folder, dark=self.dark)
        write_sources(self.folder / "sources", self.web)
        (self.folder / "tamis.toml").write_text(CONFIG, encoding="utf-8")

    def live(self, progress: Progress | None = None) -> None:
        for day in range(self.days):
            self.web.turn(day)
            self.web.down = day == self.dark
            began = spent(self.server)
            if day in self.cut_on:
                self.cut()
            publish = self.run()
            self.log.append(self.measured(day, spent(self.server) - began, publish))
            self.tell(self.book.check_day(day))
            if day in self.take_down_on:
                self.take_down()
            if progress:
                progress.advance("days")
        self.tell(self.book.check_year(killed=self.killed))
        self.tell(flatness(self.log))

    def tell(self, failures: Iterable[str]) -> None:
        for each in failures:
            self.failures.append(f"day {self.web.day}: {each}")
            print(self.failures[-1], file=sys.stderr, flush=True)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        today = datetime.combine(self.web.date(self.web.day), HOUR, UTC)
        ahead = (today - datetime.now(UTC)).total_seconds()
        config = str(self.folder / "tamis.toml")
        return self.server.run(["--config", config, *arguments], LIVED.format(ahead))

    def run(self) -> float:
        """The job of the day; the seconds of publishing."""
        began = time.monotonic()
        done = self.command("daily", "--json")
        self.took = time.monotonic() - began
        try:
            report = json.loads(done.stdout)
        except ValueError:
            self.tell([f"daily ends with {done.returncode}: {done.stderr[-2000:]}"])
            return 0.0
        self.tell(
            f"daily, {step['name']}: {step['status']}: {step['told']}"
            for step in report["steps"]
            if step["status"] != "done"
        )
        took = {step["name"]: float(step["seconds"]) for step in report["steps"]}
        return took.get("publish", 0.0)

    def cut(self) -> None:
        """The power goes at some moment of a run; sooner in the next, if that one was over."""
        moment, killed = self.rng.uniform(0.1, self.took), self.killed
        while self.killed == killed:
            self.run_for(moment)
            moment /= 2

    def run_for(self, moment: float) -> None:
        before = children(self.server.process.pid)

        def fall() -> None:
            time.sleep(moment)
            running = [pid for pid in children(self.server.process.pid) if pid not in before]
            for pid in running:
                os.kill(pid, signal.SIGKILL)
                self.killed += 1

        thread = threading.Thread(target=fall)
        thread.start()
        self.command("daily")
        thread.join()

    def take_down(self) -> None:
        """Somebody asks that an article of these days be taken down; its site goes on naming it."""
        story = self.rng.choice(self.book.lately(self.web.day))
        done = self.command("forget", self.book.url(story), "--yes")
        if done.returncode:
            self.tell([f"forget ends with {done.returncode}: {done.stderr[-2000:]}"])
        self.book.forgotten.append(story)

    def measured(self, day: int, cpu: float, publish: float) -> Day:
        with closing(Database(self.book.db)) as db:
            articles, ledger = db.table("articles").count, db.table("urls").count
        return Day(
            number=day, cpu=cpu, publish=publish,
            requests=self.web.asked["channel"] + self.web.asked["other"],
            articles=articles, ledger=ledger,
            private=self.book.db.stat().st_size, published=self.book.news.stat().st_size,
        )  # fmt: skip


# --- Months --------------------------------------------------------------------------------------


def months(log: list[Day]) -> dict[str, list[Day]]:
    found: dict[str, list[Day]] = {}
    for day in log:
        found.setdefault(YearWeb.date(day.number).isoformat()[:7], []).append(day)
    return found


def requests(days: list[Day]) -> float:
    """A day, whatever is new: of half of them fewer."""
    return median(day.requests for day in days)


def table(log: list[Day]) -> str:
    """A line a month, in Markdown."""
    columns = (
        "month", "articles", "ledger", "MB private", "MB published", "CPU s a day", "publish s",
        "requests but for articles",
    )  # fmt: skip
    lines = [f"| {' | '.join(columns)} |", f"|---{'|--:' * (len(columns) - 1)}|"]
    for month, days in months(log).items():
        last = days[-1]
        lines.append(
            f"| {month} | {last.articles:,} | {last.ledger:,} | {last.private / 1e6:.1f}"
            f" | {last.published / 1e6:.1f} | {median(day.cpu for day in days):.1f}"
            f" | {median(day.publish for day in days):.1f} | {requests(days):.0f} |"
        )
    return "\n".join(lines)


def flatness(log: list[Day]) -> Iterator[str]:
    """What the last month takes more of than the second; nothing of less than half a year."""
    found = list(months(log).values())
    if len(found) < 6:
        return
    for name, most in FLAT.items():
        second, last = (_taken(name, days) for days in (found[1], found[-1]))
        if last > most * second:
            yield f"{name}: {last:,.1f} in the last month, {second:,.1f} in the second"


def _taken(name: str, days: list[Day]) -> float:
    if name == "requests":
        return requests(days)
    if name == "cpu":
        return median(day.cpu for day in days)
    return float(getattr(days[-1], name)) / days[-1].articles


# --- The sites' records --------------------------------------------------------------------------


def write_sources(folder: Path, web: YearWeb) -> None:
    """The records of the sites, as somebody would have written them."""
    found = sources(web.port, tuple(year.site for year in web.years))
    folder.mkdir(parents=True)
    (folder / "year.toml").write_text("\n".join(map(_record, found)), encoding="utf-8")


def _record(source: Source) -> str:
    fields = registry.as_json(source)
    lines = [f"[{fields.pop('id')}]"]
    lines += [f"{name} = {_toml(name, value)}" for name, value in fields.items() if _said(value)]
    return "\n".join(lines) + "\n"


def _toml(name: str, value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{k} = {_toml(k, v)}" for k, v in value.items() if _said(v))
        return f"{{ {inner} }}"
    if isinstance(value, list):
        return f"[{', '.join(_toml('', each) for each in value)}]"
    # A date stands bare.
    return str(value) if name.endswith("_on") else json.dumps(value, ensure_ascii=False)


def _said(value: Any) -> bool:
    return value not in (None, [], "")


# --- The program ---------------------------------------------------------------------------------


def spent(server: warm.Server) -> float:
    """CPU seconds of all commands so far: of those it waited for, and of who reads their pages."""
    lines = [stat(server.process.pid)[2:], *map(stat, descendants(server.process.pid))]
    return sum(map(sum, lines)) / TICKS


def stat(pid: int) -> tuple[int, ...]:
    """Ticks of a process, user and system, and then those of the children that it waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()
    return tuple(map(int, fields[11:15]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--sites", type=int, default=60)
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--keep", type=Path, help="a new folder to live in, which stays")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = told.keep or Path(temporary)
        with (
            YearWeb(sites_of(told.sites, told.days, told.seed)) as web,
            Progress("days") as progress,
        ):
            year = Year(
                folder=folder, web=web, server=warm.Server(readers=True),
                days=told.days, seed=told.seed,
            )  # fmt: skip
            progress.expect("days", told.days)
            year.live(progress)
            print(table(year.log), "", *year.book.told(), sep="\n")
    print(f"{len(year.failures)} checks failed", *year.failures, sep="\n")
    sys.exit(bool(year.failures))


if __name__ == "__main__":
    main()
