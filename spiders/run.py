"""A crawl from beginning to end: the spider, enrichment beside it, and what came of it."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from crawler import database, store
from crawler.enrichment import Beside
from crawler.errors import TamisError
from crawler.guard import require_contact
from crawler.items import Source
from crawler.progress import Progress
from spiders.channels import addresses
from spiders.news import NewsSpider


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The ledger after a crawl: every URL ever discovered, by outcome."""

    outcomes: dict[str, int]

    def __str__(self) -> str:
        counts = (f"{name} {count:,}" for name, count in self.outcomes.items())
        return f"{sum(self.outcomes.values()):,} URLs discovered: {', '.join(counts) or 'none'}"


def crawl(
    sources: tuple[Source, ...],
    db: Path,
    *,
    settings: Mapping[str, Any],
    enrich: bool = True,
    workers: int | None = None,
) -> Summary:
    """Visit what is due of `sources`, fetch what is new, and read it. Once a process.

    `settings` are Scrapy settings over those of crawler.settings. Raises ConfigError if a public
    host would be visited without a contact.
    """
    require_contact(
        (url for source in sources for _, url, _ in addresses(source)),
        settings.get("TAMIS_CONTACT"),
    )
    with database.alone(db):
        try:
            _run(sources, db, settings=settings, enrich=enrich, workers=workers)
        except sqlite3.Error as error:
            raise TamisError(
                f"{db}: {error}; the crawl stopped, and goes on from what was committed next time"
            ) from error
        with closing(database.private(db)) as private:
            store.settle(private)
            return Summary(outcomes=store.outcomes(private))


def _run(
    sources: tuple[Source, ...],
    db: Path,
    *,
    settings: Mapping[str, Any],
    enrich: bool,
    workers: int | None,
) -> None:
    database.private(db).close()  # so that it exists, migrated, before two threads open it
    process = AsyncCrawlerProcess(_settings(settings))
    with Progress("fetched", *(["read"] if enrich else [])) as progress:
        beside = Beside(db, processes=workers, progress=progress) if enrich else None
        if beside:
            beside.start()
        crawler = process.create_crawler(NewsSpider)
        try:
            crawling = process.crawl(crawler, db=str(db), sources=sources, progress=progress)
            process.start()
        finally:
            if beside:
                asked_to_stop = crawler.stats.get_value("finish_reason") != "finished"
                beside.finish(at_once=asked_to_stop)
        crawling.result()
        if isinstance(crawler.spider, NewsSpider) and crawler.spider.error:
            raise crawler.spider.error


def _settings(over: Mapping[str, Any]) -> Settings:
    """crawler.settings, found by import so that it works from any folder, with `over` on top."""
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    settings.set("LOG_LEVEL", "WARNING", priority="project")
    settings.setdict(dict(over), priority="cmdline")
    return settings
