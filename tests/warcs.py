"""WARC files by hand, as others write them."""

import gzip
import zlib
from pathlib import Path

from web import article

TEXT = (
    "Le centre d'hébergement du quai rouvre ses portes avec quarante lits pour les familles.",
    "Les équipes sociales y tiennent une permanence chaque matin, sauf le dimanche.",
)
DATE = "2026-10-12T07:15:00Z"
HERE = "http://quai.example.org"
WARCINFO = b"software: StormCrawler 3\r\nformat: WARC File Format 1.0\r\n"


def entry(kind: str, url: str | None, block: bytes, **headers: str) -> bytes:
    """A WARC record."""
    named = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:{zlib.crc32(block):032x}>",
        "WARC-Date": DATE,
        **({"WARC-Target-URI": url} if url else {}),
        "Content-Type": f"application/http; msgtype={kind}",
        **{name.replace("_", "-"): value for name, value in headers.items()},
        "Content-Length": str(len(block)),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"WARC/1.0\r\n{head}\r\n".encode() + block + b"\r\n\r\n"


def http(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", *headers, "", "")).encode("latin-1") + body


def page(url: str, title: str, *headers: str, ident: str | None = None) -> bytes:
    lines = headers or ("Content-Type: text/html; charset=utf-8",)
    named = {"WARC_Record_ID": ident} if ident else {}
    return entry("response", url, http(article(title, *TEXT), *lines), **named)


def written(path: Path, *records: bytes) -> Path:
    """Each in a gzip member of its own if the file's name says so."""
    packed = [gzip.compress(each) if path.suffix == ".gz" else each for each in records]
    path.write_bytes(b"".join(packed))
    return path
