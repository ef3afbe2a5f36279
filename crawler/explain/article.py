"""What the private database made of an article: its tags, its copies, its stories, its versions."""

import json
from collections.abc import Iterator
from typing import Any

from sqlite_utils import Database

from crawler import stories
from crawler.revisions import passages

Report = dict[str, Any]

TAGS = ("themes", "countries", "regions", "organisations")
ARTICLE = """
    SELECT articles.*, kept.url AS kept FROM articles
    LEFT JOIN articles AS kept ON kept.id = articles.duplicate_of WHERE articles.url_id = ?
"""
# What it is to others, then what others are to it.
RELATIONS = """
    SELECT duplicates.relation, other.url, shared, reason FROM duplicates
    JOIN articles AS other ON other.id = cluster
    WHERE article_id = :article AND duplicates.relation <> 'original'
    UNION ALL
    SELECT 'original', '', NULL, reason FROM duplicates
    WHERE article_id = :article AND relation = 'original'
    ORDER BY 1, 2
"""
OTHERS = """
    SELECT duplicates.relation, other.url, shared, reason FROM duplicates
    JOIN articles AS other ON other.id = article_id
    WHERE cluster = :article AND article_id <> :article ORDER BY 1, 2
"""
VERSIONS = """
    SELECT number, versions.title, pages.fetched, seen, added, removed, diff
    FROM versions JOIN pages ON pages.id = page_id WHERE article_id = ? ORDER BY number
"""


def of_url(db: Database, url_id: int) -> Report | None:
    """All of the article at an address of the ledger; None if none is stored."""
    row = next(db.query(ARTICLE, [url_id]), None)
    if row is None:
        return None
    named = {"article": row["id"]}
    return {
        "id": row["id"],
        "updated": row["updated"],
        "expired": row["expired"],
        "duplicate_of": row["kept"],
        "relations": list(db.query(RELATIONS, named)),
        "others": list(db.query(OTHERS, named)),
        "stories": list(_stories(db, row["id"])),
        "themes_method": row["themes_method"],
        **{name: json.loads(row[name]) for name in TAGS},
        "keywords": json.loads(row["keywords"]),
        "versions": [_version(each) for each in db.query(VERSIONS, [row["id"]])],
    }


def _stories(db: Database, article: int) -> Iterator[Report]:
    """The links that are published; what is the same text is no second telling."""
    for link in stories.links(db, [article]):
        sql = "SELECT url, title FROM articles WHERE id = ?"
        (other,) = db.query(sql, [link["other_id"]])
        yield {**other, "score": link["score"], "evidence": json.loads(link["evidence"])}


def _version(row: Report) -> Report:
    """What the next version took out and put in, a passage at a time."""
    lines = [line for passage in passages(row.pop("diff")) for line in passage.lines]
    changes = [(piece.change, piece.text.strip()) for line in lines for piece in line]
    return {
        **row,
        "came": [text for change, text in changes if change == "+"],
        "went": [text for change, text in changes if change == "-"],
    }
