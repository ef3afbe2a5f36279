"""What a page can do to the process that reads it; in a module, so that workers can import it."""

import os
import sys
import time

from crawler.enrichment import read as read_well
from crawler.readings import Reading, Unread


def read(page: Unread) -> Reading:
    """As the real one, but `crash`, `hang` and `raise` in an address do what they say."""
    if "crash" in page.url:
        os._exit(139)
    if "hang" in page.url:
        time.sleep(600)
    if "raise" in page.url:
        raise RecursionError("too deep")
    return read_well(page)


def double(number: int) -> int:
    time.sleep(0.05 if number == 0 else 0)
    return number * 2


def origin(_: int) -> tuple[int, int, bool]:
    """This process, the one that began it, and whether it has what reading takes."""
    return os.getpid(), os.getppid(), "crawler.pages" in sys.modules
