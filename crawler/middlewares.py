"""What Scrapy leaves to be added, each a few lines."""

import zlib
from typing import Any, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached

PACKED = "tamis_packed"  # in a request's meta, while its response is unpacked
GZIP = b"\x1f\x8b"
MAX_CRAWL_DELAY = 30.0  # seconds; some robots.txt ask for a day, which would be never


class CutOffError(OSError):
    """A body that is not whole: to be fetched again later."""


class UndecodedBody:
    """Keep Scrapy from guessing the charset of a body that is still compressed.

    HttpCompression's `Response.replace` reads `.encoding`, which runs charset_normalizer over the
    gzipped bytes of every page without a declared charset: 28 % of the crawl's time (2.19.0).
    """

    def process_response(self, request: Request, response: Response) -> Response:
        if not response.headers.get("Content-Encoding"):
            return response
        request.meta[PACKED] = response.body  # for WholeBody
        if type(response) is Response:
            return response
        return Response(
            response.url,
            status=response.status,
            headers=response.headers,
            body=response.body,
            flags=response.flags,
            request=response.request,
            certificate=response.certificate,
            ip_address=response.ip_address,
            protocol=response.protocol,
        )


class WholeBody:
    """See a gzipped body that was cut off, which Scrapy takes for a shorter page.

    gzip ends with the length of what it packed; only where that differs is the body looked at
    again, since some servers send several such pieces one after another.
    """

    def process_response(self, request: Request, response: Response) -> Response:
        packed: bytes = request.meta.pop(PACKED, b"")
        if packed.startswith(GZIP) and not _ends(packed, len(response.body)):
            raise CutOffError(f"the body ends after {len(packed):,} bytes, in the middle")
        return response


def _ends(packed: bytes, length: int) -> bool:
    if int.from_bytes(packed[-4:], "little") == length % 2**32:
        return True
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)  # 16: gzip's own frame
    try:
        unpacking.decompress(packed)
    except zlib.error:
        return False
    return unpacking.eof


class RobotsUnavailableError(IgnoreRequest):
    """What a site allows is not known just now: to be asked again later."""


class Robots(RobotsTxtMiddleware):
    """Scrapy's, but a server that fails to give its robots.txt is left alone meanwhile.

    RFC 9309, 2.3.1.4. Scrapy 2.19 reads the error page as a robots.txt, which allows everything.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.unavailable: dict[str, int] = {}

    async def _parse_robots(self, resp: Response, netloc: str, request: Request) -> None:
        if resp.status >= 500:  # noqa: PLR2004 (the server's fault)
            self.unavailable[netloc] = resp.status
        await super()._parse_robots(resp, netloc, request)

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        if status := self.unavailable.get(urlparse_cached(request).netloc):
            raise RobotsUnavailableError(f"its robots.txt answers HTTP {status}")
        super().process_request_2(rp, request)


class CrawlDelay:
    """Slow down for hosts whose robots.txt asks for it; never faster than DOWNLOAD_DELAY."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.user_agent = crawler.settings["ROBOTSTXT_USER_AGENT"]
        self.delay = crawler.settings.getfloat("DOWNLOAD_DELAY")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler)
        crawler.signals.connect(extension.robots_parsed, signals.robots_parsed)
        return extension

    def robots_parsed(self, robotparser: RobotParser, request: Request, **_: Any) -> None:
        asked = robotparser.crawl_delay(self.user_agent)
        if asked is None or self.crawler.engine is None:
            return
        host = urlparse_cached(request).hostname or ""
        downloader = self.crawler.engine.downloader
        delay = max(self.delay, min(float(asked), MAX_CRAWL_DELAY))
        # For the slot that is there, and for the one made anew when it has been idle; and no
        # jitter, which would make half of what was asked.
        downloader.per_slot_settings[host] = {"delay": delay, "jitter": 0.0}
        if slot := downloader.slots.get(host):
            slot.delay, slot.jitter = delay, 0.0
