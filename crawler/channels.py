"""The channels of the sources: when each is due, and what its visits brought.

What one visit brings (its links, where the next one goes on, its validators) is one transaction,
or a crash followed by "304 Not Modified" would lose the links for ever.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date
from html import escape
from typing import Any, Literal

from sqlite_utils import Database
from w3lib.html import remove_tags

from crawler import archive, clock, erasing, registry, schedule
from crawler.items import Address, Harvest, Link, Page, Part, Source
from crawler.schedule import NEVER, Failing
from crawler.tombstones import Tombstones
from crawler.urls import clean, host, key, web_url
from crawler.writes import Statement, Writes, transaction
from enrich.hosts import site
from enrich.text import fold, printable

# Of the channels that name a URL, the source's own site comes before others, then what says most
# of an article comes first. The rest is alphabetical, so that the order of visits decides nothing.
RANK = {"wordpress": 0, "reliefweb": 1, "feed": 2, "sitemap": 3, "listing": 4, "warc": 5}
FOREIGN = 10  # added where the URL is on another site than the source
BEST_FIRST = "rank, channels.source, channels.url"
# Pages of older links, on the first visit and after a gap. Ten pages of ten links are a year of a
# small site, and what is older is seldom asked of a news database.
MAX_DEPTH = 10
# A known article is an example of what the source's articles look like; so many suffice.
EXAMPLES = 50
# A summary that begins as the text does was made from it by a program. Longer than any chance.
SAME_START = 60
# The hints that a reading uses (crawler.enrichment); the others change no article.
READ = (
    "title", "published", "authors", "categories", "language", "alternate", "image", "attachments",
    "origin_url",
)  # fmt: skip
GIVEN_UP = 3  # failures in a row of a page of older links
IDLE = 20  # visits at once that bring nothing: a server that ignores where to go on


@dataclass(frozen=True, slots=True, kw_only=True)
class DueChannel:
    """A channel, or a part of one (with `root`), that may be visited now."""

    id: int
    source: str
    homepage: str
    kind: str
    url: str
    language: str | None = None
    selector: str | None = None
    root: int | None = None
    changed: str | None = None
    etag: str | None = None
    modified: str | None = None
    body_hash: str | None = None
    cursor: str | None = None
    depth: int = 0
    period: float | None = None
    every: float | None = None
    failures: int = 0
    succeeded: str | None = None
    moved_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A link of a harvest, with what identifies it."""

    key: str
    url: str
    link: Link


