"""How often a source has news, and how unlikely it is that it has had none for so long.

What counts is on which days something new was found, not how much: a source that brings ten
articles every other Tuesday has news on two days a month. A day weighs as much as days of its kind
usually bring news, so a Sunday or a holiday of a source that never writes then weighs nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from crawler.calendar import factor, rests
from crawler.days import Day

# A silence is one if the source's own pauses would bring it about so often a year. Tuned with
# tests/alarms.py, as all figures here: at 0.05 there are a fifth more false alarms, and at 0.02 one
# of sixty silences is found too late.
BY_CHANCE = 0.03
# And longer than its longest pause by the first; by the second, if an earlier silence was over by
# itself: the source may have a calendar of its own.
LONGER, AGAIN = 1.4, 2.5
# Shorter than so many days is no silence, whoever it is.
LEAST = 3
# Pauses that must be known before a silence is judged, and days: a source that wrote daily in its
# first month may have had a campaign.
LEARN, LEARN_DAYS = 6, 56
# The weight, in days, of the mean over all weekdays in each; in pauses, of pauses as chance would
# have them. So that two quiet Fridays make no rest day, and five equal pauses no clock.
SAME, RANDOM = 2.0, 2.0
# A source is not held to be more regular than a pause that varies by a fifth.
LEAST_SPREAD = 0.04
# A flood is so many times the third of its largest days, and so many addresses at least: ten pages
# of a listing that was laid out anew are none.
FLOOD, LEAST_FLOOD, RANKED = 4, 60, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """The last day with news, the days with news a week before, and the chance of such a pause.

    `pauses` says how many usual pauses this one has lasted.
    """

    last: date
    a_week: float
    pauses: float
    chance: float


def silence(days: Sequence[Day], country: str, *, again: bool = False) -> Silence | None:
    """Whether a source is silent after these days, of which the last is today.

    `again`: it was before, and came back.
    """
    asked = [day for day in days if day.answered]
    active = [number for number, day in enumerate(asked) if day.found]
    if len(active) <= LEARN or len(asked) - active[-1] <= LEAST:
        return None
    last = active[-1]
    known = (asked[last].day - asked[active[0]].day).days
    if known < LEARN_DAYS:
        return None
    weights = _weights(asked, last, country)
    upto, total = [], 0.0
    for weight in weights:
        total += weight
        upto.append(total)
    pauses = [upto[after] - upto[before] for before, after in pairwise(active)]
    now = upto[-1] - upto[last]
    mean = sum(pauses) / len(pauses)
    if now <= max(pauses) * (AGAIN if again else LONGER) or mean <= 0:
        return None
    spread = (sum((each / mean - 1) ** 2 for each in pauses) + RANDOM) / (len(pauses) + RANDOM)
    chance = longer(now / mean, max(spread, LEAST_SPREAD))
    if chance * len(pauses) > BY_CHANCE * known / 365:
        return None
    a_week = 7 * len(active) / max(last - active[0] + 1, 1)
    return Silence(last=asked[last].day, a_week=a_week, pauses=now / mean, chance=chance)


def _weights(days: Sequence[Day], last: int, country: str) -> list[float]:
    """How many days with news each is worth, by what those of its weekday up to `last` had."""
    news, of = [0.0] * 7, [0.0] * 7
    for day in days[: last + 1]:
        weekday = day.day.weekday()
        of[weekday] += factor(day.day)
        news[weekday] += day.found > 0
    usual = sum(news) / sum(of)
    rate = [(had + SAME * usual) / (all_of + SAME) for had, all_of in zip(news, of, strict=True)]
    rest = min(rate)
    return [
        factor(day.day) * (rest if rests(country, day.day) else rate[day.day.weekday()])
        for day in days
    ]


def longer(pause: float, spread: float) -> float:
    """The chance of a pause so many times the usual, whose squared variation is `spread`.

    Regular ones are as of a gamma distribution, by whole steps; those that vary more than chance
    as of a Lomax distribution, which is what chance gives whose rate varies itself.
    """
    if spread > 1:
        shape = 2 * spread / (spread - 1)
        return float((1 + pause / (shape - 1)) ** -shape)
    steps = math.floor(1 / spread)
    expected = steps * pause
    return math.exp(-expected) * sum(
        expected**number / math.factorial(number) for number in range(steps)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    found: int
    usual: int  # at most so many a day


def flood(days: Sequence[Day]) -> Flood | None:
    """Whether the last of these days brought far more than any before, for each day it covers."""
    if not days or days[-1].found < LEAST_FLOOD:
        return None
    today = days[-1]
    # What came on days that were not asked is found on the next: of each, what came a day.
    asked = [day for day in days if day.answered]
    daily = [day.found / (day.day - last.day).days for last, day in pairwise(asked)]
    if today is not asked[-1] or len(daily) <= LEARN:
        return None
    usual = max(sorted(daily[:-1], reverse=True)[:RANKED][-1], 1.0)
    missed = (today.day - asked[-2].day).days - 1
    if today.found < max(FLOOD * usual, LEAST_FLOOD) + missed * usual:
        return None
    return Flood(found=today.found, usual=round(usual))
