"""When to look again: at a channel, at an article, after a failure. All in seconds, and pure."""

from enum import StrEnum

HOUR = 3600.0
DAY = 24 * HOUR
NEVER = "9999-12-31T00:00:00Z"  # what is due then is not asked for

# A channel is asked between every half hour, however often `tamis crawl` is run, and every 20
# hours, so that a daily job that starts a little early one day still finds it due.
FLOOR, CEILING = HOUR / 2, 20 * HOUR
# What a channel starts with; after that its own rhythm decides. Halved when a visit brought
# something new, half as long again when not: a feed that changes once a week is asked every
# CEILING after seven visits, one that changes hourly every half hour after two.
START = 2 * HOUR
FASTER, SLOWER = 0.5, 1.5

# A part that its index dates is asked by itself only so often: some indexes date nothing anew.
DATED = 7 * DAY

# An article is looked at again so long after it was first fetched: corrections come within a day,
# most updates within a week, and what is still there after a month stays.
LOOKS = (1 * DAY, 7 * DAY, 30 * DAY)
# What had appeared so long before is not looked at by itself: a site's whole history, found in its
# sitemap, would be asked for four times over.
OLD = 60 * DAY
# Where a channel says that an article changed, it is fetched again, but not within a day, and each
# time that nothing had changed twice as long after: some sitemaps date everything of today.
MIN_LOOK, MAX_LOOK = 1 * DAY, 32 * DAY

# After a failed visit to an article an hour, doubled each time, a day at most: the eighth try is
# three days later, so that neither a site's bad day nor our own loses an article.
MAX_TRIES = 8
RETRY, MAX_RETRY = 1 * HOUR, 1 * DAY


class Failing(StrEnum):
    """How a channel fails, as Media Cloud's rss-fetcher tells feeds apart."""

    TEMPORARY = "temporary"  # nobody's fault for long: asked to wait, no answer, a bad day
    SOFT = "soft"  # the server answers, but not with what it should: it may be mended
    HARD = "hard"  # gone, refused or forbidden: only a person will change that


# Seconds of the longest wait after failures in a row, by class. A channel that fails hard is
# still asked once a week, because registries are corrected less often than sites are moved.
LONGEST = {Failing.TEMPORARY: 6 * HOUR, Failing.SOFT: CEILING, Failing.HARD: 7 * DAY}


def rhythm(period: float | None, *, new: bool) -> float:
    """The seconds between visits to a channel, given those before, and if this one brought news."""
    if period is None:
        return START
    return min(max(period * (FASTER if new else SLOWER), FLOOR), CEILING)


def pause(period: float, every: float | None) -> float:
    """Seconds until the next visit: as its rhythm says, but no sooner than `every`, its own word.

    Some feeds tell caches to keep them for a year, so CEILING holds here too.
    """
    return min(max(period, every or 0.0), CEILING)


def backoff(failures: int, failing: Failing) -> float:
    """Seconds to leave a channel alone after so many failures in a row, this one included."""
    return min(FLOOR * 2.0 ** min(failures, 16), LONGEST[failing])


def retry(tries: int) -> float:
    """Seconds until an article is tried again after so many tries."""
    return min(RETRY * 2.0 ** (tries - 1), MAX_RETRY)


def next_look(age: float, *, known_for: float = 0.0) -> float | None:
    """Seconds until the next look at an article that was first fetched `age` seconds ago.

    `known_for` is how many seconds ago it appeared, as far as anybody says.
    """
    if known_for - age > OLD:
        return None
    return next((at - age for at in LOOKS if at - age > MIN_LOOK / 2), None)


def told_of_change(unchanged: int, since: float) -> float:
    """Seconds to wait when a channel says that an article changed.

    `since` is how many seconds ago it was fetched, `unchanged` how often in a row that brought
    nothing.
    """
    return max(0.0, min(MIN_LOOK * 2.0**unchanged, MAX_LOOK) - max(since, 0.0))