class Channels:
    """The tables of sources and channels, and of what the channels named."""

    def __init__(self, writes: Writes) -> None:
        self.writes = writes
        self.db: Database = writes.db
        self.idle: Counter[int] = Counter()
        self.stones = Tombstones(self.db)  # nobody lays others while a crawl is at work

    def sync(
        self,
        sources: Iterable[Source],
        addresses: Callable[[Source], Iterable[tuple[str, Address]]],
    ) -> None:
        """Bring the sources and their channels in step with the registry, all of it.

        `addresses` gives a source's channels, each with its kind. Channels that left the registry
        stay, for the URLs they discovered, but are not visited again; a source that left it keeps
        no licence, since nobody answers for it any more.
        """
        sources = list(sources)
        registered = json.dumps([at.url for source in sources for _, at in addresses(source)])
        with transaction(self.db):
            # What left the registry rests, with its parts, until it is named again.
            self.db.conn.execute(
                "UPDATE channels SET due = ? WHERE root IS NULL AND due <> ?"
                " AND url NOT IN (SELECT value FROM json_each(?))",
                (NEVER, NEVER, registered),
            )
            for source in sources:
                self._record(source)
                self.db.conn.executemany(
                    "INSERT INTO channels (source, kind, url, language, selector)"
                    " VALUES (?, ?, ?, ?, ?) ON CONFLICT (url) DO UPDATE"
                    " SET source = excluded.source, kind = excluded.kind,"
                    " root = NULL, parent = NULL,"
                    " cursor = iif(kind = excluded.kind, cursor, NULL),"
                    " depth = iif(kind = excluded.kind, depth, 0),"
                    # One that comes back must name its parts again, so it is asked for whole.
                    f" etag = iif(kind = excluded.kind AND due <> '{NEVER}', etag, NULL),"
                    f" modified = iif(kind = excluded.kind AND due <> '{NEVER}', modified, NULL),"
                    " body_hash = iif(kind = excluded.kind"
                    f" AND due <> '{NEVER}', body_hash, NULL),"
                    f" due = iif(due = '{NEVER}', '', due),"
                    " language = excluded.language, selector = excluded.selector",
                    [
                        (source.id, kind, at.url, at.language, at.selector)
                        for kind, at in addresses(source)
                    ],
                )
            self.db.conn.execute(
                "UPDATE channels SET due = ? WHERE root IN (SELECT id FROM channels AS r"
                " WHERE r.root IS NOT NULL OR r.due = ?)",
                (NEVER, NEVER),
            )
            self.db.conn.execute(
                "UPDATE channels SET source = (SELECT source FROM channels AS r WHERE r.id ="
                " channels.root) WHERE root IS NOT NULL"
            )
            self.db.conn.execute(
                "UPDATE sources SET record = json_remove(record, '$.licence')"
                " WHERE json_extract(record, '$.licence') IS NOT NULL"
                " AND id NOT IN (SELECT value FROM json_each(?))",
                (json.dumps([source.id for source in sources]),),
            )
            # What waits for a source that is off goes to another that names it.
            for row in list(
                self.db.query(
                    "SELECT id, outcome FROM urls WHERE outcome = 'pending' AND source IN"
                    " (SELECT id FROM sources WHERE json_extract(record, '$.enabled') = 0)"
                    " AND EXISTS (SELECT 1 FROM discoveries JOIN channels AS c ON c.id ="
                    " discoveries.channel JOIN sources ON sources.id = c.source WHERE url_id ="
                    " urls.id AND json_extract(record, '$.enabled') <> 0)"
                )
            ):
                self._settle(row)
            # What waits follows its channel, when a source has a new id.
            self.db.conn.execute(
                "UPDATE urls SET source = (SELECT source FROM channels WHERE id = urls.channel)"
                " WHERE (outcome = 'pending' OR look IS NOT NULL)"
                " AND source <> (SELECT source FROM channels WHERE id = urls.channel)"
            )

    def _record(self, source: Source) -> None:
        record = json.dumps(registry.as_json(source), ensure_ascii=False)
        before = self.db.execute("SELECT record FROM sources WHERE id = ?", (source.id,)).fetchone()
        if before == (record,):
            return
        other = before and registry.reached(registry.from_json(json.loads(before[0])))
        edited = clock.now() if other and other != registry.reached(source) else None
        self.db.conn.execute(
            "INSERT INTO sources (id, record) VALUES (?, ?) ON CONFLICT (id) DO UPDATE"
            " SET record = excluded.record, edited = coalesce(?, edited)",
            (source.id, record, edited),
        )

    def adopt(self, source: Source, kind: str, url: str) -> DueChannel:
        """A channel that is never visited, for pages that come in another way."""
        with transaction(self.db):
            if not self.db.execute("SELECT 1 FROM sources WHERE id = ?", (source.id,)).fetchone():
                self._record(source)
            self.db.conn.execute(
                "INSERT INTO channels (source, kind, url, due) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (url) DO NOTHING",
                (source.id, kind, url, NEVER),
            )
        (channel,) = self._channels("channels.url = ?", (url,))
        return channel

    def due(
        self, urls: Collection[str], *, now: str, without: Collection[int] = ()
    ) -> list[DueChannel]:
        """Those of the channels at `urls`, and of their parts, that may be visited at `now`."""
        found = self._channels(
            "channels.due <= ? AND channels.id NOT IN (SELECT value FROM json_each(?))"
            " AND coalesce((SELECT url FROM channels AS r WHERE r.id = channels.root),"
            "              channels.url) IN (SELECT value FROM json_each(?))",
            (now, json.dumps(list(without)), json.dumps(list(urls))),
        )
        return [channel for channel in found if self.stones.of_host(channel.url) is None]

    def _channels(self, where: str, values: tuple[Any, ...]) -> list[DueChannel]:
        names = ", ".join(f"channels.{name}" for name in DueChannel.__slots__ if name != "homepage")
        rows = self.db.query(
            f"SELECT {names}, json_extract(record, '$.homepage') AS homepage"
            f" FROM channels JOIN sources ON sources.id = channels.source WHERE {where}"
            " ORDER BY channels.id",
            values,
        )
        return [DueChannel(**row) for row in rows]

    def examples(self, source: str) -> tuple[str, ...]:
        """Addresses of its articles, the newest first."""
        rows = self.db.execute(
            "SELECT url FROM urls WHERE source = ? AND outcome = 'stored' ORDER BY id DESC LIMIT ?",
            (source, EXAMPLES),
        )
        return tuple(url for (url,) in rows.fetchall())

    def harvested(
        self,
        channel: DueChannel,
        harvest: Harvest,
        *,
        etag: str | None = None,
        modified: str | None = None,
        body_hash: str | None = None,
        every: float | None = None,
    ) -> int:
        """Commit what a visit brought, all of it together; returns how many links were new.

        `every` is how often the server says that the answer changes, in seconds.
        """
        now = clock.now()
        self.writes.flush()  # what was decided is no longer pending
        with transaction(self.db):
            found = self._unforgotten(channel, _found(harvest.links))
            fresh = len(found.keys() - self._told(channel, found))
            new = self._links(channel, found, now)
            for part in harvest.parts:
                self._part(channel, part)
            if harvest.parts:  # what it names no longer is not asked for any more
                self.db.conn.execute(
                    "UPDATE channels SET due = ? WHERE parent = ?"
                    " AND url NOT IN (SELECT value FROM json_each(?))",
                    (NEVER, channel.id, json.dumps([part.url for part in harvest.parts])),
                )
            self.db.conn.execute(
                *self._visited(
                    channel, harvest, now, new=new, fresh=fresh, named=len(found),
                    etag=etag, modified=modified, body_hash=body_hash, every=every,
                )
            )  # fmt: skip
            self.db.conn.execute(*_counted(channel, now, "answered"))
        return new

    def named(self, channel: DueChannel, links: Iterable[Link]) -> int:
        """Enter links that came without a visit; returns how many were new."""
        return self._links(channel, self._unforgotten(channel, _found(links)), clock.now())

    def _unforgotten(self, channel: DueChannel, found: dict[str, Found]) -> dict[str, Found]:
        """Without what lies under a tombstone, of which the ledger says only that."""
        stones = self.stones
        kept: dict[str, Found] = {}
        for identity, each in found.items() if stones else ():
            stone = stones.of(each.url)
            if stone is None and (stone := stones.of_authors(each.link.authors)) is None:
                kept[identity] = each
            elif row := self.db.execute("SELECT id FROM urls WHERE key = ?", [identity]).fetchone():
                erasing.erase(stones, row[0], stone)
            else:
                root = channel.root or channel.id
                erasing.enter(stones, identity, stone, source=channel.source, channel=root)
        return kept if stones else found

    def _visited(
        self,
        channel: DueChannel,
        harvest: Harvest,
        now: str,
        *,
        new: int,
        fresh: int,
        named: int,
        etag: str | None,
        modified: str | None,
        body_hash: str | None,
        every: float | None,
    ) -> Statement:
        # Most are new: it is the first visit, or what came between is on the pages before.
        onward = harvest.older is not None and 2 * fresh > named and channel.depth + 1 < MAX_DEPTH
        period = channel.period
        if channel.depth == 0:
            period = schedule.rhythm(channel.period, new=new > 0)
        says = max(harvest.every or 0.0, every or 0.0) or None
        self.idle[channel.id] = 0 if fresh or not harvest.again else self.idle[channel.id] + 1
        top = channel.depth == 0
        # An API that leads to where we are would keep us for ever.
        moves = harvest.cursor != channel.cursor and self.idle[channel.id] < IDLE
        at_once = onward or (harvest.again and moves)
        pause = schedule.pause(period or schedule.START, says)
        if new and top and channel.succeeded:  # before half of what it names is others
            since = clock.seconds_between(channel.succeeded, now)
            pause = min(pause, max(schedule.FLOOR, since * named / new / 2))
        wait = 0.0 if at_once else _patience(channel, pause)
        return (
            ("UPDATE channels SET etag = ?, modified = ?, body_hash = ?, cursor = ?, depth = ?,"
            " period = ?, every = ?, due = ?, checked = ?, succeeded = ?, outcome = 'ok',"
            " reason = NULL, defect = ?, failures = 0, failing = NULL, visits = visits + 1,"
            " links = links + ?, found = CASE WHEN ? THEN ? ELSE found END WHERE id = ?"),
            (
                # A page of older links has validators, but the next visit is to the first page.
                etag if top else channel.etag,
                modified if top else channel.modified,
                body_hash if top else channel.body_hash,
                harvest.older if onward else harvest.cursor,
                channel.depth + 1 if onward else 0,
                period, says, clock.after(wait), now, now,
                harvest.defect and printable(harvest.defect), new, new, now, channel.id,
            ),
        )  # fmt: skip

    def _told(self, channel: DueChannel, found: dict[str, Found]) -> set[str]:
        """Which of these the channel has named before."""
        rows = self.db.execute(
            "SELECT key FROM urls JOIN discoveries ON url_id = urls.id"
            " WHERE discoveries.channel = ? AND key IN (SELECT value FROM json_each(?))",
            (channel.root or channel.id, json.dumps(list(found))),
        )
        return {name for (name,) in rows.fetchall()}

    def _links(self, channel: DueChannel, found: dict[str, Found], now: str) -> int:
        known = {
            row["key"]: row
            for row in self.db.query(
                "SELECT id, key, outcome, source, channel, updated, last_fetched, unchanged,"
                " body_hash, look, (SELECT expired FROM articles WHERE url_id = urls.id) AS expired"
                " FROM urls WHERE key IN (SELECT value FROM json_each(?))",
                (json.dumps(list(found)),),
            )
        }
        root = channel.root or channel.id
        told = self._told(channel, found)
        for identity, each in found.items():
            if row := known.get(identity):
                self._named_again(root, channel, each, row, now, first=identity not in told)
            else:
                ident = self.db.conn.execute(
                    "INSERT INTO urls (key, url, host, source, channel, discovered, updated, dated)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        identity, each.url, host(each.url), channel.source, root, now,
                        min(each.link.updated, now) if each.link.updated else None,
                        _day(each.link.published or each.link.updated),
                    ),
                ).lastrowid  # fmt: skip
                self._discovery(ident, root, channel, each, now)
                if each.link.whole:
                    self._given(ident, each, now)
        return len(found.keys() - known.keys())

    def _discovery(
        self, url_id: int | None, root: int, channel: DueChannel, each: Found, now: str
    ) -> bool:
        """Returns whether this channel names it for the first time, or with other words."""
        own = site(_hostname(each.url)) == site(_hostname(channel.homepage))
        rank = RANK.get(channel.kind, len(RANK)) + (0 if own else FOREIGN)
        return bool(
            self.db.conn.execute(
                "INSERT INTO discoveries (url_id, channel, rank, hints, discovered)"
                " VALUES (?, ?, ?, ?, ?) ON CONFLICT (url_id, channel) DO UPDATE"
                " SET rank = excluded.rank, hints = excluded.hints"
                " WHERE hints IS NOT excluded.hints OR rank IS NOT excluded.rank",
                (url_id, root, rank, _hints(each.link, channel.language), now),
            ).rowcount
        )

    def _named_again(
        self,
        root: int,
        channel: DueChannel,
        each: Found,
        row: dict[str, Any],
        now: str,
        *,
        first: bool,
    ) -> None:
        if row["expired"] or row["outcome"] == "expired":
            # What it was let go of is not taken in again.
            self._discovery(row["id"], root, channel, replace(each, link=Link(url=each.url)), now)
            return
        read = first and row["outcome"] == "stored"
        before = told_to_readers(self.db, row["id"]) if read else None
        if self._discovery(row["id"], root, channel, each, now):
            self._settle(row)
        if read and told_to_readers(self.db, row["id"]) != before:
            # What it says the others do not: the page is read again with it.
            self.db.conn.execute(
                "UPDATE urls SET outcome = 'fetched' WHERE id = ? AND enricher IS NOT NULL"
                f" AND {archive.HELD}",
                (row["id"],),
            )
        updated = each.link.updated
        if updated is not None and updated > clock.after(schedule.DAY):
            updated = None  # a clock that is wrong would hide every later change
        since = row["last_fetched"]
        if each.link.whole and (since is None or (updated is not None and updated > since)):
            self._given(row["id"], each, now, before=row["body_hash"])
            since = now
        if updated is None or updated <= (row["updated"] or ""):
            return
        self.db.conn.execute("UPDATE urls SET updated = ? WHERE id = ?", (updated, row["id"]))
        if since is None or updated <= since:
            return
        wait = schedule.told_of_change(row["unchanged"], clock.seconds_between(since, now))
        self.db.conn.execute(
            "UPDATE urls SET look = min(coalesce(look, ?1), ?1)"
            " WHERE id = ?2 AND outcome <> 'pending' AND outcome <> 'gone'",
            (clock.after(wait), row["id"]),
        )

    def _settle(self, row: dict[str, Any]) -> None:
        """Let the best of the channels that name a URL be its own."""
        source, best = self.db.conn.execute(
            "SELECT channels.source, channels.id FROM discoveries"
            " JOIN channels ON channels.id = discoveries.channel"
            " JOIN sources ON sources.id = channels.source WHERE url_id = ?"
            # What waits is not left to a source that is no longer crawled.
            " ORDER BY ? = 'pending' AND json_extract(record, '$.enabled') = 0,"
            f" {BEST_FIRST} LIMIT 1",
            (row["id"], row["outcome"]),
        ).fetchone()
        self.db.conn.execute(
            # What was read already is read again, with the better hints.
            "UPDATE urls SET source = ?, channel = ?,"
            f" outcome = iif(enricher IS NULL OR NOT {archive.HELD}, outcome, 'fetched')"
            " WHERE id = ? AND (source <> ? OR channel <> ?)",
            (source, best, row["id"], source, best),
        )

    def _given(
        self, url_id: int | None, each: Found, now: str, *, before: str | None = None
    ) -> None:
        """The channel gave the article itself: archive it as a page.

        Its own page is looked at all the same, for what it says of its rights.
        """
        page = document(each, now)
        if archive.body_hash(page.body) != before:
            for statement in archive.kept(url_id, page, look=now, given=True):
                self.db.conn.execute(*statement)

    def _part(self, channel: DueChannel, part: Part) -> None:
        """A part is due when it is new or dated anew; one without a date has its own rhythm."""
        self.db.conn.execute(
            "INSERT INTO channels (source, kind, url, language, root, changed, parent)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (url) DO UPDATE"
            " SET changed = excluded.changed,"
            f" due = iif(changed IS NOT excluded.changed OR due = '{NEVER}', '', due),"
            " source = excluded.source, root = excluded.root,"
            f" parent = iif(due = '{NEVER}', excluded.parent, coalesce(parent, excluded.parent))"
            f" WHERE url NOT LIKE 'warc:%' AND (root = excluded.root OR due = '{NEVER}')",
            (
                channel.source, channel.kind, part.url, channel.language,
                channel.root or channel.id, part.changed, channel.id,
            ),
        )  # fmt: skip

    def unchanged(self, channel: DueChannel, *, every: float | None = None) -> None:
        """Nothing new, by the server's word or by the same bytes; the validators stand."""
        now = clock.now()
        period = schedule.rhythm(channel.period, new=False)
        wait = _patience(channel, schedule.pause(period, every or channel.every))
        self.writes.now(
            (
                (
                    "UPDATE channels SET checked = ?, succeeded = ?, due = ?, period = ?,"
                    " outcome = 'unchanged', reason = NULL, failures = 0, failing = NULL,"
                    " visits = visits + 1 WHERE id = ?"
                ),
                (now, now, clock.after(wait), period, channel.id),
            ),
            _counted(channel, now, "unchanged"),
        )

    def ended(self, channel: DueChannel) -> None:
        """There are no more pages of older links: the next visit is to the first one again."""
        wait = schedule.pause(channel.period or schedule.START, channel.every)
        self.writes.now(
            (
                "UPDATE channels SET cursor = NULL, depth = 0, due = ? WHERE id = ?",
                (clock.after(wait), channel.id),
            )
        )

    def postponed(self, channel: DueChannel, *, seconds: float) -> None:
        """Its host wants to be left alone for so long, which says nothing of the channel."""
        self.writes.later(
            (
                "UPDATE channels SET due = ? WHERE id = ?",
                (clock.after(seconds), channel.id),
            )
        )

    def failed(
        self,
        channel: DueChannel,
        outcome: str,
        reason: str,
        *,
        failing: Failing = Failing.SOFT,
        seconds: float | None = None,
    ) -> None:
        """Leave it alone for a while, twice as long each time it fails again.

        Or for `seconds`, if the server named them and they are longer. A page of older links that
        fails for good, or GIVEN_UP times, is left, and the next visit is to the first one again.
        """
        now = clock.now()
        wait = max(seconds or 0.0, schedule.backoff(channel.failures + 1, failing))
        older = channel.depth > 0
        given_up = older and (failing is Failing.HARD or channel.failures + 1 >= GIVEN_UP)
        self.writes.now(
            (
                ("UPDATE channels SET checked = ?, outcome = ?, reason = ?, failing = ?, due = ?,"
                " failures = failures + 1, visits = visits + 1,"
                " cursor = iif(?, NULL, cursor), depth = iif(?, 0, depth) WHERE id = ?"),
                (
                    now, outcome, printable(reason), failing, clock.after(wait), given_up,
                    given_up, channel.id,
                ),
            ),
            _counted(channel, now, "failed"),
            (
                "UPDATE visits SET failing = ?, reason = ? WHERE channel = ? AND day = ?",
                (failing, printable(reason), channel.id, _day_of(now)),
            ),
        )  # fmt: skip

    def led(self, channel: DueChannel, to: str | None) -> None:
        """Its server has answered `to` for good instead; or None: it answers by itself."""
        if to != channel.moved_to:
            self.writes.later(
                (
                    (
                        "UPDATE channels SET moved_to = ?1, moved = iif(?1 IS NULL, NULL, ?2)"
                        " WHERE id = ?3"
                    ),
                    (to, clock.now(), channel.id),
                )
            )


