"""What other articles are to one: reprints, a series, quotations, the same story told elsewhere."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from crawler.published import DATED, Entry, countries, entries, organisations, rows, themes


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What two articles have in common: `kind` as in the table `same_story`, `value` for people."""

    kind: str
    value: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Related(Entry):
    """Another article that is something to this one.

    `relation` is that of the table `duplicates`, `shared` the share of the words of the shorter of
    the two that stand in the other, `reason` why the one that stands for both does so.
    """

    relation: str
    shared: float | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SameStory(Entry):
    """Another article that tells the story of this one in words of its own.

    `score` and `evidence` (best first) are those of the table `same_story`.
    """

    score: float
    evidence: tuple[Shared, ...]


MOST_OF_A_SERIES = 10
MOST = 20  # as many as a list has
# What is asked of the table `duplicates`, of an :article that stands in the :story of another: each
# row is an article, what it is (or for the original, what :article is to it), and why.
ORIGINAL = """
    SELECT cluster, relation, shared, reason FROM duplicates
    WHERE article_id = :article AND cluster = :story AND relation NOT IN ('series', 'quoted')
"""
REPRINTED = """
    FROM articles JOIN duplicates ON duplicates.article_id = articles.id AND cluster = duplicate_of
    WHERE duplicate_of = :story AND articles.id <> :article
      AND duplicates.relation NOT IN ('series', 'quoted')
"""
REPRINTS = f"""
    SELECT articles.id, duplicates.relation, shared, reason {REPRINTED}
    ORDER BY {DATED}, articles.id LIMIT {MOST}
"""
# Of a long series, those that appeared around it.
SERIES = f"""
    SELECT * FROM (
      SELECT articles.id, other.relation, other.shared, other.reason, {DATED} AS dated
      FROM duplicates AS own JOIN duplicates AS other USING (cluster, relation)
      JOIN articles ON articles.id = other.article_id
      WHERE own.article_id = :article AND own.relation = 'series'
        AND other.article_id <> :article
      ORDER BY abs(julianday({DATED}) - julianday((
        SELECT {DATED} FROM articles WHERE id = :article
      ))), articles.id LIMIT {MOST_OF_A_SERIES}
    ) ORDER BY dated, id
"""
QUOTED_IN = f"""
    SELECT cluster, relation, shared, reason FROM duplicates
    WHERE article_id = :article AND relation = 'quoted' ORDER BY cluster LIMIT {MOST}
"""
QUOTES = f"""
    SELECT article_id, relation, shared, reason FROM duplicates
    WHERE cluster = :article AND relation = 'quoted' ORDER BY article_id LIMIT {MOST}
"""


def related(
    conn: sqlite3.Connection, sql: str, article: int, story: int | None, language: str
) -> tuple[Related, ...]:
    found = {
        id_: {"relation": relation, "shared": shared, "reason": reason}
        for id_, relation, shared, reason, *_ in rows(
            conn, sql, {"article": article, "story": story}
        )
    }
    return tuple(
        Related(**_fields(entry), **found[entry.id])
        for entry in (entries(conn, [*found], language) if found else ())
    )


def _fields(entry: Entry) -> dict[str, Any]:
    return {field.name: getattr(entry, field.name) for field in fields(Entry)}


def reprints_in_all(
    conn: sqlite3.Connection, article: int, story: int, named: tuple[Related, ...]
) -> int:
    if len(named) < MOST:
        return len(named)
    asked = {"article": article, "story": story}
    return int(rows(conn, f"SELECT count(*) {REPRINTED}", asked)[0][0])


MOST_OF_A_STORY = 10


def same_story(conn: sqlite3.Connection, article: int, language: str) -> tuple[SameStory, ...]:
    """Those that tell the same, the surest first; countries, organisations, themes by name."""
    found = {
        other: (score, json.loads(evidence))
        for other, score, evidence in rows(
            conn,
            "SELECT other_id, score, evidence FROM same_story WHERE article_id = ?"
            f" ORDER BY score DESC, other_id LIMIT {MOST_OF_A_STORY}",
            (article,),
        )
    }
    if not found:
        return ()
    names = {
        "country": countries(conn, language),
        "organisation": organisations(conn, language),
        "theme": themes(conn, language),
    }
    return tuple(
        SameStory(
            **_fields(entry),
            score=found[entry.id][0],
            evidence=tuple(
                Shared(
                    kind=each["kind"],
                    value=names.get(each["kind"], {}).get(each["value"], each["value"]),
                    weight=each["weight"],
                )
                for each in found[entry.id][1]
            ),
        )
        for entry in entries(conn, [*found], language)
    )


def first_told(number: int, published: str | None, stories: Iterable[SameStory]) -> int | None:
    told = [(published, number), *((each.published, each.id) for each in stories)]
    dated = [(day, id_) for day, id_ in told if day]
    return min(dated)[1] if len(dated) == len(told) > 1 else None
