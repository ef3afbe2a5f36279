"""The routes of the feeds; the bytes are made by crawler.exports.feeds, as for the files."""

import hashlib
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from datasette import hookimpl
from datasette.utils.asgi import NotFound, Response

from crawler.exports.feeds import MEDIA_TYPES, feed
from crawler.published import moment, snapshot
from crawler.serving import ask

MAX_AGE = 900  # s: readers ask each half hour or less often, and the job runs daily


async def serve_feed(datasette: Any, request: Any) -> Response:
    asked = request.url_vars

    def question(conn: sqlite3.Connection) -> tuple[bytes | None, datetime | None]:
        body = feed(
            conn, language=asked["language"], theme=asked["theme"], format=asked["format"],
            reprints=request.args.get("reprints") == "1",
        )  # fmt: skip
        return body, moment(snapshot(conn).get("built"))

    body, built = await ask(datasette, question) or (None, None)
    if body is None:
        raise NotFound(
            "There is no such feed. Addresses are /feeds/LANGUAGE.atom or .rss, "
            "and /feeds/LANGUAGE/THEME.atom; the home page links each list to its feed."
        )
    headers = {
        "ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        "Cache-Control": f"public, max-age={MAX_AGE}",
        "X-Content-Type-Options": "nosniff",
    }
    if built:
        # The snapshot's time, not the newest entry's: a take-down changes a feed and adds nothing.
        headers["Last-Modified"] = format_datetime(built.astimezone(UTC), usegmt=True)
    kind = f"{MEDIA_TYPES[asked['format']]}; charset=utf-8"
    if unchanged(request.headers, headers["ETag"], built):
        return Response("", status=304, headers=headers, content_type=kind)
    return Response(body, headers=headers, content_type=kind)


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
        (
            r"^/feeds/(?P<language>[^/]+?)(?:/(?P<theme>[^/]+?))?\.(?P<format>atom|rss)$",
            serve_feed,
        )
    ]
