"""Whether a site's articles have changed: a share of them that rose beyond chance, and since when.

All of it is told as a share of what is amiss (pages that are no articles, articles without a date,
in another language, ...), so that there is one test. Articles of one day resemble each other, so
many of a day count for less than as many of several days.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median_low
from typing import NamedTuple

from crawler.days import Day

# How much articles of a day resemble each other (one desk, one campaign), by which each further
# one counts for less: what statisticians call design effect. A little more than in tests/alarms.py.
ALIKE = 0.15
# A rise is looked for in the latest articles, up to so many of weight; and compared with so many
# before, which must weigh something too.
ENOUGH, BEFORE, LEAST_BEFORE = 30.0, 100.0, 10.0
# On so many days at least, and without the worst of them too: one day's batch is one event.
DAYS = 3
# By how much a share must rise, and how unlikely that must be. Tuned with tests/alarms.py.
RISE, CHANCE = 0.4, 5e-5
# A share this small is taken for this large before, since a handful of short articles is none of
# anybody's doing; and lines that a part of a site shares are as usual as its parts.
SMALL, SMALL_OF_BLOCK = 0.1, 0.2
# An open alarm is over when the share has fallen back by more than half of that.
HELD = RISE / 2
# A line that a site repeats is new for so long, or for ENOUGH articles where these take longer:
# until then a source of two articles a week could not tell of it. After that it is the site's own.
NEW = timedelta(days=28)
# An article is short if it has less than so much of the median length.
SHORT = 0.5


class Count(NamedTuple):
    day: date
    amiss: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A share that was `before` and is `now`, of `of` articles `since` a day; `what` it is of."""

    since: date
    before: float
    now: float
    of: int
    chance: float
    what: str = ""


def weight(of: int, days: int) -> float:
    """How many articles of different days so many of some days are worth."""
    return of / (1 + ALIKE * (of / days - 1)) if days else 0.0


def chance(share: float, before: float, worth: float) -> float:
    """At most the chance of such a share of so many, where it is `before` (Chernoff's bound).

    Of two samples, `worth` is half of their harmonic mean: neither share is known for sure.
    """
    if share <= before:
        return 1.0
    told = share * math.log(share / before)
    told += (1 - share) * math.log((1 - share) / (1 - before)) if share < 1 else 0.0
    return math.exp(-worth * told)


def shift(counts: Sequence[Count], *, small: float = SMALL, what: str = "") -> Shift | None:
    """The least likely rise up to the last of these days, if it is large and unlikely enough."""
    split = _split(counts)
    before = _share(counts, split)
    if before is None:
        return None
    usual, worth_before = max(before[0], small), before[1]
    best: Shift | None = None
    amiss = of = 0
    odd = Count(counts[-1].day, 0, 0)
    for number, day in enumerate(reversed(counts[split:]), start=1):
        amiss, of, odd = amiss + day.amiss, of + day.of, max(odd, day, key=lambda each: each.amiss)
        share = amiss / of
        without = (amiss - odd.amiss) - (usual + RISE) * (of - odd.of)
        if number < DAYS or share - usual < RISE or without < 0:
            continue
        worth = weight(of, number)
        by_chance = chance(share, usual, worth * worth_before / (worth + worth_before))
        if by_chance < (best.chance if best else CHANCE):
            best = Shift(
                since=day.day, before=before[0], now=share, of=of, chance=by_chance, what=what
            )
    return best


def held(counts: Sequence[Count], since: date) -> bool:
    """Whether a rise that began then is still there; also when nothing has come meanwhile."""
    began = next((number for number, day in enumerate(counts) if day.day >= since), len(counts))
    before = _share(counts, began)
    if before is None:
        return False
    latest = counts[max(began, _split(counts, ENOUGH / 2)) :]
    of = sum(day.of for day in latest)
    return not of or sum(day.amiss for day in latest) / of - before[0] >= HELD


def is_new(day: date, began: date, enough: date) -> bool:
    """Whether a line that began on a day is new on `day`; ENOUGH articles go back to `enough`."""
    return day - began < NEW or began > enough