def _counted(
    channel: DueChannel, now: str, how: Literal["answered", "unchanged", "failed"]
) -> Statement:
    """One more visit of this day."""
    return (
        (
            f"INSERT INTO visits (channel, day, {how}) VALUES (?, ?, 1)"
            f" ON CONFLICT (channel, day) DO UPDATE SET {how} = {how} + 1"
        ),
        (channel.id, _day_of(now)),
    )


def _day_of(moment: str) -> str:
    return moment[: len("2026-11-21")]


def document(each: Found, now: str) -> Page:
    """The page that an article of an API would be: its text, and nothing around it."""
    link = each.link
    metas = "".join(
        f'<meta name="{name}" content="{escape(value)}">'
        for name, value in [("author", author) for author in link.authors]
        + [("article:published_time", link.published or "")]
        if value
    )
    language = f' lang="{escape(link.language)}"' if link.language else ""
    title = escape(link.title or "")
    body = (
        f'<!DOCTYPE html>\n<html{language}><head><meta charset="utf-8"><title>{title}</title>'
        f'<link rel="canonical" href="{escape(each.url)}">{metas}</head>\n'
        f"<body><article><h1>{title}</h1>\n{_standfirst(link)}{link.content or ''}\n"
        "</article></body></html>\n"
    )
    return Page(
        url=each.url,
        fetched=now,
        status=200,
        content_type="text/html; charset=utf-8",
        body=body.encode("utf-8", "replace"),
    )


