"""On which days a country rests, and in which weeks everybody writes less."""

from datetime import date
from functools import cache

# Much is written in summer and around New Year by some, and nothing by others, of whom many come
# back in the second week of September. A day then counts for a sixth, so that ten weeks of holidays
# are no longer than twelve days; who dies in July is missed in September.
QUIET = 1 / 6
SUMMER, NEW_YEAR = ((7, 1), (9, 10)), ((12, 20), (1, 6))


@cache
def factor(day: date) -> float:
    """How much a day counts beside one of an ordinary week."""
    when = day.month, day.day
    summer = SUMMER[0] <= when <= SUMMER[1]
    quiet = summer or when >= NEW_YEAR[0] or when <= NEW_YEAR[1]
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
    except NotImplementedError:  # the package knows no holidays of this country
        return frozenset()
