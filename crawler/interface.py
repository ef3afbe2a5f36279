"""The frame of our own pages: their addresses in three languages, and what all of them need.

A page has one address for each language (`/fr/article/1`) and one that answers in the language that
the browser asks for (`/article/1`). Feeds, files and Datasette's own pages have one address.
"""

import hashlib
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from datasette.utils import add_cors_headers
from datasette.utils.asgi import Response

from crawler import __version__, clock, translation
from crawler.described import plain
from crawler.labels import how, label
from crawler.published import PRIVATE, direction, snapshot
from crawler.query import Query
from crawler.serving import ask, news
from crawler.translation import INTERFACES, NATIVE, Interface, speaking, spoken
from crawler.urls import web_url

# On every answer, Datasette's own too (datasette/plugins/edges.py).
EVERYWHERE = {
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
# No script at all, nothing from elsewhere, no framing: whatever a title smuggles in stays text.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
} | EVERYWHERE
MAX_AGE = 300  # s: `publish` runs daily, and a reader may wait this long for what it brings
# A search of the most characters, in Chinese and with every filter; a page repeats it eight times.
LONGEST_QUESTION = 6000
READING = {"GET", "HEAD"}
View = Callable[[Any, Any], Awaitable[Response]]


def route(pattern: str, view: View) -> tuple[str, View]:
    """A route for a page at `pattern` (which begins with /), in each language and in none.

    What the view says through gettext is in the language of the page.
    """
    return unspoken(rf"(?:/(?:{'|'.join(INTERFACES)}))?{pattern}", view)


def unspoken(pattern: str, view: View) -> tuple[str, View]:
    """The same for what has one address, as files have."""

    async def answer(datasette: Any, request: Any) -> Response:
        if request.method not in READING:
            return Response.text("This page can only be read.", 405, {"Allow": "GET, HEAD"})
        with speaking(asked(request)):
            return await kept(datasette, request, view)

    return f"^{pattern}$", answer


def guarded(app: Any) -> Any:
    """The ASGI application `app` with the headers that every answer has."""
    wanted = {name.lower().encode(): value.encode() for name, value in EVERYWHERE.items()}

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                there = dict(message.get("headers") or ())
                named = {name.lower() for name in there}
                more = [pair for pair in wanted.items() if pair[0] not in named]
                message = {**message, "headers": [*message.get("headers", ()), *more]}
            await send(message)

        await app(scope, receive, with_headers if scope["type"] == "http" else send)

    return answer


def unwritten(app: Any, datasette: Any) -> Any:
    """The ASGI application `app`, which takes nothing for what is published: `publish` makes it.

    Datasette would run a listed query that is posted, without limit and as one that may write.
    """

    async def answer(scope: Any, receive: Any, send: Any) -> Any:
        found = news(datasette)
        if found and scope["type"] == "http" and scope["method"] not in {*READING, "OPTIONS"}:
            below, path = f"{datasette.urls.database(found.name)}/", scope["path"]
            # Datasette 1.0 counts the rows of a table so.
            if f"{path}/".startswith(below) and not path.endswith("/-/count"):
                refused = Response.text("This can only be read.", 405, {"Allow": "GET, HEAD"})
                return await refused.asgi_send(send)
        return await app(scope, receive, send)

    return answer


async def kept(datasette: Any, request: Any, view: View) -> Response:
    """What `view` answers, or that nothing has changed since the reader last asked.

    All that an answer depends on, its address apart, is in its ETag; what says itself how long it
    may be kept goes as it is.
    """
    built = await _snapshot(datasette)
    # The id says nothing of links between stories, which may be all that a publish changed.
    named = built.get("id"), built.get("built")
    parts = (__version__, named, clock.now()[:10], asked(request))
    tag = f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:24]}"'
    share = "private, no-cache" if built.get("level") == PRIVATE else f"public, max-age={MAX_AGE}"
    headers = {"ETag": tag, "Cache-Control": share} | vary(asked(request))
    if built and tag in request.headers.get("if-none-match", ""):
        return Response("", status=304, headers=headers)
    answer = await view(datasette, request)
    if isinstance(answer, Response) and built and answer.status == 200:  # noqa: PLR2004
        own = {name.lower() for name in answer.headers}
        answer.headers.update({} if "cache-control" in own else headers)
    return answer


