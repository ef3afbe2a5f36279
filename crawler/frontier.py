"""What is still to be fetched, and what became of everything else: the frontier and the ledger.

All of it is in SQLite. A URL is `pending` until a transaction says otherwise, so a killed process
leaves nothing half-known: what was not written is pending still, and fetched again. An article
that is looked at again keeps its outcome meanwhile.
"""

import json
from collections import Counter
from collections.abc import Collection
from dataclasses import asdict, dataclass

from sqlite_utils import Database

from crawler import archive, clock, erasing, schedule
from crawler.channels import Channels, DueChannel
from crawler.hosts import Hosts
from crawler.items import Link, Page
from crawler.schedule import NEVER
from crawler.tombstones import LEDGER
from crawler.urls import host, key
from crawler.writes import Writes, transaction
from enrich.rights import Signals
from enrich.text import printable

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
    "expired": "an article that was let go when it was too old",
    "forgotten": "taken down, and not collected again; its address is not kept",
}
# What an article that was there can answer later: it stays one, and the day is kept.
VANISHED = ("not_found", "gone")
# What may be otherwise tomorrow: looked at again as articles are, three times.
RECONSIDERED = ("not_found", "robots", "blocked", "failed")
IMPORTED, THERE = "imported", "there"
# Of one host, so many are under way at a time: enough to keep it busy and fair to the others, and
# few enough that a crawl asked to stop, which finishes them a second apart, stops soon.
PER_HOST = 8
TURNS = """
    SELECT {columns} FROM (
      SELECT *, row_number() OVER (PARTITION BY host ORDER BY tries, id) AS turn FROM urls
      WHERE {which} AND +source IN (SELECT value FROM json_each(:sources))
        AND id NOT IN (SELECT value FROM json_each(:under_way))
    )
    WHERE turn <= :per_host AND turn <= :per_host - coalesce(
      (SELECT value FROM json_each(:busy) WHERE key = host), 0
    )
    ORDER BY turn, id LIMIT :limit
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingUrl:
    """What is to be fetched: for the first time, or (with `first_fetched`) looked at again."""

    id: int
    url: str
    tries: int = 0
    first_fetched: str | None = None
    dated: str | None = None
    etag: str | None = None
    modified: str | None = None
    body_hash: str | None = None
    unchanged: int = 0
    outcome: str = "pending"
    given: int = 0  # 1: an API gave its text, and its page is wanted for its rights only

    @property
    def again(self) -> bool:
        return self.outcome != "pending"


COLUMNS = ", ".join(PendingUrl.__slots__)
NEW = TURNS.format(columns=COLUMNS, which="outcome = 'pending' AND due <= :now")
AGAIN = TURNS.format(
    columns=COLUMNS,
    which="look <= :now AND due <= :now AND outcome <> 'pending'"
    " AND (given OR outcome <> 'fetched')",
)


class Frontier:
    """One crawl's hold on the private database. Not shared between threads."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.writes = Writes(db)
        self.channels = Channels(self.writes)
        self.hosts = Hosts(self.writes)
        self.stones = self.channels.stones

    def draw(
        self,
        sources: Collection[str],
        *,
        now: str,
        limit: int,
        under_way: Collection[PendingUrl] = (),
    ) -> list[PendingUrl]:
        """Up to `limit` URLs of `sources` to fetch, in turn from each host, none of `under_way`.

        What is new comes before what is looked at again. No host has more than PER_HOST under way
        with them. Commits what waits first, so that nothing just decided is drawn again.
        """
        self.writes.flush()
        drawn: list[PendingUrl] = []
        for sql in (NEW, AGAIN):
            taken = [*under_way, *drawn]
            if limit > len(drawn):
                rows = self.db.query(
                    sql,
                    {
                        "now": now,
                        "sources": json.dumps(list(sources)),
                        "under_way": json.dumps([url.id for url in taken]),
                        "busy": json.dumps(Counter(host(url.url) for url in taken)),
                        "per_host": PER_HOST,
                        "limit": limit - len(drawn),
                    },
                )
                drawn += [PendingUrl(**row) for row in rows]
        return drawn

    def fetched(self, url: PendingUrl, page: Page) -> None:
        """Archive a page and mark its URL, in one transaction with others of its batch."""
        self.writes.later(*archive.kept(url.id, page, look=_next_look(url, page.fetched)))

    def imported(
        self,
        channel: DueChannel,
        link: Link,
        page: Page,
        *,
        given: bool = False,
        packed: bytes | None = None,
    ) -> str:
        """Discover `link` and archive its page: IMPORTED; THERE if just this page is already.

        Or what the ledger has of it (`forgotten`, `expired`), if it is not to be collected again.

        `given` says that an API gave it where it comes from; `packed` is its body, packed.
        A page that comes in from elsewhere is not looked at again by itself.
        """
        with transaction(self.db):
            self.channels.named(channel, [link])
            row = self.db.execute(
                "SELECT urls.id, last_fetched, outcome, expired FROM urls"
                " LEFT JOIN articles ON url_id = urls.id WHERE key = ?",
                (key(link.url),),
            ).fetchone()
            if row is None:
                return LEDGER
            url_id, last, outcome, expired = row
            if expired or outcome == "expired":
                return "expired"
            if (stone := self.stones.of(page.url)) is not None:
                erasing.erase(self.stones, url_id, stone)
                return LEDGER
            # What was fetched last may have said nothing new, and not have been kept.
            if (
                last == page.fetched
                or self.db.execute(
                    "SELECT 1 FROM pages WHERE url_id = ? AND fetched = ?", (url_id, page.fetched)
                ).fetchone()
            ):
                return THERE
            archived, marked = archive.kept(url_id, page, look=None, given=given, packed=packed)
            self.db.conn.execute(*archived)
            if last is None or last < page.fetched:
                self.db.conn.execute(*marked)
        return IMPORTED

    def same(self, url: PendingUrl) -> None:
        """Looked at again, and nothing had changed."""
        now = clock.now()
        self.writes.later(
            (
                (
                    "UPDATE urls SET last_fetched = iif(given, last_fetched, ?), look = ?,"
                    " unchanged = unchanged + 1, tries = 0, gone = NULL, reason = NULL WHERE id = ?"
                ),
                (now, _next_look(url, now), url.id),
            )
        )

    def noticed(self, url: PendingUrl, page: Page, signals: Signals) -> None:
        """The page of an article that an API gave was seen, and says this of its rights."""
        said = (json.dumps(page.headers), json.dumps(asdict(signals)))
        self.writes.later(
            (
                ("INSERT INTO notices (url_id, seen, headers, signals) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (url_id) DO UPDATE SET seen = excluded.seen,"
                " headers = excluded.headers, signals = excluded.signals"),
                (url.id, page.fetched, *said),
            ),
            (
                ("UPDATE urls SET look = ?, tries = 0, gone = NULL, reason = NULL, etag = ?,"
                " modified = ?"
                " WHERE id = ?"),
                (
                    _next_look(url, page.fetched), page.headers.get("etag"),
                    page.headers.get("last-modified"), url.id,
                ),
            ),
        )  # fmt: skip

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

    def forgotten(self, url: PendingUrl, *led_to: str) -> bool:
        """Whether it led to what was taken down; then it is forgotten as well."""
        if (stone := self.stones.of(*led_to)) is None:
            return False
        self.writes.flush()
        with transaction(self.db):
            erasing.erase(self.stones, url.id, stone)
        return True

    def decided(self, url: PendingUrl, outcome: str, reason: str | None) -> None:
        """The last word on a URL (see OUTCOMES), or what a later look at it found.

        An article that has vanished stays, with the day; 410 is never asked again. What answers
        404 may only not be there yet: it is looked at again as articles are.
        """
        now = clock.now()
        reason = reason and printable(reason)
        look = _next_look(url, now)
        if url.again:
            self.writes.later(
                (
                    ("UPDATE urls SET last_fetched = iif(given, last_fetched, ?), reason = ?,"
                    " look = ?, tries = 0,"
                    " unchanged = unchanged + 1, due = iif(?, ?, due),"
                    " gone = iif(?, coalesce(gone, ?), gone) WHERE id = ?"),
                    (
                        now, reason, look if outcome != "gone" else None, outcome == "gone", NEVER,
                        outcome in VANISHED, now, url.id,
                    ),
                )
            )  # fmt: skip
            return
        self.writes.later(
            (
                ("UPDATE urls SET outcome = ?, reason = ?, decided = ?, look = ?,"
                " first_fetched = CASE WHEN ? THEN ? ELSE first_fetched END"
                # An API may have given it meanwhile.
                " WHERE id = ? AND outcome = 'pending'"),
                (
                    outcome, reason, now, look if outcome in RECONSIDERED else None,
                    outcome in RECONSIDERED, now, url.id,
                ),
            )
        )  # fmt: skip

    def postponed(self, url: PendingUrl, reason: str, *, seconds: float | None = None) -> None:
        """Try again later, after `seconds` if the server named them; or fail after MAX_TRIES."""
        if seconds is None:
            tries = url.tries + 1
            wait = schedule.retry(tries)
        else:
            # To be asked to wait is no failure, but the others of its host come first.
            tries, wait = min(url.tries + 1, schedule.MAX_TRIES - 1), seconds
        if tries >= schedule.MAX_TRIES:
            self.decided(url, "failed", reason)
            return
        self.writes.later(
            (
                "UPDATE urls SET tries = ?, reason = ?, due = ? WHERE id = ?",
                (tries, printable(reason), clock.after(wait), url.id),
            )
        )

    def held(self, url: PendingUrl, *, seconds: float) -> None:
        """Not sent, since its host rests: not due before that is over."""
        self.writes.later(("UPDATE urls SET due = ? WHERE id = ?", (clock.after(seconds), url.id)))

    def rest(self, host_name: str, *, seconds: float) -> None:
        """Leave a host that asked for it alone: none of its URLs is due before."""
        until = clock.after(seconds)
        self.hosts.rest(host_name, until)
        sql = "UPDATE urls SET due = ? WHERE host = ? AND due < ? AND {}"
        self.writes.later(
            *(
                (sql.format(which), (until, host_name, until))
                for which in ("outcome = 'pending'", "look IS NOT NULL")
            )
        )


def _next_look(url: PendingUrl, now: str) -> str | None:
    # A clock that was set back leaves pages of tomorrow.
    age = max(0.0, clock.seconds_between(url.first_fetched, now)) if url.first_fetched else 0.0
    known_for = clock.seconds_between(f"{url.dated}T00:00:00Z", now) if url.dated else 0.0
    wait = schedule.next_look(age, known_for=known_for)
    return None if wait is None else clock.after(wait)
