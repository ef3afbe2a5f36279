"""Sources, channels, tombstones and the ledger of an input, taken in.

Of an address that both have, one word holds: that it was forgotten; then that it was let go for its
age; then that there is an article, by the newest visit; then whatever was decided last; then that
it waits. Ties go by what the rows say, so that the order of the inputs decides nothing.
"""

import json
from collections.abc import Collection, Iterator, Sequence

from sqlite_utils import Database

from crawler import erasing, tombstones
from crawler.channels import BEST_FIRST
from crawler.frontier import VANISHED
from crawler.merging.inputs import Input
from crawler.merging.numbers import columns
from crawler.takedowns import LEADS_TO
from crawler.tombstones import Tombstones

# What the row of an address takes from the one whose word holds, and the first or last of both.
FIRST, LAST = ("discovered", "first_fetched", "dated"), ("updated",)
OF_OTHERS = ("id", "key", "host", "source", "channel", "tombstone", "gone", *FIRST, *LAST)
GONE = ", ".join(f"'{outcome}'" for outcome in VANISHED)


def take_sources(db: Database, each: Input) -> None:
    """Of two records, that of the database that has visited the source last."""
    visited = "coalesce((SELECT max(checked) FROM {}.channels WHERE source = {}.id), '')"
    db.conn.execute(
        f"INSERT INTO main.sources (id, record, edited) SELECT id, record, edited"
        f" FROM {each.name}.sources WHERE 1 ON CONFLICT (id) DO UPDATE"
        " SET record = excluded.record, edited = excluded.edited"
        f" WHERE ({visited.format(each.name, 'excluded')}, excluded.record)"
        f" > ({visited.format('main', 'sources')}, sources.record)"
    )


def take_channels(db: Database, each: Input) -> None:
    """Of two rows, that of the last visit; parts and their indexes are found by address."""

    def word(of: str) -> str:
        said = ("due", "source", "kind", "language", "selector", "cursor", "etag", "body_hash")
        told = ", ".join(f"coalesce({of}.{name}, '')" for name in said)
        return f"(coalesce({of}.checked, ''), {of}.visits, {told})"

    names = columns(db, "channels", "id", "root", "parent")
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name != "url")
    db.conn.execute(
        f"INSERT INTO temp.later_channels SELECT ?, id FROM {each.name}.channels AS theirs"
        " WHERE NOT EXISTS (SELECT 1 FROM main.channels AS ours WHERE ours.url = theirs.url"
        f" AND {word('ours')} >= {word('theirs')})",
        [each.number],
    )
    db.conn.execute(
        f"INSERT INTO main.channels ({', '.join(names)}) SELECT {', '.join(names)}"
        f" FROM {each.name}.channels WHERE id IN"
        " (SELECT old FROM temp.later_channels WHERE db = ?) ORDER BY id"
        f" ON CONFLICT (url) DO UPDATE SET {changes}",
        [each.number],
    )
    above = (
        f"(SELECT ours.id FROM {each.name}.channels AS theirs"
        f" JOIN {each.name}.channels AS above ON above.id = theirs.{{}}"
        " JOIN main.channels AS ours ON ours.url = above.url WHERE theirs.url = channels.url)"
    )
    db.conn.execute(
        f"UPDATE main.channels SET root = {above.format('root')},"
        f" parent = {above.format('parent')} WHERE url IN (SELECT url FROM {each.name}.channels"
        " JOIN temp.later_channels ON db = ? AND old = id)",
        [each.number],
    )


# --- Tombstones ---------------------------------------------------------------------------------

KNOWN_BY = """
    SELECT urls.id, urls.url, urls.source, reason, articles.url, canonical, authors,
           (SELECT json_group_array(url) FROM pages WHERE url_id = urls.id),
           (SELECT json_group_array(json(json_extract(hints, '$.authors'))) FROM discoveries
            WHERE url_id = urls.id AND instr(hints, '"authors"'))
    FROM urls LEFT JOIN articles ON articles.url_id = urls.id WHERE outcome <> 'forgotten'
"""


