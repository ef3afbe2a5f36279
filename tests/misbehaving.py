"""What a page can do to the process that reads it; in a module, so that workers can import it."""

import os
import sys
import time

from crawler import picking
from crawler.enrichment import read as read_well
from crawler.picking import take as take_well
from crawler.readings import Reading, Unread


def read(page: Unread) -> Reading:
    """As the real one, but `crash`, `hang` and `raise` in an address do what they say."""
    misbehave(page.url)
    return read_well(page)


def misbehave(url: str) -> None:
    if "crash" in url:
        os._exit(139)
    if "hang" in url:
        time.sleep(600)
    if "raise" in url:
        raise RecursionError("too deep")


def double(number: int) -> int:
    time.sleep(0.05 if number == 0 else 0)
    return number * 2


def origin(_: int) -> tuple[int, int, bool]:
    """This process, the one that began it, and whether it has what reading takes."""
    return os.getpid(), os.getppid(), "crawler.pages" in sys.modules


def take(question: picking.Question) -> picking.Answer:
    """As the real one, but pages whose address says so misbehave."""
    url = question[0].page.url
    if "eat" in url:
        bytearray(64 * 1024**3)
    if "odd" in url:
        raise Odd(1, 2)
    print("not for the one who asks")  # noqa: T201
    misbehave(url)
    return take_well(question)


class Odd(Exception):  # noqa: N818
    """One that cannot be unpacked where it is sent to."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")
