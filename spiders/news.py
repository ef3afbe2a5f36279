"""The one spider: visits what is due of every channel, then fetches what they named.

One spider for all sources, so that a host has one politeness budget however many ways lead to it.
It keeps nothing in memory but what is under way: `requests` draws pending URLs from the frontier in
small batches, fairly by host, until none is left.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Self

import scrapy
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest
from scrapy.http import Response, TextResponse
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from crawler import archive, clock, database, registry
from crawler.errors import FeedError
from crawler.frontier import RETRY_SECONDS, DueChannel, Frontier, PendingUrl
from crawler.guard import AddressRefused, require_contact
from crawler.items import Answer, Page, Source
from crawler.progress import Progress
from crawler.urls import host
from spiders.channels import CHANNELS, addresses

# Under way at most, so that memory does not depend on the backlog: 300 pages of 180 kB are 54 MB
# at worst, and 64 concurrent requests never wait for the next draw.
UNDER_WAY = 300
PAUSE_SECONDS = 0.05
# By status: the last word on a URL. Of other 4xx only those of LATER are tried again, and all 5xx.
FINAL = {
    401: "blocked", 403: "blocked", 404: "not_found", 405: "blocked", 410: "gone", 451: "blocked",
}  # fmt: skip
LATER = (408, 425, 429)
ASKED_TO_WAIT = (429, 503)
# Seconds. A server that says "at once" after refusing does not mean it.
MIN_RETRY_AFTER, MAX_RETRY_AFTER = 60.0, 24 * 3600.0
READABLE = ("text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml")
WHOLE = (200, 203)  # other successes have no page, or a challenge in its place
FORBIDDEN = "Forbidden by robots.txt"  # how Scrapy says it


class NewsSpider(scrapy.Spider):
    """`scrapy crawl news -a only=smes,fdss`; `tamis crawl` adds enrichment beside it."""

    name = "news"

    def __init__(
        self,
        *,
        db: str,
        sources: tuple[Source, ...],
        known: tuple[Source, ...] = (),
        progress: Progress | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.frontier = Frontier(database.private(db))
        self.sources, self.known = sources, known or sources
        self.progress = progress or Progress("fetched")
        self.visiting = 0
        self.fetching: dict[int, PendingUrl] = {}
        self.error: sqlite3.Error | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Options come as spider arguments from `tamis`, or from the settings and `-a only=`."""
        settings = crawler.settings
        only = kwargs.pop("only", "")
        if "sources" not in kwargs:
            path = settings.get("TAMIS_SOURCES")
            records = registry.load(Path(path) if path else None)
            kwargs["known"] = records
            names = [name for name in only.split(",") if name]
            kwargs["sources"] = registry.select(
                records, enabled=None if names else True, only=names
            )
        kwargs.setdefault("db", settings["TAMIS_DB"])
        urls = (at.url for source in kwargs["sources"] for _, at in addresses(source))
        require_contact(urls, settings.get("TAMIS_CONTACT"))
        if contact := settings.get("TAMIS_CONTACT"):
            agent = f"{settings['USER_AGENT']} (+{contact})"
            settings.set("USER_AGENT", agent, priority="spider")
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.broken, signals.spider_error)
        crawler.signals.connect(spider.finish, signals.spider_closed)
        return spider

    def broken(self, failure: Failure, response: Response) -> None:
        """A mistake of ours must not have a page fetched again and again."""
        url = response.request.cb_kwargs.get("url") if response.request else None
        if url is not None:
            self.frontier.decided(
                url.id, "failed", f"{type(failure.value).__name__}: {failure.value}"
            )

    def finish(self) -> None:
        try:
            self.frontier.flush()
        except sqlite3.Error as error:
            self.error = error
        self.frontier.db.close()

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """Everything due, and then the end; a database that fails ends it at once."""
        try:
            async for request in self.requests():
                yield request
        except sqlite3.Error as error:
            self.error = error

    async def requests(self) -> AsyncIterator[scrapy.Request]:
        self.frontier.sync(self.known, addresses)
        names = {source.id for source in self.sources}
        urls = [at.url for source in self.sources for _, at in addresses(source)]
        for channel in self.frontier.due_channels(urls, now=clock.now()):
            self.visiting += 1
            yield self.visit(channel)
        drawn_up_to = 0
        while True:
            drawn: list[PendingUrl] = []
            if len(self.fetching) <= drawn_up_to // 2:
                under_way = self.fetching.values()
                drawn = self.frontier.draw(
                    names,
                    now=clock.now(),
                    limit=UNDER_WAY - len(under_way),
                    under_way=under_way,
                )
                drawn_up_to = len(under_way) + len(drawn)
            self.progress.expect("fetched", len(drawn))
            for url in drawn:
                self.fetching[url.id] = url
                yield self.fetch(url)
            if not drawn:
                if not self.visiting and not self.fetching:
                    return
                await asyncio.sleep(PAUSE_SECONDS)
            self.frontier.tick()

    def visit(self, channel: DueChannel) -> scrapy.Request:
        validators = {"If-None-Match": channel.etag, "If-Modified-Since": channel.modified}
        return scrapy.Request(
            channel.url,
            self.visited,
            headers={name: value for name, value in validators.items() if value},
            errback=self.not_visited,
            cb_kwargs={"channel": channel},
            meta={"handle_httpstatus_list": [304]},
            priority=10,
            dont_filter=True,
        )

    def visited(self, response: Response, channel: DueChannel) -> None:
        self.visiting -= 1
        if response.status == 304:  # noqa: PLR2004 (Not Modified)
            if channel.etag or channel.modified:
                self.frontier.unchanged(channel)
            else:
                reason = "HTTP 304 to a request that asked for no comparison"
                self.frontier.channel_failed(channel, "failed", reason)
            return
        try:
            feed = CHANNELS[channel.kind].read(
                Answer(
                    url=response.url,
                    body=response.body,
                    content_type=_header(response, "Content-Type"),
                )
            )
        except FeedError as error:
            self.logger.warning("%s: %s", channel.source, error)
            self.frontier.channel_failed(channel, "unreadable", str(error))
            return
        if feed.defect:
            self.logger.warning(
                "%s: %s is ill-formed, salvaged: %s", channel.source, channel.url, feed.defect
            )
        for link in feed.refused:
            self.logger.warning(
                "%s: %s names %r, which is no web address", channel.source, channel.url, link
            )
        new = self.frontier.harvested(
            channel,
            feed.links,
            # Of a feed that may be cut off, the whole is asked for again next time.
            etag=None if feed.defect else _header(response, "ETag"),
            modified=None if feed.defect else _header(response, "Last-Modified"),
            defect=feed.defect,
        )
        self.logger.debug("%s: %d links, %d new", channel.url, len(feed.links), new)

    def not_visited(self, failure: Failure) -> None:
        self.visiting -= 1
        channel: DueChannel = failure.request.cb_kwargs["channel"]  # type: ignore[attr-defined] # Scrapy adds it
        outcome, reason = verdict(failure)
        self.logger.warning("%s: %s: %s", channel.source, channel.url, reason)
        wait = retry_after(failure)
        self.frontier.channel_failed(channel, outcome or "failed", reason, seconds=wait)

    def fetch(self, url: PendingUrl) -> scrapy.Request:
        return scrapy.Request(
            url.url,
            self.fetched,
            errback=self.not_fetched,
            cb_kwargs={"url": url},
            dont_filter=True,
        )

    def fetched(self, response: Response, url: PendingUrl) -> None:
        self._done(url)
        content_type = _header(response, "Content-Type")
        kind = (content_type or "").partition(";")[0].strip().lower()
        if kind not in READABLE and (kind or not isinstance(response, TextResponse)):
            self.frontier.decided(url.id, "not_an_article", kind or "no content type, and not text")
            return
        if response.status not in WHOLE:
            self.frontier.postponed(url, f"HTTP {response.status}")
            return
        if self.frontier.knows(response.url, besides=url.id):
            self.frontier.decided(url.id, "duplicate", f"leads to {response.url}")
            return
        headers = {
            name: value for name in archive.KEPT_HEADERS if (value := _header(response, name))
        }
        page = Page(
            url=response.url,
            fetched=clock.now(),
            status=response.status,
            content_type=content_type,
            headers=headers,
            body=response.body,
        )
        self.frontier.fetched(url.id, page)
        self.progress.expect("read")

    def not_fetched(self, failure: Failure) -> None:
        url: PendingUrl = failure.request.cb_kwargs["url"]  # type: ignore[attr-defined] # Scrapy adds it
        self._done(url)
        outcome, reason = verdict(failure)
        if outcome:
            self.frontier.decided(url.id, outcome, reason)
            return
        wait = retry_after(failure)
        if wait is not None:
            self.frontier.rest(host(url.url), seconds=wait)
        elif not isinstance(failure.value, HttpError):
            # Nobody answers there: the host's other URLs need not find out one by one.
            self.frontier.rest(host(url.url), seconds=RETRY_SECONDS)
        self.frontier.postponed(url, reason, seconds=wait)

    def _done(self, url: PendingUrl) -> None:
        self.fetching.pop(url.id, None)
        self.progress.advance("fetched")


