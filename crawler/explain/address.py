"""All that is known of one address of the ledger, from general to detail. Only reads.

A report is a plain dict, the same for a person (`crawler.explain.shown`) and as JSON.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from crawler import archive, channels, database, schema, settings, showing, upgrading, urls
from crawler.errors import ConfigError, TamisError
from crawler.explain import article, publishing, reading, rights, robots
from crawler.readings import Unread
from crawler.tombstones import Tombstones, all_of
from enrich.rights import SILENT, Signals

Report = dict[str, Any]

LEDGER = (
    "url", "source", "outcome", "reason", "discovered", "decided", "first_fetched",
    "last_fetched", "gone", "look", "enricher",
)  # fmt: skip
BY_KEY = "SELECT * FROM urls WHERE key = ?"
# The published database shows where a redirect ended. No index has that, since nothing else asks.
BY_ARTICLE = "SELECT urls.* FROM urls JOIN articles ON url_id = urls.id WHERE articles.url = ?"
# Whoever mistypes an address has its beginning right: its neighbours in the order of keys.
NEIGHBOURS = """
    SELECT * FROM (SELECT key, url FROM urls WHERE key < :key ORDER BY key DESC LIMIT 50)
    UNION ALL SELECT * FROM (SELECT key, url FROM urls WHERE key > :key ORDER BY key LIMIT 50)
"""
NEAREST = 3  # addresses that are named
ALIKE = 0.8  # of the letters of two paths, for one to be meant by the other: a slip of a few
NAMED_BY = f"""
    SELECT channels.source, channels.kind, channels.url AS channel, discoveries.discovered,
           channels.id = urls.channel AS decides, discoveries.hints
    FROM discoveries JOIN channels ON channels.id = discoveries.channel
    JOIN urls ON urls.id = url_id WHERE url_id = ? ORDER BY {channels.BEST_FIRST}
"""
PAGES = f"""
    SELECT id, url, fetched, status, content_type, length(body) = 0 AS pruned,
           substr(body, 1, {archive.BEGINNING}) AS head
    FROM pages WHERE url_id = ? ORDER BY fetched, id
"""
NOTICE = "SELECT seen, headers, signals FROM notices WHERE url_id = ?"
HOST = "SELECT robots_status, robots, robots_checked, rests FROM hosts WHERE host = ?"


def of_address(db: Database, url: str, news: Path) -> Report:
    """What the ledger, the archive and the published database at `news` have of `url`.

    Of one that was taken down, when that was, and nothing else. Raises TamisError if the ledger
    does not know it, with what is nearest.
    """
    if urls.web_url(url) is None:
        raise ConfigError(f"{url!r} is no web address: write it as in https://example.org/a")
    if (stone := Tombstones(db).of(url)) is not None:
        day = next(each.day for each in all_of(db) if each.id == stone)
        return reading.clean({"url": url, "forgotten": day})
    row = _row(db, url)
    if row is None:
        raise TamisError(_unknown(db, url))
    fetches = list(_fetches(db, row["id"]))
    row["page_url"] = fetches[-1]["url"] if fetches else None
    found = article.of_url(db, row["id"])
    report: Report = {
        "ledger": {name: row[name] for name in LEDGER},
        "named_by": list(_named_by(db, row["id"])),
        "robots": [_robots(db, each) for each in _hosts(row)],
        "fetches": fetches,
        "looks": {name: row[name] for name in ("unchanged", "tries", "due")},
        "page": None,
        "rights": None,
        "publication": publishing.of_address(db, row, news),
        "article": found,
    }
    declared = SILENT
    headers: dict[str, str] = {}
    if fetches:
        headers, read = _read(db, row, fetches[-1], found)
        report |= {"page": {**fetches[-1], "headers": headers}, **read}
        declared = _signals(read)
    if notice := next(db.query(NOTICE, [row["id"]]), None):  # of an article that an API gave
        headers, declared = json.loads(notice["headers"]), showing.signals_of(notice["signals"])
        report["noticed"] = notice["seen"]
    report["rights"] = rights.of_address(
        db, row, headers, declared,
        article=found["id"] if found else None,
        most=report["publication"].get("most") or "licensed",
    )  # fmt: skip
    return reading.clean(report)


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    """The private database to read from, as it is at this moment, while others may write to it.

    ConfigError if there is none, or if it waits to be brought to today's schema.
    """
    if not path.is_file():
        raise ConfigError(
            f"{path} does not exist: `tamis crawl` makes it, or name another with --db"
        )
    with database.told(path):
        conn = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            db = Database(conn)
            conn.execute(f"PRAGMA busy_timeout = {database.BUSY_MILLISECONDS}")
            conn.execute("BEGIN")
            _refuse(db, path)
            yield db
        finally:
            conn.close()


def _refuse(db: Database, path: Path) -> None:
    try:
        upgrading.check(db, path)
        applied, pending = schema.private.applied(db), schema.private.pending(db)
    except sqlite3.DatabaseError as error:
        raise ConfigError(f"{path} cannot be used as the private database: {error}") from error
    if not applied:
        raise ConfigError(f"{path} cannot be used as the private database: it is none")
    if pending:
        raise ConfigError(f"{path} is of an older version: run `tamis enrich` once")


# -- the ledger


def _row(db: Database, url: str) -> Report | None:
    """The ledger's row of an address, or of the one that led to the article there."""
    for query, value in ((BY_KEY, urls.key(url)), (BY_ARTICLE, urls.clean(url))):
        if row := next(db.query(query, [value]), None):
            return row
    return None


