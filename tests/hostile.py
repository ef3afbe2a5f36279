"""A web that means harm, and a crawl watched from outside: what it took, sent and left behind.

Run as a program it lays every threat of test_threats.py before a crawl of its own, and prints what
each cost: `python tests/hostile.py`.
"""

import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import brotli
import zstandard
from kills import descendants
from web import article, feed, record

Reply = bytes | Callable[[socket.socket], None]

LIMIT = 8 * 1024 * 1024  # DOWNLOAD_MAXSIZE
MIB = 1024 * 1024
GIB = 1024 * MIB


class Hostile:
    """Sends the very bytes it is told to whoever asks; every `*.localhost` name leads to it.

    `pages` has the first label of the host's name and the path (`"bomb/a"`) -> bytes, or a function
    that is given the connection. `asked` keeps the head of every request as it came, `connections`
    counts them: a server that nobody may reach is a canary.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, six: bool = False) -> None:
        self.pages: dict[str, Reply] = {}
        self.asked: list[tuple[str, bytes]] = []
        self.connections = 0
        self.tls = tls
        self.closed = threading.Event()
        self.listening = [socket.create_server(("127.0.0.1", 0), backlog=256)]
        self.port: int = self.listening[0].getsockname()[1]
        if six:
            with suppress(OSError):  # a machine without IPv6
                self.listening.append(
                    socket.create_server(("::1", self.port), family=socket.AF_INET6)
                )
        self.threads = [
            threading.Thread(target=self._accept, args=(one,), daemon=True)
            for one in self.listening
        ]

    def url(self, label: str, path: str = "/", *, scheme: str = "http") -> str:
        return f"{scheme}://{label}.localhost:{self.port}{path}"

    def hits(self, label: str) -> Counter[str]:
        """How often each path of a host was asked for, its robots.txt apart."""
        found = [key.partition("/") for key, _ in self.asked]
        return Counter(
            f"/{path}" for name, _, path in found if name == label and path != "robots.txt"
        )

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closed.set()
        for one in self.listening:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)  # wakes accept
            one.close()
        for thread in self.threads:
            thread.join()

    def _accept(self, listening: socket.socket) -> None:
        while not self.closed.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(30)
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection:
                head = b""
                while b"\r\n\r\n" not in head:
                    if not (more := connection.recv(65536)):
                        return
                    head += more
                path = head.split(b" ", 2)[1].decode("latin-1")
                host = head.lower().partition(b"\r\nhost:")[2].partition(b"\r\n")[0].strip()
                key = host.partition(b".")[0].decode("latin-1") + path
                self.asked.append((key, head))
                reply = self.pages.get(key, answer(b"not found", status=404))
                if callable(reply):
                    reply(connection)
                else:
                    connection.sendall(reply)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):  # a reset would take back what was not yet read
                    pass


def answer(
    body: bytes,
    *headers: bytes,
    status: int = 200,
    content_type: bytes | None = b"text/html; charset=utf-8",
) -> bytes:
    lines = [b"HTTP/1.1 %d So" % status, b"Content-Length: %d" % len(body), b"Connection: close"]
    if content_type:
        lines.append(b"Content-Type: " + content_type)
    return b"\r\n".join([*lines, *headers]) + b"\r\n\r\n" + body


def redirect(location: str | bytes, *headers: bytes) -> bytes:
    to = location.encode() if isinstance(location, str) else location
    return answer(b"", b"Location: " + to, *headers, status=302)


def rss(body: bytes, *headers: bytes) -> bytes:
    return answer(body, *headers, content_type=b"application/rss+xml; charset=utf-8")


def endless(first: bytes, then: bytes, *, pause: float = 0.0, seconds: float = 60.0) -> Reply:
    """`first`, and then `then` again and again, until nobody listens."""

    def reply(connection: socket.socket) -> None:
        connection.sendall(first)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            connection.sendall(then)
            time.sleep(pause)

    return reply


# What a body can be packed into. Whole flushed blocks can be repeated as they stand; nobody comes
# as far as the checksum.


def _block() -> bytes:
    packing = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return packing.compress(bytes(MIB)) + packing.flush(zlib.Z_FULL_FLUSH)


def gzip_bomb(size: int = GIB) -> bytes:
    head = b"\x1f\x8b\x08\0\0\0\0\0\0\x03"
    return (
        head
        + _block() * (size // MIB)
        + b"\x03\0"
        + bytes(4)
        + (size % 2**32).to_bytes(4, "little")
    )


def deflate_bomb(size: int = GIB) -> bytes:
    return _block() * (size // MIB) + b"\x03\0"


def gzip_in_gzip(size: int = 300 * MIB) -> bytes:
    return gzipped(gzipped(bytes(size)))


def gzipped(body: bytes, level: int = 9) -> bytes:
    return zlib.compress(body, level, wbits=zlib.MAX_WBITS | 16)


def brotli_bomb(size: int = 300 * MIB) -> bytes:
    packed: bytes = brotli.compress(bytes(size), quality=1)
    return packed


def zstd_bomb(size: int = GIB) -> bytes:
    return zstandard.compress(bytes(MIB)) * (size // MIB)


# Documents that grow when they are read.
XML = b'<?xml version="1.0" encoding="UTF-8"?>'


def laughs(inside: bytes) -> bytes:
    """Ten characters that become 10^10; `inside` says where (with `&j;`)."""
    entities = b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    return XML + b'<!DOCTYPE x [<!ENTITY a "ha ha ha ha">' + entities + b"]>" + inside


def quadratic(inside: bytes) -> bytes:
    """100 kB, named 10,000 times: 1 GB; `inside` has `@` where they go."""
    return (
        XML + b'<!DOCTYPE x [<!ENTITY a "' + b"x" * 100_000 + b'">]>'
        + inside.replace(b"@", b"&a;" * 10_000)
    )  # fmt: skip


def channel(inside: bytes) -> bytes:
    return b'<rss version="2.0"><channel><title>T</title>' + inside + b"</channel></rss>"


def item(link: str, title: bytes = b"Titre") -> bytes:
    return b"<item><title>%s</title><link>%s</link></item>" % (title, link.encode())


def fetch_threats(here: Callable[[str, str], str]) -> dict[str, dict[str, Reply]]:
    """Threats in what a page's request is answered with: name -> path -> reply; /a is asked for."""
    packed = gzip_bomb()
    page = article("Titre", "Le centre du quai rouvre ses portes avec quarante lits.")
    nested = page
    for _ in range(50):
        nested = gzipped(nested, 0)
    one = {
        "gzip-1-gb": answer(packed, b"Content-Encoding: gzip"),
        "deflate-1-gb": answer(deflate_bomb(), b"Content-Encoding: deflate"),
        "brotli-300-mb": answer(brotli_bomb(), b"Content-Encoding: br"),
        "zstd-1-gb": answer(zstd_bomb(), b"Content-Encoding: zstd"),
        "gzip-in-gzip-300-mb": answer(gzip_in_gzip(), b"Content-Encoding: gzip, gzip"),
        "gzip-50-times": answer(nested, b"Content-Encoding: " + b", ".join([b"gzip"] * 50)),
        "endless-chunks": endless(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"10000\r\n" + b"x" * 65536 + b"\r\n",
        ),
        "endless-body": endless(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", b"x" * 65536
        ),
        "promised-exabyte": b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999999999\r\n\r\nx",
        "one-byte-over-8-mb": answer(page + b" " * (LIMIT + 1 - len(page))),
        "header-of-200-kb": answer(page, b"X-Long: " + b"x" * 200_000),
        "20000-headers": answer(page, *(b"X-%d: y" % n for n in range(20_000))),
        "no-http": b"\x00\x01\x02 SSH-2.0-none\r\n\r\n",
        "impossible-length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx",
        "gzip-cut-short": answer(packed[:9], b"Content-Encoding: gzip"),
    }
    many: dict[str, dict[str, Reply]] = {name: {"/a": reply} for name, reply in one.items()}
    many["redirect-loop"] = {
        "/a": redirect(here("redirect-loop", "/b")), "/b": redirect(here("redirect-loop", "/a")),
    }  # fmt: skip
    many["redirect-to-itself"] = {"/a": redirect(here("redirect-to-itself", "/a"))}
    many["redirect-chain"] = {"/a": redirect(here("redirect-chain", "/0"))}
    for n in range(40):
        many["redirect-chain"][f"/{n}"] = redirect(here("redirect-chain", f"/{n + 1}"))
    many["redirect-to-15-kb"] = {"/a": redirect(here("redirect-to-15-kb", "/" + "x" * 15_000))}
    many["robots-bomb"] = {
        "/robots.txt": answer(packed, b"Content-Encoding: gzip", content_type=b"text/plain"),
        "/a": answer(page),
    }
    many["robots-of-stars"] = {
        "/robots.txt": answer(
            b"User-agent: *\nDisallow: /" + b"*a" * 40 + b"*b$\n", content_type=b"text/plain"
        ),
        "/" + "a" * 1500: answer(page),
    }
    return many


