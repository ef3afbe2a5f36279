"""The home page, `/robots.txt`, and what is answered where there is no page.

What they show is crawler.published's, the frame around it crawler.interface's. Only what Datasette
0.65 and 1.0 have in common is used.
"""

import sqlite3
from typing import Any

from datasette import hookimpl
from datasette.utils.asgi import Forbidden, Response

from crawler.failures import excuse
from crawler.interface import is_private, page, prepare, route
from crawler.published import languages
from crawler.query import FACETS, parse
from crawler.search import CAP, search
from crawler.serving import ask
from crawler.translation import spoken

ROBOTS = """\
User-agent: *
Disallow: {base}news
Disallow: {base}-/
Disallow: {base}*?*
Allow: {base}article/
Allow: {base}feeds/
"""


async def home(datasette: Any, request: Any) -> Response:
    query, problems = parse({name: request.args.get(name) for name in request.args})
    language = spoken().language

    def question(conn: sqlite3.Connection) -> tuple[Any, ...]:
        return search(conn, query, language), languages(conn, language)

    answer = await ask(datasette, question)
    if answer is None:
        return await page(datasette, request, "empty.html", {}, status=503)
    results, names = answer
    context = {
        "query": query,
        "problems": problems,
        "results": results,
        "language_names": names,
        "facets": FACETS,
        "cap": CAP,
    }
    return await page(datasette, request, "home.html", context)


@hookimpl(wrapper=True)
def handle_exception(datasette: Any, request: Any, exception: Exception) -> Any:
    """Our page instead of Datasette's.

    A wrapper, because Datasette awaits the answers of all plugins before it takes the first, and
    its own answer prints a trace.
    """
    yield
    return [lambda: excuse(datasette, request, exception)]


@hookimpl
def forbidden(datasette: Any, request: Any, message: str) -> Any:
    return lambda: excuse(datasette, request, Forbidden(message))


async def robots(datasette: Any) -> Response:
    return Response.text(ROBOTS.format(base=datasette.urls.path("/")))


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    return [
        route(r"/?", home),  # /fr is what people type for /fr/
        (r"^/robots\.txt$", robots),
    ]


@hookimpl
def prepare_jinja2_environment(env: Any, datasette: Any) -> None:
    prepare(env, datasette)


@hookimpl
def extra_template_vars(datasette: Any) -> dict[str, Any]:
    """For Datasette's own pages; asked only where a template calls it."""
    return {"is_private": lambda: is_private(datasette)}
