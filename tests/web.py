"""A web of our own on loopback, as well- or ill-behaved as a test needs."""

import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

HTML = "text/html; charset=utf-8"
RSS = "application/rss+xml; charset=utf-8"
XML = "application/xml"

Crawl = Callable[..., subprocess.CompletedProcess[str]]


@dataclass
class Answer:
    body: bytes = b""
    status: int = 200
    content_type: str | None = HTML
    headers: dict[str, str] = field(default_factory=dict)


class Web:
    """Answers for every loopback address and *.localhost name on one port; `hits` counts paths.

    `pages` maps a path (with its query) to an Answer, or to a function that makes one from the
    request's headers.
    """

    def __init__(self) -> None:
        self.pages: dict[str, Answer | Callable[[dict[str, str]], Answer]] = {}
        self.hits: Counter[str] = Counter()
        self.agents: set[str] = set()
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                web.hits[self.path] += 1
                web.agents.add(self.headers.get("User-Agent", ""))
                found = web.pages.get(self.path, Answer(b"not found", 404))
                answer = found if isinstance(found, Answer) else found(dict(self.headers.items()))
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.content_type:
                    self.send_header("Content-Type", answer.content_type)
                if answer.status != 304:
                    self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                if answer.status != 304:
                    self.wfile.write(answer.body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def article(title: str, *paragraphs: str, language: str = "fr") -> bytes:
    """A plain article page, in UTF-8 and without saying so."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f'<!doctype html><html lang="{language}"><head><title>{title}</title></head>'
        f"<body><main><article><h1>{title}</h1>{text}</article></main></body></html>"
    ).encode()


def feed(*links: str, title: str = "Actualités") -> bytes:
    """An RSS feed that names `links`, as they stand (already escaped, or not at all)."""
    items = "".join(f"<item><title>Titre</title><link>{link}</link></item>" for link in links)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>'
        f"<title>{title}</title><link>http://x.test/</link>{items}</channel></rss>"
    ).encode()


def record(ident: str, homepage: str, feed: str) -> str:
    """The plainest record of a source, as TOML."""
    return (
        f'[{ident}]\nname = "{ident.title()}"\nhomepage = "{homepage}/"\ncountry = "BE"\n'
        'organisation = "ngo"\nlanguages = ["fr"]\ncategory = "social"\nevidence = "A test."\n'
        f'feeds = [{{ url = "{feed}", language = "fr", grade = "probed" }}]\n'
    )