def _day(moment: str | None) -> str | None:
    """The day of an ISO 8601 moment, however precise; None if it is none."""
    try:
        return date.fromisoformat((moment or "")[:10]).isoformat()
    except ValueError:
        return None


def _standfirst(link: Link) -> str:
    """The summary as a paragraph, unless it was only cut from the beginning of the text."""
    start = fold(link.summary or "")[:SAME_START]
    if not start or start in fold(remove_tags(link.content or "")):
        return ""
    return f"<p>{escape(link.summary or '')}</p>\n"


def hints(db: Database, url_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """What the channels say of URLs: each field from the best of them that has it."""
    told: dict[int, dict[str, Any]] = {}
    rows = db.execute(
        "SELECT url_id, hints FROM discoveries JOIN channels ON channels.id = discoveries.channel"
        f" WHERE url_id IN (SELECT value FROM json_each(?)) ORDER BY url_id, {BEST_FIRST}",
        (json.dumps(list(url_ids)),),
    )
    for url_id, found in rows.fetchall():
        told[url_id] = {**json.loads(found), **told.get(url_id, {})}
    return told


def hints_of(link: Link) -> dict[str, Any]:
    """What `hints` gives where but one channel without a language of its own names it, as here."""
    told: dict[str, Any] = json.loads(_hints(link, None))
    return told


def told_to_readers(db: Database, url_id: int) -> dict[str, Any]:
    """The hints that a reading of this address uses."""
    told = hints(db, [url_id]).get(url_id, {})
    return {name: told[name] for name in READ if name in told}


def _found(links: Iterable[Link]) -> dict[str, Found]:
    """By key, the first of each; what is no web address is left out."""
    found: dict[str, Found] = {}
    for each in _identified(links):
        found.setdefault(each.key, each)
    return found


def _identified(links: Iterable[Link]) -> Iterator[Found]:
    for link in links:
        url = web_url(link.url)
        if url is not None:
            url = clean(url)
            yield Found(key=key(url), url=url, link=link)


def _hints(link: Link, language: str | None) -> str:
    hints = {
        name: value
        for name, value in asdict(link).items()
        # What was given whole is archived as a page.
        if value and name not in ("url", "whole") and not (name == "content" and link.whole)
    }
    # A person wrote the record; the software of a site wrote the feed's language. A list of
    # translations speaks of this one page.
    if language := link.alternate or language or link.language:
        hints["language"] = language
    return json.dumps(_clean(hints), ensure_ascii=False)


def _clean(value: Any) -> Any:
    """The same, with printable texts, however deep they are in it."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {name: _clean(each) for name, each in value.items()}
    return [_clean(each) for each in value] if isinstance(value, list | tuple) else value


def _patience(channel: DueChannel, wait: float) -> float:
    """The index says when a dated part changed; it is asked itself only lest the index lie."""
    return max(wait, schedule.DATED) if channel.root and channel.changed else wait


def _hostname(url: str) -> str:
    return host(url).rpartition(":")[0] or host(url)
