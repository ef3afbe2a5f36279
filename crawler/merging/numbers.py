"""Which row of an input is which row of the merged database, in temporary tables.

Rows that are there keep their numbers, since addresses are cited by them. Those that are new get
theirs in the order in which they arrived anywhere, whatever the order of the inputs.
"""

from collections.abc import Sequence

from sqlite_utils import Database

from crawler.merging.inputs import Input

# Typed as what they are joined with, or SQLite would not look into their keys.
IDS = "(db INTEGER, old INTEGER, new INTEGER, PRIMARY KEY (db, old)) WITHOUT ROWID"
TABLES = f"""
CREATE TEMP TABLE channel_ids {IDS};
CREATE TEMP TABLE stone_ids {IDS};
CREATE TEMP TABLE url_ids {IDS};
CREATE TEMP TABLE page_ids {IDS};
-- Channels that this input has visited later than any before.
CREATE TEMP TABLE later_channels (db INTEGER, old INTEGER, PRIMARY KEY (db, old)) WITHOUT ROWID;
-- Addresses of an input under a tombstone, and those that were let go of for their age.
CREATE TEMP TABLE barred (db INTEGER, old INTEGER, stone INTEGER, PRIMARY KEY (db, old))
  WITHOUT ROWID;
CREATE TEMP TABLE let_go (url INTEGER PRIMARY KEY);
CREATE TEMP TABLE new_urls (
  key TEXT PRIMARY KEY, db INTEGER, old INTEGER, arrived TEXT, id INTEGER
) WITHOUT ROWID;
CREATE TEMP TABLE new_pages (
  url INTEGER, fetched TEXT, db INTEGER, old INTEGER, size INTEGER, id INTEGER,
  PRIMARY KEY (url, fetched)
) WITHOUT ROWID;
CREATE TEMP TABLE new_articles (url INTEGER PRIMARY KEY, fetched TEXT, id INTEGER);
-- Articles of the input at hand that nobody had before.
CREATE TEMP TABLE arriving (old INTEGER PRIMARY KEY, new INTEGER, url INTEGER, source TEXT)
"""
# Repeated, so that two inputs agree on who is first.
NUMBERED = """
    UPDATE temp.{table} SET id = found.id FROM (
      SELECT {key}, ? + row_number() OVER (ORDER BY {order}) AS id FROM temp.{table} {join}
    ) AS found WHERE {same}
"""


def prepare(db: Database) -> None:
    for statement in TABLES.split(";"):
        db.conn.execute(statement)  # executescript would commit


def clear(db: Database) -> None:
    """What `prepare` has made, after a merge that came to its end or failed."""
    rows = db.execute("SELECT name FROM sqlite_temp_schema WHERE type = 'table'").fetchall()
    for (name,) in rows:
        db.conn.execute(f"DROP TABLE temp.{name}")


def map_channels(db: Database, each: Input) -> None:
    db.conn.execute(
        f"INSERT INTO temp.channel_ids SELECT ?, theirs.id, ours.id FROM {each.name}.channels"
        " AS theirs JOIN main.channels AS ours ON ours.url = theirs.url",
        [each.number],
    )


def map_stones(db: Database, each: Input) -> None:
    db.conn.execute(
        f"INSERT INTO temp.stone_ids SELECT ?, theirs.id, ours.id FROM {each.name}.tombstones"
        " AS theirs JOIN main.tombstones AS ours ON (ours.kind, ours.hash)"
        " = (theirs.kind, theirs.hash)",
        [each.number],
    )


def number_urls(db: Database, inputs: Sequence[Input], which: str) -> None:
    """Of the addresses for which `which` holds, those that nobody has named here."""
    db.conn.execute("DELETE FROM temp.new_urls")
    for each in inputs:
        db.conn.execute(
            f"INSERT INTO temp.new_urls SELECT key, ?1, id, discovered, NULL FROM {each.name}.urls"
            f" AS theirs WHERE {which} AND id NOT IN (SELECT old FROM temp.barred WHERE db = ?1)"
            " AND NOT EXISTS (SELECT 1 FROM main.urls WHERE key = theirs.key)"
            " ON CONFLICT (key) DO UPDATE SET arrived = min(arrived, excluded.arrived)",
            [each.number],
        )
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM main.urls").fetchone()
    db.conn.execute(
        NUMBERED.format(
            table="new_urls", key="key", order="arrived, key", join="",
            same="found.key = new_urls.key",
        ),
        [last],
    )  # fmt: skip