def costly_threats() -> dict[str, dict[str, Reply]]:
    """As `fetch_threats`; those that have once cost us a gigabyte, or half a minute."""
    packed = gzip_bomb()
    rules = b"".join(b"Disallow: /%06d*b\n" % n for n in range(350_000))
    return {
        "gzip-under-a-false-name": {"/a": answer(packed, b"Content-Encoding: none")},
        "gzip-under-two-names": {"/a": answer(packed, b"Content-Encoding: gzip, none")},
        "robots-of-8-mb": {
            "/robots.txt": answer(b"User-agent: *\n" + rules, content_type=b"text/plain"),
            "/a": answer(article("Titre", "Le centre du quai rouvre ses portes.")),
        },
    }


def feed_threats() -> dict[str, bytes]:
    """Threats in what a feed's request is answered with, all within the limit of a feed's size."""
    link = b"<item><title>%s</title><link>http://10.0.0.1/</link></item>"
    return {
        "feed-laughs": laughs(channel(link % b"&j;")),
        "feed-quadratic": quadratic(channel(link % b"@")),
        "feed-100000-deep": channel(b"<a>" * 100_000 + b"</a>" * 100_000),
        "feed-of-20000": channel(item("http://10.0.0.1/twenty-thousand") * 20_000),
        "feed-of-3-mb": channel(b" " * 3 * MIB),
        "feed-of-ampersands": channel(link % (b"&" * 200_000)),
        "feed-of-cdata": channel(link % (b"<![CDATA[" * 150_000)),
        "feed-external": (
            XML + b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + channel(link % b"&a;")
        ),
    }


