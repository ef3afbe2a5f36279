"""What a failed request says: the outcome it deserves, and how it fails."""

from scrapy.exceptions import DownloadCancelledError, IgnoreRequest
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from crawler.guard import AddressRefused
from crawler.middlewares import TooOftenPackedError
from crawler.politeness import ASKED_TO_WAIT
from crawler.robots import RobotsUnavailableError
from crawler.schedule import Failing

# By status: the last word on a URL. Of other 4xx only those of LATER are tried again, and all 5xx.
FINAL = {
    401: "blocked", 403: "blocked", 404: "not_found", 405: "blocked", 410: "gone", 451: "blocked",
}  # fmt: skip
LATER = (408, 425, 429)
FORBIDDEN = "Forbidden by robots.txt"  # how Scrapy says it


def verdict(failure: Failure) -> tuple[str | None, str, Failing]:
    """The outcome of a failed request (None: try again later), why in words, and its class."""
    error = failure.value
    if isinstance(error, AddressRefused):
        return "blocked", str(error), Failing.HARD
    if isinstance(error, RobotsUnavailableError):
        return None, f"{type(error).__name__}: {error}", Failing.TEMPORARY
    if str(error) == FORBIDDEN and isinstance(error, IgnoreRequest):
        return "robots", FORBIDDEN, Failing.HARD
    if isinstance(error, HttpError):
        return _by_status(error.response.status)
    reason = f"{type(error).__name__}: {error}".strip(": ")
    if isinstance(error, DownloadCancelledError) or "DOWNLOAD_MAXSIZE" in reason:
        return "too_large", "longer than DOWNLOAD_MAXSIZE", Failing.SOFT
    packed = isinstance(error, TooOftenPackedError)
    return ("too_large", str(error), Failing.SOFT) if packed else (None, reason, Failing.TEMPORARY)


def _by_status(status: int) -> tuple[str | None, str, Failing]:
    reason = f"HTTP {status}"
    if status in FINAL:
        return FINAL[status], reason, Failing.HARD
    if status in LATER or status in ASKED_TO_WAIT:
        return None, reason, Failing.TEMPORARY
    if 400 <= status < 500:  # noqa: PLR2004 (our fault: asking again is no use)
        return "failed", reason, Failing.HARD
    return None, reason, Failing.SOFT
