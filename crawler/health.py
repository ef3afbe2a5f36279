"""The daily check: what each source gave is counted, judged, and kept as alarms; and their feed."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlite_utils import Database

from crawler import alarms, clock, measures, standing
from crawler.days import Alarm, Certificate, Channel, Day, Past
from crawler.exports import alarms as alarm_feed
from crawler.exports.feeds import BASE_URL
from crawler.schedule import NEVER
from crawler.urls import host
from crawler.writes import transaction

# Days for which the feed repeats an alarm that has ended, so that no reader misses its end.
TOLD = 60
# Closed alarms are kept for as long as the days that they tell of.
KEPT = timedelta(days=measures.KEPT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What a check found: all open alarms, and those that began or ended today."""

    open: tuple[Alarm, ...]
    new: tuple[Alarm, ...]
    ended: tuple[Alarm, ...]

    @property
    def well(self) -> bool:
        return not self.open


def check(db: Database) -> Health:
    """Count what is new, judge every source by it, and keep what has changed of the alarms.

    Twice a day it finds the same.
    """
    today = clock.moment().date()
    measures.measure(db, today)
    known = _known(db)
    days = dict(measures.days(db, today - timedelta(days=alarms.WINDOW)))
    asked = _asked(days)
    network = alarms.network(asked, today)
    found = [network] if network else []
    for past in _pasts(db, today, days, alarms.lost(asked)):
        found += alarms.judge(past, known[past.source])
    with transaction(db):
        _keep(db, known, found, today)
        db.conn.execute("DELETE FROM alarms WHERE until < ?", ((today - KEPT).isoformat(),))
    kept = [alarm for of in _known(db).values() for alarm in of]
    return Health(
        open=tuple(alarm for alarm in kept if alarm.until is None),
        new=tuple(alarm for alarm in kept if alarm.raised == today and alarm.until is None),
        ended=tuple(alarm for alarm in kept if alarm.until == today),
    )


def feed(db: Database, base_url: str | None = None) -> bytes:
    """The alarms as Atom, the newest first; `base_url` is where the site is found."""
    since = clock.after(-timedelta(days=TOLD).total_seconds())
    return alarm_feed.write(standing.alarms(db, since=since), base_url or BASE_URL)


def _known(db: Database) -> dict[str, list[Alarm]]:
    """Alarms by source, in the order in which they were raised."""
    known: dict[str, list[Alarm]] = defaultdict(list)
    for row in db.query("SELECT * FROM alarms ORDER BY id"):
        known[row["source"]].append(standing.alarm(row))
    return known


def _keep(db: Database, known: dict[str, list[Alarm]], found: list[Alarm], today: date) -> None:
    now = clock.now()
    before = [alarm for of in known.values() for alarm in of]
    for alarm in alarms.ended(before, found):
        db.conn.execute(
            "UPDATE alarms SET until = ?, told = ?"
            " WHERE kind = ? AND source = ? AND about = ? AND until IS NULL",
            (today.isoformat(), now, *alarm.key),
        )
    for alarm in found:
        db.conn.execute(
            "INSERT INTO alarms"
            " (kind, source, about, since, raised, told, evidence, sentence)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (kind, source, about) WHERE until IS NULL"
            " DO UPDATE SET evidence = excluded.evidence, sentence = excluded.sentence",
            (
                *alarm.key, alarm.since.isoformat(), today.isoformat(), now,
                json.dumps(alarm.evidence, ensure_ascii=False), alarm.sentence,
            ),
        )  # fmt: skip


# --- What is judged -----------------------------------------------------------------------------


def _pasts(
    db: Database, today: date, days: dict[str, tuple[Day, ...]], lost: frozenset[date]
) -> Iterator[Past]:
    """Every source that is crawled, with its days, its channels and their hosts."""
    channels, certificates = _channels(db), _certificates(db)
    for source, record, edited in db.execute("SELECT id, record, edited FROM sources"):
        told = json.loads(record)
        if not told.get("enabled", True) or source not in channels:
            continue
        yield Past(
            source=source, name=told["name"], country=told["country"], today=today,
            days=days.get(source, ()), channels=tuple(channels[source]),
            certificates=tuple(certificates[source]),
            edited=_day(edited), lost=lost,
        )  # fmt: skip


def _asked(days: dict[str, tuple[Day, ...]]) -> dict[date, tuple[int, int]]:
    """Of each day, how many sources were asked, and how many of these did not answer."""
    asked: dict[date, tuple[int, int]] = {}
    for of in days.values():
        for day in of:
            one, silent = asked.get(day.day, (0, 0))
            asked[day.day] = (one + 1, silent + (not day.answered))
    return asked


def _channels(db: Database) -> dict[str, list[Channel]]:
    tried: dict[int, list[date]] = defaultdict(list)
    for channel, day in db.execute(
        "SELECT channels.id, day FROM channels JOIN visits ON channel = channels.id"
        " WHERE failures > 0 AND root IS NULL AND visits.failed > 0"
        " AND day > substr(coalesce(succeeded, ''), 1, 10) ORDER BY 1, 2"
    ):
        tried[channel].append(date.fromisoformat(day))
    channels: dict[str, list[Channel]] = defaultdict(list)
    for row in db.query(
        "SELECT id, source, url, failing, reason, moved, moved_to FROM channels"
        " WHERE root IS NULL AND due <> ? ORDER BY id",
        (NEVER,),
    ):
        channels[row["source"]].append(
            Channel(
                url=row["url"], failing=row["failing"], reason=row["reason"],
                tried=tuple(tried[row["id"]]), moved=_day(row["moved"]), moved_to=row["moved_to"],
            )
        )  # fmt: skip
    return channels


def _certificates(db: Database) -> dict[str, list[Certificate]]:
    held = {
        name: (begins, ends)
        for name, begins, ends in db.execute(
            "SELECT host, certificate_begins, certificate_ends FROM hosts"
            " WHERE certificate_ends IS NOT NULL"
        )
    }
    found: dict[str, list[Certificate]] = defaultdict(list)
    rows = db.execute("SELECT source, url FROM channels WHERE root IS NULL AND due <> ?", (NEVER,))
    for source, name in sorted({(source, host(url)) for source, url in rows if "://" in url}):
        if name in held:
            begins, ends = (date.fromisoformat(moment[:10]) for moment in held[name])
            found[source].append(Certificate(host=name, begins=begins, ends=ends))
    return found


def _day(moment: Any) -> date | None:
    return date.fromisoformat(moment[:10]) if moment else None
