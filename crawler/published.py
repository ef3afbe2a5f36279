"""Reading the published database: entries of lists, names. Plain SQL, read only.

The site, the feeds and the exports all ask here, in crawler.search and in crawler.article, so that
they cannot disagree. Times are UTC, ISO 8601 text.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawler.errors import ConfigError

# What an article is sorted by: undated ones stand where they were found.
DATED = "coalesce(articles.published, articles.fetched)"

PRIVATE = "private"  # the level of a snapshot (table snapshot) with texts that are not to be shown

RIGHT_TO_LEFT = frozenset(
    ["ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"]
)
RIGHT_TO_LEFT_SCRIPTS = frozenset(["arab", "hebr", "thaa", "syrc", "nkoo", "adlm"])


def connect(db: Path, *, shared: bool = False) -> sqlite3.Connection:
    """A read-only connection to the database at `db`. Raises ConfigError if it is none of ours.

    A `shared` one may be used by several threads, one at a time.
    """
    if not db.is_file():
        raise ConfigError(f"no published database at {db}: run `tamis publish` first")
    conn = sqlite3.connect(
        f"{db.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=not shared
    )
    try:
        conn.execute("SELECT name, value FROM snapshot")
    except sqlite3.DatabaseError as error:
        conn.close()
        raise ConfigError(f"{db} is not a database that `tamis publish` made: {error}") from error
    return conn


# --- What is answered ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Label:
    """A code (language, theme, country, source), its name for people, and how many articles."""

    code: str
    name: str
    n: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An article in a list or a feed. `dated` is `published`, or `fetched` if it has no date.

    `language_tag` is the language with its script, as in `lang`.
    """

    id: int
    url: str
    title: str
    summary: str
    authors: tuple[str, ...]
    source: Label
    homepage: str
    published: str | None
    dated: str
    language: str
    language_tag: str
    themes: tuple[Label, ...] = ()


# --- Asking --------------------------------------------------------------------------------------


def entries(
    conn: sqlite3.Connection, ids: Sequence[int], language: str = "en"
) -> tuple[Entry, ...]:
    """Articles by number, in the order given, themes named in `language`."""
    listed = {"ids": json.dumps(ids)}
    named: dict[int, list[Label]] = {}
    for article_id, slug, name in rows(
        conn,
        f"""
        SELECT tag.article_id, themes.slug, {_theme_label(language)}
        FROM json_each(:ids) AS hit
        CROSS JOIN article_themes AS tag ON tag.article_id = hit.value
        JOIN themes ON themes.slug = tag.theme ORDER BY tag.score DESC, themes.slug
        """,
        listed,
    ):
        named.setdefault(article_id, []).append(Label(slug, name))
    found = rows(
        conn,
        f"""
        SELECT articles.id, articles.url, articles.title, articles.summary, articles.authors,
               sources.id, sources.name, sources.homepage, articles.published, {DATED},
               articles.language, articles.language_tag
        FROM json_each(:ids) AS hit CROSS JOIN articles ON articles.id = hit.value
        JOIN sources ON sources.id = articles.source ORDER BY hit.key
        """,
        listed,
    )
    return tuple(_entry(row, tuple(named.get(row[0], ()))) for row in found)


def _entry(row: tuple[Any, ...], labels: tuple[Label, ...]) -> Entry:
    id_, url, title, summary, authors, source, name, homepage, published, dated, *spoken = row
    language, tag = spoken
    return Entry(
        id=id_,
        url=url,
        title=title,
        summary=summary,
        authors=strings(authors),
        source=Label(source, name),
        homepage=homepage,
        published=published,
        dated=dated,
        language=language,
        language_tag=tag,
        themes=labels,
    )


# --- Names and counts ----------------------------------------------------------------------------


def _name(language: str) -> str:
    return f"coalesce(name_{language if language in INTERFACE else 'en'}, name_en, code)"


def _theme_label(language: str) -> str:
    return f"themes.label_{language if language in LABELLED else 'en'}"


def _organisation(language: str) -> str:
    return f"name_{language if language in INTERFACE else 'en'}"


