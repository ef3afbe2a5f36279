"""The one spider: visits what is due of every channel, then fetches what they named.

One spider for all sources, so that a host has one politeness budget however many ways lead to it.
It keeps nothing in memory but what is under way: `requests` draws URLs from the frontier in small
batches, fairly by host, until none is left.
"""

import asyncio
import re
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from functools import wraps
from pathlib import Path
from typing import Any, Self, TypeVar, cast

import scrapy
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
)
from scrapy.http import Response, TextResponse
from scrapy.http.headers import Headers
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from crawler import archive, clock, database, registry
from crawler.channels import DueChannel
from crawler.errors import ConfigError, FeedError
from crawler.frontier import Frontier, PendingUrl
from crawler.guard import require_contact
from crawler.hosts import MAX_TDM
from crawler.items import Answer, Page, Source
from crawler.politeness import HostRests, Waits, retry_after
from crawler.progress import Progress
from crawler.robots import RobotsUnavailableError
from crawler.schedule import RETRY, Failing
from crawler.urls import host, key
from enrich.text import printable
from spiders.channels import CHANNELS, addresses
from spiders.reader import Reader
from spiders.verdict import verdict

# Nobody answers there, whatever is asked.
NOBODY = (
    CannotResolveHostError, DownloadConnectionRefusedError, DownloadTimeoutError,
    RobotsUnavailableError,
)  # fmt: skip
# Under way at most, so that memory does not depend on the backlog: 300 pages of 180 kB are 54 MB
# at worst, and 64 concurrent requests never wait for the next draw.
UNDER_WAY = 300
# A draw waits until half of the last one is done, or so long: a few slow hosts must not hold up
# those that have finished.
DRAW_SECONDS = 2.0
PAUSE_SECONDS = 0.05
# Bytes. 50,000 addresses, as many as a sitemap may have, take 8 MB and sometimes more.
MAX_SIZE = {"sitemap": 32 * 1024 * 1024}
WHOLE = (200, 203)  # other successes have no page, or a challenge in its place
NOT_MODIFIED = 304
FOR_GOOD = (301, 308)
TDM_PATH = "/.well-known/tdmrep.json"
MAX_AGE = re.compile(r"\bmax-age=(\d{1,10})")


Callback = TypeVar("Callback", bound=Callable[..., Any])


