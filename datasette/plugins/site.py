"""The pages for readers: `/`, `/article/ID` and the same as .json, `/robots.txt`.

What they show is crawler.published's, the frame around it crawler.interface's. Only what Datasette
0.65 and 1.0 have in common is used.
"""

import sqlite3
from dataclasses import asdict
from typing import Any

from datasette import hookimpl
from datasette.utils.asgi import Forbidden, Response

from crawler.failures import excuse, not_found, told
from crawler.interface import in_json, is_private, page, prepare, route
from crawler.published import article, countries, languages
from crawler.query import FACETS, parse
from crawler.search import CAP, search
from crawler.serving import ask
from crawler.translation import gettext as _
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


async def one_article(datasette: Any, request: Any) -> Response:
    number, language = int(request.url_vars["id"]), spoken().language

    def question(conn: sqlite3.Connection) -> tuple[Any, ...]:
        return article(conn, number, language), languages(conn, language), countries(conn, language)

    answer = await ask(datasette, question)
    if answer is None:
        return await page(datasette, request, "empty.html", {}, status=503)
    found, names, places = answer
    if request.url_vars["json"]:
        shown = asdict(found) if found else told(404, f"no article {number}")
        return in_json(datasette, request, shown)
    if found is None:
        return await not_found(
            datasette, request,
            _("There is no article %(number)s (any more).") % {"number": number},
            _("Articles keep their address as long as they are published; one may have been taken "
              "down at its publisher’s or a person’s request."),
        )  # fmt: skip
    context = {"article": found, "language_names": names, "country_names": places}
    return await page(datasette, request, "article.html", context)


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
        route(r"/article/(?P<id>[0-9]{1,18})(?P<json>\.json)?", one_article),
        (r"^/robots\.txt$", robots),
    ]


@hookimpl
def prepare_jinja2_environment(env: Any, datasette: Any) -> None:
    prepare(env, datasette)


@hookimpl
def extra_template_vars(datasette: Any) -> dict[str, Any]:
    """For Datasette's own pages; asked only where a template calls it."""
    return {"is_private": lambda: is_private(datasette)}
