"""How fast the crawl is, as shares of what this machine could do; run by `make bench`.

Pages are served by a process of its own on loopback: written for this purpose from the demo's
articles (or, with --pages, any folder of *.html). Every step of the ladder fetches or reads the
same pages within one run, so compare the rows with each other, not with another day's.
The limit is what two busy cores could give: cores / CPU seconds a page, server included.
"""

import argparse
import asyncio
import ctypes
import gzip
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kills import descendants

from crawler.demo import content
from crawler.workers import cores

SITES = 50
PER_FEED = 1000
VARIETY = 400  # pages made; more are the same ones at other addresses
PR_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>
FURNITURE = 60_000  # characters of menus, cards and scripts around an article, as real pages have


@dataclass(frozen=True)
class Run:
    """One step: pages, wall and CPU seconds (with children), peak memory of the largest process."""

    name: str
    pages: int
    wall: float
    cpu: float
    memory: tuple[float, ...] = ()

    @property
    def speed(self) -> float:
        return self.pages / self.wall

    def line(self) -> str:
        limit = cores() / (self.cpu / self.pages)
        memory = f"  {' -> '.join(f'{mb:.0f}' for mb in self.memory)} MB" if self.memory else ""
        return (
            f"{self.name:<34}{self.speed:>8.1f}{1000 * self.cpu / self.pages:>12.1f}"
            f"{self.speed / limit:>9.0%}{memory}"
        )


def written_pages() -> list[bytes]:
    """Pages of our own: articles of the demo's, between furniture."""
    articles = [
        (site, article.title, article.paragraphs)
        for site in content.load()
        for article in site.articles
    ]
    pages = []
    for n in range(VARIETY):
        site, title, _ = articles[n % len(articles)]
        same = [p for other, _, body in articles if other is site for p in body]
        body = "".join(f"<p>{same[(n + k) % len(same)]}</p>" for k in range(9))
        menu = "".join(f'<li><a href="/s/{k}">Rubrique {k}</a></li>' for k in range(80))
        cards = "".join(
            f'<div class="card"><a href="/a/{k}"><h3>{t}</h3></a><p>{b[0][:120]}...</p></div>'
            for k, (_, t, b) in enumerate(articles[n % 50 : n % 50 + 12])
        )
        script = f"<script>var d={json.dumps('x' * FURNITURE)}</script>"
        pages.append(
            f'<!doctype html><html lang="{site.languages[0]}"><head><meta charset="utf-8">'
            f"<title>{title} - {site.name}</title>{script}</head><body><nav><ul>{menu}</ul></nav>"
            f"<main><article><h1>{title}</h1><time>2026-10-12</time>{body}</article></main>"
            f"<aside>{cards}</aside></body></html>".encode()
        )
    return pages


