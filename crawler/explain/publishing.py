"""Where an article is published: its number and page, its feeds, the dated snapshots."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from crawler import changes, index
from crawler.errors import ConfigError
from crawler.exports.addresses import Address
from crawler.exports.feeds import SIZE, site_url
from crawler.exports.periods import MOST_OF_A_DAY, Period, page_of
from crawler.publish import dated
from crawler.published import connect, rows, snapshot
from crawler.query import parse
from crawler.search import documents

Report = dict[str, Any]

FOUND = """
    SELECT articles.id, articles.doc, articles.rights, listed.language, listed.source,
           listed.themes, listed.countries, kept.url
    FROM articles LEFT JOIN listed ON listed.article_id = articles.id
    LEFT JOIN articles AS kept ON kept.id = articles.duplicate_of WHERE articles.url_key = ?
"""


def of_address(db: Database, row: Report, news: Path) -> Report:
    """`row` is the ledger's. Also tells why there is nothing to tell."""
    told: Report = {"database": str(news), "missing": None, "article": None}
    try:
        conn = connect(news)
    except ConfigError as error:
        return {**told, "missing": str(error)}
    with closing(conn):
        facts = snapshot(conn)
        seq = changes.published(db, facts.get("token", ""))
        told |= {
            "snapshot": facts.get("id"),
            "built": facts.get("built"),
            "most": facts.get("rights"),  # of any text that is shown: crawler.config.RIGHTS
            # None: it was made of another database, or too long ago.
            "waits": None if seq is None else changes.waits(db, row["id"], seq),
            "article": _article(conn, row["key"]),
        }
    return {**told, "snapshots": list(_dated(news, row["key"]))}


def _article(conn: sqlite3.Connection, key: str) -> Report | None:
    for ident, doc, level, language, source, themes, countries, kept in rows(conn, FOUND, [key]):
        asked = [
            {},
            {"language": language},
            *({"language": language, "theme": theme} for theme in (themes or "").split()),
            *({"country": country} for country in (countries or "").split()),
            {"source": source},
        ]
        return {
            "id": ident,
            "page": f"{site_url(conn)}article/{ident}",
            "rights": level,
            "listed": kept is None,
            "hidden_by": kept,
            "feeds": [url for each in asked for url in _feed(conn, each, ident, doc)],
        }
    return None


def _feed(
    conn: sqlite3.Connection, asked: dict[str, str], ident: int, doc: int | None
) -> Iterator[str]:
    """The feed where it is now, or the page of its archive."""
    if doc is None:
        return
    address = Address(query=parse(asked)[0])
    if _holds(conn, address, SIZE, ident):
        yield address.url
        return
    day = index.day_of(doc)
    here = replace(address.query, after=day.isoformat(), before=day.isoformat())
    period = page_of(conn, address.query, Period(day, day))
    if period and _holds(conn, replace(address, query=here), MOST_OF_A_DAY, ident):
        yield replace(address, period=period.name).url


def _holds(conn: sqlite3.Connection, address: Address, most: int, ident: int) -> bool:
    return ident in {found for _, found in documents(conn, address.query, most)}


def _dated(news: Path, key: str) -> Iterator[Report]:
    """Those of the dated copies that have the article, the newest first."""
    for path in reversed(dated(news)):
        try:
            conn = connect(path)
        except ConfigError:
            continue  # `tamis publish` may take it away just now
        with closing(conn):
            for (level,) in rows(conn, "SELECT rights FROM articles WHERE url_key = ?", [key]):
                yield {"file": path.name, "rights": level}
