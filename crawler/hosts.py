"""What is known of a host as a whole: its robots.txt and its TDM reservation, kept for a while."""

from dataclasses import dataclass

from crawler import clock
from crawler.schedule import DAY
from crawler.writes import Writes

ROBOTS_SECONDS = DAY  # RFC 9309, 2.4: not longer
TDM_SECONDS = 7 * DAY  # a legal notice changes seldom, and it costs a request
MAX_ROBOTS = 512 * 1024  # bytes; RFC 9309, 2.5: a crawler must read at least 500 KiB
MAX_TDM = 256 * 1024  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Robots:
    """A robots.txt as it was answered. `body` is empty where there is none."""

    status: int
    body: bytes


class Hosts:
    """The table of hosts. A host is what `crawler.urls.host` gives: name, and port where given."""

    def __init__(self, writes: Writes) -> None:
        self.writes = writes

    def robots(self, host: str) -> Robots | None:
        """What its robots.txt said within the last day, or None."""
        row = self.writes.db.conn.execute(
            "SELECT robots_status, robots FROM hosts WHERE host = ? AND robots_checked > ?",
            (host, clock.after(-ROBOTS_SECONDS)),
        ).fetchone()
        return Robots(status=row[0], body=row[1]) if row else None

    def keep_robots(self, host: str, robots: Robots) -> None:
        self.writes.later(
            (
                (
                    "INSERT INTO hosts (host, robots_status, robots, robots_checked)"
                    " VALUES (?, ?, ?, ?) ON CONFLICT (host) DO UPDATE"
                    " SET robots_status = excluded.robots_status, robots = excluded.robots,"
                    " robots_checked = excluded.robots_checked"
                ),
                (host, robots.status, robots.body[:MAX_ROBOTS], clock.now()),
            )
        )

    def rest(self, host: str, until: str) -> None:
        """It asked to be left alone until then, also by the next crawl."""
        self.writes.later(
            (
                (
                    "INSERT INTO hosts (host, rests) VALUES (?, ?) ON CONFLICT (host) DO UPDATE"
                    " SET rests = max(coalesce(rests, ''), excluded.rests)"
                ),
                (host, until),
            )
        )

    def resting(self) -> list[tuple[str, float]]:
        """The hosts that want to be left alone, and for how many seconds."""
        now = clock.now()
        rows = self.writes.db.execute("SELECT host, rests FROM hosts WHERE rests > ?", (now,))
        return [(host, clock.seconds_between(now, until)) for host, until in rows.fetchall()]

    def knows_tdm(self, host: str) -> bool:
        """Whether its /.well-known/tdmrep.json was asked for within the last week."""
        found = self.writes.db.conn.execute(
            "SELECT 1 FROM hosts WHERE host = ? AND tdmrep_checked > ?",
            (host, clock.after(-TDM_SECONDS)),
        ).fetchone()
        return found is not None

    def keep_tdm(self, host: str, text: str | None) -> None:
        """`text` is the file as it was answered, None where there is none."""
        self.writes.later(
            (
                (
                    "INSERT INTO hosts (host, tdmrep, tdmrep_checked) VALUES (?, ?, ?)"
                    " ON CONFLICT (host) DO UPDATE"
                    " SET tdmrep = excluded.tdmrep, tdmrep_checked = excluded.tdmrep_checked"
                ),
                (host, text, clock.now()),
            )
        )

    def keep_certificate(self, host: str, begins: str, ends: str) -> None:
        """From when to when the certificate holds that it shows."""
        self.writes.later(
            (
                (
                    "INSERT INTO hosts (host, certificate_begins, certificate_ends)"
                    " VALUES (?, ?, ?) ON CONFLICT (host) DO UPDATE"
                    " SET certificate_begins = excluded.certificate_begins,"
                    " certificate_ends = excluded.certificate_ends"
                    " WHERE certificate_ends IS NOT excluded.certificate_ends"
                ),
                (host, begins, ends),
            )
        )
