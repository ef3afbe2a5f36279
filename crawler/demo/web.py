"""A server on loopback for the demo's sites, all on one port, told apart by the Host header.

    with DemoWeb() as web:
        sources(web.port)      # the registry's records of its sites
        web.hits               # (host, path and query) -> how often somebody asked

It stands on the standard library and runs in threads of its own. Answers do not depend on when
one asks, but for today's date at the head of some pages.
"""

import gzip
import socket
import sys
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from email.message import Message
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any, Self

from crawler.demo.content import Site, load
from crawler.demo.moulds import HTML, Answer, Built, build, mould_of, root
from crawler.items import Address, Licence, Source

ADDRESS = "127.0.0.1"
# The registry's words for what the content format calls otherwise.
ORGANISATIONS = {"public": "public-body", "un": "igo"}
LICENCE = Licence(
    id="CC-BY",
    url="https://creativecommons.org/licenses/by/4.0/",
    terms_read_on="2026-11-20",
)
# Below this a gzip header costs more than it saves. In bytes.
MIN_GZIP = 500
# How long a client may leave a connection open without asking for anything. In seconds.
IDLE = 30


class DemoWeb:
    """The demo's sites as a context manager. `port` 0 takes any free one; one in use: OSError."""

    def __init__(self, sites: tuple[Site, ...] | None = None, port: int = 0) -> None:
        self.sites = load() if sites is None else sites
        self.port = port
        self.hits: Counter[tuple[str, str]] = Counter()
        self._counting = threading.Lock()
        self._built: dict[str, Built] = {}
        self._server: _Server
        self._thread: threading.Thread

    def __enter__(self) -> Self:
        self._server = _Server((ADDRESS, self.port), self)
        self.port = self._server.server_address[1]
        # Pages name each other with the port, so they are built once it is known.
        today = datetime.now(UTC).date()
        try:
            self._built = {
                site.host: build(site, self.sites, self.port, today) for site in self.sites
            }
        except Exception:
            self._server.server_close()
            raise
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="demo-web"
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()
        self._thread.join()

    def answer(self, host: str, target: str) -> Answer:
        """What the site at `host` says to `target` (path and query). Counts as a hit."""
        with self._counting:
            self.hits[host, target] += 1
        site = self._built.get(host)
        return site.answer(target) if site else _index(self.sites, self.port)


class _Server(ThreadingTCPServer):
    """A thread for every connection, all of which it can end.

    Not http.server's own, which looks up the name of its address before it starts.
    """

    allow_reuse_address = True
    daemon_threads = False  # so that closing waits for them
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], web: DemoWeb) -> None:
        self.web = web
        self._lines: set[socket.socket] = set()
        self._changing = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changing:
            self._lines.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._changing:
            self._lines.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def close(self) -> None:
        self.shutdown()
        with self._changing:
            for line in self._lines:
                with suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)  # a client that hangs on must not keep us
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    # Head and body in one piece: in two, the client's delayed ACK costs 40 ms a request.
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = IDLE

    def do_GET(self) -> None:
        host = self.headers.get("Host", "").partition(":")[0].lower()
        status, headers, body = _response(self.server.web.answer(host, self.path), self.headers)
        self.send_response_only(status)  # without the date: answers do not depend on the clock
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815  the name http.server looks for

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  http.server's own name
        """Whoever wants to know asks `hits`."""


def sources(port: int, sites: tuple[Site, ...] | None = None) -> tuple[Source, ...]:
    """The demo's sites as the registry has others. Every other one lets us publish its texts."""
    return tuple(
        _source(site, port, licence=LICENCE if index % 2 == 0 else None)
        for index, site in enumerate(load() if sites is None else sites)
    )


def _source(site: Site, port: int, *, licence: Licence | None) -> Source:
    mould, at = mould_of(site), root(site, port)
    # A site with one feed for all its languages says none for the feed.
    each = site.languages if "{language}" in mould.feed else site.languages[:1]
    alone = len(each) == len(site.languages)
    found = {
        "feeds": tuple(
            Address(
                url=at + mould.feed.format(language=language),
                language=language if alone else None,
                grade="probed",
            )
            for language in each
        ),
        "listings": (Address(url=f"{at}/", language=each[0], grade="probed"),),
        "sitemaps": (Address(url=f"{at}/sitemap.xml", grade="probed"),),
        "wordpress": (Address(url=f"{at}/wp-json/wp/v2/posts", grade="probed"),),
    }
    source = Source(
        id=site.id,
        name=site.name,
        homepage=f"{at}/",
        country=site.country,
        organisation=ORGANISATIONS.get(site.organisation, site.organisation),
        languages=site.languages,
        category=site.category,
        topics=site.topics,
        cms=mould.cms,
        licence=licence,
        tdm="allowed" if licence else "unknown",
        evidence="comes with the program: an invented site",
    )
    channels: dict[str, Any] = {name: found[name] for name in mould.channels}
    return replace(source, **channels)


def _response(answer: Answer, asked: Message) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body: compressed if the client can, 304 if it has them already."""
    body, status = answer.body, answer.status
    headers = {"Vary": "Accept-Encoding", **answer.headers}
    if answer.location:
        headers["Location"] = answer.location
    else:
        headers["Content-Type"] = answer.type
    if status == HTTPStatus.OK:
        headers["ETag"] = f'"{sha256(body).hexdigest()[:16]}"'
        if answer.modified:
            headers["Last-Modified"] = _http_date(answer.modified)
        if _unchanged(asked, headers["ETag"], answer.modified):
            return HTTPStatus.NOT_MODIFIED, headers, b""
    textual = answer.type.startswith("text/") or "xml" in answer.type or "json" in answer.type
    if textual and len(body) >= MIN_GZIP and "gzip" in asked.get("Accept-Encoding", ""):
        body = gzip.compress(body, compresslevel=1, mtime=0)
        headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(len(body))
    return status, headers, body


def _unchanged(asked: Message, etag: str, modified: datetime | None) -> bool:
    """RFC 9110, 13.2.2: If-Modified-Since counts only where there is no If-None-Match."""
    if "If-None-Match" in asked:
        tags = [tag.strip().removeprefix("W/") for tag in asked["If-None-Match"].split(",")]
        return etag in tags or tags == ["*"]
    if modified is None or "If-Modified-Since" not in asked:
        return False
    try:
        return modified <= parsedate_to_datetime(asked["If-Modified-Since"])
    except (TypeError, ValueError):
        return False


def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def _index(sites: tuple[Site, ...], port: int) -> Answer:
    """For who asks for no site of ours: where they are."""
    items = "".join(
        f'<li><a href="{escape(root(site, port))}/">{escape(site.name)}</a>'
        f" ({escape(', '.join(site.languages))}): {escape(site.tagline)}</li>\n"
        for site in sites
    )
    page = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Demo sites</title>'
        f"</head>\n<body><h1>Demo sites</h1>\n<ul>\n{items}</ul></body></html>\n"
    )
    return Answer(body=page.encode(), type=HTML, headers={})
