"""What is known of each source: how it answers, what it gives, what its articles have.

Reads the published database, as crawler.published does.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from crawler import article
from crawler.coverage import built
from crawler.published import Entry, Label, countries, languages
from crawler.query import Query
from crawler.search import feed_entries

# A source that answers and names nothing new for longer is worth a look: the slowest that are
# collected are monthly bulletins.
QUIET = timedelta(days=35)
LATEST = 5
LINES = 10  # the most repeated; all are in the table boilerplate
MONTHS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(article.Source):
    """One row of the list. `languages` are those that it says it publishes in.

    `health`: well; quiet (answers, and names nothing new for QUIET); failing; never (asked).
    """

    languages: tuple[Label, ...]
    health: str


HEALTH = ("failing", "never", "quiet", "well")
# What the list can be sorted by; ties, by name.
SORTS: dict[str, Callable[[Source], Any]] = {
    "name": lambda _: "",
    "country": lambda source: source.country.name.casefold(),
    "articles": lambda source: -source.articles,
    "found": lambda source: source.found or "",
    "health": lambda source: HEALTH.index(source.health),
}


def known_sources(
    conn: sqlite3.Connection, language: str = "en", sort: str = "name"
) -> tuple[Source, ...]:
    """All of them; countries and languages named in `language`."""
    places, names, today = countries(conn, language), languages(conn, language), built(conn)
    cursor = conn.execute("SELECT * FROM sources")
    columns = [column[0] for column in cursor.description]
    found = [_source(dict(zip(columns, row, strict=True)), places, names, today) for row in cursor]
    by = SORTS.get(sort, SORTS["name"])
    return tuple(sorted(found, key=lambda source: (by(source), source.name.casefold(), source.id)))


def _source(
    row: dict[str, Any], places: dict[str, str], names: dict[str, str], today: date
) -> Source:
    codes = [code for code in row.pop("languages").split(", ") if code]
    country = row.pop("country")
    return Source(
        country=Label(country, places.get(country, country)),
        languages=tuple(Label(code, names.get(code, code)) for code in codes),
        health=_health(row["succeeded"], row["found"], row["failures"], today),
        **row,
    )


def _health(succeeded: str | None, found: str | None, failures: int, today: date) -> str:
    if failures:
        return "failing"
    if succeeded is None:
        return "never"
    return "quiet" if (found or "") < (today - QUIET).isoformat() else "well"


@dataclass(frozen=True, slots=True)
class Month:
    """Addresses that were discovered in a month, and how many of them are articles."""

    month: str
    discovered: int
    stored: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line that its site repeats: on so many articles; taken out of so many texts."""

    text: str
    articles: int
    removed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """A source and its articles: in which languages, how many have a date, are signed.

    `words` is their median length; `months` are the last MONTHS that gave something, newest first.
    """

    source: Source
    languages: tuple[Label, ...]
    months: tuple[Month, ...]
    dated: int
    signed: int
    words: int
    latest: tuple[Entry, ...]
    lines: tuple[Line, ...]


def portrait(conn: sqlite3.Connection, source: str, language: str = "en") -> Portrait | None:
    """None if there is no such source. Themes, languages and country named in `language`."""
    known = next((each for each in known_sources(conn, language) if each.id == source), None)
    if known is None:
        return None
    names = languages(conn, language)
    facts = conn.execute(
        "SELECT dated, signed, words FROM source_facts WHERE source = ?", (source,)
    ).fetchone()
    dated, signed, words = facts or (0, 0, 0)
    return Portrait(
        source=known,
        languages=tuple(
            Label(code, names.get(code, code), n)
            for code, n in conn.execute(
                "SELECT language, n FROM source_languages WHERE source = ?"
                " ORDER BY n DESC, language",
                (source,),
            )
        ),
        months=tuple(
            Month(*row)
            for row in conn.execute(
                "SELECT month, sum(n), sum(iif(outcome = 'stored', n, 0)) FROM ledger_counts"
                " WHERE source = ? GROUP BY 1 ORDER BY 1 DESC LIMIT ?",
                (source, MONTHS),
            )
        ),
        dated=dated,
        signed=signed,
        words=words,
        latest=feed_entries(conn, Query(source=source), LATEST, language),
        lines=tuple(
            Line(*row)
            for row in conn.execute(
                "SELECT text, articles, removed FROM boilerplate WHERE source = ?"
                " ORDER BY removed DESC, text LIMIT ?",
                (source, LINES),
            )
        ),
    )
