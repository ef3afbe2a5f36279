"""How much a host can be asked: its Crawl-delay, its speed, and rest where it refuses."""

import time
from collections import Counter
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Self

from scrapy import Request, signals
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached

from crawler import clock
from crawler.urls import host

MAX_DELAY = 30.0  # seconds; some robots.txt ask for a day, which would be never
# The pause is so many times what a host takes to answer, so that it is busy with us a fifth of its
# time at most, whatever it runs on: Heritrix's delay-factor, with its default. A host that answers
# in 0.2 s notices nothing of it.
LATENCIES = 5.0
ASKED_TO_WAIT = (429, 503)
# Seconds. A server that says "at once" after refusing does not mean it.
MIN_RETRY_AFTER, MAX_RETRY_AFTER = 60.0, 24 * 3600.0
# Named at the end of a crawl: so many hosts, if they kept it going for so many seconds.
MOST, LONG = 3, 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A host that answered `requests`, the last after `seconds`; `resting` seconds are left."""

    host: str
    requests: int
    seconds: float
    resting: float = 0.0

    def __str__(self) -> str:
        if self.resting:
            return f"{self.host} asked to be left alone: {self.resting / 60:,.0f} minutes are left"
        minutes = self.seconds / 60
        return f"Waited for {self.host}: {self.requests:,} requests in {minutes:,.0f} minutes"


class Waits:
    """Counts answers by host and remembers who asked to be left alone, for one crawl."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.requests: Counter[str] = Counter()
        self.last: dict[str, float] = {}
        self.resting: dict[str, float] = {}

    def answered(self, response: Response, request: Request) -> None:  # noqa: ARG002 (a signal's arguments)
        place = host(request.url)
        self.requests[place] += 1
        self.last[place] = time.monotonic()

    def rest(self, place: str, seconds: float) -> None:
        self.resting[place] = max(time.monotonic() + seconds, self.resting.get(place, 0.0))

    def left(self, place: str) -> float:
        """Seconds that a host still wants to be left alone."""
        return max(0.0, self.resting.get(place, 0.0) - time.monotonic())

    def longest(self) -> tuple[Wait, ...]:
        """The hosts that kept the crawl going longest, and all that asked to be left alone."""
        found = [
            Wait(
                host=place,
                requests=self.requests[place],
                seconds=self.last.get(place, self.began) - self.began,
                resting=self.left(place),
            )
            for place in self.requests.keys() | self.resting.keys()
        ]
        found.sort(key=lambda wait: (-wait.seconds, wait.host))
        slow = [wait for wait in found if wait.seconds > LONG and not wait.resting][:MOST]
        return (*slow, *(wait for wait in found if wait.resting))


class HostRests(IgnoreRequest):
    """A request not sent, because its host wants to be left alone for so many `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"its host asked to be left alone for {seconds:.0f} s more")
        self.seconds = seconds


class Handler(HTTP11DownloadHandler):
    """Scrapy's, but nothing more is sent to a host that asked for rest.

    Here and not in a middleware, since requests that wait for their turn are past those.
    """

    async def download_request(self, request: Request) -> Response:
        waits = getattr(self._crawler.spider, "waits", None)
        if waits is None:
            return await super().download_request(request)
        if seconds := waits.left(host(request.url)):
            raise HostRests(seconds)
        response = await super().download_request(request)
        if seconds := retry_after(response):
            waits.rest(host(request.url), seconds)
        return response


def retry_after(response: Response) -> float | None:
    """Seconds for which the server asked to be left alone, or None if it did not ask."""
    if response.status not in ASKED_TO_WAIT:
        return None
    value = response.headers.get("Retry-After")
    asked = value.decode("latin-1").strip() if value else ""
    if asked.isascii() and asked.isdigit():
        seconds = float(asked)
    else:
        try:
            seconds = (parsedate_to_datetime(asked) - clock.moment()).total_seconds()
        except (TypeError, ValueError):
            # Nothing, or nothing readable: an hour is what most 429s mean.
            return 3600.0 if response.status == 429 else None  # noqa: PLR2004 (Too Many Requests)
    return min(max(seconds, MIN_RETRY_AFTER), MAX_RETRY_AFTER)


class Pace:
    """How long to pause between requests to a host: as long as it asks for, longer if it is slow.

    DOWNLOAD_DELAY is the shortest; at 0, for a web of one's own, only Crawl-delay counts.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.user_agent = crawler.settings["ROBOTSTXT_USER_AGENT"]
        self.shortest = crawler.settings.getfloat("DOWNLOAD_DELAY")
        self.asked: dict[str, float] = {}
        self.latency: dict[str, float] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler)
        crawler.signals.connect(extension.robots_parsed, signals.robots_parsed)
        if extension.shortest:
            crawler.signals.connect(extension.answered, signals.response_downloaded)
        return extension

    def robots_parsed(self, robotparser: RobotParser, request: Request, **_: Any) -> None:
        asked = robotparser.crawl_delay(self.user_agent)
        if asked is not None:
            place = urlparse_cached(request).hostname or ""
            self.asked[place] = float(asked)
            self._set(place)

    def answered(self, response: Response, request: Request) -> None:
        if (latency := request.meta.get("download_latency")) is not None:
            place = urlparse_cached(request).hostname or ""
            before = self.latency.get(place, 0.0)
            self.latency[place] = smoothed(before, latency, well=response.status < 400)  # noqa: PLR2004 (errors)
            self._set(place)

    def _set(self, place: str) -> None:
        if self.crawler.engine is None:
            return
        asked = self.asked.get(place)
        delay = pause(self.shortest, asked, self.latency.get(place, 0.0))
        # For the slot that is there, and for the one made anew when it has been idle; and no
        # jitter where it would make half of what was asked.
        told = {"delay": delay} if asked is None else {"delay": delay, "jitter": 0.0}
        downloader = self.crawler.engine.downloader
        downloader.per_slot_settings[place] = told
        if slot := downloader.slots.get(place):
            slot.delay, slot.jitter = delay, told.get("jitter", slot.jitter)


def smoothed(before: float, latency: float, *, well: bool) -> float:
    """How long a host takes to answer, in seconds: slower is believed at once, faster by halves.

    An error is often answered fast by a server that can do no more: it does not count as faster.
    """
    if latency >= before:
        return latency
    return (before + latency) / 2 if well else before


def pause(shortest: float, asked: float | None, latency: float) -> float:
    """Seconds from one request to the next, for a host that answers after `latency` seconds."""
    return max(shortest, min(max(asked or 0.0, LATENCIES * latency), MAX_DELAY))
