"""The page `/trends` and the same as .json: what a search finds, over time and by country."""

import sqlite3
from dataclasses import asdict
from typing import Any

from datasette import hookimpl
from datasette.utils.asgi import Response

from crawler.charts import bar, bars
from crawler.interface import in_json, page, parameters, route
from crawler.query import FACETS, parse
from crawler.search import CAP, labelled, ranked
from crawler.serving import ask
from crawler.translation import spoken
from crawler.trends import PERIODS, SPLITS, as_data, timeline


async def show(datasette: Any, request: Any) -> Response:
    query, problems = parse(parameters(request))
    by = chosen(request.args.get("by"), PERIODS)
    split = chosen(request.args.get("split"), SPLITS)
    language = spoken().language

    def question(conn: sqlite3.Connection) -> tuple[Any, ...]:
        named = labelled(conn, {facet: {getattr(query, facet): 0} for facet in FACETS}, language)
        return (
            timeline(conn, query, by=by, split=split, language=language),
            ranked(conn, query.at(None), "country", language),
            {facet: label.name for facet, (label,) in named.items()},
        )

    answer = await ask(datasette, question)
    if answer is None:
        return await page(datasette, request, "empty.html", {}, status=503)
    found, places, names = answer
    if request.url_vars["json"]:
        told = {**asdict(found), "countries": [asdict(label) for label in places]}
        return in_json(datasette, request, as_data(told))
    context = {
        "query": query,
        "problems": problems,
        "names": names,
        "found": found,
        "places": places,
        "by": by,
        "split": split,
        "cap": CAP,
        "periods": PERIODS,
        "splits": SPLITS,
        "at": lambda period, values: {**query.parameters(), "by": period, "split": values},
        "facets": FACETS,
    }
    return await page(datasette, request, "trends.html", context)


def chosen(value: str | None, possible: tuple[str, ...]) -> str:
    return value if value in possible else possible[0]


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    return [route(r"/trends(?P<json>\.json)?", show)]


@hookimpl
def prepare_jinja2_environment(env: Any) -> None:
    env.globals |= {"bars": bars, "bar": bar}
