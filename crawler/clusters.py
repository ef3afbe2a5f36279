"""Which stored articles are one story, and which of them stands for the others in lists.

Worked out anew from what is known of every two of them, so that it does not depend on the order in
which they came; only what comes out differently is written.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from sqlite_utils import Database

from crawler import urls
from crawler.identity import Declared, same
from crawler.writes import transaction
from enrich.authors import AN_AGENCY, is_agency
from enrich.clusters import Link, Member, Row, rows
from enrich.duplicates import issues, tokens
from enrich.text import fold

# Relations that leave an article to itself in lists.
APART = ("original", "series", "quoted")
COLUMNS = """
  articles.id, urls.key, articles.url, articles.canonical, articles.published, text_hash,
  articles.title, authors, candidates, origin_url, origin_publisher,
  json_extract(sources.record, '$.name') AS source_name
"""
FROM = "FROM articles JOIN urls ON urls.id = url_id JOIN sources ON sources.id = articles.source"


def settle(db: Database) -> int:
    """Bring `duplicates` and articles.duplicate_of up to date; how many articles changed."""
    wanted = set(_wanted(db))
    columns = "article_id, cluster, relation, shared, reason"
    current = set(db.execute(f"SELECT {columns} FROM duplicates").fetchall())
    copies = {article: of for article, of, relation, *_ in wanted if relation not in APART}
    before = dict(
        db.execute(
            "SELECT id, duplicate_of FROM articles WHERE duplicate_of IS NOT NULL"
        ).fetchall()
    )
    changes = [
        (copies.get(article), article)
        for article in copies.keys() | before.keys()
        if copies.get(article) != before.get(article)
    ]
    if not changes and wanted == current:
        return 0
    with transaction(db):
        db.conn.executemany(
            "DELETE FROM duplicates WHERE article_id = ? AND cluster = ? AND relation = ?",
            [row[:3] for row in current - wanted],
        )
        db.conn.executemany(
            f"INSERT INTO duplicates ({columns}) VALUES (?, ?, ?, ?, ?)", sorted(wanted - current)
        )
        db.conn.executemany("UPDATE articles SET duplicate_of = ? WHERE id = ?", changes)
    related = {row[0] for row in wanted ^ current if row[2] != "original"}
    return len(related | {article for _, article in changes})


def _wanted(db: Database) -> Iterator[tuple[int, int, str, float | None, str]]:
    found = {row["key"]: row for row in _claiming(db)}
    pairs = db.execute("SELECT small, large, relation, shared FROM pairs").fetchall()
    key_of = {row["id"]: key for key, row in found.items()}
    missing = {article for small, large, *_ in pairs for article in (small, large)} - key_of.keys()
    for row in _rows(db, "articles.id", sorted(missing)):
        found[row["key"]] = row
        key_of[row["id"]] = row["key"]
    links = [
        *_same_pages(found.values()),
        *_same_texts(found.values()),
        *(
            Link(one=key_of[small], other=key_of[large], kind=relation, shared=shared)
            for small, large, relation, shared in pairs
        ),
    ]
    linked = {key for link in links for key in (link.one, link.other)}
    for each in rows((_member(found[key]) for key in linked), links):
        yield _numbered(each, found)


def _numbered(
    row: Row, found: dict[str, dict[str, Any]]
) -> tuple[int, int, str, float | None, str]:
    return (
        found[row.id]["id"], found[row.cluster]["id"], row.relation, row.shared, row.reason,
    )  # fmt: skip


def _claiming(db: Database) -> Iterator[dict[str, Any]]:
    """The articles that claim an address or have a text to the letter, and those so claimed."""
    claiming = list(
        db.query(
            f"""
            SELECT {COLUMNS} {FROM}
            WHERE canonical IS NOT NULL OR text_hash IN (
              SELECT text_hash FROM articles GROUP BY text_hash HAVING count(*) > 1
            )
            """
        )
    )
    yield from claiming
    claimed = {urls.key(row["canonical"]) for row in claiming if row["canonical"]}
    yield from _rows(db, "urls.key", sorted(claimed - {row["key"] for row in claiming}))


def _rows(db: Database, column: str, values: list[Any]) -> Iterator[dict[str, Any]]:
    return db.query(
        f"SELECT {COLUMNS} {FROM} WHERE {column} IN (SELECT value FROM json_each(?))",
        [json.dumps(values)],
    )


def _same_pages(found: Iterable[dict[str, Any]]) -> Iterator[Link]:
    """Pages that declare each other's address."""
    declared = same(
        Declared(
            key=row["key"],
            canonical_key=urls.key(row["canonical"]) if row["canonical"] else None,
            text_hash=row["text_hash"],
            published=row["published"],
        )
        for row in found
    )
    return (Link(one=copy, other=kept, kind="same_page") for copy, kept in declared.items())


def _same_texts(found: Iterable[dict[str, Any]]) -> Iterator[Link]:
    """Texts that are the same to the letter."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in found:
        groups[row["text_hash"]].append(row)
    for group in groups.values():
        if len(group) > 1:
            for one, other, kind in issues((row["key"], tokens(row["title"])) for row in group):
                yield Link(one=one, other=other, kind=kind)


def _member(row: dict[str, Any]) -> Member:
    credits_ = [*json.loads(row["authors"]), row["origin_publisher"] or ""]
    lost = json.loads(row["candidates"]).get("authors", ())
    return Member(
        id=row["key"],
        published=row["published"],
        names=frozenset(filter(None, [_site(row["url"]), fold(row["source_name"] or "")])),
        origins=frozenset(
            filter(None, [_site(row["origin_url"]), fold(row["origin_publisher"] or "")])
        ),
        agency=any(map(is_agency, credits_))
        or any(each.get("why_not") == AN_AGENCY for each in lost),
    )


def _site(url: str | None) -> str:
    try:
        return urls.domain(url or "")
    except ValueError:
        return ""
