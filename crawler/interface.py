"""The frame of our own pages: their addresses in three languages, and what all of them need.

A page has one address for each language (`/fr/article/1`) and one that answers in the language that
the browser asks for (`/article/1`). Feeds, files and Datasette's own pages have one address.
"""

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from datasette.utils import add_cors_headers
from datasette.utils.asgi import Response

from crawler import translation
from crawler.labels import how, label
from crawler.published import direction, snapshot
from crawler.query import Query
from crawler.serving import ask, news
from crawler.translation import INTERFACES, NATIVE, Interface, speaking, spoken
from crawler.urls import web_url

# No script at all, nothing from elsewhere, no framing: whatever a title smuggles in stays text.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
}
PRIVATE = "private"  # the level of a snapshot (table snapshot) with texts that are not to be shown
View = Callable[[Any, Any], Awaitable[Response]]


def route(pattern: str, view: View) -> tuple[str, View]:
    """A route for a page at `pattern` (which begins with /), in each language and in none.

    What the view says through gettext is in the language of the page.
    """

    async def in_its_language(datasette: Any, request: Any) -> Response:
        with speaking(asked(request)):
            return await view(datasette, request)

    return rf"^(?:/(?:{'|'.join(INTERFACES)}))?{pattern}$", in_its_language


def asked(request: Any) -> Interface:
    """The interface that a request asks for."""
    path = request.scope.get("route_path") or request.path
    return translation.wanted(path, request.headers.get("accept-language", ""))


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
    headers = vary(asked(request))
    if datasette.cors:
        add_cors_headers(headers)
    return Response.json(answer, status=answer.get("status", 200), headers=headers)


def vary(here: Interface) -> dict[str, str]:
    return {} if here.prefix else {"Vary": "Accept-Language"}


async def frame(datasette: Any, request: Any, here: Interface) -> dict[str, Any]:
    """What tamis.html shows around a page."""
    found = news(datasette)
    built = await _snapshot(datasette)
    question = f"?{request.query_string}" if request.query_string else ""
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
    }


def address(query: Query, path: str) -> str:
    """Where a query is answered."""
    parameters = query.parameters()
    return f"{path}?{urlencode(parameters)}" if parameters else path
