"""The routes that search engines ask for: `/robots.txt`, `/sitemap.xml` and `/sitemap/PART.xml`."""

import sqlite3
from typing import Any

from datasette import hookimpl
from datasette.utils.asgi import NotFound, Response

from crawler.interface import unspoken
from crawler.published import PRIVATE, snapshot
from crawler.serving import ask, news
from crawler.wellknown import rules, sitemap_index, sitemap_of_articles, sitemap_of_pages

XML = "application/xml; charset=utf-8"


def address(datasette: Any, request: Any, told: dict[str, str]) -> str:
    """Where the site is found; it ends in /."""
    return told.get("base_url") or datasette.absolute_url(request, datasette.urls.path("/"))


async def robots(datasette: Any, request: Any) -> Response:
    told = await ask(datasette, snapshot) or {}
    found = news(datasette)
    text = rules(
        str(datasette.urls.path("/")), found.name if found else "news",
        address(datasette, request, told), private=told.get("level") == PRIVATE,
    )  # fmt: skip
    return Response.text(text)


async def sitemap(datasette: Any, request: Any) -> Response:
    part = request.url_vars.get("part")

    def question(conn: sqlite3.Connection) -> str | None:
        told = snapshot(conn)
        site, built = address(datasette, request, told), told.get("built", "")
        if part is None:
            return sitemap_index(conn, site, built)
        if part == "pages":
            return sitemap_of_pages(site, built)
        return sitemap_of_articles(conn, site, int(part))

    found = await ask(datasette, question)
    if found is None:
        raise NotFound("There is no such sitemap: /sitemap.xml lists those that there are.")
    return Response(found, content_type=XML)


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    return [
        unspoken(r"/robots\.txt", robots),
        unspoken(r"/sitemap\.xml", sitemap),
        unspoken(r"/sitemap/(?P<part>pages|0|[1-9][0-9]{0,13})\.xml", sitemap),
    ]