def verdict(failure: Failure) -> tuple[str | None, str]:
    """The outcome a failed request deserves (None: try again later) and its reason in words."""
    error = failure.value
    if isinstance(error, AddressRefused):
        return "blocked", str(error)
    if str(error) == FORBIDDEN and isinstance(error, IgnoreRequest):
        return "robots", FORBIDDEN
    if isinstance(error, HttpError):
        status = error.response.status
        if status not in FINAL and status not in LATER and 400 <= status < 500:  # noqa: PLR2004 (our fault: asking again is no use)
            return "failed", f"HTTP {status}"
        return FINAL.get(status), f"HTTP {status}"
    reason = f"{type(error).__name__}: {error}".strip(": ")
    if isinstance(error, DownloadCancelledError) or "DOWNLOAD_MAXSIZE" in reason:
        return "too_large", "longer than DOWNLOAD_MAXSIZE"
    return None, reason


def retry_after(failure: Failure) -> float | None:
    """Seconds for which the server asked to be left alone, or None if it did not ask."""
    error = failure.value
    if not isinstance(error, HttpError) or error.response.status not in ASKED_TO_WAIT:
        return None
    asked = _header(error.response, "Retry-After") or ""
    if asked.isascii() and asked.isdigit():
        seconds = float(asked)
    else:
        try:
            seconds = (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            # Nothing, or nothing readable: an hour is what most 429s mean.
            return 3600.0 if error.response.status == 429 else None  # noqa: PLR2004 (Too Many Requests)
    return min(max(seconds, MIN_RETRY_AFTER), MAX_RETRY_AFTER)


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1").strip() or None if value else None