def enough_since(articles: Iterable[tuple[date, int]]) -> date:
    """The day to which ENOUGH articles go back; they are counted by day, the last day first."""
    of = days = 0
    for day, n in articles:
        of, days = of + n, days + (n > 0)
        if weight(of, days) >= ENOUGH:
            return day
    return date.min


def _split(counts: Sequence[Count], enough: float = ENOUGH) -> int:
    """Where the latest articles begin."""
    of, number = 0, len(counts)
    while number and (weight(of, len(counts) - number) < enough or len(counts) - number < DAYS):
        number -= 1
        of += counts[number].of
    return number


def _share(counts: Sequence[Count], end: int) -> tuple[float, float] | None:
    """What the share is before `end`, a little towards a half, and how many articles say so.

    None if they are too few.
    """
    amiss = of = 0
    number = end
    while number and weight(of, end - number) < BEFORE:
        number -= 1
        amiss, of = amiss + counts[number].amiss, of + counts[number].of
    worth = weight(of, end - number)
    return ((amiss + 1) / (of + 2), worth) if worth >= LEAST_BEFORE else None


# --- What is counted ----------------------------------------------------------------------------


# Of a day: how much is amiss, and of how much.
SHARES: dict[str, Callable[[Day], tuple[int, int]]] = {
    "yield": lambda day: (day.read - day.stored, day.read),
    "date": lambda day: (day.stored - day.dated, day.stored),
    "author": lambda day: (day.stored - day.signed, day.stored),
}
# Of a day: how many articles there are of each that may have come up.
PARTS: dict[str, Callable[[Day], Mapping[str, int]]] = {
    "language": lambda day: day.languages,
    "block": lambda day: day.blocks,
}
KINDS = (*SHARES, "length", *PARTS)


def short(days: Sequence[Day], before: date) -> list[Count]:
    """Articles of days whose median length is far below that of those `before`."""
    stored = [day for day in days if day.stored]
    lengths = [day.words for day in stored if day.day < before]
    line = SHORT * median_low(lengths) if lengths else 0.0
    return [Count(day.day, day.stored * (day.words < line), day.stored) for day in stored]


def counts(kind: str, days: Sequence[Day], what: str, before: date) -> list[Count]:
    """Of each day, how much is amiss, and of how much.

    `what` is the language or the line; for what is usual, days `before` count.
    """
    if kind == "length":
        return short(days, before)
    if kind in PARTS:
        parts = PARTS[kind]
        return [Count(day.day, parts(day).get(what, 0), day.stored) for day in days if day.stored]
    share = SHARES[kind]
    return [Count(day.day, *told) for day in days if (told := share(day))[1]]


def may_rise(kind: str, today: Day) -> bool:
    """Where nothing is amiss today, nothing is less likely than it was yesterday."""
    if kind in SHARES:
        return SHARES[kind](today)[0] > 0
    return today.stored > 0 and (kind != "block" or bool(today.blocks))


def shifts(kind: str, days: Sequence[Day]) -> Shift | None:
    """What of this kind has risen up to the last of these days: the least likely of all."""
    small = SMALL_OF_BLOCK if kind == "block" else SMALL
    told = ((what, counts(kind, days, what, days[-1].day)) for what in _candidates(kind, days))
    found = [
        each
        for what, counted in told
        if counted and counted[-1].amiss and (each := shift(counted, small=small, what=what))
    ]
    return min(found, key=lambda each: each.chance, default=None)


def _candidates(kind: str, days: Sequence[Day]) -> Iterator[str]:
    """What may have risen: what is in many of the articles of the last days."""
    if kind not in PARTS:
        yield ""
        return
    latest: list[Day] = []
    for day in reversed(days):
        if day.stored:
            latest.append(day)
        if len(latest) == DAYS:
            break
    told: Counter[str] = Counter()
    for day in latest:
        told.update(PARTS[kind](day))
    of = sum(day.stored for day in latest)
    yield from (what for what, n in told.items() if n >= RISE * of)
