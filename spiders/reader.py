"""Reads what was answered: short documents here, the others in a process with a time limit.

A feed can be made to take minutes (feedparser needs 13.7 s for 20,000 items), and the reactor
must not stand still for it.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import TypeVar

from pebble import ProcessExpired, ProcessPool

from crawler import workers
from crawler.errors import FeedError
from crawler.items import Answer, Harvest
from enrich import charset
from enrich.rights import SILENT, Signals, declared
from enrich.tree import tree_of
from spiders.channels import CHANNELS

Result = TypeVar("Result")

# Up to this size a document is read at once: it takes less than to start a process. Of 54 real
# feeds, sitemaps and API answers 49 are shorter. (The worst of 99 kB that we made takes 2.7 s.)
INLINE = 64 * 1024
GZIP = b"\x1f\x8b"  # 50 kB of it can be 50 MB
SECONDS = 10.0  # the slowest of those, 195 odd dates, takes 0.9 s


class Reader:
    """One process for what is long, begun when it is needed first."""

    def __init__(self) -> None:
        self.pool: ProcessPool | None = None

    async def read(self, kind: str, answer: Answer) -> Harvest:
        """What the answer names. Raises FeedError, also when reading it takes too long."""
        return await self._read(partial(read, kind), answer)

    async def signals(self, answer: Answer) -> Signals:
        """What a page declares of its rights. Raises FeedError when that takes too long."""
        return await self._read(signals, answer)

    async def _read(self, function: Callable[[Answer], Result], answer: Answer) -> Result:
        if len(answer.body) <= INLINE and not answer.body.startswith(GZIP):
            return function(answer)
        if self.pool is None:
            self.pool = workers.pool(1)
        future: Future[Result] = self.pool.schedule(function, args=(answer,), timeout=SECONDS)
        try:
            return await asyncio.wrap_future(future)
        except (FutureTimeoutError, TimeoutError) as error:
            raise FeedError(f"{answer.url}: reading it took over {SECONDS:.0f} s") from error
        except (ProcessExpired, BrokenProcessPool) as error:
            raise FeedError(f"{answer.url}: the process that read it ended ({error})") from error

    def close(self) -> None:
        if self.pool is not None:
            self.pool.stop()
            self.pool.join()


def read(kind: str, answer: Answer) -> Harvest:
    return CHANNELS[kind].read(answer)


def signals(answer: Answer) -> Signals:
    text, _charset = charset.decode(answer.body, answer.content_type)
    try:
        return declared(tree_of(text), answer.url)
    except ValueError:
        return SILENT
