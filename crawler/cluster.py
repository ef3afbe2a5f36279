"""Parts read on a Dask cluster, however that was started: its scheduler's address is enough."""

import logging
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from crawler.backfill import AHEAD, GONE
from crawler.errors import ConfigError, TamisError
from crawler.parts import Job, Part, Report, read_part

Value = TypeVar("Value")
# So long a scheduler may take to answer, which has thousands of workers to speak with.
SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """The workers that a scheduler has; there may be more or fewer of them later."""

    client: Any
    executor: Executor
    job: Any  # as the scheduler knows it: sent once, not with each part

    def submit(self, part: Part) -> "Future[Report]":
        return self.executor.submit(read_part, part, self.job)

    def room(self) -> int:
        # Also how we learn that the scheduler has gone.
        try:
            threads: dict[str, int] = self.client.nthreads()
        except (OSError, ValueError, TimeoutError, RuntimeError) as error:
            raise TamisError(GONE) from error
        return AHEAD * sum(threads.values())


@contextmanager
def cluster(job: Job, address: str) -> Iterator[Cluster]:
    """A Dask cluster by its scheduler's address, for `with`."""
    try:
        from distributed import Client  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise ConfigError("a cluster needs Dask: pip install 'tamis[cluster]'") from error
    # What it says of workers that come and go is the cluster's affair; of the rest we say it.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=SECONDS, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise TamisError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        # A task whose result the scheduler can make again, wherever it was lost.
        shared = client.submit(_same, job, pure=False)
        yield Cluster(client=client, executor=client.get_executor(pure=False), job=shared)


def _same(value: Value) -> Value:
    return value
