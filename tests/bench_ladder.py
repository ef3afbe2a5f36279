"""The steps of the benchmark, each one more thing than the one before; each a command of its own.

    python tests/bench_ladder.py STEP DATABASE

reads the archived pages of a private database in the pool that `tamis crawl` reads them in, with
as much of the real reading as STEP says.
"""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from bench_run import Run, timed
from bench_web import Served
from sqlite_utils import Database
from trafilatura import bare_extraction

from crawler import database, enrichment, filters, pages, store, workers
from crawler.readings import Reading, Unread
from enrich.article import Extracted
from enrich.language import Language, identify

PER_WORKER = 4  # pages given to the pool at a time, as crawler.enrichment does

Result = TypeVar("Result")

BARE = """
import sys, scrapy
from scrapy.crawler import AsyncCrawlerProcess
class Bare(scrapy.Spider):
    name = "bare"
    async def start(self):
        with open({urls!r}) as addresses:
            for address in addresses:
                yield scrapy.Request(address.strip(), dont_filter=True)
    def parse(self, response):
        pass
process = AsyncCrawlerProcess(dict(LOG_LEVEL="ERROR", CONCURRENT_REQUESTS=64,
    TELNETCONSOLE_ENABLED=False, REMOTE_CONTROL_ENABLED=False,
    CONCURRENT_ITEMS=4, CONCURRENT_REQUESTS_PER_DOMAIN=8))
process.crawl(Bare)
process.start()
"""


# --- What a step does with a page, in a worker ----------------------------------------------------


def extracted(page: Unread) -> Extracted:
    return pages.extracted(page)[0]


def identified(page: Unread) -> tuple[Extracted, Language | None]:
    found = extracted(page)
    if not found.is_article:
        return found, None
    hints = pages.claims(page, found)
    return found, identify(found.title, found.text, found.declared_language, hints=hints)


def plain(path: Path) -> int:
    """Plain Trafilatura with metadata on one file."""
    found = bare_extraction(path.read_bytes(), with_metadata=True, include_comments=False)
    return len(getattr(found, "text", None) or "")


# --- The steps, each in a process of its own ------------------------------------------------------


def _in_pool(function: Callable[[Unread], Result], db: Database) -> Iterator[Result]:
    with workers.pool(module=workers.FOR_PAGES) as pool:
        ahead = workers.cores() * PER_WORKER
        for _, future in workers.in_order(pool, function, store.unread(db, -1), ahead=ahead):
            yield future.result()


def _sieve(db: Database) -> None:
    for _ in _in_pool(extracted, db):
        pass


def _language(db: Database) -> None:
    for _ in _in_pool(identified, db):
        pass


def _tags(db: Database) -> None:
    for _ in _in_pool(pages.read, db):
        pass


def _duplicates(db: Database) -> None:
    for _ in filters.duplicates(map(_line, _in_pool(pages.read, db))):
        pass


def _line(reading: Reading) -> bytes:
    """What the filter `duplicates` asks for."""
    page = reading.extracted
    told = {"id": reading.url_id, "title": page.title, "text": page.text} if page else {}
    return json.dumps(told or {"id": reading.url_id, "text": ""}).encode() + b"\n"


def _store(db: Database) -> None:
    """As `tamis crawl` does it: the memory of sites, duplicates and stories are in the settling."""
    enrichment.run(db)
    store.settle(db)


STEPS = {
    "sieve": _sieve,
    "language": _language,
    "tags": _tags,
    "duplicates": _duplicates,
    "store": _store,
}
TOLD = {
    "sieve": "archived pages: sieve, metadata",
    "language": "  + language",
    "tags": "  + tags",
    "duplicates": "  + duplicates",
    "store": "  + store, site memory, stories",
}
WHOLE, PLAIN = "tamis crawl (all of it)", "plain Trafilatura, files"


def _plain(folder: Path) -> None:
    with workers.pool() as pool:
        ahead = workers.cores() * PER_WORKER
        for _, future in workers.in_order(pool, plain, sorted(folder.iterdir()), ahead=ahead):
            future.result()


# --- The ladder -----------------------------------------------------------------------------------


def ladder(web: Served, folder: Path, *, fetch_only: bool = False) -> Iterator[Run]:
    """Fetch and read all that is served, and count as we go."""
    sources = web.write_records(folder / "sources")
    addresses = folder / "urls.txt"
    addresses.write_text("\n".join(web.urls()), encoding="utf-8")
    bare = [sys.executable, "-c", BARE.format(urls=str(addresses))]
    yield timed("fetch (bare Scrapy)", web.count, bare, server=web.pid)
    fetched = folder / "fetched.db"
    command = [*crawl(sources, fetched), "--no-enrich"]
    yield timed("+ archive (crawl --no-enrich)", web.count, command, server=web.pid, watch=True)
    if fetch_only:
        return
    for step, name in TOLD.items():
        path = folder / f"{step}.db"
        shutil.copyfile(fetched, path)
        yield timed(name, web.count, [sys.executable, __file__, step, str(path)])
    command = crawl(sources, folder / "whole.db")
    yield timed(WHOLE, web.count, command, server=web.pid, watch=True)
    web.write_pages(folder / "files")
    command = [sys.executable, __file__, "plain", str(folder / "files")]
    yield timed(PLAIN, web.count, command)


def crawl(sources: Path, db: Path) -> list[str]:
    options = ["--loopback", "--delay", "0", "--sources", str(sources), "--db", str(db)]
    return [sys.executable, "-m", "crawler", "crawl", *options]


def main() -> None:
    step, path = sys.argv[1], Path(sys.argv[2])
    if step == "plain":
        _plain(path)
        return
    with closing(database.private(path)) as db:
        STEPS[step](db)


if __name__ == "__main__":
    main()