def bar(db: Database, inputs: Sequence[Input], *, new_stones: bool) -> tuple[int, set[str]]:
    """Keep out of the inputs what lies under any tombstone, and with `new_stones` erase it here.

    How many addresses were erased, and the sources of all of these.
    """
    stones = Tombstones(db)
    sources: set[str] = set()
    erased = 0
    for url_id, source, stone in list(_under(stones, db)) if new_stones else ():
        erasing.erase(stones, url_id, stone)
        _date(stones, stone, "id", url_id)
        sources.add(source)
        erased += 1
    for each in inputs if stones else ():
        for url_id, source, stone in _under(stones, each.db):
            db.conn.execute(
                "INSERT INTO temp.barred VALUES (?, ?, ?)", (each.number, url_id, stone)
            )
            sources.add(source)
    return erased, sources


def _under(stones: Tombstones, db: Database) -> Iterator[tuple[int, str, int]]:
    for ident, url, source, reason, *known in db.conn.execute(KNOWN_BY):
        address, canonical, authors, pages, hinted = known
        led = (reason or "").removeprefix(LEADS_TO) if (reason or "").startswith(LEADS_TO) else None
        stone = stones.of(url, address, canonical, led, *json.loads(pages))
        if stone is None:
            names = [name for told in json.loads(hinted) for name in told or ()]
            stone = stones.of_authors([*json.loads(authors or "[]"), *names])
        if stone is not None:
            yield ident, source, stone


def enter_barred(db: Database, each: Input) -> None:
    """Count in the ledger what was kept out."""
    stones = Tombstones(db)
    rows = db.execute(
        f"SELECT key, stone, source, new FROM temp.barred JOIN {each.name}.urls ON id = barred.old"
        " JOIN temp.channel_ids AS ids ON ids.db = barred.db AND ids.old = channel"
        " WHERE barred.db = ? ORDER BY key",
        [each.number],
    ).fetchall()
    for key, stone, source, channel in rows:
        hashed = stones.ledger_key(stone, key)
        if not db.execute("SELECT 1 FROM main.urls WHERE key = ?", [hashed]).fetchone():
            erasing.enter(stones, key, stone, source=source, channel=channel)
            _date(stones, stone, "key", hashed)


def _date(stones: Tombstones, stone: int, column: str, value: int | str) -> None:
    """As of the take-down, not of the merge: so a merge on another day says the same."""
    (day,) = (each.day for each in stones.stones if each.id == stone)
    stones.db.conn.execute(
        f"UPDATE main.urls SET discovered = ?1, decided = ?1 WHERE {column} = ?2",
        [f"{day}T00:00:00Z", value],
    )


def take_stones(db: Database, each: Input) -> int:
    return tombstones.join(db, each.db)


def forget_hosts(db: Database) -> None:
    """Of a host under a tombstone, nothing is kept."""
    stones = Tombstones(db)
    for (name,) in db.execute("SELECT host FROM main.hosts").fetchall() if stones else ():
        if stones.of_host(f"http://{name}/") is not None:
            db.conn.execute("DELETE FROM main.hosts WHERE host = ?", [name])


# --- Addresses ----------------------------------------------------------------------------------


def word(of: str) -> str:
    """What decides between two rows of an address: the greater holds."""
    return f"""(
      CASE {of}.outcome WHEN 'forgotten' THEN 4 WHEN 'expired' THEN 3 WHEN 'stored' THEN 2
        WHEN 'fetched' THEN 2 WHEN 'pending' THEN 0 ELSE 1 END,
      iif({of}.outcome IN ('stored', 'fetched'), coalesce({of}.last_fetched, ''), ''),
      coalesce({of}.decided, ''), {of}.outcome = 'fetched', {of}.tries, {of}.due,
      coalesce({of}.reason, ''), {of}.outcome, {of}.url, coalesce({of}.enricher, '')
    )"""


