"""What is answered where a page cannot be given: a clear sentence, never a trace.

Datasette's own answer prints a trace with every local variable each time somebody mistypes an
address, and its pages speak one language.
"""

import logging
import sqlite3
from dataclasses import dataclass
from typing import Any

from datasette.utils.asgi import Base400, Forbidden, Response
from datasette.views.base import DatasetteError
from markupsafe import Markup

from crawler.interface import in_json, page
from crawler.translation import N_

log = logging.getLogger(__name__)

# By status: what the page is called, and what to do.
SAID = {
    400: (
        N_("This cannot be answered"),
        N_("The address asks for something that does not fit. Check what comes after the “?”."),
    ),
    403: (
        N_("Not open to readers"),
        N_("What this address leads to is not offered here. The articles and the tables are."),
    ),
    404: (N_("Not found"), N_("There is no page at this address. Check it, if you typed it.")),
    500: (
        N_("Something went wrong"),
        N_("The mistake is ours, and has been noted for the people who run this site."),
    ),
    503: (
        N_("That took too long"),
        N_("Add a rarer word, a language or a date, and ask again."),
    ),
}
NO_SQL = N_(
    "Queries of one’s own are not run on this copy. Those that are listed with the tables are, and "
    "a copy on one’s own machine answers any."
)
LONGEST = 300  # characters of what Datasette says: a message of its own is shorter, SQL may follow


@dataclass(frozen=True, slots=True)
class Failure:
    """`detail` is what Datasette or a plugin said, in English, where it tells a person more.

    `advice` is what to do, where it is not what SAID says of the status.
    """

    status: int
    detail: str = ""
    advice: str = ""


def failure(exception: Exception) -> Failure:
    """What an exception means to the person who asked."""
    text = str(exception)
    if isinstance(exception, Forbidden):
        return Failure(403, advice=NO_SQL if "execute-sql" in text else "")
    if isinstance(exception, Base400):
        # Datasette takes the first word of any address for a database; "404" is all it says of
        # others.
        empty = text == "404" or text.startswith("Database not found")
        return Failure(exception.status, "" if empty else text[:LONGEST])
    if isinstance(exception, DatasetteError):
        message = exception.message or ""
        plain = Markup(message).striptags() if exception.message_is_html else str(message)  # noqa: S704  to strip it
        detail = f"{exception.title}: {plain}" if exception.title else plain
        if exception.status == 403:  # noqa: PLR2004  of a table, only ?_where= is refused
            return Failure(403, advice=NO_SQL)
        # 500 is what it is given without thought: for a column to sort by that is none, say.
        status = 400 if exception.status >= 500 else exception.status  # noqa: PLR2004
        return Failure(status, detail[:LONGEST])
    if isinstance(exception, sqlite3.OperationalError) and "interrupted" in text:
        return Failure(503)
    return Failure(500)


async def excuse(datasette: Any, request: Any, exception: Exception) -> Response:
    """The answer to a request that ended in an exception: a page, or JSON where that was asked."""
    found = failure(exception)
    if found.status >= 500 and found.status != 503:  # noqa: PLR2004  an error of ours
        log.error("%s could not be answered", request.path, exc_info=exception)
    title, advice = SAID.get(found.status, SAID[400 if found.status < 500 else 500])  # noqa: PLR2004
    advice = found.advice or advice
    if request.path.endswith(".json"):
        return in_json(datasette, request, told(found.status, found.detail or advice))
    context = {"title": title, "advice": advice, "detail": found.detail}
    return await page(datasette, request, "failure.html", context, status=found.status)


async def not_found(datasette: Any, request: Any, error: str, advice: str = "") -> Response:
    """The page for something of ours that is not there, in words of the page's language."""
    context = {"title": SAID[404][0], "error": error, "advice": advice}
    return await page(datasette, request, "failure.html", context, status=404)


def told(status: int, error: str) -> dict[str, Any]:
    """As Datasette's own answers in JSON say it."""
    return {"ok": False, "error": error, "status": status, "title": None}
