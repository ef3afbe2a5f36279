"""Raw pages, kept: bytes as the server sent them, compressed, so that nothing is fetched twice."""

import hashlib
import json

import zstandard

from crawler.items import Page
from crawler.writes import Statement

# Level 10 packs a tenth better and takes five times as long (6.2 against 5.6 times smaller,
# 4.6 against 0.9 ms a page, on 258 real pages).
LEVEL = 3
BEGINNING = 18  # bytes: a Zstandard frame's header at its longest
# Headers that say something about the page later: what it is, how fresh, what may be done with it.
KEPT_HEADERS = (
    "content-language", "content-type", "etag", "last-modified", "link", "server",
    "tdm-policy", "tdm-reservation", "x-powered-by", "x-robots-tag",
)  # fmt: skip
# Content types that may hold an article.
READABLE = ("text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml")

# Of an address: its newest page can be read (again), since retention lets go of the oldest first.
HELD = "EXISTS (SELECT 1 FROM pages WHERE url_id = urls.id AND length(body) > 0)"


def pack(body: bytes) -> bytes:
    return zstandard.compress(body, LEVEL)


def unpack(packed: bytes) -> bytes:
    return zstandard.decompress(packed)


def size(packed: bytes) -> int:
    """How long a body was, by the first BEGINNING bytes of what it is packed in."""
    return int(zstandard.frame_content_size(packed)) if packed else 0


def body_hash(body: bytes) -> str:
    """Tells bodies apart; not a secret."""
    return hashlib.blake2b(body, digest_size=16).hexdigest()


def kept(
    url_id: int | None,
    page: Page,
    *,
    look: str | None,
    given: bool = False,
    packed: bytes | None = None,
) -> tuple[Statement, Statement]:
    """What archives a page and marks its URL, to be looked at again at `look`.

    `given` says that an API gave it, as `channels.document` makes a page of it. `packed` is its
    body, where somebody has packed it already.
    """
    headers = json.dumps(page.headers, ensure_ascii=False)
    return (
        (
            ("INSERT INTO pages (url_id, url, fetched, status, content_type, headers, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)"),
            (
                url_id, page.url, page.fetched, page.status, page.content_type, headers,
                packed or pack(page.body),
            ),
        ),
        (
            ("UPDATE urls SET outcome = 'fetched', reason = NULL, decided = ?1, tries = 0,"
            " last_fetched = ?1, first_fetched = coalesce(first_fetched, ?1), gone = NULL,"
            " unchanged = iif(enricher IS NULL, 0, unchanged + 1), etag = ?2, modified = ?3,"
            " body_hash = ?4, look = ?5, given = ?6 WHERE id = ?7"),
            (
                page.fetched, page.headers.get("etag"), page.headers.get("last-modified"),
                body_hash(page.body), look, given, url_id,
            ),
        ),
    )  # fmt: skip