def take_new_urls(db: Database, each: Input) -> None:
    names = columns(db, "urls", "id", "source", "channel", "tombstone")
    theirs = ", ".join(f"theirs.{name}" for name in names)
    db.conn.execute(
        f"INSERT INTO main.urls (id, source, channel, tombstone, {', '.join(names)})"
        f" SELECT new_urls.id, theirs.source, ids.new, stones.new, {theirs}"
        f" FROM temp.new_urls JOIN {each.name}.urls AS theirs ON theirs.id = new_urls.old"
        " JOIN temp.channel_ids AS ids ON ids.db = ?1 AND ids.old = theirs.channel"
        " LEFT JOIN temp.stone_ids AS stones ON stones.db = ?1 AND stones.old = theirs.tombstone"
        " WHERE new_urls.db = ?1 ORDER BY new_urls.id",
        [each.number],
    )


def take_words(db: Database, each: Input) -> None:
    """Bring the rows of addresses up to date with those of an input."""
    names = columns(db, "urls", *OF_OTHERS)
    same = f"FROM {each.name}.urls AS theirs JOIN temp.url_ids ON db = ? AND old = theirs.id"
    same += " WHERE urls.id = new"
    db.conn.execute(
        f"UPDATE main.urls SET {', '.join(f'{name} = theirs.{name}' for name in names)},"
        f" gone = {_gone('theirs', 'urls')} {same} AND {word('theirs')} > {word('urls')}",
        [each.number],
    )
    db.conn.execute(
        f"UPDATE main.urls SET gone = {_gone('urls', 'theirs')} {same} AND urls.outcome = 'stored'"
        f" AND urls.gone IS NOT {_gone('urls', 'theirs')}",
        [each.number],
    )
    sets = {name: _of_both(name, "min") for name in FIRST}
    sets |= {name: _of_both(name, "max") for name in LAST}
    differs = " OR ".join(f"urls.{name} IS NOT {value}" for name, value in sets.items())
    db.conn.execute(
        f"UPDATE main.urls SET {', '.join(f'{name} = {value}' for name, value in sets.items())}"
        f" {same} AND ({differs})",
        [each.number],
    )


def _gone(holds: str, other: str) -> str:
    """Since when an article has vanished: the other may have looked later than what holds."""
    seen = f"iif({other}.outcome IN ({GONE}), {other}.decided, {other}.gone)"
    later = f"iif({holds}.outcome = 'stored' AND {seen} > {holds}.last_fetched, {seen}, NULL)"
    return f"min(coalesce({holds}.gone, {later}), coalesce({later}, {holds}.gone))"


def _of_both(name: str, which: str) -> str:
    ours, theirs = f"urls.{name}", f"theirs.{name}"
    return f"{which}(coalesce({ours}, {theirs}), coalesce({theirs}, {ours}))"


def let_best_decide(db: Database, urls: Collection[int]) -> None:
    """Of the channels that name each of `urls`, the best is its own (as in a crawl of all)."""
    # What waits is not left to a source that is no longer crawled.
    for which, order in (
        ("outcome = 'pending'", f"json_extract(record, '$.enabled') = 0, {BEST_FIRST}"),
        ("outcome <> 'pending'", BEST_FIRST),
    ):
        db.conn.execute(
            "UPDATE main.urls SET (source, channel) = ("
            " SELECT channels.source, channels.id FROM main.discoveries"
            " JOIN main.channels ON channels.id = discoveries.channel"
            " JOIN main.sources ON sources.id = channels.source WHERE url_id = urls.id"
            f" ORDER BY {order} LIMIT 1)"
            f" WHERE {which} AND id IN (SELECT value FROM json_each(?))"
            " AND EXISTS (SELECT 1 FROM main.discoveries WHERE url_id = urls.id)",
            [json.dumps(list(urls))],
        )
