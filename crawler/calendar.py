"""On which days a country rests, and in which weeks everybody writes less."""

from datetime import date
from functools import cache

# Much is written in a week of summer and around New Year by some, and nothing by others. A day
# then counts for a sixth, so that a month of holidays is no silence. (Of a year simulated by
# tests/alarms.py, a half raised one false alarm for every third source that pauses in August.)
QUIET = 1 / 6


@cache
def factor(day: date) -> float:
    """How much a day counts beside one of an ordinary week."""
    quiet = (
        day.month in {7, 8} or (day.month, day.day) >= (12, 20) or (day.month, day.day) <= (1, 6)
    )
    return QUIET if quiet else 1.0


@cache
def rests(country: str, day: date) -> bool:
    """Whether it is a public holiday there. Nothing is known of `int` and of some countries."""
    return day in _holidays(country, day.year)


@cache
def _holidays(country: str, year: int) -> frozenset[date]:
    # Here, since it takes a tenth of a second and only the daily check needs it.
    from holidays import country_holidays  # noqa: PLC0415

    try:
        return frozenset(country_holidays(country, years=year))
    except NotImplementedError:
        return frozenset()
