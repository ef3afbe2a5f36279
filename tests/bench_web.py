"""What the benchmarks read: sites on loopback, served by another process, and their records."""

import asyncio
import gzip
import json
import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from crawler.demo import content

SITES = 50
PER_FEED = 1000  # of a feed so many links are taken; more articles are on more sites
VARIETY = 400  # pages made; more are the same ones at other addresses
FURNITURE = 60_000  # characters of menus, cards and scripts around an article, as real pages have


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


def folder_pages(folder: Path) -> list[bytes]:
    """All pages below a folder."""
    return [path.read_bytes() for path in sorted(folder.rglob("*.html"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Sites by loopback address, each with a feed and `per_site` articles, from number `first` on.

    The process `pid` serves them.
    """

    pages: Sequence[bytes]
    sites: int
    per_site: int
    first: int = 0
    port: int = 0
    pid: int = 0

    @property
    def count(self) -> int:
        return self.sites * self.per_site

    def urls(self) -> list[str]:
        """The address of every article."""
        return [
            f"{_base(site, self.port)}/a/{n}"
            for n in range(self.first, self.first + self.per_site)
            for site in range(self.sites)
        ]

    def feed(self, site: int) -> str:
        return f"{_base(site, self.port)}/feed"

    def write_pages(self, folder: Path) -> list[Path]:
        """As many files as there are articles, with the same pages in them."""
        folder.mkdir()
        found = [folder / f"{n}.html" for n in range(self.count)]
        for n, path in enumerate(found):
            path.write_bytes(self.pages[n % len(self.pages)])
        return found

    def write_records(self, folder: Path) -> Path:
        """A record for each site; returns `folder`."""
        folder.mkdir()
        text = ""
        for site in range(self.sites):
            base = _base(site, self.port)
            text += (
                f'[bench-{site}]\nname = "Bench {site}"\nhomepage = "{base}/"\n'
                'country = "int"\norganisation = "media"\nlanguages = ["fr"]\n'
                'category = "social"\nevidence = "Bench."\n'
                f'feeds = [{{ url = "{self.feed(site)}", grade = "probed" }}]\n'
            )
        (folder / "bench.toml").write_text(text, encoding="utf-8")
        return folder


@contextmanager
def served(
    pages: Sequence[bytes], count: int, *, first: int = 0, port: int = 0
) -> Iterator[Served]:
    """Serve `count` articles, or some fewer so that all sites have as many, from SITES or more.

    A `port` of 0 is any that is free.
    """
    sites = max(SITES, -(-count // PER_FEED))
    web = Served(pages=pages, sites=sites, per_site=count // sites, first=first, port=port)
    context = multiprocessing.get_context("spawn")
    queue: multiprocessing.Queue[int] = context.Queue()
    process = context.Process(target=_serve, args=(web, queue), daemon=True)
    process.start()
    try:
        yield replace(web, port=queue.get(timeout=60), pid=process.pid or 0)
    finally:
        process.kill()
        process.join()


def _address(site: int) -> str:
    return f"127.0.{site // 250}.{site % 250 + 1}"


def _base(site: int, port: int) -> str:
    return f"http://{_address(site)}:{port}"


def _serve(web: Served, port: "multiprocessing.Queue[int]") -> None:
    """Answer until killed, and say first at which port."""
    packed = [gzip.compress(page, 5, mtime=0) for page in web.pages]
    numbers = {_address(site): site for site in range(web.sites)}

    class Server(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.transport, self.waiting = transport, b""

        def data_received(self, data: bytes) -> None:
            self.waiting += data
            while b"\r\n\r\n" in self.waiting:
                head, _, self.waiting = self.waiting.partition(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode()
                host, number = self.transport.get_extra_info("sockname")
                self.transport.write(self.answer(path, numbers[host], number))

        @staticmethod
        def answer(path: str, site: int, number: int) -> bytes:
            body, kind, extra = b"", b"text/plain", b""
            if path.startswith("/feed"):
                body, kind = _feed(web, _base(site, number)), b"application/rss+xml"
            elif path.startswith("/a/"):
                article = site * web.per_site + int(path[3:]) - web.first
                body, kind = packed[article % len(packed)], b"text/html"
                extra = b"Content-Encoding: gzip\r\n"
            length = b"Content-Length: %d\r\n\r\n" % len(body)
            return b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%s%s%s" % (kind, extra, length, body)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        first = await loop.create_server(Server, _address(0), web.port)
        number = first.sockets[0].getsockname()[1]
        others = [
            await loop.create_server(Server, _address(site), number) for site in range(1, web.sites)
        ]
        port.put(number)
        await asyncio.gather(*(server.serve_forever() for server in (first, *others)))

    asyncio.run(run())


def _feed(web: Served, base: str) -> bytes:
    links = "".join(
        f"<item><title>T</title><link>{base}/a/{n}</link></item>"
        for n in range(web.first, web.first + web.per_site)
    )
    return f'<rss version="2.0"><channel><title>B</title>{links}</channel></rss>'.encode()