INTERFACE = frozenset({"fr", "nl", "en"})
LABELLED = frozenset({"fr", "nl", "en", "de", "es", "pt", "ar"})
NAMED: dict[str, tuple[str, str, Callable[[str], str]]] = {  # table, code, name
    "language": ("languages", "code", _name),
    "theme": ("themes", "slug", _theme_label),
    "country": ("countries", "code", _name),
    "source": ("sources", "id", lambda _: "name"),
    "organisation": ("organisations", "id", _organisation),
}


def languages(conn: sqlite3.Connection, language: str = "en") -> dict[str, str]:
    """Every language's name by code, in `language` if there is one (fr, nl, en)."""
    return _names(conn, "code", _name(language), "languages")


def countries(conn: sqlite3.Connection, language: str = "en") -> dict[str, str]:
    """Every country's name by code, in `language` if there is one (fr, nl, en)."""
    return _names(conn, "code", _name(language), "countries")


def regions(conn: sqlite3.Connection, language: str = "en") -> dict[str, str]:
    """Every region's name by code, in `language` if there is one (fr, nl, de, en)."""
    column = f"name_{language}" if language in {"fr", "nl", "de"} else "name_en"
    return _names(conn, "code", column, "regions")


def themes(conn: sqlite3.Connection, language: str = "en") -> dict[str, str]:
    """Every theme's label by slug, in `language` if there is one, else in English."""
    return _names(conn, "slug", _theme_label(language), "themes")


def organisations(conn: sqlite3.Connection, language: str = "en") -> dict[str, str]:
    """Every organisation's name by id, in `language` if there is one (fr, nl, en)."""
    return _names(conn, "id", _organisation(language), "organisations")


def sources(conn: sqlite3.Connection) -> dict[str, str]:
    return _names(conn, "id", "name", "sources")


def named(
    conn: sqlite3.Connection, kind: str, codes: Iterable[str], language: str = "en"
) -> dict[str, str]:
    """The names of some languages, themes, countries, sources or organisations, by code.

    A name is looked up by its code: all of a table take longer than a page has.
    """
    if kind not in NAMED:
        return {}
    table, code, name = NAMED[kind]
    wanted = f"{code} IN (SELECT value FROM json_each(?))"
    sql = f"SELECT {code}, {name(language)} FROM {table} WHERE {wanted}"
    return dict(rows(conn, sql, [json.dumps(list(codes))]))


def snapshot(conn: sqlite3.Connection) -> dict[str, str]:
    """What `publish` says of this database: when it was built, where it is served, ..."""
    return dict(rows(conn, "SELECT name, value FROM snapshot"))


# --- Small things --------------------------------------------------------------------------------


def direction(language: str) -> str:
    """`rtl` or `ltr`, for the dir attribute of a text in that language; `auto` if unknown."""
    primary, *rest = language.lower().split("-")
    if primary in {"und", ""}:
        return "auto"
    scripts = [part for part in rest if len(part) == 4]  # noqa: PLR2004  BCP 47: a script has four
    rtl = RIGHT_TO_LEFT_SCRIPTS.intersection(scripts) if scripts else primary in RIGHT_TO_LEFT
    return "rtl" if rtl else "ltr"


def moment(text: str | None) -> datetime | None:
    """A stored time or day as an aware datetime; None if it is neither."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def strings(text: str) -> tuple[str, ...]:
    """A JSON column as lines for people, whatever its shape; text that is not JSON as it is."""
    try:
        value = json.loads(text)
    except ValueError:
        return (text,) if text else ()
    if isinstance(value, dict):
        return tuple(f"{name}: {_plain(part)}" for name, part in value.items())
    return tuple(map(_plain, value if isinstance(value, list) else [value]))


def _plain(value: object) -> str:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return " ".join(map(_plain, value))
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def rows(
    conn: sqlite3.Connection, sql: str, values: Mapping[str, Any] | Sequence[Any] = ()
) -> list[tuple[Any, ...]]:
    """All rows as plain tuples, whatever the connection's row factory."""
    with closing(conn.cursor()) as cursor:
        cursor.row_factory = None
        return cursor.execute(sql, values).fetchall()


def _names(conn: sqlite3.Connection, code: str, name: str, table: str) -> dict[str, str]:
    return dict(rows(conn, f"SELECT {code}, {name} FROM {table}"))
