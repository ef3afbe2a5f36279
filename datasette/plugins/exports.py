"""The routes `/export.FORMAT`, the whole current search as a file, and `/cite`, how to cite it.

What they hold is made by crawler.exports, as for the command line.
"""

import asyncio
import sqlite3
from contextvars import copy_context
from pathlib import Path
from typing import Any
from urllib.parse import quote

from datasette import hookimpl
from datasette.utils import add_cors_headers
from datasette.utils.asgi import BadRequest, NotFound, Response

from crawler.exports import xlsx
from crawler.exports.articles import offered, opened
from crawler.exports.inquiry import FORMATS as CITATIONS
from crawler.exports.inquiry import Inquiry, bibtex, freezing, how_many, in_words, inquire, today
from crawler.interface import page, parameters, route, vary
from crawler.query import Query, parse, refused
from crawler.serving import ask, news
from crawler.streaming import Stream
from crawler.translation import spoken


def asked(request: Any) -> Query:
    """The query of an address; a wrong day or month is refused, or the file would lie."""
    given = parameters(request)
    if problems := refused(given):
        raise BadRequest(" ".join(problems))
    return parse(given)[0]


def told(datasette: Any, request: Any) -> dict[str, str]:
    """What an answer says of the site and the day."""
    base_url = datasette.absolute_url(request, datasette.urls.path("/"))
    return {"base_url": base_url, "day": today()}


async def export(datasette: Any, request: Any) -> Any:
    kind, query = request.url_vars["format"], asked(request)
    if kind not in offered():
        raise NotFound(f"There is no such format: choose from {', '.join(offered())}.")
    if await ask(datasette, lambda conn: conn.execute("SELECT 1 FROM snapshot")) is None:
        return await page(datasette, request, "empty.html", {}, status=503)
    found = await asyncio.to_thread(
        opened, Path(news(datasette).path), query, kind, **told(datasette, request)
    )
    headers = {
        **_headers(datasette, found.name),
        "content-type": found.media_type,
        "x-total-count": str(found.inquiry.count),
    }
    if kind == "xlsx" and found.inquiry.count > xlsx.MOST_ROWS:
        headers["x-left-out"] = str(found.inquiry.count - xlsx.MOST_ROWS)
    if request.method == "HEAD":
        found.close()
        return Response("", headers=headers, content_type=found.media_type)
    return Stream(found.chunks(), close=found.close, headers=headers, receive=request.receive)


def _headers(datasette: Any, name: str) -> dict[str, str]:
    """Of a file that is saved, under a name that old readers see without its accents."""
    plain = name.encode("ascii", "ignore").decode()
    headers = {
        "content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}",
        "cache-control": "no-cache",
        "x-content-type-options": "nosniff",
        "x-robots-tag": "noindex",
        **vary(spoken()),
    }
    if datasette.cors:
        add_cors_headers(headers)
    return headers


async def cite(datasette: Any, request: Any) -> Response:
    query, about = asked(request), told(datasette, request)
    here = copy_context()  # the language that is spoken, for Datasette's thread

    def question(conn: sqlite3.Connection) -> Inquiry:
        return here.run(inquire, conn, query, **about)

    found = await ask(datasette, question)
    if found is None:
        return await page(datasette, request, "empty.html", {}, status=503)
    if kind := request.url_vars["format"]:
        media_type, written = CITATIONS[kind]
        headers = _headers(datasette, f"tamis_{found.day}.{kind}")
        return Response(
            written(found), headers=headers, content_type=f"{media_type}; charset=utf-8"
        )
    context = {
        "inquiry": found,
        "text": in_words(found),
        "articles": how_many(found),
        "bibtex": bibtex(found),
        "command": freezing(found),
        "files": offered(),
    }
    return await page(datasette, request, "cite.html", context)


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    return [
        route(r"/export\.(?P<format>[A-Za-z0-9]+)", export),
        route(rf"/cite(?:\.(?P<format>{'|'.join(CITATIONS)}))?", cite),
    ]
