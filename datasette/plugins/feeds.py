"""The routes of the feeds and of their lists; the bytes are crawler.exports', as for the files."""

import hashlib
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from datasette import hookimpl
from datasette.utils.asgi import NotFound, Response

from crawler.exports.addresses import NoSuchFeed, parse
from crawler.exports.catalogue import addresses, catalogue
from crawler.exports.feeds import STYLESHEET, read, written
from crawler.exports.formats import FORMATS
from crawler.exports.items import Feed
from crawler.exports.opml import LISTS
from crawler.exports.opml import MEDIA_TYPE as OPML
from crawler.interface import page, parameters, route
from crawler.published import PRIVATE, moment, snapshot
from crawler.query import Query
from crawler.query import parse as parse_query
from crawler.serving import ask
from crawler.translation import spoken

MAX_AGE = 900  # s: readers ask each half hour or less often, and the job runs daily
HEADERS = {
    # A browser shows a feed with our style sheet, and runs and loads nothing else.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


async def serve_feed(datasette: Any, request: Any) -> Response:
    try:
        address = parse(request.url_vars["path"], parameters(request))
        told, body, published = await _ask(datasette, lambda conn: _made(read(conn, address)))
    except NoSuchFeed as error:
        raise NotFound(str(error)) from error
    if told.address != address:
        # A page of the archive that has been divided since, or put together.
        return Response.redirect(datasette.urls.path(f"/{told.address.url}"))
    answer = _answer(request, body, FORMATS[address.format].media_type, published)
    answer.headers["Vary"] = "Accept"
    if "+xml" in answer.content_type and "text/html" in request.headers.get("accept", ""):
        # A browser, which shows as plain text what it knows to be a feed.
        answer.content_type = "application/xml; charset=utf-8"
    return answer


async def choose(datasette: Any, request: Any) -> Response:
    """The page that lists them for people."""
    query, _ = parse_query({"language": request.args.get("language") or ""})
    language = spoken().language
    offered = await ask(datasette, lambda conn: catalogue(conn, query, language))
    if offered is None:
        return await page(datasette, request, "empty.html", {}, status=503)
    if query.language not in {"", *(offer.label.code for offer in offered.get("language", ()))}:
        query, offered = Query(), {**offered, "theme": ()}
    context = {
        "query": query,
        "offered": {"country": (), "source": (), **offered},
        "everything": addresses(Query()),
        "types": {each.name: each.media_type for each in FORMATS.values()},
    }
    return await page(datasette, request, "feeds.html", context)


async def serve_list(datasette: Any, request: Any) -> Response:
    make = LISTS[request.url_vars["name"]]
    body, published = await _ask(datasette, lambda conn: (make(conn),))
    return _answer(request, body, OPML, published)


async def serve_stylesheet(request: Any) -> Response:
    return _answer(request, STYLESHEET.read_bytes(), "text/css", {})


def _made(told: Feed) -> tuple[Feed, bytes]:
    return told, written(told)


async def _ask(datasette: Any, question: Callable[[sqlite3.Connection], tuple[Any, ...]]) -> Any:
    """The answer, and what is said of the database."""
    answer = await ask(datasette, lambda conn: (*question(conn), snapshot(conn)))
    if answer is None:
        raise NotFound("There are no feeds yet: nothing is published.")
    return answer


def _answer(request: Any, body: bytes, kind: str, published: Mapping[str, str]) -> Response:
    built = moment(published.get("built"))
    caches = "private" if published.get("level") == PRIVATE else "public"
    headers = {
        **HEADERS,
        "Cache-Control": f"{caches}, max-age={MAX_AGE}",
        "ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        "Content-Length": str(len(body)),
    }
    if built:
        # The snapshot's time, not the newest entry's: a take-down changes a feed and adds nothing.
        headers["Last-Modified"] = format_datetime(built.astimezone(UTC), usegmt=True)
    kind = f"{kind}; charset=utf-8"
    if unchanged(request.headers, headers["ETag"], built):
        del headers["Content-Length"]
        return Response("", status=304, headers=headers, content_type=kind)
    return Response(b"" if request.method == "HEAD" else body, headers=headers, content_type=kind)


def unchanged(headers: Mapping[str, str], etag: str, built: datetime | None) -> bool:
    """Whether the reader has this already (RFC 9110: an ETag, if sent, decides alone)."""
    if tags := headers.get("if-none-match"):
        return any(tag.strip().removeprefix("W/") in {etag, "*"} for tag in tags.split(","))
    try:
        since = parsedate_to_datetime(headers.get("if-modified-since", ""))
    except ValueError:
        return False
    return bool(built and since.tzinfo and built.replace(microsecond=0) <= since)


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    return [
        route(r"/feeds", choose),
        (r"^/feeds/feed\.css$", serve_stylesheet),
        (r"^/feeds/(?P<path>.+)$", serve_feed),
        (rf"^/(?P<name>{'|'.join(LISTS)})$".replace(".opml", r"\.opml"), serve_list),
    ]
