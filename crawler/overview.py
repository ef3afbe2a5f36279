"""What the page of coverage shows: sources by day, and the flow of all, of a source or of a search.

Reads the published database, as crawler.published does.
"""

import re
import sqlite3
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from crawler.coverage import (
    SOURCES,
    Flow,
    Period,
    SourceDays,
    built,
    calendar,
    flow,
    period,
    years,
)
from crawler.published import Label, sources
from crawler.query import Query, parse
from crawler.search import search

MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """`rows` are those of one page (`part` of `parts`) of the sources, by name.

    The flow is of the sources and months of `query`. If that asks for more (words, a theme, ...),
    `fits` articles have it; beyond what is counted, `capped`.
    """

    query: Query
    problems: tuple[str, ...]
    period: Period
    years: tuple[int, ...]
    rows: tuple[SourceDays, ...]
    part: int
    parts: int
    flow: Flow
    fits: int | None = None
    capped: bool = False

    @property
    def source(self) -> Label | None:
        """The one that is asked for."""
        return self.rows[0].source if self.query.source and self.rows else None


def overview(
    conn: sqlite3.Connection, parameters: Mapping[str, str], language: str = "en"
) -> Overview | None:
    """None if it asks for a source that is none. `parameters` are those of the address."""
    query, problems = asked(parameters)
    names = sorted(sources(conn).items(), key=lambda named: (named[1].casefold(), named[0]))
    wanted = [Label(code, name) for code, name in names if query.source in ("", code)]
    if query.source and not wanted:
        return None
    parts = max(1, -(-len(wanted) // SOURCES))
    part = min(max(1, _number(parameters.get("part", ""))), parts)
    during = period(built(conn), _number(parameters.get("year", "")) or None)
    after, before = query.month or query.after, query.month or query.before
    found = None
    if replace(query, source="", after="", before="", month="").parameters():
        found = search(conn, query, language)
    return Overview(
        query=query,
        problems=problems,
        period=during,
        years=years(conn),
        rows=calendar(conn, wanted[(part - 1) * SOURCES : part * SOURCES], during),
        part=part,
        parts=parts,
        flow=flow(conn, [query.source] if query.source else (), after, before),
        fits=found.total if found else None,
        capped=bool(found and found.capped),
    )


def asked(parameters: Mapping[str, str]) -> tuple[Query, tuple[str, ...]]:
    """The search in an address, in which `after` and `before` may also be months."""
    given = dict(parameters) | {"page": "", "order": ""}
    for name in ("after", "before"):
        if month := MONTH.fullmatch(given.get(name, "").strip()):
            year, number = int(month[1]), int(month[2])
            day = monthrange(year, number)[1] if name == "before" and year else 1
            given[name] = f"{month[0]}-{day:02}"
    return parse(given)


def _number(text: str) -> int:
    """0 if it is none that a year or a page could have."""
    return int(text) if re.fullmatch(r"\d{1,4}", text, re.ASCII) else 0


def overview_as_data(shown: Overview) -> dict[str, Any]:
    """The same for programs."""
    return {
        "query": shown.query.parameters(),
        "period": {
            "first": shown.period.first.isoformat(),
            "last": shown.period.last.isoformat(),
            "years": shown.years,
        },
        "flow": flow_as_data(shown.flow),
        "articles_that_fit": shown.fits,
        "more_fit": shown.capped,
        "page": shown.part,
        "pages": shown.parts,
        "sources": [row_as_data(row) for row in shown.rows],
    }


def flow_as_data(shown: Flow) -> dict[str, Any]:
    return {
        "first_month": shown.first or None,
        "last_month": shown.last or None,
        "discovered": shown.discovered,
        "outcomes": [
            {"outcome": step.outcome, "n": step.n, "reasons": dict(step.reasons)}
            for step in shown.steps
        ],
    }


def row_as_data(row: SourceDays) -> dict[str, Any]:
    return {
        "source": row.source.code,
        "name": row.source.name,
        "days_by_state": row.tally(),
        "days": [day._asdict() for day in row.days],
    }
