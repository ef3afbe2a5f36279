"""A clock that ran ahead and was set back: what was to wait for it, and how one is told.

What happened keeps the time that it was given; only what is still to come is brought back.
"""

from sqlite_utils import Database

from crawler import clock
from crawler.politeness import MAX_RETRY_AFTER
from crawler.schedule import CEILING, LONGEST, LOOKS, MAX_LOOK, MAX_RETRY, NEVER
from crawler.writes import transaction

# The longest that anything is ever made to wait, in seconds; what waits longer was dated wrongly.
CHANNEL = max(CEILING, MAX_RETRY_AFTER, *LONGEST.values())
RETRY = max(MAX_RETRY, MAX_RETRY_AFTER)
LOOK = max(MAX_LOOK, *LOOKS)
# Clocks that are set by the network jump by less than this.
TOLERATED = 600.0
# What waits, and for how long at most. Those of each that no index finds are never asked for.
WAITING = (
    ("channels SET due = ''", f"due <> '{NEVER}' AND due", CHANNEL),
    ("urls SET due = ''", f"outcome = 'pending' AND due <> '{NEVER}' AND due", RETRY),
    ("urls SET due = ''", f"look IS NOT NULL AND due <> '{NEVER}' AND due", RETRY),
    ("urls SET look = :now", "look IS NOT NULL AND look", LOOK),
    ("hosts SET rests = NULL", "rests", RETRY),
    # A robots.txt of tomorrow would hold for as long as that is not over.
    ("hosts SET robots_checked = NULL", "robots_checked", 0.0),
    ("hosts SET tdmrep_checked = NULL", "tdmrep_checked", 0.0),
)
# Each is found in an instant, however large the table. Imported pages bring older times.
NEWEST = (
    "SELECT max(checked) FROM channels",
    "SELECT discovered FROM urls ORDER BY id DESC LIMIT 1",
    "SELECT fetched FROM pages ORDER BY id DESC LIMIT 1",
)


def bring_back(db: Database) -> int:
    """Let nothing wait longer than it can have been told to; returns how many did."""
    now = clock.now()
    with transaction(db):
        return sum(
            db.conn.execute(
                f"UPDATE {change} WHERE {moment} > :last",
                {"now": now, "last": clock.after(longest)},
            ).rowcount
            for change, moment, longest in WAITING
        )


def clock_problem(db: Database) -> str | None:
    """What is wrong with the clock, as far as the private database can tell."""
    found = [moment for sql in NEWEST for (moment,) in db.execute(sql) if moment]
    newest = max(found, default="")
    if newest <= clock.after(TOLERATED):
        return None
    return (
        f"the clock says {clock.now()}, but there are pages of {newest}: if it is slow, set it; if"
        " it ran ahead then, nothing is to be done, since what waits is brought back"
    )
