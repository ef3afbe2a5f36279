"""How each source stands, and what is wrong with any, as rows: for the operator and for readers."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlite_utils import Database

from crawler import clock
from crawler.days import Alarm
from crawler.schedule import NEVER

# Days over which visits, pages and articles are summed: of a monthly bulletin still one issue.
LATELY = 30

Row = dict[str, Any]

SOURCES = """
    SELECT sources.id AS source, json_extract(record, '$.name') AS name,
      (SELECT max(succeeded) FROM channels WHERE source = sources.id) AS last_answer,
      (SELECT max(day) FROM measures WHERE source = sources.id AND stored > 0) AS last_article,
      coalesce(sum(visits), 0) AS visits, coalesce(sum(failed), 0) AS failed,
      coalesce(sum(temporary), 0) AS temporary, coalesce(sum(soft), 0) AS soft,
      coalesce(sum(hard), 0) AS hard,
      (SELECT reason FROM measures WHERE source = sources.id AND reason IS NOT NULL
       AND day >= :first ORDER BY day DESC LIMIT 1) AS reason,
      coalesce(sum(measures.found), 0) AS found, coalesce(sum(read), 0) AS pages,
      coalesce(sum(stored), 0) AS stored,
      coalesce(sum(dated), 0) AS dated, coalesce(sum(signed), 0) AS signed,
      (SELECT count(*) FROM alarms WHERE source = sources.id AND until IS NULL) AS alarms
    FROM sources LEFT JOIN measures ON measures.source = sources.id AND day >= :first
    WHERE json_extract(record, '$.enabled') IS NOT 0
    GROUP BY sources.id
    ORDER BY alarms DESC, failed * 1.0 / max(visits, 1) DESC, sources.id
"""
# An address counts for the channel that decides about it (crawler.channels.RANK).
CHANNELS = """
    WITH named AS (
      SELECT channel, count(*) AS found, sum(outcome = 'stored') AS stored
      FROM urls WHERE discovered >= :first GROUP BY channel
    ), tried AS (
      SELECT coalesce(root, id) AS channel,
        sum(answered + unchanged + visits.failed) AS visits, sum(visits.failed) AS failed,
        sum(iif(visits.failing = 'temporary', visits.failed, 0)) AS temporary,
        sum(iif(visits.failing = 'soft', visits.failed, 0)) AS soft,
        sum(iif(visits.failing = 'hard', visits.failed, 0)) AS hard
      FROM visits JOIN channels ON id = visits.channel WHERE day >= :first GROUP BY 1
    )
    SELECT source, kind, url, succeeded AS last_answer, channels.found AS last_news,
      coalesce(tried.visits, 0) AS visits, coalesce(failed, 0) AS failed,
      coalesce(temporary, 0) AS temporary, coalesce(soft, 0) AS soft, coalesce(hard, 0) AS hard,
      iif(failures > 0, reason, NULL) AS reason,
      coalesce(named.found, 0) AS found, coalesce(stored, 0) AS stored, moved_to
    FROM channels LEFT JOIN named ON named.channel = channels.id
    LEFT JOIN tried ON tried.channel = channels.id
    WHERE root IS NULL AND due <> :never
    ORDER BY source, kind, url
"""
ALARMS = """
    SELECT alarms.*, json_extract(record, '$.name') AS name
    FROM alarms LEFT JOIN sources ON sources.id = source
"""


def lately(db: Database) -> tuple[Row, ...]:
    """Every source that is crawled, with what it did LATELY, those in trouble first."""
    return tuple(db.query(SOURCES, {"first": _first()}))


def channels(db: Database) -> tuple[Row, ...]:
    """Every channel that is visited, with what it did LATELY."""
    return tuple(db.query(CHANNELS, {"first": _first(), "never": NEVER}))


def _first() -> str:
    return (clock.moment().date() - timedelta(days=LATELY - 1)).isoformat()


def alarms(db: Database, *, since: str | None = None) -> tuple[Row, ...]:
    """The open alarms, oldest first.

    With `since`, those too that began or ended since that moment, the newest first.
    """
    if since is None:
        return tuple(db.query(f"{ALARMS} WHERE until IS NULL ORDER BY alarms.since, alarms.id"))
    sql = f"{ALARMS} WHERE until IS NULL OR told >= ? ORDER BY told DESC, alarms.id DESC"
    return tuple(db.query(sql, (since,)))


def alarm(row: Row) -> Alarm:
    return Alarm(
        kind=row["kind"], source=row["source"], about=row["about"],
        since=date.fromisoformat(row["since"]), raised=date.fromisoformat(row["raised"]),
        until=date.fromisoformat(row["until"]) if row["until"] else None,
        evidence=json.loads(row["evidence"]), sentence=row["sentence"],
    )  # fmt: skip


def as_json(db: Database) -> Row:
    """All of it, for programs."""
    return {
        "checked": checked(db),
        "alarms": [
            {
                **{name: row[name] for name in ("id", "kind", "source", "name", "about", "since")},
                "raised": row["raised"], "sentence": row["sentence"],
                "evidence": json.loads(row["evidence"]),
            }
            for row in alarms(db)
        ],
        "sources": list(lately(db)),
        "channels": list(channels(db)),
    }  # fmt: skip


def checked(db: Database) -> str | None:
    """The last day that was looked at."""
    day: str | None = db.execute("SELECT max(day) FROM measures").fetchone()[0]
    return day


# --- Published ----------------------------------------------------------------------------------


def published_sources(db: Database) -> Iterator[Row]:
    for row in lately(db):
        del row["name"]
        yield row


def published_alarms(db: Database) -> Iterator[Row]:
    names = ("id", "kind", "source", "about", "since", "raised", "until", "sentence", "evidence")
    for row in db.query(f"SELECT {', '.join(names)} FROM alarms ORDER BY id"):
        yield {**row, "source": row["source"] or None, "about": row["about"] or None}