def asked(request: Any) -> Interface:
    """The interface that a request asks for."""
    path = request.scope.get("route_path") or request.path
    return translation.wanted(path, request.headers.get("accept-language", ""))


def parameters(request: Any) -> dict[str, str]:
    """What is asked in an address; of what it asks twice, the first."""
    return {name: request.args.get(name) for name in request.args}


async def page(
    datasette: Any, request: Any, template: str, context: dict[str, Any], status: int = 200
) -> Response:
    """A page of ours: `template` with `context`, and what the frame around it shows."""
    here = asked(request)
    with speaking(here):
        around = await frame(datasette, request, here)
        html = await datasette.render_template(
            template, {**around, "status": status, **context}, request=request
        )
    return Response.html(html, status=status, headers=HEADERS | vary(here))


def in_json(datasette: Any, request: Any, answer: dict[str, Any]) -> Response:
    """What a page has, for programs; names in it are in the language of the page."""
    headers = vary(asked(request)) | EVERYWHERE
    if datasette.cors:
        add_cors_headers(headers)
    return Response.json(answer, status=answer.get("status", 200), headers=headers)


def vary(here: Interface) -> dict[str, str]:
    return {} if here.prefix else {"Vary": "Accept-Language"}


async def frame(datasette: Any, request: Any, here: Interface) -> dict[str, Any]:
    """What tamis.html shows around a page."""
    found = news(datasette)
    built = await _snapshot(datasette)
    asked_for = request.query_string
    question = f"?{asked_for}" if 0 < len(asked_for) <= LONGEST_QUESTION else ""
    # Without a public address a copy has no business with search engines: its own paths will do.
    base = built.get("base_url", "").rstrip("/")

    def address(prefix: str) -> str:
        path = f"{prefix}{here.path}{question}"
        return f"{base}{path}" if base else str(datasette.urls.path(path))

    return {
        "data": found.name if found else "news",
        "interface": here,
        "snapshot": built,
        "private": built.get("level") == PRIVATE,
        "canonical": address(here.prefix),
        "alternates": [
            *((code, address(f"/{code}")) for code in INTERFACES),
            ("x-default", address("")),
        ],
        "switch": [
            (code, NATIVE[code], datasette.urls.path(f"/{code}{here.path}{question}"))
            for code in INTERFACES
        ],
    }


async def _snapshot(datasette: Any) -> dict[str, str]:
    """Nothing, rather than no page, where there is no database that can be read."""
    try:
        return await ask(datasette, snapshot) or {}
    except sqlite3.Error:
        return {}


async def is_private(datasette: Any) -> bool:
    return (await _snapshot(datasette)).get("level") == PRIVATE


def prepare(env: Any, datasette: Any) -> None:
    """Give templates our words: gettext, `link`, and filters."""

    def link(path: str) -> str:
        """The address of another page of ours, in the language of this one if it names it."""
        return str(datasette.urls.path(f"{spoken().prefix}{path}"))

    env.add_extension("jinja2.ext.i18n")
    env.install_gettext_callables(
        translation.gettext,
        translation.ngettext,
        newstyle=True,
        pgettext=translation.pgettext,
        npgettext=translation.npgettext,
    )
    env.globals["link"] = link
    env.globals["spoken"] = spoken
    env.filters |= {
        "day": translation.day,
        "month": translation.month,
        "month_name": translation.month_name,
        "number": translation.number,
        "percent": translation.percent,
        "size": translation.size,
        "label": label,
        "how": how,
        "direction": direction,
        "web_url": lambda url: web_url(url or ""),
        "address": address,
        "plain": plain,
    }


def address(query: Query, path: str, **more: str) -> str:
    """Where a query is answered; `more` goes with it, as far as it is not empty."""
    parameters = query.parameters() | {name: value for name, value in more.items() if value}
    return f"{path}?{urlencode(parameters)}" if parameters else path
