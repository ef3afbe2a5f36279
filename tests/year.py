"""A year of the daily job in minutes: 60 sites on loopback that publish, change, break and come back.

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
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as daytime
from pathlib import Path
from typing import Any

import warm
from kills import descendants
from sqlite_utils import Database
from yearsites import START, Fault, Kind, YearSite, sites_of
from yearbook import Book
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
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a day cost and left. `cpu` is that of the commands in seconds, `publish` its last one."""

    number: int
    cpu: float
    publish: float
    asked: dict[str, int]
    articles: int
    ledger: int
    private: int
    published: int


@dataclass
class Year:
    """A year being lived in `folder`; `failures` collects what should not have been."""

    folder: Path
    years: tuple[YearSite, ...]
    days: int
    seed: int
    web: YearWeb
    server: warm.Server
    log: list[Day] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.db, self.news = self.folder / "tamis.db", self.folder / "news.db"
        self.rng = random.Random(f"{self.seed}/year")
        first, last = self.days // 4, self.days - 2
        self.dark = self.rng.randrange(first, last)
        many = 1 if self.days < 100 else 2
        self.book = Book(web=self.web, db=self.db, news=self.news, dark=self.dark)
        self.cuts = set(self.rng.sample([d for d in range(2, last) if d != self.dark], many))

    def live(self, progress: Progress | None = None) -> None:
        for number in range(self.days):
            self.web.turn(number)
            self.web.down = number == self.dark
            began = spent(self.server)
            if number in self.cuts:
                self.cut()
            publish = self.run()
            self.log.append(self.measured(number, spent(self.server) - began, publish))
            self.tell(self.book.check_day(number))
            if progress:
                progress.advance("days")
        self.tell(self.book.check_year())

    def run(self) -> float:
        """The job of the day; the CPU seconds of publishing."""
        done = self.command("crawl", *self.crawl_options())
        self.expect(done.returncode == 0 or self.web.down, f"crawl: {_outcome(done)}")
        began = spent(self.server)
        done = self.command(
            "publish", "--db", str(self.db), "--news", str(self.news)
        )
        self.expect(done.returncode == 0, f"publish: {_outcome(done)}")
        self.notes["published anew" if "Built from nothing" in done.stdout else "published on top"] += 1
        return spent(self.server) - began

    def crawl_options(self) -> list[str]:
        return [
            "--sources", str(self.folder / "sources"), "--db", str(self.db),
            "--delay", "0", "--loopback", "--workers", "1",
        ]  # fmt: skip

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        today = datetime.combine(self.web.date(self.web.day), HOUR, UTC)
        ahead = (today - datetime.now(UTC)).total_seconds()
        return self.server.run(list(arguments), LIVED.format(ahead))

    def cut(self) -> None:
        """The power goes in the middle of a run."""
        moment = self.rng.uniform(0.3, 3)
        before = descendants(self.server.process.pid)

        def fall() -> None:
            time.sleep(moment)
            running = [pid for pid in descendants(self.server.process.pid) if pid not in before]
            for pid in running[:1]:
                os.kill(pid, signal.SIGKILL)
                self.notes["power cuts"] += 1

        thread = threading.Thread(target=fall)
        thread.start()
        self.command("crawl", *self.crawl_options())
        thread.join()

    def measured(self, number: int, cpu: float, publish: float) -> Day:
        with self.reading(self.db) as private:
            articles, ledger = _one(private, "SELECT (SELECT count(*) FROM articles),"
                                             " (SELECT count(*) FROM urls)")  # fmt: skip
        return Day(
            number=number, cpu=cpu, publish=publish, asked=dict(self.web.asked),
            articles=articles, ledger=ledger,
            private=self.db.stat().st_size, published=self.news.stat().st_size,
        )  # fmt: skip

    @contextmanager
    def reading(self, path: Path) -> Iterator[Database]:
        with closing(Database(path)) as db:
            yield db

    def tell(self, what: list[str]) -> None:
        for each in what:
            self.expect(False, each)  # noqa: FBT003

    def expect(self, holds: bool, what: str) -> None:  # noqa: FBT001 (an assertion)
        if not holds:
            self.failures.append(f"day {self.web.day}: {what}")
            print(self.failures[-1], file=sys.stderr, flush=True)


def write_sources(folder: Path, found: tuple[Source, ...]) -> None:
    """The records of the sites, as somebody would have written them."""
    folder.mkdir()
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


def _one(db: Database, sql: str, *values: Any) -> tuple[Any, ...]:
    row: tuple[Any, ...] = db.execute(sql, values).fetchone()
    return row


def _outcome(done: Any) -> str:
    return f"status {done.returncode}: {done.stderr[-2000:]}"


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
    parser.add_argument("--keep", type=Path, help="a folder to live in, which stays")
    told = parser.parse_args()
    folder = told.keep or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    years = sites_of(told.sites, told.days, told.seed)
    with YearWeb(years) as web:
        write_sources(folder / "sources", sources(web.port, tuple(y.site for y in years)))
        year = Year(folder=folder, years=years, days=told.days, seed=told.seed, web=web,
                    server=warm.Server(readers=True))
        with Progress("days") as progress:
            progress.expect("days", told.days)
            year.live(progress)
    for day in year.log:
        print(day)
    print(year.notes)
    print("\n".join(year.failures[:50]))
    if not told.keep:
        shutil.rmtree(folder)
    sys.exit(bool(year.failures))


if __name__ == "__main__":
    main()
