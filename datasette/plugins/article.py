"""The page of one article: `/article/ID`, the same as .json, and its reference as .bib and .ris.

What it shows is crawler.article's and crawler.shown's. Only what Datasette 0.65 and 1.0 have in
common is used.
"""

import sqlite3
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from datasette import hookimpl
from datasette.utils.asgi import Response

from crawler.article import article
from crawler.citing import bibtex, styles
from crawler.described import linked_data, plain, tags
from crawler.exports.inquiry import today
from crawler.exports.plain import reference
from crawler.exports.rows import one
from crawler.failures import not_found, told
from crawler.interface import in_json, page, parameters, route
from crawler.published import languages, snapshot
from crawler.serving import ask
from crawler.shown import shown
from crawler.translation import gettext as _
from crawler.translation import spoken

TYPES = {
    "bib": "application/x-bibtex; charset=utf-8",
    "ris": "application/x-research-info-systems; charset=utf-8",
}


async def one_article(datasette: Any, request: Any) -> Response:
    written, language = request.url_vars["id"], spoken().language
    number, kind = int(written), request.url_vars["kind"]
    if written != str(number):
        return Response.redirect(_address(datasette, request, number), status=301)

    def question(conn: sqlite3.Connection) -> tuple[Any, ...]:
        built = snapshot(conn)
        root = built.get("base_url") or datasette.absolute_url(request, datasette.urls.path("/"))
        row = one(conn, number, root, language) if kind == "ris" else None
        return article(conn, number, language), languages(conn, language), built, row

    answer = await ask(datasette, question)
    if answer is None:
        return await page(datasette, request, "empty.html", {}, status=503)
    found, names, built, row = answer
    if kind == "json":
        return in_json(
            datasette, request, asdict(found) if found else told(404, f"no article {number}")
        )
    if found is None:
        return await not_found(
            datasette, request,
            _("There is no article %(number)s (any more).") % {"number": number},
            _("Articles keep their address as long as they are published; one may have been taken "
              "down at its publisher’s or a person’s request."),
        )  # fmt: skip
    base = built.get("base_url", "").rstrip("/")
    address = f"{base}/article/{number}" if base else ""
    day, work = date.fromisoformat(today()), replace(found, title=plain(found.title))
    if kind:
        written = reference(row) if row else bibtex(work, day)
        name = {"content-disposition": f'attachment; filename="tamis-{number}.{kind}"'}
        return Response(written, headers=name, content_type=TYPES[kind])
    context = {
        "citations": styles(work, language, day),
        "bibtex": bibtex(work, day),
        "article": found,
        "language_names": names,
        "shown": shown(found, parameters(request), built.get("rights", "licensed")),
        "tags": tags(found, address),
        "linked_data": linked_data(found, address),
    }
    return await page(datasette, request, "article.html", context)


def _address(datasette: Any, request: Any, number: int) -> str:
    kind = f".{request.url_vars['kind']}" if request.url_vars["kind"] else ""
    path = f"{spoken().prefix}/article/{number}{kind}"
    question = f"?{request.query_string}" if request.query_string else ""
    return f"{datasette.urls.path(path)}{question}"


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    return [route(r"/article/(?P<id>[0-9]{1,18})(?:\.(?P<kind>json|bib|ris))?", one_article)]
