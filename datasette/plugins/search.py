"""The search: `/`, and `/facet/NAME` with all the values that can narrow it.

What they show is crawler.search's, with the help of crawler.guidance where nothing is found.
"""

import sqlite3
from dataclasses import replace
from typing import Any

from datasette import hookimpl
from datasette.utils.asgi import Response

from crawler.choices import choices
from crawler.exports.addresses import Address
from crawler.exports.articles import offered
from crawler.exports.formats import FORMATS
from crawler.guidance import instead, known, ways_out
from crawler.interface import page, parameters, route
from crawler.marking import sought
from crawler.published import languages
from crawler.query import FACETS, parse
from crawler.search import CAP, search, summary
from crawler.serving import ask
from crawler.translation import spoken


async def home(datasette: Any, request: Any) -> Response:
    asked, problems = parse(parameters(request))
    asked = asked if asked.words else replace(asked, order="newest")  # nothing matches better
    language = spoken().language

    def question(conn: sqlite3.Connection) -> dict[str, Any]:
        query, strange = known(conn, asked)
        if strange:
            return {"query": query, "unknown": instead(conn, query, strange, language)}
        results = search(conn, query, language)
        return {
            "query": query,
            "results": results,
            "language_names": languages(conn, language),
            "ways_out": () if results.entries or query.plain else ways_out(conn, query),
        }

    found = await ask(datasette, question)
    if found is None:
        return await page(datasette, request, "empty.html", {}, status=503)
    if "unknown" in found:
        return await page(datasette, request, "unknown.html", found, status=404)
    whole = replace(found["query"], order="newest", page=None)
    context = {
        "problems": problems,
        "facets": FACETS,
        "cap": CAP,
        "sought": sought(asked.words),
        "formats": FORMATS,
        "files": offered(),
        "feeds": {format_: Address(query=whole, format=format_).url for format_ in FORMATS},
    }
    return await page(datasette, request, "home.html", found | context)


async def facet(datasette: Any, request: Any) -> Response:
    asked, problems = parse(parameters(request))
    name, language = request.url_vars["facet"], spoken().language

    def question(conn: sqlite3.Connection) -> dict[str, Any]:
        query, strange = known(conn, asked.at(None).only(name, ""))
        if strange:
            return {"query": query, "unknown": instead(conn, query, strange, language)}
        return {"query": query, "results": summary(conn, query, name, language)}

    found = await ask(datasette, question)
    if found is None:
        return await page(datasette, request, "empty.html", {}, status=503)
    if "unknown" in found:
        return await page(datasette, request, "unknown.html", found, status=404)
    context = {
        "query": found["query"],
        "problems": problems,
        "results": found["results"],
        "choices": choices(name, found["results"].facets[name], parameters(request)),
        "cap": CAP,
        "facets": FACETS,
    }
    return await page(datasette, request, "facet.html", context)


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    return [
        route(r"/?", home),  # /fr is what people type for /fr/
        route(rf"/facet/(?P<facet>{'|'.join(FACETS)})", facet),
    ]