def _unknown(db: Database, url: str) -> str:
    if (stone := Tombstones(db).of(url)) is not None:
        return f"{url} was taken down and is not collected (tombstone {stone}: tamis forget --list)"
    said = f"{url} is not in the ledger: no channel has named it yet"
    key = urls.key(url)
    host, _, path = key.partition("/")
    found = db.execute(NEIGHBOURS, {"key": key}).fetchall()
    near = [(other.partition("/"), address) for other, address in found]
    theirs = [(rest, address) for (place, _, rest), address in near if place == host]
    alike = [(SequenceMatcher(None, path, rest).ratio(), address) for rest, address in theirs]
    close = [other for share, other in sorted(alike, reverse=True) if share >= ALIKE]
    return f"{said}. Nearest: {', '.join(close[:NEAREST])}" if close else said


def _named_by(db: Database, url_id: int) -> Iterator[Report]:
    """The channels, the best first; what each said, but for a text only how long it is."""
    for row in db.query(NAMED_BY, [url_id]):
        hints = json.loads(row["hints"])
        if content := hints.pop("content", None):
            hints["content_characters"] = len(content)
        yield {**row, "decides": bool(row["decides"]), "hints": hints}


# -- hosts


def _hosts(row: Report) -> list[tuple[str, str]]:
    """Host and address of what was asked, and of what answered if that is another host."""
    asked = [row["url"], *filter(None, [row["page_url"]])]
    return list({urls.host(url): (urls.host(url), url) for url in reversed(asked)}.values())[::-1]


def _robots(db: Database, place: tuple[str, str]) -> Report:
    """What the stored robots.txt of a host says of an address."""
    host, url = place
    known = next(db.query(HOST, [host]), None) or dict.fromkeys(
        ("robots_status", "robots", "robots_checked", "rests")
    )
    told = {
        "host": host,
        "status": known["robots_status"],
        "checked": known["robots_checked"],
        "rests": known["rests"],
    }
    if known["robots_checked"] is None:
        return told
    return told | robots.of_file(known["robots"] or b"", url, settings.ROBOTSTXT_USER_AGENT)


# -- the archive


def _fetches(db: Database, url_id: int) -> Iterator[Report]:
    """Every archived page, the oldest first; `bytes` is None of one that was let go."""
    for row in db.query(PAGES, [url_id]):
        head, pruned = row.pop("head"), bool(row.pop("pruned"))
        yield {**row, "bytes": None if pruned else archive.size(head), "pruned": pruned}


def _read(
    db: Database, row: Report, page: Report, found: Report | None
) -> tuple[dict[str, str], Report]:
    """The headers of the newest page, and what reading it gives; of one let go, what is stored."""
    body, packed = db.execute(
        "SELECT headers, body FROM pages WHERE id = ?", [page["id"]]
    ).fetchone()
    headers = json.loads(body)
    if page["pruned"]:
        return headers, reading.of_stored(db, found["id"]) if found else {}
    (record,) = db.execute("SELECT record FROM sources WHERE id = ?", [row["source"]]).fetchone()
    unread = Unread(
        url_id=row["id"], page_id=0, source=row["source"], url=page["url"],
        fetched=page["fetched"], content_type=page["content_type"], body=packed,
        hints=channels.hints(db, [row["id"]]).get(row["id"], {}),
        languages=tuple(json.loads(record)["languages"]),
    )  # fmt: skip
    read = reading.of_archived(unread)
    if found:
        reading.forget(read, _remembered(db, found["id"]))
    return headers, read


def _signals(read: Report) -> Signals:
    declared = read.get("declared") or {}
    return Signals(**{name: _frozen(value) for name, value in declared.items()})


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _remembered(db: Database, ident: int) -> list[Report]:
    """The lines that the memory of the site took out of the stored article."""
    return list(
        db.query(
            "SELECT line, text, rule, articles FROM removed_lines"
            " WHERE article_id = ? AND line IS NOT NULL ORDER BY line",
            [ident],
        )
    )