def stuck_feeds() -> dict[str, bytes]:
    """Feeds within every limit of size that keep feedparser busy: 9 s, 18 s and 99 s."""
    attributes = b" ".join(b'a%d="1"' % n for n in range(100_000))
    return {
        "feed-of-280000-items": channel(b"<item/>" * 280_000),
        "feed-600000-deep": channel(b"<a>" * 600_000),
        "feed-of-attributes": b'<rss version="2.0" ' + attributes + b"><channel></channel></rss>",
    }


def page_threats() -> dict[str, bytes]:
    """Threats in a page that was fetched: for what reads it."""
    top = article("Titre", "Le centre du quai rouvre ses portes avec quarante lits, dit-on.")
    return {
        "page-laughs": laughs(top.replace(b"<p>", b"<p>&j;")),
        "page-quadratic": quadratic(top.replace(b"<p>", b"<p>@")),
        "page-external": (
            b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
            + top.replace(b"<p>", b"<p>&a;")
        ),
        "page-100000-deep": top.replace(b"<p>", b"<div>" * 100_000 + b"<p>", 1),
        "page-spans-100000-deep": top.replace(b"<p>", b"<p>" + b"<span>" * 100_000, 1),
        "page-json-deep": top.replace(
            b"</head>",
            b'<script type="application/ld+json">' + b"[" * 500_000 + b"</script></head>",
        ),
        "page-json-number": top.replace(
            b"</head>",
            b'<script type="application/ld+json">{"a":' + b"9" * 500_000 + b"}</script></head>",
        ),
    }


