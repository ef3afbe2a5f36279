"""What is still to be fetched, and what became of everything else: the frontier and the ledger.

All of it is in SQLite. A URL is `pending` until a transaction says otherwise, so a killed process
leaves nothing half-known: what was not written is pending still, and fetched again. What one
visit to a feed brings (its links and its validators) is one transaction, or a crash followed by
"304 Not Modified" would lose the links for ever.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlite_utils import Database

from crawler import archive, clock, registry
from crawler.items import Address, Link, Page, Source
from crawler.urls import clean, host, key, web_url

# Every outcome there is, and what it tells a researcher. The first two are not final.
OUTCOMES = {
    "pending": "discovered, not yet fetched (or to be tried again)",
    "fetched": "fetched and archived, not yet read",
    "stored": "an article of the database",
    "duplicate": "leads to another address of this ledger",
    "too_short": "no text of an article's length on the page",
    "not_an_article": "a home page, a document or a media file",
    "robots": "the site's robots.txt asks not to fetch it",
    "not_found": "the server does not know it (404)",
    "gone": "the server says it was removed for good (410)",
    "blocked": "the server refuses us (401, 403, 451), or its address is not a public one",
    "too_large": "longer than the limit",
    "failed": "could not be fetched after several tries, or not be read",
}
# Buffered writes are committed when so many wait, or so long: a kill loses at most these, and
# they are fetched again. Single commits write 12,300 rows a second, batches of 100 16,900.
BATCH = 100
SECONDS = 1.0
# No feed is asked more often, however often `tamis crawl` is run.
POLL_SECONDS = 30 * 60
MAX_POLL_SECONDS = 24 * 3600
# After a failed visit an hour, doubled each time, a day at most: the eighth is three days later, so
# that neither a site's bad day nor our own loses an article.
MAX_TRIES = 8
RETRY_SECONDS, MAX_RETRY_SECONDS = 3600.0, 24 * 3600.0
# Of one host, so many are under way at a time: enough to keep it busy and fair to the others, and
# few enough that a crawl asked to stop, which finishes them a second apart, stops soon.
PER_HOST = 8

Statement = tuple[str, Sequence[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DueChannel:
    id: int
    source: str
    kind: str
    url: str
    language: str | None
    etag: str | None
    modified: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingUrl:
    id: int
    url: str
    tries: int


class Frontier:
    """One crawl's hold on the private database. Not shared between threads."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._waiting: list[Statement] = []
        self._since = 0.0

    def sync(
        self,
        sources: Iterable[Source],
        addresses: Callable[[Source], Iterable[tuple[str, Address]]],
    ) -> None:
        """Bring the sources and their channels in step with the registry, all of it.

        `addresses` gives a source's channels as (kind, url, language). Channels that left the
        registry stay, for the URLs they discovered, but are not visited again; a source that left
        it keeps no licence, since nobody answers for it any more.
        """
        sources = list(sources)
        with self.db.atomic():
            for source in sources:
                self.db.conn.execute(
                    "INSERT INTO sources (id, record) VALUES (?, ?)"
                    " ON CONFLICT (id) DO UPDATE SET record = excluded.record"
                    " WHERE record IS NOT excluded.record",
                    (source.id, json.dumps(registry.as_json(source), ensure_ascii=False)),
                )
                self.db.conn.executemany(
                    "INSERT INTO channels (source, kind, url, language) VALUES (?, ?, ?, ?)"
                    " ON CONFLICT (url) DO UPDATE SET source = excluded.source,"
                    " kind = excluded.kind, language = excluded.language",
                    [(source.id, kind, at.url, at.language) for kind, at in addresses(source)],
                )
            self.db.conn.execute(
                "UPDATE sources SET record = json_remove(record, '$.licence')"
                " WHERE json_extract(record, '$.licence') IS NOT NULL"
                " AND id NOT IN (SELECT value FROM json_each(?))",
                (json.dumps([source.id for source in sources]),),
            )
            # What waits follows its channel, when a source has a new id.
            self.db.conn.execute(
                "UPDATE urls SET source = (SELECT source FROM channels WHERE id = urls.channel)"
                " WHERE outcome = 'pending'"
                " AND source <> (SELECT source FROM channels WHERE id = urls.channel)"
            )

    def due_channels(self, urls: Collection[str], *, now: str) -> list[DueChannel]:
        """Those of the channels at `urls` that may be visited at `now`."""
        rows = self.db.query(
            "SELECT id, source, kind, url, language, etag, modified FROM channels"
            " WHERE due <= :now AND url IN (SELECT value FROM json_each(:urls)) ORDER BY id",
            {"now": now, "urls": json.dumps(list(urls))},
        )
        return [DueChannel(**row) for row in rows]

    def draw(
        self,
        sources: Collection[str],
        *,
        now: str,
        limit: int,
        under_way: Collection[PendingUrl] = (),
    ) -> list[PendingUrl]:
        """Up to `limit` pending URLs of `sources`, in turn from each host, none of `under_way`.

        No host has more than PER_HOST under way with them. Commits what waits first, so that
        nothing just decided is drawn again.
        """
        self.flush()
        rows = self.db.query(
            """
            SELECT id, url, tries FROM (
              SELECT id, url, tries, host,
                     row_number() OVER (PARTITION BY host ORDER BY id) AS turn
              FROM urls
              WHERE outcome = 'pending' AND due <= :now
                AND source IN (SELECT value FROM json_each(:sources))
                AND id NOT IN (SELECT value FROM json_each(:under_way))
            )
            WHERE turn <= :per_host - coalesce(
              (SELECT value FROM json_each(:busy) WHERE key = host), 0
            )
            ORDER BY turn, id LIMIT :limit
            """,
            {
                "now": now,
                "sources": json.dumps(list(sources)),
                "under_way": json.dumps([url.id for url in under_way]),
                "busy": json.dumps(Counter(host(url.url) for url in under_way)),
                "per_host": PER_HOST,
                "limit": limit,
            },
        )
        return [PendingUrl(**row) for row in rows]

    def harvested(
        self,
        channel: DueChannel,
        links: Iterable[Link],
        *,
        etag: str | None,
        modified: str | None,
        defect: str | None = None,
    ) -> int:
        """Commit what a visit brought, links and validators together; returns how many were new."""
        now = clock.now()
        found = [row for link in links if (row := _discovered(link, channel, now))]
        self.flush()  # what was decided is no longer pending
        with self.db.atomic():
            new = sum(
                self.db.conn.execute(
                    "INSERT INTO urls (key, url, host, source, channel, hints, discovered)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE"
                    # What waits for a source that is no longer crawled is this one's now.
                    " SET source = excluded.source, channel = excluded.channel"
                    " WHERE outcome = 'pending' AND (SELECT json_extract(record, '$.enabled')"
                    " FROM sources WHERE id = urls.source) = 0",
                    row,
                ).rowcount
                for row in found
            )
            self.db.conn.execute(
                "UPDATE channels SET etag = ?, modified = ?, checked = ?, due = ?,"
                " outcome = 'ok', reason = NULL, defect = ?, failures = 0 WHERE id = ?",
                (etag, modified, now, clock.after(POLL_SECONDS), defect, channel.id),
            )
        return new

    def unchanged(self, channel: DueChannel) -> None:
        """The server said 304: nothing new, and the validators stand."""
        sql = (
            "UPDATE channels SET checked = ?, due = ?, outcome = 'unchanged', reason = NULL,"
            " failures = 0 WHERE id = ?"
        )
        self._write([(sql, (clock.now(), clock.after(POLL_SECONDS), channel.id))])

    def channel_failed(
        self, channel: DueChannel, outcome: str, reason: str, *, seconds: float | None = None
    ) -> None:
        """Leave it alone for a while, twice as long each time it fails again.

        Or for `seconds`, if the server named them and they are longer.
        """
        sql = (
            "UPDATE channels SET checked = ?, outcome = ?, reason = ?, failures = failures + 1,"
            " due = strftime('%Y-%m-%dT%H:%M:%SZ', 'now',"
            "   max(?, min(?, ? << min(failures, 16))) || ' seconds') WHERE id = ?"
        )
        times = (seconds or 0.0, MAX_POLL_SECONDS, POLL_SECONDS)
        values = (clock.now(), outcome, reason, *times, channel.id)
        self._write([(sql, values)])

    def fetched(self, url_id: int, page: Page) -> None:
        """Archive a page and mark its URL, in one transaction with others of its batch."""
        archived = (
            "INSERT INTO pages (url_id, url, fetched, status, content_type, headers, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)"
        )
        row = (
            url_id, page.url, page.fetched, page.status, page.content_type,
            json.dumps(page.headers, ensure_ascii=False), archive.pack(page.body),
        )  # fmt: skip
        marked = "UPDATE urls SET outcome = 'fetched', reason = NULL, decided = ? WHERE id = ?"
        self._later((archived, row), (marked, (page.fetched, url_id)))

    def knows(self, url: str, *, besides: int) -> bool:
        """Whether the ledger has `url` under another id than `besides`."""
        try:
            identity = key(url)
        except ValueError:
            return False
        found = self.db.execute(
            "SELECT 1 FROM urls WHERE key = ? AND id <> ?", (identity, besides)
        ).fetchone()
        return found is not None

    def decided(self, url_id: int, outcome: str, reason: str | None) -> None:
        """The last word on a URL (see OUTCOMES)."""
        self._later(
            (
                "UPDATE urls SET outcome = ?, reason = ?, decided = ? WHERE id = ?",
                (outcome, reason, clock.now(), url_id),
            )
        )

    def postponed(self, url: PendingUrl, reason: str, *, seconds: float | None = None) -> None:
        """Try again later, after `seconds` if the server named them; or fail after MAX_TRIES."""
        if seconds is None:
            tries = url.tries + 1
            wait = min(RETRY_SECONDS * 2 ** (tries - 1), MAX_RETRY_SECONDS)
        else:
            tries, wait = url.tries, seconds  # to be asked to wait is no failure
        if tries >= MAX_TRIES:
            self.decided(url.id, "failed", reason)
            return
        self._later(
            (
                "UPDATE urls SET tries = ?, reason = ?, due = ? WHERE id = ?",
                (tries, reason, clock.after(wait), url.id),
            )
        )

    def rest(self, host_name: str, *, seconds: float) -> None:
        """Leave a host that asked for it alone: none of its pending URLs is due before."""
        until = clock.after(seconds)
        self._later(
            (
                "UPDATE urls SET due = ? WHERE host = ? AND outcome = 'pending' AND due < ?",
                (until, host_name, until),
            )
        )

    def tick(self) -> None:
        """Commit what waits if it has waited long enough."""
        if self._waiting and time.monotonic() - self._since >= SECONDS:
            self.flush()

    def flush(self) -> None:
        """Commit all that waits."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._write(waiting)

    def _later(self, *statements: Statement) -> None:
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting += statements
        if len(self._waiting) >= BATCH:
            self.flush()

    def _write(self, statements: Iterable[Statement]) -> None:
        with self.db.atomic():
            for sql, values in statements:
                self.db.conn.execute(sql, values)


def _discovered(link: Link, channel: DueChannel, now: str) -> tuple[Any, ...] | None:
    url = web_url(link.url)
    if url is None:
        return None
    hints = {name: value for name, value in asdict(link).items() if value and name != "url"}
    # A person wrote the record; the software of a site wrote the feed's language.
    hints["language"] = channel.language or hints.get("language")
    url = clean(url)
    return (
        key(url), url, host(url), channel.source, channel.id,
        json.dumps(hints, ensure_ascii=False), now,
    )  # fmt: skip