def ends_the_crawl(callback: Callback) -> Callback:
    """A database that fails in a callback is no mistake of one page: it ends the crawl."""

    @wraps(callback)
    def noting(spider: "NewsSpider", /, *args: Any, **kwargs: Any) -> Any:
        try:
            return callback(spider, *args, **kwargs)
        except sqlite3.Error as error:
            spider.error = error
            return None

    return cast("Callback", noting)


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
        self.progress = progress or Progress("visited", "fetched")
        self.reader = Reader()
        self.waits = Waits()
        for place, seconds in self.frontier.hosts.resting():
            self.waits.rest(place, seconds)
        self.visiting: set[int] = set()
        self.more = True  # there may be channels due that were not when we looked last
        self.fetching: dict[int, PendingUrl] = {}
        self.asked_for_tdm: set[str] = set()
        self.certified: set[str] = set()
        self.error: sqlite3.Error | None = None
        self.options: dict[str, str] = {}
        self.locked = ExitStack()

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
        locked = ExitStack()
        if "db" not in kwargs:  # `scrapy crawl`; `tamis crawl` has its lock for longer
            kwargs["db"] = settings["TAMIS_DB"]
            locked.enter_context(database.alone(kwargs["db"]))
        urls = (at.url for source in kwargs["sources"] for _, at in addresses(source))
        require_contact(urls, settings.get("TAMIS_CONTACT"))
        if contact := settings.get("TAMIS_CONTACT"):
            agent = f"{settings['USER_AGENT']} (+{contact})"
            settings.set("USER_AGENT", agent, priority="spider")
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.locked = locked
        if appname := settings.get("TAMIS_RELIEFWEB_APPNAME"):
            spider.options["reliefweb_appname"] = appname
        crawler.signals.connect(spider.broken, signals.spider_error)
        crawler.signals.connect(spider.waits.answered, signals.response_downloaded)
        crawler.signals.connect(spider.certify, signals.response_downloaded)
        crawler.signals.connect(spider.finish, signals.spider_closed)
        return spider

    def broken(self, failure: Failure, response: Response) -> None:
        """A mistake of ours must not have a page fetched again and again."""
        if isinstance(failure.value, sqlite3.Error):
            self.error = failure.value  # not the page's fault: it is pending still
            return
        told = response.request.cb_kwargs if response and response.request else {}
        reason = f"{type(failure.value).__name__}: {failure.value}"
        if url := told.get("url"):
            self.frontier.decided(url, "failed", reason)
        elif channel := told.get("channel"):
            self._left(channel)
            self.frontier.channels.failed(channel, "failed", reason)

    @ends_the_crawl
    def certify(self, response: Response, request: scrapy.Request, **_: Any) -> None:
        """Note until when a host's certificate holds; once a crawl is enough."""
        place = host(request.url)
        if response.certificate is None or place in self.certified:
            return
        self.certified.add(place)
        shown = response.certificate.original.to_cryptography()
        begins, ends = shown.not_valid_before_utc, shown.not_valid_after_utc
        self.frontier.hosts.keep_certificate(place, clock.stamp(begins), clock.stamp(ends))

    def finish(self) -> None:
        self.reader.close()
        try:
            self.frontier.writes.flush()
        except sqlite3.Error as error:
            self.error = error
        self.frontier.db.close()
        self.locked.close()

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """Everything due, and then the end; a database that fails ends it at once."""
        try:
            async for request in self.requests():
                yield request
        except sqlite3.Error as error:
            self.error = error

    async def requests(self) -> AsyncIterator[scrapy.Request]:
        self.frontier.channels.sync(self.known, addresses)
        names = {source.id for source in self.sources}
        drawn_up_to, drawn_at = 0, 0.0
        while not self.error:
            for request in self.visits():
                yield request
            drawn: list[PendingUrl] = []
            late = time.monotonic() - drawn_at > DRAW_SECONDS
            if len(self.fetching) <= drawn_up_to // 2 or late:
                under_way = self.fetching.values()
                drawn = self.frontier.draw(
                    names,
                    now=clock.now(),
                    limit=UNDER_WAY - len(under_way),
                    under_way=under_way,
                )
                drawn_up_to, drawn_at = len(under_way) + len(drawn), time.monotonic()
            self.progress.expect("fetched", len(drawn))
            for url in drawn:
                self.fetching[url.id] = url
                for request in self.fetch(url):
                    yield request
            if not drawn:
                if not self.visiting and not self.fetching and not self.more:
                    return
                await asyncio.sleep(PAUSE_SECONDS)
            self.frontier.writes.tick()

    # Channels.

    def visits(self) -> Iterator[scrapy.Request]:
        """What is due of the channels, their parts and pages of older links among them."""
        if not self.more:
            return
        self.more = False
        urls = [at.url for source in self.sources for _, at in addresses(source)]
        due = self.frontier.channels.due(urls, now=clock.now(), without=self.visiting)
        for channel in due:
            if channel.kind not in CHANNELS:
                continue
            try:
                yield self.visit(channel)
            except (ConfigError, FeedError, ValueError) as error:
                self._failed(channel, "failed", str(error), failing=Failing.SOFT)

    def visit(self, channel: DueChannel) -> scrapy.Request:
        address = CHANNELS[channel.kind].ask(channel.url, channel.cursor, self.options)
        # What an earlier answer can be compared with is the first page, asked as it stands.
        validators = (
            {}
            if channel.cursor
            else {
                "If-None-Match": channel.etag,
                "If-Modified-Since": channel.modified,
            }
        )
        request = scrapy.Request(
            address,
            self.visited,
            headers={name: value for name, value in validators.items() if value},
            errback=self.not_visited,
            cb_kwargs={"channel": channel},
            meta={
                "handle_httpstatus_list": [NOT_MODIFIED],
                "download_maxsize": MAX_SIZE.get(
                    channel.kind, self.settings.getint("DOWNLOAD_MAXSIZE")
                ),
            },
            priority=10,
            dont_filter=True,
        )
        self.visiting.add(channel.id)
        self.progress.expect("visited")
        return request

    async def visited(self, response: Response, channel: DueChannel) -> None:
        try:
            await self.harvest(response, channel)
        except sqlite3.Error as error:
            self.error = error

    async def harvest(self, response: Response, channel: DueChannel) -> None:
        every = _max_age(response.headers)
        if response.status == NOT_MODIFIED:
            if channel.etag or channel.modified:
                self.led(response, channel)
                self.frontier.channels.unchanged(channel, every=every)
            else:
                reason = "HTTP 304 to a request that asked for no comparison"
                self.frontier.channels.failed(channel, "failed", reason)
            self._left(channel)
            return
        hashed = archive.body_hash(response.body)
        if not channel.cursor and hashed == channel.body_hash:
            self.led(response, channel)
            self.frontier.channels.unchanged(channel, every=every)
            self._left(channel)
            return
        try:
            harvest = await self.reader.read(channel.kind, self.answer(response, channel))
        except FeedError as error:
            self._failed(channel, "unreadable", str(error), failing=Failing.SOFT)
            return
        self.led(response, channel)
        if harvest.defect:
            self.logger.warning(
                "%s: %s is ill-formed, salvaged: %s",
                channel.source,
                channel.url,
                printable(harvest.defect),
            )
        for link in harvest.refused:
            self.logger.warning(
                "%s: %s names %r, which is no article's address", channel.source, channel.url, link
            )
        whole = harvest.defect is None
        new = self.frontier.channels.harvested(
            channel,
            harvest,
            # Of a document that may be cut off, the whole is asked for again next time; if the same
            # bytes come, they say nothing new.
            etag=_header(response.headers, "ETag") if whole else None,
            modified=_header(response.headers, "Last-Modified") if whole else None,
            body_hash=hashed,
            every=every,
        )
        self.logger.debug("%s: %d links, %d new", channel.url, len(harvest.links), new)
        self.more = self.more or harvest.again or bool(harvest.parts or harvest.older)
        self._left(channel)

    def led(self, response: Response, channel: DueChannel) -> None:
        """Note where a channel that gave an answer is found now."""
        if not channel.cursor:
            self.frontier.channels.led(channel, _led(response, channel.url))

    def answer(self, response: Response, channel: DueChannel) -> Answer:
        examples: tuple[str, ...] = ()
        if channel.kind == "listing":
            examples = self.frontier.channels.examples(channel.source)
        return Answer(
            url=response.url,
            body=response.body,
            content_type=_header(response.headers, "Content-Type"),
            headers=_plain(response.headers),
            cursor=channel.cursor,
            selector=channel.selector,
            examples=examples,
        )

    @ends_the_crawl
    def not_visited(self, failure: Failure) -> None:
        channel: DueChannel = failure.request.cb_kwargs["channel"]  # type: ignore[attr-defined] # Scrapy adds it
        if isinstance(failure.value, HostRests):
            self._left(channel)
            self.frontier.channels.postponed(channel, seconds=failure.value.seconds)
            return
        outcome, reason, failing = verdict(failure)
        if isinstance(failure.value, HttpError):
            meanings = getattr(CHANNELS[channel.kind], "MEANINGS", {})
            reason += meanings.get(failure.value.response.status, "")
        wait = _asked_to_wait(failure)
        if wait is not None:
            self.rest(channel.url, wait)
        self._failed(channel, outcome or "failed", reason, failing=failing, seconds=wait)

    def _failed(
        self,
        channel: DueChannel,
        outcome: str,
        reason: str,
        *,
        failing: Failing,
        seconds: float | None = None,
    ) -> None:
        self._left(channel)
        if channel.depth and failing is not Failing.TEMPORARY:
            self.logger.debug(
                "%s: no older page than %s: %s", channel.source, channel.cursor, reason
            )
            self.frontier.channels.ended(channel)
            return
        self.logger.warning("%s: %s: %s", channel.source, channel.url, printable(reason))
        self.frontier.channels.failed(channel, outcome, reason, failing=failing, seconds=seconds)

    def _left(self, channel: DueChannel) -> None:
        if channel.id in self.visiting:
            self.visiting.remove(channel.id)
            self.progress.advance("visited")

    # Articles.

    def fetch(self, url: PendingUrl) -> Iterator[scrapy.Request]:
        """The request for a URL, after one for its host's TDM reservation where that is unknown."""
        yield from self.ask_for_tdm(url.url)
        validators = {"If-None-Match": url.etag, "If-Modified-Since": url.modified}
        yield scrapy.Request(
            url.url,
            self.noticed if url.given else self.fetched,
            headers={name: value for name, value in validators.items() if value},
            errback=self.not_fetched,
            cb_kwargs={"url": url},
            meta={"handle_httpstatus_list": [NOT_MODIFIED]} if any(validators.values()) else {},
            dont_filter=True,
        )

    def ask_for_tdm(self, url: str) -> Iterator[scrapy.Request]:
        place = host(url)
        if place in self.asked_for_tdm:
            return
        self.asked_for_tdm.add(place)
        if not self.frontier.hosts.knows_tdm(place):
            yield scrapy.Request(
                f"{url.partition(':')[0]}://{place}{TDM_PATH}",
                self.told_tdm,
                errback=self.not_told_tdm,
                cb_kwargs={"place": place},
                meta={
                    "download_maxsize": MAX_TDM,
                    "dont_retry": True,
                    "handle_httpstatus_all": True,
                },
                priority=1,
                dont_filter=True,
            )

    @ends_the_crawl
    def told_tdm(self, response: Response, place: str) -> None:
        if response.status < 500 and response.status != 429:  # noqa: PLR2004 (a bad day: asked again next time)
            there = response.status in WHOLE
            text = response.body.decode("utf-8", "replace") if there else None
            self.frontier.hosts.keep_tdm(place, text)

    def not_told_tdm(self, failure: Failure) -> None:
        """No answer is none: the file is asked for again with the next crawl."""
        self.logger.debug("no %s: %s", TDM_PATH, failure.value)

    @ends_the_crawl
    def fetched(self, response: Response, url: PendingUrl) -> None:
        self._done(url)
        if self.frontier.forgotten(url, *response.meta.get("redirect_urls", ()), response.url):
            return
        if response.status == NOT_MODIFIED or (
            url.again and archive.body_hash(response.body) == url.body_hash
        ):
            self.frontier.same(url)
            return
        content_type = _header(response.headers, "Content-Type")
        kind = (content_type or "").partition(";")[0].strip().lower()
        if kind not in archive.READABLE and (kind or not isinstance(response, TextResponse)):
            self.frontier.decided(url, "not_an_article", kind or "no content type, and not text")
            return
        if response.status not in WHOLE:
            self.frontier.postponed(url, f"HTTP {response.status}")
            return
        if self.frontier.knows(response.url, besides=url.id):
            self.frontier.decided(url, "duplicate", f"leads to {response.url}")
            return
        self.frontier.fetched(url, _page(response))
        self.progress.expect("read")

    async def noticed(self, response: Response, url: PendingUrl) -> None:
        """The page of an article that an API gave."""
        try:
            await self.notice(response, url)
        except sqlite3.Error as error:
            self.error = error
        finally:
            self._done(url)

    async def notice(self, response: Response, url: PendingUrl) -> None:
        if self.frontier.forgotten(url, *response.meta.get("redirect_urls", ()), response.url):
            return
        if response.status == NOT_MODIFIED:
            self.frontier.same(url)
            return
        if response.status not in WHOLE:
            self.frontier.postponed(url, f"HTTP {response.status}")
            return
        page = _page(response)
        # Another page, or none, says nothing of this one's rights; what was seen before holds.
        if key(page.url) != key(url.url):
            self.frontier.decided(url, "duplicate", f"leads to {page.url}")
            return
        kind = (page.content_type or "").partition(";")[0].strip().lower()
        if kind not in archive.READABLE or not page.body.strip():
            self.frontier.decided(url, "not_an_article", kind or "nothing there")
            return
        answer = Answer(url=page.url, body=page.body, content_type=page.content_type)
        try:
            signals = await self.reader.signals(answer)
        except FeedError as error:
            self.frontier.decided(url, "failed", str(error))
            return
        self.frontier.noticed(url, page, signals)

    @ends_the_crawl
    def not_fetched(self, failure: Failure) -> None:
        url: PendingUrl = failure.request.cb_kwargs["url"]  # type: ignore[attr-defined] # Scrapy adds it
        self._done(url)
        if isinstance(failure.value, HostRests):
            self.frontier.held(url, seconds=failure.value.seconds)
            return
        outcome, reason, _ = verdict(failure)
        if outcome:
            self.frontier.decided(url, outcome, reason)
            return
        wait = _asked_to_wait(failure)
        if wait is not None:
            self.rest(url.url, wait)
        elif isinstance(failure.value, NOBODY):
            # The host's other URLs need not find out one by one.
            self.rest(url.url, RETRY)
        self.frontier.postponed(url, reason, seconds=wait)

    def rest(self, url: str, seconds: float) -> None:
        """Leave a host alone, with what is under way to it already."""
        place = host(url)
        self.waits.rest(place, seconds)
        self.frontier.rest(place, seconds=seconds)

    def _done(self, url: PendingUrl) -> None:
        self.fetching.pop(url.id, None)
        self.progress.advance("fetched")