def stuck_pages() -> dict[str, bytes]:
    """Pages under 8 MB that take minutes and gigabytes: one of 2,000,000 paragraphs takes 3 GB."""
    top = article("Titre", "Le centre du quai rouvre ses portes avec quarante lits, dit-on.")
    attributes = b" ".join(b"a%d=1" % n for n in range(700_000))
    return {
        "page-of-paragraphs": top.replace(b"<p>", b"<p>x" * 1_900_000, 1),
        "page-of-breaks": top.replace(b"<p>", b"<p>" + b"<br>" * 1_900_000, 1),
        "page-of-attributes": top.replace(b"<p>", b"<p " + attributes + b">", 1),
    }


def slow_threats() -> dict[str, Reply]:
    """Answers that never come to their end; for a crawl with a short DOWNLOAD_TIMEOUT."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
    return {
        "slow-body": endless(head + b"Content-Length: 9999\r\n\r\n", b"x", pause=0.1),
        "slow-headers": endless(head + b"X-Slow: ", b"x", pause=0.1),
        "silence": endless(b"", b"", pause=0.1),
        "endless-continue": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100, pause=0.01),
        "endless-headers": endless(head, (b"X-%s: y\r\n" % (b"x" * 8000)) * 8),
    }


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a process printed, and what was seen of it while it ran. Sizes are in MB."""

    code: int | None  # None: it had to be killed
    out: bytes
    err: bytes
    seconds: float
    cpu: float  # seconds of the process itself, whatever else the machine does
    peak: int
    workers_peak: int
    listening: frozenset[str] = field(default_factory=frozenset)


def watched(
    command: Iterable[str],
    folder: Path,
    *,
    limit: float = 60.0,
    env: Mapping[str, str] = os.environ,
) -> Run:
    """Run `command` and watch it; after `limit` seconds it and its workers are killed."""
    began = time.monotonic()
    peaks: Counter[int] = Counter()
    listening: set[str] = set()
    cpu = 0.0
    with tempfile.TemporaryFile(dir=folder) as out, tempfile.TemporaryFile(dir=folder) as err:
        with subprocess.Popen([*command], stdout=out, stderr=err, env=dict(env)) as process:
            while process.poll() is None:
                for pid in (process.pid, *descendants(process.pid)):
                    peaks[pid] = max(peaks[pid], _peak(pid))
                listening |= _listening(process.pid)
                cpu = max(cpu, _cpu(process.pid))
                if time.monotonic() - began > limit:
                    process.kill()  # workers end with their parent
                    break
                time.sleep(0.02)
            killed = process.poll() is None
            process.wait()
        out.seek(0)
        err.seek(0)
        return Run(
            code=None if killed else process.returncode,
            out=out.read(), err=err.read(), seconds=time.monotonic() - began, cpu=cpu,
            peak=peaks.pop(process.pid, 0), workers_peak=max(peaks.values(), default=0),
            listening=frozenset(listening),
        )  # fmt: skip


def _peak(pid: int) -> int:
    with suppress(OSError, IndexError):
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        return int(status.partition("VmHWM:")[2].split(maxsplit=1)[0]) // 1024
    return 0


