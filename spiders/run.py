"""A crawl from beginning to end: the spider, enrichment beside it, and what came of it."""

import logging
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.settings import Settings

from crawler import database, setback, store
from crawler.enrichment import Beside
from crawler.errors import TamisError
from crawler.guard import require_contact
from crawler.items import Source
from crawler.politeness import Wait
from crawler.progress import Progress
from crawler.shards import Shard, claim
from crawler.workers import asked_to_stop
from spiders.channels import addresses
from spiders.news import NewsSpider

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a crawl came to. `outcomes` is the ledger: every URL ever discovered, by outcome.

    `visited` and `failed` count this crawl's channels; `due` is when the next one may be visited.
    `waits` are the hosts that kept it going longest. `stopped` says that it was asked to stop
    before its end, `late` that its time was up.
    """

    outcomes: dict[str, int]
    visited: int
    failed: int
    due: str | None
    waits: tuple[Wait, ...] = ()
    stopped: bool = False
    late: bool = False

    @property
    def well(self) -> bool:
        """Whether nobody needs to look at it: it came to its end, and some channel answered."""
        return not self.stopped and (self.failed < self.visited or not self.visited)

    def __str__(self) -> str:
        channels = (
            f"{self.visited:,} channels visited, {self.failed:,} failed"
            if self.visited
            else f"No channel is due before {self.due or 'one is added'}"
        )
        counts = ", ".join(f"{name} {count:,}" for name, count in self.outcomes.items())
        urls = f"{sum(self.outcomes.values()):,} URLs discovered: {counts or 'none'}"
        over = "Stopped" if self.stopped else "Its time was up" if self.late else ""
        stopped = f"{over}; the next crawl goes on from here\n" if over else ""
        waited = "".join(f"\n{wait}" for wait in self.waits)
        return f"{stopped}{channels}\n{urls}{waited}"


class _End(NamedTuple):
    stopped: bool
    late: bool
    waits: tuple[Wait, ...] = ()


def crawl(
    sources: tuple[Source, ...],
    db: Path,
    *,
    settings: Mapping[str, Any],
    known: tuple[Source, ...] = (),
    shard: Shard | None = None,
    enrich: bool = True,
    workers: int | None = None,
    seconds: float | None = None,
) -> Summary:
    """Visit what is due of `sources`, fetch what is new, and read it. Once a process.

    `known` is the whole registry, of which `sources` are those to visit (by default, all): what
    left it, or lost its licence there, is not shown whole any more. Of a `shard`, only its own are
    visited. `settings` are Scrapy settings over those of crawler.settings. After `seconds`, what is
    under way is finished, and the rest left for the next time. Raises ConfigError if a public host
    would be visited without a contact, or the database is another shard's; TamisError if it fails.
    """
    if shard:
        sources = shard.of(sources, known or sources)
    urls = [at.url for source in sources for _, at in addresses(source)]
    require_contact(urls, settings.get("TAMIS_CONTACT"))
    with database.alone(db):
        try:
            with closing(database.private(db)) as private:
                claim(private, db, shard)
                if late := setback.bring_back(private):
                    logger.warning("%s: %s waits of a clock that ran ahead are over", db, late)
                before = store.visit_counts(private)
            spider = {"db": str(db), "sources": sources, "known": known}
            deadline = None if seconds is None else time.monotonic() + seconds
            end = _run(
                spider, db, settings=settings, enrich=enrich, workers=workers, deadline=deadline
            )
            with closing(database.private(db)) as private:
                store.settle(private)
        except sqlite3.Error as error:
            raise TamisError(
                f"{db}: {error}; the crawl stopped, and goes on from what was committed next time"
            ) from error
        with closing(database.private(db)) as private:
            visited, failed, due = store.visits(private, urls, before=before)
            return Summary(
                outcomes=store.outcomes(private),
                visited=visited, failed=failed, due=due, waits=end.waits, stopped=end.stopped,
                late=end.late,
            )  # fmt: skip


def _run(
    spider: Mapping[str, Any],
    db: Path,
    *,
    settings: Mapping[str, Any],
    enrich: bool,
    workers: int | None,
    deadline: float | None,
) -> _End:
    if deadline is not None:
        left = max(1, round(deadline - time.monotonic()))  # Scrapy takes 0 for never
        settings = {**settings, "CLOSESPIDER_TIMEOUT": left}
    process = AsyncCrawlerProcess(project_settings(settings))
    with Progress("visited", "fetched", *(["read"] if enrich else [])) as progress:
        beside = Beside(db, processes=workers, progress=progress) if enrich else None
        if beside:
            beside.start()
        crawler = process.create_crawler(NewsSpider)
        stopped, late = True, False  # until it is known to have come to its end
        try:
            crawling = process.crawl(crawler, **spider, progress=progress)
            process.start()
            stopped = not crawling.done() or _reason(crawler) == "shutdown"
            late = _reason(crawler) == "closespider_timeout"
        finally:
            if beside:
                with asked_to_stop() as asked:
                    over = partial(_over, deadline)
                    beside.finish(stop=lambda: stopped or asked.is_set() or over())
                    stopped, late = stopped or asked.is_set(), late or over()
        if crawling.done():
            crawling.result()
        if not isinstance(crawler.spider, NewsSpider):
            return _End(stopped, late)
        if crawler.spider.error:
            raise crawler.spider.error
    return _End(stopped, late, crawler.spider.waits.longest())


def _over(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() >= deadline


def _reason(crawler: Crawler) -> str | None:
    """Why the spider closed; None if it was never opened."""
    reason: str | None = crawler.stats.get_value("finish_reason") if crawler.spider else None
    return reason


def project_settings(over: Mapping[str, Any]) -> Settings:
    """crawler.settings, found by import so that it works from any folder, with `over` on top."""
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    settings.set("LOG_LEVEL", "WARNING", priority="project")
    # The spider is given, as a class: to look for others would import all of them.
    settings.set("SPIDER_MODULES", [], priority="project")
    settings.setdict(dict(over), priority="cmdline")
    return settings