def map_urls(db: Database, inputs: Sequence[Input]) -> None:
    for each in inputs:
        db.conn.execute(
            f"INSERT INTO temp.url_ids SELECT ?1, theirs.id, ours.id FROM {each.name}.urls"
            " AS theirs JOIN main.urls AS ours ON ours.key = theirs.key"
            " WHERE theirs.id NOT IN (SELECT old FROM temp.barred WHERE db = ?1)",
            [each.number],
        )
        db.conn.execute(
            "INSERT OR IGNORE INTO temp.let_go SELECT new FROM temp.url_ids"
            f" JOIN {each.name}.urls ON urls.id = old WHERE db = ? AND outcome = 'expired'",
            [each.number],
        )
    db.conn.execute(
        "INSERT OR IGNORE INTO temp.let_go SELECT id FROM main.urls WHERE outcome = 'expired'"
    )


def number_pages(db: Database, inputs: Sequence[Input]) -> None:
    """A page is what was fetched of an address at a moment; of two, the one that has more of it."""
    for each in inputs:
        db.conn.execute(
            "INSERT INTO temp.new_pages SELECT new, fetched, ?1, id, length(body), NULL"
            f" FROM {each.name}.pages AS theirs JOIN temp.url_ids ON db = ?1 AND old = url_id"
            " WHERE new NOT IN (SELECT url FROM temp.let_go) AND NOT EXISTS (SELECT 1"
            " FROM main.pages WHERE url_id = new AND fetched = theirs.fetched)"
            " ON CONFLICT (url, fetched) DO UPDATE SET db = excluded.db, old = excluded.old,"
            " size = excluded.size WHERE excluded.size > size",
            [each.number],
        )
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM main.pages").fetchone()
    db.conn.execute(
        NUMBERED.format(
            table="new_pages", key="new_pages.url, fetched", order="fetched, key",
            join="JOIN main.urls ON urls.id = new_pages.url",
            same="found.url = new_pages.url AND found.fetched = new_pages.fetched",
        ),
        [last],
    )  # fmt: skip
    db.conn.execute("CREATE UNIQUE INDEX temp.new_pages_in ON new_pages(db, id, old)")


def map_pages(db: Database, each: Input) -> None:
    """After the pages are in."""
    db.conn.execute(
        "INSERT INTO temp.page_ids SELECT ?1, theirs.id, (SELECT min(id) FROM main.pages"
        f" WHERE url_id = new AND fetched = theirs.fetched) FROM {each.name}.pages AS theirs"
        " JOIN temp.url_ids ON db = ?1 AND old = url_id"
        " WHERE new NOT IN (SELECT url FROM temp.let_go)",
        [each.number],
    )


def number_articles(db: Database, inputs: Sequence[Input]) -> None:
    for each in inputs:
        db.conn.execute(
            f"INSERT INTO temp.new_articles SELECT new, fetched, NULL FROM {each.name}.articles"
            " JOIN temp.url_ids ON db = ? AND old = url_id"
            " WHERE new NOT IN (SELECT url FROM temp.let_go)"
            " AND NOT EXISTS (SELECT 1 FROM main.articles WHERE url_id = new)"
            " ON CONFLICT (url) DO UPDATE SET fetched = min(fetched, excluded.fetched)",
            [each.number],
        )
    (last,) = db.execute(
        "SELECT max((SELECT coalesce(max(id), 0) FROM main.articles),"
        " coalesce((SELECT seq FROM main.sqlite_sequence WHERE name = 'articles'), 0))"
    ).fetchone()
    db.conn.execute(
        NUMBERED.format(
            table="new_articles", key="url_of.id AS url", order="fetched, key",
            join="JOIN main.urls AS url_of ON url_of.id = new_articles.url",
            same="found.url = new_articles.url",
        ),
        [last],
    )  # fmt: skip


def arrive(db: Database, each: Input) -> None:
    """Which articles of an input are the first of their address."""
    db.conn.execute("DELETE FROM temp.arriving")
    db.conn.execute(
        "INSERT INTO temp.arriving SELECT theirs.id, number.id, ids.new, theirs.source"
        f" FROM {each.name}.articles AS theirs"
        " JOIN temp.url_ids AS ids ON ids.db = ? AND ids.old = theirs.url_id"
        " JOIN temp.new_articles AS number ON number.url = ids.new"
        " WHERE NOT EXISTS (SELECT 1 FROM main.articles WHERE url_id = ids.new)",
        [each.number],
    )


def columns(db: Database, table: str, *without: str) -> list[str]:
    rows = db.execute(f"PRAGMA main.table_info({table})").fetchall()
    return [row[1] for row in rows if row[1] not in without]