def _page(response: Response) -> Page:
    told = _plain(response.headers)
    return Page(
        url=response.url,
        fetched=clock.now(),
        status=response.status,
        content_type=_header(response.headers, "Content-Type"),
        headers={name: told[name] for name in archive.KEPT_HEADERS if told.get(name)},
        body=response.body,
    )


def _led(response: Response, url: str) -> str | None:
    """Where a channel is found now, by the word of its own server: the last of its moves for good.

    Not where only its scheme or a slash is another: that is the same address.
    """
    to = None
    reasons = response.meta.get("redirect_reasons", ())
    steps = [*response.meta.get("redirect_urls", ())[1:], response.url]
    for reason, step in zip(reasons, steps, strict=False):
        if reason not in FOR_GOOD:
            break
        to = step
    return to if to and key(to) != key(url) else None


def _asked_to_wait(failure: Failure) -> float | None:
    error = failure.value
    return retry_after(error.response) if isinstance(error, HttpError) else None


def _header(headers: Headers, name: str) -> str | None:
    value = headers.get(name)
    return printable(value.decode("latin-1")).strip() or None if value else None


def _plain(headers: Headers) -> dict[str, str]:
    """Lower-case names; of a header that comes several times all values.

    Joined by commas, as RFC 9110 has it, but for X-Robots-Tag by lines: there a comma would put
    the next one under the robot that the last one names.
    """
    told = {}
    for raw, values in headers.items():
        name = raw.decode("latin-1").lower()
        between = "\n" if name == "x-robots-tag" else ", "
        told[name] = between.join(printable(value.decode("latin-1")).strip() for value in values)
    return told


def _max_age(headers: Headers) -> float | None:
    found = MAX_AGE.search(_header(headers, "Cache-Control") or "")
    return float(found[1]) if found else None
