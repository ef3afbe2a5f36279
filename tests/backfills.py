"""What a backfill costs, step by step and by who does it: one process, a pool, a Dask cluster.

    python tests/backfills.py FOLDER [--times 3]

reads the HTML files below FOLDER as pages of an archive. CPU is that of all processes together; on
a machine that does nothing else, the pages a second of two workers are their pages for two seconds
of it.
"""

import argparse
import io
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from kills import descendants
from test_cluster import dask
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler import apart, backfill, pages, parts, picking, registry, results, warc
from crawler.captures import Capture, captures
from crawler.cluster import cluster
from crawler.parts import Job
from crawler.results import Head, Result
from enrich.annotate import version

RANGE = 500_000  # bytes of a part; pages here are few


def archive_of(folder: Path, path: Path, times: int, *, most: int | None = None) -> int:
    """Write the pages of a folder to a WARC file; how many."""
    found = sorted(one for one in folder.rglob("*") if one.suffix in {".html", ".htm"})[:most]
    html = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for number in range(times):
            for page in found:
                url = f"https://site.example.org/{number}/2026/{page.stem}"
                body = io.BytesIO(page.read_bytes())
                writer.write_record(
                    writer.create_warc_record(url, "response", payload=body, http_headers=html)
                )
    return times * len(found)


def cpu_of_all() -> float:
    """CPU seconds of this process and those below it."""
    ticks = 0
    for pid in (os.getpid(), *descendants(os.getpid())):
        numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, numbers[11:15]))  # its own, and of children that ended
    return ticks / os.sysconf("SC_CLK_TCK")


def memory() -> str:
    """Megabytes of each process below this one, at most so far."""
    found = []
    for pid in descendants(os.getpid()):
        status = Path(f"/proc/{pid}/status").read_text()
        peak = next((line for line in status.splitlines() if line.startswith("VmHWM")), "x 0")
        found.append(int(peak.split()[1]) // 1024)
    return ", ".join(map(str, sorted(found, reverse=True)))


def steps(path: Path, job: Job, count: int) -> None:
    """CPU of each step alone, in this process, and what the filter by title would lose."""

    def timed(name: str, work: Callable[[], Any]) -> Any:
        began = time.process_time()
        result = work()
        print(f"{name:28}{(time.process_time() - began) / count * 1000:8.2f} ms a page", flush=True)
        return result

    def unpack() -> list[Capture]:
        with path.open("rb") as file:
            return [each for each in captures(file) if isinstance(each, Capture)]

    taken = timed("unpack", unpack)
    pages.ready()
    asked = ("fr",)
    for each in taken[:50]:
        picking.may_be_in(each.page.body, each.page.content_type, asked)
    timed("title", lambda: [
        picking.may_be_in(each.page.body, each.page.content_type, asked) for each in taken
    ])  # fmt: skip
    sites = warc.Sites(job.sources)
    waiting = timed("pack", lambda: [warc.unread(each, sites.of(each)) for each in taken])
    read = timed("read", lambda: [pages.read(each) for each in waiting])
    lines = [
        Result(offset=0, page=replace(one.page, body=page.body), about=None, reading=reading)
        for one, page, reading in zip(taken, waiting, read, strict=True)
    ]
    head = Head(archive="", start=0, end=0, **job.note())
    timed("write", lambda: results.write(job.out / "steps", [head, *lines]))
    print(f"{'bytes of results':28}{(job.out / 'steps').stat().st_size / count:8.0f} a page")
    losses(taken, read)


def losses(taken: list[Capture], read: list[Any]) -> None:
    codes = [each.annotation.language.code if each.annotation else "" for each in read]
    counts: Counter[str] = Counter()
    for asked in set(codes) - {"", "und"}:
        for each, code in zip(taken, codes, strict=True):
            may = picking.may_be_in(each.page.body, each.page.content_type, (asked,))
            counts[f"{'wanted' if code == asked else 'other'} {'kept' if may else 'left'}"] += 1
    lost = counts["wanted left"] / (counts["wanted left"] + counts["wanted kept"])
    left = counts["other left"] / (counts["other left"] + counts["other kept"])
    print(f"by its title {lost:.2%} of wanted articles are lost and {left:.1%} of others left out")


@contextmanager
def running(name: str, count: int) -> Iterator[None]:
    cpu, wall = cpu_of_all(), time.monotonic()
    yield
    cpu, wall = cpu_of_all() - cpu, time.monotonic() - wall
    print(f"{name:28}{cpu / count * 1000:8.2f} ms a page: {count / cpu:.1f} pages a CPU second")
    print(f"{'':28}{count / wall:8.1f} a second by the clock; MB of processes: {memory()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--language", action="append", default=[])
    told = parser.parse_args()
    backfill.RANGE = RANGE
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        path = folder / "pages.warc.gz"
        count = archive_of(told.folder, path, told.times)
        print(f"{count:,} pages, {path.stat().st_size / count:,.0f} bytes each as archived")

        def job(name: str) -> Job:
            one = Job(
                out=folder / name, asked=picking.Asked(languages=tuple(told.language)),
                sources=tuple(registry.load()), enricher=version(),
            )  # fmt: skip
            backfill.prepare(one)
            return one

        steps(path, job("steps"), count)
        todo, _ = backfill.plan([path])
        # What reads is begun, and has read something, before the time is taken.
        some = folder / "some.warc.gz"
        archive_of(told.folder, some, 1, most=40)
        first, _ = backfill.plan([some])
        one = job("serial")
        parts.read_part(first[0], one)
        with running("one process", count):
            for part in todo:
                parts.read_part(part, one)
        apart.mine().close()
        one = job("pool")
        with backfill.pool(one, 2) as pool:
            backfill.run(one, first, pool)
            with running("pool of 2", count):
                assert backfill.run(one, todo, pool).results == count
        one = job("dask")
        with dask(folder) as (address, _, _), cluster(one, address) as workers:
            while workers.room() < 2 * backfill.AHEAD:
                time.sleep(0.1)
            for each, at in zip(first, workers.client.nthreads(), strict=False):
                workers.client.submit(parts.read_part, each, one, workers=[at]).result()
            with running("Dask with 2", count):
                assert backfill.run(one, todo, workers).results == count


if __name__ == "__main__":
    main()