def _cpu(pid: int) -> float:
    with suppress(OSError, IndexError):
        columns = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(columns[11]) + int(columns[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _listening(pid: int) -> set[str]:
    """The TCP addresses that a process of ours waits for connections at."""
    own = set()
    with suppress(OSError):
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                own.add(str(handle.readlink()))
    found = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
                columns = line.split()
                if columns[3] == "0A" and f"socket:[{columns[9]}]" in own:
                    found.add(columns[1])
    return found


def sources(folder: Path, feeds: Mapping[str, str]) -> Path:
    """A folder of records, one a feed: id -> address."""
    folder.mkdir(exist_ok=True)
    text = "".join(record(name, url.rsplit("/", 1)[0], url) for name, url in feeds.items())
    (folder / "hostile.toml").write_text(text, encoding="utf-8")
    return folder


def crawl_command(folder: Path, feeds: Mapping[str, str], *options: str) -> list[str]:
    """`tamis crawl` on these feeds, with its database in `folder`."""
    return [
        sys.executable, "-m", "crawler", "crawl", "--sources", str(sources(folder / "r", feeds)),
        "--db", str(folder / "tamis.db"), "--delay", "0", "--workers", "1", *options,
    ]  # fmt: skip


def lay(web: Hostile, threats: Mapping[str, Mapping[str, Reply]]) -> list[str]:
    """Put each threat on a host of its own; returns the addresses to name in a feed."""
    links = []
    for name, replies in threats.items():
        for path, reply in replies.items():
            web.pages[name + path] = reply
        first = next(path for path in replies if path != "/robots.txt")
        links.append(web.url(name, first))
    return links


def _alone(name: str, replies: Mapping[str, Reply], folder: Path, *options: str) -> Run:
    """One threat in a crawl of its own."""
    folder.mkdir()
    with Hostile() as web:
        if "/feed" in replies:
            web.pages[f"{name}/feed"] = replies["/feed"]
            feeds = {"threat": web.url(name, "/feed")}
        else:
            links = lay(web, {name: replies})
            web.pages["good/feed"] = rss(feed(*links))
            feeds = {"good": web.url("good", "/feed")}
        web.pages |= {key: _at(reply, web.port) for key, reply in web.pages.items()}
        return watched(crawl_command(folder, feeds, "--loopback", *options), folder, limit=150)


def _at(reply: Reply, port: int) -> Reply:
    return (
        reply.replace(b".localhost:0", b".localhost:%d" % port)
        if isinstance(reply, bytes)
        else reply
    )


def _outcome(folder: Path, name: str) -> tuple[str, str]:
    import sqlite3  # noqa: PLC0415 (only for the table)

    with sqlite3.connect(folder / "tamis.db") as db:
        row = db.execute(
            "SELECT outcome, reason FROM urls WHERE host LIKE ? || '.%' UNION ALL"
            " SELECT outcome, reason FROM channels WHERE url LIKE '%/' || ? || '.%'",
            (name, name),
        ).fetchone()
    db.close()
    return (str(row[0]), str(row[1] or "")) if row else ("(no row)", "")


def main() -> None:
    """A table of threats: result, peak memory of the crawl and of its workers, and time."""

    def here(label: str, path: str) -> str:
        return f"http://{label}.localhost:0{path}"

    plain = article("Titre", "Le centre du quai rouvre ses portes avec quarante lits.")
    everything: dict[str, tuple[Mapping[str, Reply], tuple[str, ...]]] = {
        "(nothing, to compare)": ({"/a": answer(plain)}, ()),
    }
    everything |= {name: (found, ()) for name, found in fetch_threats(here).items()}
    everything |= {name: (found, ()) for name, found in costly_threats().items()}
    for found in (feed_threats(), stuck_feeds()):
        everything |= {
            name: ({"/feed": rss(body)}, ("--no-enrich",)) for name, body in found.items()
        }
    for found in (page_threats(), stuck_pages()):
        everything |= {name: ({"/a": answer(body)}, ()) for name, body in found.items()}
    everything |= {
        name: ({"/a": reply}, ("--no-enrich",)) for name, reply in slow_threats().items()
    }
    chosen = sys.argv[1:]
    print("| threat | outcome | reason | crawl, MB | worker, MB | s | CPU s |")  # noqa: T201
    print("|---" * 7 + "|")  # noqa: T201
    with tempfile.TemporaryDirectory() as made:
        for n, (name, (replies, options)) in enumerate(everything.items()):
            if chosen and not any(word in name for word in chosen):
                continue
            folder = Path(made) / str(n)
            label = name if name[0] != "(" else "nothing"
            ran = _alone(label, replies, folder, *options)
            outcome, reason = _outcome(folder, label)
            print(  # noqa: T201
                f"| {name} | {outcome if ran.code is not None else 'KILLED'} | {reason[:70]} |"
                f" {ran.peak} | {ran.workers_peak or ''} | {ran.seconds:.1f} | {ran.cpu:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
