"""The pages for readers: `/`, `/article/ID` and the same as .json, `/robots.txt`.

What they show is crawler.published's.

Only what Datasette 0.65 and 1.0 have in common is used.
"""

import sqlite3
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from datasette import hookimpl
from datasette.utils import add_cors_headers
from datasette.utils.asgi import NotFound, Response

from crawler.published import article, direction, languages, moment, snapshot
from crawler.query import FACETS, Query, parse
from crawler.search import CAP, search
from crawler.serving import ask, news
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
GONE = (
    "Articles keep their address as long as they are published; one may have been taken down at "
    "its publisher's or a person's request."
)
ROBOTS = """\
User-agent: *
Disallow: {base}news
Disallow: {base}-/
Disallow: {base}*?*
Allow: {base}article/
Allow: {base}feeds/
"""


async def page(
    datasette: Any, request: Any, template: str, context: dict[str, Any], status: int = 200
) -> Response:
    found = news(datasette)
    context = {"data": found.name if found else "news", **context}
    html = await datasette.render_template(template, context, request=request)
    return Response.html(html, status=status, headers=HEADERS)


async def not_found(datasette: Any, request: Any, error: str, advice: str = "") -> Response:
    context = {"error": error, "advice": advice}
    return await page(datasette, request, "404.html", context, status=404)


async def home(datasette: Any, request: Any) -> Response:
    query, problems = parse({name: request.args.get(name) for name in request.args})

    def question(conn: sqlite3.Connection) -> tuple[Any, ...]:
        return search(conn, query), snapshot(conn), languages(conn)

    try:
        answer = await ask(datasette, question)
    except sqlite3.OperationalError as error:
        if "interrupted" not in str(error):
            raise
        context = {
            "title": "That took too long",
            "error": "Add a rarer word, a language or a date, and ask again.",
        }
        return await page(datasette, request, "404.html", context, status=503)
    if answer is None:
        return await page(datasette, request, "empty.html", {}, status=503)
    results, built, names = answer
    context = {
        "query": query,
        "problems": problems,
        "results": results,
        "snapshot": built,
        "language_names": names,
        "facets": FACETS,
        "cap": CAP,
    }
    return await page(datasette, request, "home.html", context)


async def one_article(datasette: Any, request: Any) -> Response:
    number = int(request.url_vars["id"])
    answer = await ask(datasette, lambda conn: (article(conn, number), languages(conn)))
    if answer is None:
        return await page(datasette, request, "empty.html", {}, status=503)
    found, names = answer
    if request.url_vars["json"]:
        return in_json(datasette, asdict(found) if found else missing(f"no article {number}"))
    if found is None:
        return await not_found(
            datasette, request, f"There is no article {number} (any more).", GONE
        )
    context = {"article": found, "language_names": names}
    return await page(datasette, request, "article.html", context)


@hookimpl(wrapper=True)
def handle_exception(datasette: Any, request: Any, exception: Exception) -> Any:
    """Our page for what does not exist, instead of Datasette's.

    A wrapper, because Datasette awaits the answers of all plugins before it takes the first, and
    its own answer prints a trace with every local variable each time somebody mistypes an address.
    """
    answers = yield
    if not isinstance(exception, NotFound):
        return answers
    return [lambda: no_page(datasette, request, str(exception))]


async def no_page(datasette: Any, request: Any, error: str) -> Response:
    """The answer to an address that nothing answers to; `error` is Datasette's or a plugin's."""
    # Datasette takes the first word of any address for a database; "404" is all it says of others.
    if error.startswith("Database not found") or error == "404":
        error = "There is no page at this address. Check it, if you typed it."
    if not request.path.endswith(".json"):
        return await not_found(datasette, request, error)
    return in_json(datasette, missing(error))


def missing(error: str) -> dict[str, Any]:
    """As Datasette's own answers in JSON say it."""
    return {"ok": False, "error": error, "status": 404, "title": None}


def in_json(datasette: Any, answer: dict[str, Any]) -> Response:
    headers: dict[str, str] = {}
    if datasette.cors:
        add_cors_headers(headers)
    return Response.json(answer, status=answer.get("status", 200), headers=headers)


async def robots(datasette: Any) -> Response:
    return Response.text(ROBOTS.format(base=datasette.urls.path("/")))


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    return [
        (r"^/$", home),
        (r"^/article/(?P<id>[0-9]{1,18})(?P<json>\.json)?$", one_article),
        (r"^/robots\.txt$", robots),
    ]


@hookimpl
def prepare_jinja2_environment(env: Any) -> None:
    env.filters["web_url"] = lambda url: web_url(url or "")
    env.filters["direction"] = direction
    env.filters["day"] = day
    env.filters["thousands"] = lambda n: f"{n:,}".replace(",", "\u202f")
    env.filters["address"] = address
    env.filters["how"] = how
    env.filters["why_first"] = WHY_FIRST.get
    env.filters["what"] = WHAT.get


def day(text: str) -> str:
    """A stored time as a day for people: 21 November 2026."""
    when = moment(text)
    return f"{when.day} {when:%B %Y}" if when else text


# What decided on a language (enrich.language.Language.method), for people.
HOW = {
    "script": "Its script is of one language alone",
    "agreed": "The detectors agreed",
    "voted": "The detectors did not all agree, and were weighed",
    "declared": "What its page or its source says of it decided",
    "none": "Nothing decided: it has too few letters, or none that a detector knows",
}


# Why an article stands for the others of its story (enrich.clusters.Row.reason), for people.
WHY_FIRST = {
    "address": "The others name its address as their own",
    "origin": "Another names it as where it comes from",
    "agency": "It is signed by a news agency",
    "date": "It is the earliest",
    "found": "Nothing says which came first",
}
# What an article is to the one that stands for it.
WHAT = {
    "same_page": "The same page as",
    "exact": "Word for word the text of",
    "reprint": "A reprint of",
    "excerpt": "A shorter version of",
}


def how(method: str) -> str:
    decided, *absent = method.split(", without ")
    return "; without ".join([HOW.get(decided, decided), *absent])


def address(query: Query, base_path: str) -> str:
    """Where a query is answered."""
    parameters = query.parameters()
    return f"{base_path}?{urlencode(parameters)}" if parameters else base_path