def serve(pages: list[bytes], per_site: int, port: "multiprocessing.Queue[int]") -> None:
    """Answer until killed: 50 sites by loopback address, each with a feed of `per_site` links."""
    packed = [gzip.compress(page, 5, mtime=0) for page in pages]

    class Server(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.transport, self.waiting = transport, b""

        def data_received(self, data: bytes) -> None:
            self.waiting += data
            while b"\r\n\r\n" in self.waiting:
                head, _, self.waiting = self.waiting.partition(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode()
                host = self.transport.get_extra_info("sockname")
                self.transport.write(self.answer(path, f"http://{host[0]}:{host[1]}"))

        @staticmethod
        def answer(path: str, base: str) -> bytes:
            extra = b""
            if path.startswith("/feed"):
                links = "".join(
                    f"<item><title>T</title><link>{base}/a/{n}</link></item>"
                    for n in range(per_site)
                )
                body, kind = (
                    f'<rss version="2.0"><channel><title>B</title>{links}</channel></rss>'.encode(),
                    b"application/rss+xml",
                )
            elif path.startswith("/a/"):
                number = int(path[3:]) * 7 + int(base.rsplit(":", 1)[0].rsplit(".", 1)[1])
                body, kind, extra = (
                    packed[number % len(packed)],
                    b"text/html",
                    b"Content-Encoding: gzip\r\n",
                )
            else:
                body, kind = b"", b"text/plain"
            head = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%sContent-Length: %d\r\n\r\n" % (
                kind,
                extra,
                len(body),
            )
            return head + body

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
        number = server.sockets[0].getsockname()[1]
        others = [
            await asyncio.get_running_loop().create_server(Server, f"127.0.0.{n}", number)
            for n in range(2, SITES + 1)
        ]
        port.put(number)
        await asyncio.gather(*(s.serve_forever() for s in (server, *others)))

    asyncio.run(run())


@contextmanager
def served(pages: list[bytes], per_site: int) -> Iterator[tuple[int, int]]:
    """Yields the port, and the server's process id."""
    context = multiprocessing.get_context("spawn")
    queue: multiprocessing.Queue[int] = context.Queue()
    process = context.Process(target=serve, args=(pages, per_site, queue), daemon=True)
    process.start()
    try:
        yield queue.get(timeout=60), process.pid or 0
    finally:
        process.kill()
        process.join()


def cpu_of(pid: int) -> float:
    """CPU seconds that a running process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def adopt() -> None:
    """Let what a command leaves behind come to this process, which then knows its CPU time.

    What readers are forked from ends a moment after the command.
    """
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def timed(name: str, pages: int, command: list[str], server: int, *, watch: bool = False) -> Run:
    """Run `command` and account for it, its children and its share of the server."""
    memory: list[float] = []
    adopt()
    ours = {*descendants(os.getpid())}
    children, of_server = resource.getrusage(resource.RUSAGE_CHILDREN), cpu_of(server)
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def look() -> None:
        while process.poll() is None:
            status = Path(f"/proc/{process.pid}/status")
            lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
            memory.extend(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))
            time.sleep(0.25)

    if watch:
        threading.Thread(target=look, daemon=True).start()
    if process.wait():
        raise SystemExit(f"{name}: {command} failed")
    wall = time.perf_counter() - began
    while left := {*descendants(os.getpid())} - ours:
        for pid in left:
            with suppress(ChildProcessError):  # a child's child
                os.waitpid(pid, os.WNOHANG)
        time.sleep(0.05)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime
    cpu += cpu_of(server) - of_server
    # At a twentieth, half and the end of the run, so that growth shows.
    early, half = (memory[len(memory) * k // 20] if memory else 0.0 for k in (1, 10))
    return Run(name, pages, wall, cpu, (early, half, max(memory)) if memory else ())


BARE = """
import sys, scrapy
from scrapy.crawler import AsyncCrawlerProcess
class Bare(scrapy.Spider):
    name = "bare"
    async def start(self):
        for site in range(1, {sites} + 1):
            for n in range({per_site}):
                yield scrapy.Request(f"http://127.0.0.{{site}}:{port}/a/{{n}}", dont_filter=True)
    def parse(self, response):
        pass
process = AsyncCrawlerProcess(dict(LOG_LEVEL="ERROR", CONCURRENT_REQUESTS=64,
    TELNETCONSOLE_ENABLED=False, REMOTE_CONTROL_ENABLED=False,
    CONCURRENT_ITEMS=4, CONCURRENT_REQUESTS_PER_DOMAIN=8))
process.crawl(Bare)
process.start()
"""


def records(folder: Path, port: int) -> None:
    text = ""
    for n in range(1, SITES + 1):
        base = f"http://127.0.0.{n}:{port}"
        text += (
            f'[bench-{n}]\nname = "Bench {n}"\nhomepage = "{base}/"\ncountry = "int"\n'
            'organisation = "media"\nlanguages = ["fr"]\ncategory = "social"\nevidence = "Bench."\n'
            f'feeds = [{{ url = "{base}/feed", grade = "probed" }}]\n'
        )
    (folder / "bench.toml").write_text(text, encoding="utf-8")


def plain(path: str) -> int:
    """Plain Trafilatura with metadata on one file."""
    from trafilatura import bare_extraction  # noqa: PLC0415 (in the worker only)

    found = bare_extraction(Path(path).read_bytes(), with_metadata=True, include_comments=False)
    return len(getattr(found, "text", None) or "")


def plain_trafilatura(pages: list[bytes], count: int, folder: Path) -> Run:
    """The same pages from files, no network and nothing kept, in as many processes."""
    names = []
    for n, page in enumerate(pages):
        (folder / f"{n}.html").write_bytes(page)
        names.append(str(folder / f"{n}.html"))
    todo = [names[n % len(names)] for n in range(count)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    with ProcessPoolExecutor(cores(), multiprocessing.get_context("spawn")) as pool:
        sum(pool.map(plain, todo, chunksize=8))
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run("plain Trafilatura, files", count, wall, cpu)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="pages of each step")
    parser.add_argument("--pages", type=Path, help="a folder of *.html instead of our own pages")
    parser.add_argument("--fetch-only", action="store_true", help="leave out what reads pages")
    options = parser.parse_args()
    files = sorted(options.pages.glob("*.html")) if options.pages else []
    pages = [path.read_bytes() for path in files] or written_pages()
    per_site = max(1, options.count // SITES)
    count = per_site * SITES
    size = sum(map(len, pages)) / len(pages) / 1000
    print(f"{count:,} pages of {SITES} sites, {size:.0f} kB each on average, {cores()} cores\n")
    print(f"{'':<34}{'pages/s':>8}{'CPU s/1000':>12}{'of limit':>9}")
    with tempfile.TemporaryDirectory() as place, served(pages, per_site) as (port, server):
        folder = Path(place)
        (folder / "sources").mkdir()
        (folder / "files").mkdir()
        records(folder / "sources", port)
        bare = BARE.format(sites=SITES, per_site=per_site, port=port)
        steps = [timed("bare fetching (Scrapy)", count, [sys.executable, "-c", bare], server)]
        print(steps[-1].line(), flush=True)
        tamis = [
            sys.executable,
            "-m",
            "crawler",
            "crawl",
            "--loopback",
            "--delay",
            "0",
            "--sources",
            str(folder / "sources"),
        ]
        command = [*tamis, "--db", str(folder / "fetch.db"), "--no-enrich"]
        steps.append(timed("tamis crawl --no-enrich", count, command, server, watch=True))
        print(steps[-1].line(), flush=True)
        if not options.fetch_only:
            command = [*tamis, "--db", str(folder / "all.db")]
            steps.append(timed("tamis crawl", count, command, server, watch=True))
            print(steps[-1].line(), flush=True)
            steps.append(plain_trafilatura(pages, count, folder / "files"))
            print(steps[-1].line(), flush=True)
            share = steps[2].speed / steps[3].speed
            print(f"\ntamis crawl: {share:.0%} of plain Trafilatura's pages a second")
        print(f"tamis crawl --no-enrich: {steps[1].speed / steps[0].speed:.0%} of bare fetching's")


if __name__ == "__main__":
    main()
