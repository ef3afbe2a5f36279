"""What was crawled, from whom and how: `/coverage`, `/sources`, `/source/ID`, `/method`.

Each is there as .json as well. What they show is that of crawler.overview and crawler.portraits.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from datasette import hookimpl
from datasette.utils.asgi import Response

from crawler.coverage import DAY_WIDTH, LAST_DAYS, STATES, built, flow
from crawler.failures import not_found, told
from crawler.interface import in_json, page, parameters, route
from crawler.labels import LIMITS
from crawler.overview import flow_as_data, overview, overview_as_data
from crawler.portraits import known_sources, portrait
from crawler.published import languages, snapshot
from crawler.serving import ask
from crawler.translation import gettext as _
from crawler.translation import spoken

Question = Callable[[sqlite3.Connection], Any]


async def answer(
    datasette: Any, request: Any, question: Question, template: str, as_data: Callable[[Any], Any]
) -> Response:
    """What `question` finds, as a page or as JSON; if it finds None, there is no such source."""
    found = await ask(datasette, lambda conn: (question(conn),))
    if found is None:
        return await page(datasette, request, "empty.html", {}, status=503)
    (shown,) = found
    if shown is None:
        return await no_source(datasette, request)
    if request.url_vars["json"]:
        return in_json(datasette, request, as_data(shown))
    context = {
        "shown": shown, "states": STATES, "day_width": DAY_WIDTH, "last_days": LAST_DAYS,
        "limits": LIMITS,
    }  # fmt: skip
    return await page(datasette, request, template, context)


async def no_source(datasette: Any, request: Any) -> Response:
    name = request.url_vars.get("id") or request.args.get("source")
    error = _("There is no source “%(name)s” (any more).") % {"name": name}
    if request.url_vars["json"]:
        return in_json(datasette, request, told(404, error))
    advice = _("The page of sources lists all that are collected, with their short names.")
    return await not_found(datasette, request, error, advice)


async def coverage(datasette: Any, request: Any) -> Response:
    asked, language = parameters(request), spoken().language

    def question(conn: sqlite3.Connection) -> Any:
        return overview(conn, asked, language)

    return await answer(datasette, request, question, "coverage.html", overview_as_data)


async def sources(datasette: Any, request: Any) -> Response:
    language, sort = spoken().language, request.args.get("sort", "name")

    def question(conn: sqlite3.Connection) -> Any:
        return known_sources(conn, language, sort)

    def as_data(shown: Any) -> dict[str, Any]:
        return {"sources": [asdict(source) for source in shown]}

    return await answer(datasette, request, question, "sources.html", as_data)


async def source(datasette: Any, request: Any) -> Response:
    ident, language = request.url_vars["id"], spoken().language

    def question(conn: sqlite3.Connection) -> Any:
        known = portrait(conn, ident, language)
        asked = {"year": str(built(conn).year)} | parameters(request) | {"source": ident}
        return known and (
            known,
            overview(conn, asked, language),
            languages(conn, language),
        )

    def as_data(shown: Any) -> dict[str, Any]:
        known, seen, _names = shown
        return asdict(known) | {"coverage": overview_as_data(seen)}

    return await answer(datasette, request, question, "source.html", as_data)


async def method(datasette: Any, request: Any) -> Response:
    def question(conn: sqlite3.Connection) -> Any:
        facts = snapshot(conn)
        # "trafilatura-2.3.1 …", as enrich.annotate.version writes it.
        read_by = [part.rpartition("-")[::2] for part in facts.get("enricher", "").split()]
        parts = [(name.title(), facts.get(name, "")) for name in ("tamis", "scrapy")] + read_by
        return facts, parts, flow(conn), len(known_sources(conn))

    def as_data(shown: Any) -> dict[str, Any]:
        facts, _parts, everything, n = shown
        return {"snapshot": facts, "sources": n, "flow": flow_as_data(everything)}

    return await answer(datasette, request, question, "method.html", as_data)


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    return [
        route(r"/coverage(?P<json>\.json)?", coverage),
        route(r"/sources(?P<json>\.json)?", sources),
        route(r"/source/(?P<id>[^/.]{1,100})(?P<json>\.json)?", source),
        route(r"/method(?P<json>\.json)?", method),
    ]
