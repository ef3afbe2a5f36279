"""Hosts, probes, notices, days, alarms and runs of an input, taken in: of each, the last word."""

from collections.abc import Sequence

from sqlite_utils import Database

from crawler.merging.inputs import Input
from crawler.merging.numbers import columns

# Of each table its key, and which columns belong together with the one that says how late they are.
LATEST: dict[str, tuple[tuple[str, ...], dict[str, tuple[str, ...]]]] = {
    "hosts": (
        ("host",),
        {
            "robots_checked": ("robots_status", "robots"),
            "tdmrep_checked": ("tdmrep",),
            "certificate_ends": ("certificate_begins",),
            "rests": (),
        },
    ),
    "probes": (
        ("source", "kind", "address"),
        {
            "probed": (
                "verdict", "status", "items", "newest", "dated", "full_text", "language", "reason",
            ),
        },
    ),
}  # fmt: skip
# A day is counted while it lasts, so of two counts of one day the greater is the later. A channel
# that two machines have visited on one day counts as one of them has it, else each merge would add.
COUNTS = ("answered", "unchanged", "failed")


def take(db: Database, each: Input) -> None:
    """What is told of each host, channel, source and day."""
    for table, (key, groups) in LATEST.items():
        _take_latest(db, each, table, key, groups)
    _take_notices(db, each)
    _take_visits(db, each)
    _take_measures(db, each)
    db.conn.execute(
        f"INSERT INTO main.blocks (source, line, first, last) SELECT source, line, first, last"
        f" FROM {each.name}.blocks WHERE 1 ON CONFLICT (source, line) DO UPDATE"
        " SET first = min(first, excluded.first), last = max(last, excluded.last)"
    )


def take_all(db: Database, inputs: Sequence[Input]) -> None:
    """Alarms and runs of all inputs, numbered as they came."""
    _take_alarms(db, inputs)
    _take_runs(db, inputs)


def _take_latest(
    db: Database,
    each: Input,
    table: str,
    key: tuple[str, ...],
    groups: dict[str, tuple[str, ...]],
) -> None:
    later = {by: f"coalesce(excluded.{by}, '') > coalesce({table}.{by}, '')" for by in groups}
    sets = [
        f"{name} = iif({later[by]}, excluded.{name}, {table}.{name})"
        for by, names in groups.items()
        for name in (*names, by)
    ]
    listed = ", ".join(columns(db, table))
    db.conn.execute(
        f"INSERT INTO main.{table} ({listed}) SELECT {listed} FROM {each.name}.{table} WHERE 1"
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {', '.join(sets)}"
        f" WHERE {' OR '.join(later.values())}"
    )


def _take_notices(db: Database, each: Input) -> None:
    names = columns(db, "notices", "url_id")
    changes = ", ".join(f"{name} = excluded.{name}" for name in names)
    db.conn.execute(
        f"INSERT INTO main.notices (url_id, {', '.join(names)}) SELECT new, {', '.join(names)}"
        f" FROM {each.name}.notices JOIN temp.url_ids ON db = ? AND old = url_id"
        " WHERE new NOT IN (SELECT url FROM temp.let_go)"
        f" ON CONFLICT (url_id) DO UPDATE SET {changes} WHERE excluded.seen > notices.seen",
        [each.number],
    )


def _take_visits(db: Database, each: Input) -> None:
    counts = ", ".join(f"{name} = max({name}, excluded.{name})" for name in COUNTS)
    more = " OR ".join(f"excluded.{name} > visits.{name}" for name in COUNTS)
    told = "(excluded.failed, coalesce(excluded.reason, '')) > (failed, coalesce(reason, ''))"
    names = ", ".join((*COUNTS, "failing", "reason"))
    db.conn.execute(
        f"INSERT INTO main.visits (channel, day, {names}) SELECT new, day, {names}"
        f" FROM {each.name}.visits JOIN temp.channel_ids ON db = ? AND old = channel WHERE 1"
        f" ON CONFLICT (channel, day) DO UPDATE SET {counts},"
        f" failing = iif({told}, excluded.failing, failing),"
        f" reason = iif({told}, excluded.reason, reason) WHERE {more} OR {told}",
        [each.number],
    )


def _take_measures(db: Database, each: Input) -> None:
    names = columns(db, "measures", "source", "day")
    order = ("visits", "found", "read", "stored", *sorted(set(names)))
    theirs = ", ".join(f"coalesce(excluded.{name}, '')" for name in order)
    ours = ", ".join(f"coalesce(measures.{name}, '')" for name in order)
    db.conn.execute(
        f"INSERT INTO main.measures (source, day, {', '.join(names)})"
        f" SELECT source, day, {', '.join(names)} FROM {each.name}.measures WHERE 1"
        " ON CONFLICT (source, day) DO UPDATE SET"
        f" {', '.join(f'{name} = excluded.{name}' for name in names)}"
        f" WHERE ({theirs}) > ({ours})"
    )


def _take_alarms(db: Database, inputs: Sequence[Input]) -> None:
    """One is the same here and there if it was raised on the same day; then the last word holds."""
    same = (
        "(alarms.kind, alarms.source, alarms.about, alarms.raised)"
        " = (theirs.kind, theirs.source, theirs.about, theirs.raised)"
    )
    names = columns(db, "alarms", "id")
    listed = ", ".join(names)
    changes = ", ".join(f"{name} = theirs.{name}" for name in names)
    for each in inputs:
        db.conn.execute(
            f"UPDATE main.alarms SET {changes} FROM {each.name}.alarms AS theirs"
            f" WHERE {same} AND theirs.told > alarms.told"
        )
    told = ", ".join(f"{name} = excluded.{name}" for name in names)
    db.conn.execute(
        f"INSERT INTO main.alarms ({listed}) SELECT {listed} FROM ("
        "  SELECT *, row_number() OVER (PARTITION BY kind, source, about, raised"
        f"   ORDER BY told DESC, sentence) AS turn FROM ({_of_all(inputs, 'alarms', listed)})"
        " ) AS theirs WHERE turn = 1"
        f" AND NOT EXISTS (SELECT 1 FROM main.alarms WHERE {same})"
        " ORDER BY raised, kind, source, about"
        # There is one open alarm of a kind: the one that was raised first.
        " ON CONFLICT (kind, source, about) WHERE until IS NULL DO UPDATE SET"
        f" {told} WHERE excluded.raised < alarms.raised"
    )


def _take_runs(db: Database, inputs: Sequence[Input]) -> None:
    """Those that ended; one that was killed, once the next one has said so."""
    names = columns(db, "runs", "id")
    listed = ", ".join(names)
    db.conn.execute(
        f"INSERT INTO main.runs ({listed}) SELECT DISTINCT {listed}"
        f" FROM ({_of_all(inputs, 'runs', listed)}) AS theirs WHERE status <> 'running'"
        " AND NOT EXISTS (SELECT 1 FROM main.runs WHERE"
        f" {' AND '.join(f'runs.{name} IS theirs.{name}' for name in names)})"
        f" ORDER BY {listed}"
    )


def _of_all(inputs: Sequence[Input], table: str, listed: str) -> str:
    return " UNION ALL ".join(f"SELECT {listed} FROM {each.name}.{table}" for each in inputs)
