"""What a site's robots.txt allows: asked once a day, and nothing is done while it cannot be had."""

import logging

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.misc import build_from_crawler

from crawler.guard import AddressRefused
from crawler.hosts import MAX_ROBOTS, Hosts
from crawler.hosts import Robots as RobotsTxt
from crawler.urls import host


class RobotsUnavailableError(IgnoreRequest):
    """What a site allows is not known just now: to be asked again later."""


class Robots(RobotsTxtMiddleware):
    """Scrapy's, but kept for a day, and a server that fails to give its robots.txt is left alone.

    RFC 9309, 2.4 and 2.3.1.4. Scrapy 2.19 asks in every run, reads the page of an error as a
    robots.txt, and takes no answer for leave to do everything.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        # It prints a traceback for each robots.txt that cannot be had; the ledger says it better.
        logging.getLogger(RobotsTxtMiddleware.__module__).setLevel(logging.CRITICAL)
        self.unavailable: dict[str, str] = {}

    async def robot_parser(self, request: Request) -> RobotParser | None:
        place = urlparse_cached(request).netloc
        hosts = self._hosts()
        if place not in self._parsers and hosts and (kept := hosts.robots(host(request.url))):
            parser = build_from_crawler(self._parserimpl, self.crawler, kept.body)
            self._parsers[place] = parser
            self.crawler.signals.send_catch_log(
                signal=signals.robots_parsed, robotparser=parser, request=request
            )
        return await super().robot_parser(request)

    async def _parse_robots(self, resp: Response, netloc: str, request: Request) -> None:
        if resp.status >= 500 or resp.status == 429:  # noqa: PLR2004 (the server's trouble)
            self.unavailable[netloc] = f"answers HTTP {resp.status}"
        elif hosts := self._hosts():
            body = resp.body[:MAX_ROBOTS] if resp.status < 400 else b""  # noqa: PLR2004 (there is none)
            resp = resp.replace(body=body)
            hosts.keep_robots(host(request.url), RobotsTxt(status=resp.status, body=body))
        await super()._parse_robots(resp, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        if not isinstance(exc, AddressRefused):  # the request itself will be refused
            self.unavailable[netloc] = f"cannot be had ({type(exc).__name__}: {exc})"
        super()._robots_error(exc, netloc)

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        if why := self.unavailable.get(urlparse_cached(request).netloc):
            raise RobotsUnavailableError(f"its robots.txt {why}")
        super().process_request_2(rp, request)

    def _hosts(self) -> Hosts | None:
        frontier = getattr(self.crawler.spider, "frontier", None)
        return frontier.hosts if frontier else None
