"""What is wrong with a source: from its days to alarms. Pure; crawler.health keeps them.

An alarm is raised on strong evidence, and stays until there is evidence that it is over, so that
it does not come and go. Days under an alarm are not what later days are compared with.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from crawler import drift, rhythm
from crawler.advice import sentence
from crawler.days import Alarm, Day, Past
from crawler.schedule import Failing

# What each kind is, and within what time it is raised: tests/alarms.py holds it to that.
KINDS = {
    "network": "no source answered, or Tamis did not run: the same day, or the first it runs again",
    "failing": "a channel does not answer: after FAILING days",
    "silence": "nothing new: after SILENT days, or PAUSES of its longest pauses",
    "flood": "far more than ever: the same day",
    "yield": "pages are no articles any more: after ARTICLES",
    "length": "articles are short: after ARTICLES",
    "date": "articles have no date: after ARTICLES",
    "author": "articles have no author: after ARTICLES",
    "block": "a new block is in most articles: after ARTICLES",
    "language": "articles are in another language: after ARTICLES",
    "moved": "a channel leads elsewhere for good: after MOVED days",
    "certificate": "a certificate is about to end: ENDING days before",
}
# Days without an answer. What is gone or refused seldom comes back; a site that is down, does.
FAILING = {Failing.HARD: 3, Failing.SOFT: 5, Failing.TEMPORARY: 7}
TRIED = 2  # of them at least, since a channel that fails is asked less often
# Within so many days with an answer a silence is found, or so many of a source's longest pauses
# where that is longer. Both count as rhythm does: a day of summer or New Year's weeks is a sixth.
SILENT, PAUSES = 10, 5.0
# Of so many articles, weighed as drift does, on DAYS of them.
ARTICLES = drift.ENOUGH
MOVED = 7  # some sites say 301 for a day, while they are mended
ENDING = 14  # most renew 30 days before the end, so it has failed twice by then
# What lives shorter than that altogether is late when a third of its life is left.
LATE = 1 / 3
FLOODED = 3  # days for which a flood is shown
# After so long what has changed is how it is now. A weekly letter needs four months to show that it
# was mended (with 90 days, tests/alarms.py has some of them alarmed for being well again).
SETTLED = 150
# The first days of a source bring what it has had for years.
BACKLOG = 7
# A source that has never given anything is told of after so many days.
NEVER = 14
# No source answers: so many at least were asked, and so large a share did not.
ASKED, UNANSWERED = 5, 0.8
MISSED = 2  # days without a run; one may fall between two runs of a daily job
WINDOW = 365  # days that are looked at
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class View:
    """A source, the alarms of one kind that it had, and the days they are judged by."""

    past: Past
    known: tuple[Alarm, ...]
    days: tuple[Day, ...]

    @property
    def open(self) -> Alarm | None:
        return next((alarm for alarm in self.known if alarm.until is None), None)

    @property
    def today(self) -> Day | None:
        """What is known of today, if it is to be judged."""
        return self.days[-1] if self.days and self.days[-1].day == self.past.today else None


def judge(past: Past, known: Iterable[Alarm] = ()) -> tuple[Alarm, ...]:
    """The alarms that hold for a source today. `known` are those of it that were raised before.

    One that is open keeps the day on which it began.
    """
    known, days = tuple(known), _usual(past)
    found: list[Alarm] = []
    for kind, look in LOOKS.items():
        of = tuple(alarm for alarm in known if alarm.kind == kind)
        found += look(View(past, of, _unspoilt(days, of)))
    return tuple(
        alarm if alarm.sentence else replace(alarm, sentence=sentence(alarm, past.name))
        for alarm in found
    )


def ended(known: Iterable[Alarm], now: Sequence[Alarm]) -> tuple[Alarm, ...]:
    """Those of the open ones that hold no longer."""
    held = {alarm.key for alarm in now}
    return tuple(alarm for alarm in known if alarm.until is None and alarm.key not in held)


# --- The network --------------------------------------------------------------------------------


def lost(days: Mapping[date, tuple[int, int]]) -> frozenset[date]:
    """Days on which nobody answered or was asked, of sources asked and silent sources a day."""
    first, last = min(days, default=date.min), max(days, default=date.min)
    every = (first + number * DAY for number in range((last - first).days + 1))
    return frozenset(day for day in every if _nobody(*days.get(day, (0, 0))))


def _nobody(asked: int, silent: int) -> bool:
    return asked == 0 or (asked >= ASKED and silent >= UNANSWERED * asked)


def network(days: Mapping[date, tuple[int, int]], today: date) -> Alarm | None:
    """One alarm for all sources, if none answers today or Tamis has only begun to run again."""
    asked, silent = days.get(today, (0, 0))
    nobody = lost(days)
    if today in nobody:
        since = today
        while since - DAY in nobody:
            since -= DAY
        told: dict[str, Any] = {"asked": asked, "silent": silent}
    else:
        before = max((day for day in days if day < today), default=today)
        missed = (today - before).days - 1
        if missed < MISSED:
            return None
        since, told = before + DAY, {"days": missed}
    alarm = Alarm(kind="network", source="", since=since, evidence=told)
    return replace(alarm, sentence=sentence(alarm, ""))


# --- A source -----------------------------------------------------------------------------------


def _failing(view: View) -> Iterator[Alarm]:
    past = view.past
    for channel in past.channels:
        tried = [day for day in channel.tried if day not in past.lost]
        if channel.failing is None or len(tried) < TRIED:
            continue
        lasted = (past.today - tried[0]).days + 1 - sum(tried[0] < day for day in past.lost)
        if lasted >= FAILING[Failing(channel.failing)]:
            yield Alarm(
                kind="failing", source=past.source, about=channel.url, since=tried[0],
                evidence={
                    "days": lasted, "tried": len(tried), "class": channel.failing,
                    "reason": channel.reason or "",
                },
            )  # fmt: skip


def _silence(view: View) -> Iterator[Alarm]:
    past, alarm = view.past, view.open
    if not any(day.found for day in past.days):
        asked = [day for day in past.days if day.answered]
        if len(asked) >= NEVER:
            yield Alarm(
                kind="silence", source=past.source, since=asked[0].day,
                evidence={"days": len(asked), "ever": 0},
            )  # fmt: skip
    elif alarm:
        if not any(day.found for day in past.days if day.day >= alarm.since):
            yield alarm
    # What is not answered is no silence.
    elif (today := view.today) and today.answered and not today.found:
        found = rhythm.silence(view.days, past.country, again=bool(view.known))
        if found:
            yield Alarm(
                kind="silence", source=past.source, since=found.last + DAY,
                evidence={
                    "days": (past.today - found.last).days, "days_a_week": round(found.a_week, 2),
                    "pauses": round(found.pauses, 1), "chance": float(f"{found.chance:.1g}"),
                },
            )  # fmt: skip


def _flood(view: View) -> Iterator[Alarm]:
    past, alarm = view.past, view.open
    if alarm and (past.today - alarm.since).days < FLOODED:
        yield alarm
    elif view.today and (found := rhythm.flood(view.days)):
        yield Alarm(
            kind="flood", source=past.source, since=past.today,
            evidence={"found": found.found, "usual": found.usual},
        )  # fmt: skip


def _drift(kind: str) -> "Look":
    def look(view: View) -> Iterator[Alarm]:
        past, alarm = view.past, view.open
        if alarm:
            settled = _settled(alarm, past.today)
            days = _latest(view.days, alarm.since)
            counts = drift.counts(kind, days, alarm.evidence.get("what", ""), alarm.since)
            if not settled and drift.held(counts, alarm.since):
                yield alarm
        elif (today := view.today) and drift.may_rise(kind, today):
            found = drift.shifts(kind, _latest(view.days, past.today))
            if found:
                others = _others(day for day in view.days if day.day >= found.since)
                yield Alarm(
                    kind=kind, source=past.source, since=found.since,
                    evidence={
                        "before": round(found.before, 2), "now": round(found.now, 2),
                        "of": found.of,
                        **({"what": found.what} if found.what else {}),
                        **({"others": others} if kind == "yield" else {}),
                    },
                )  # fmt: skip

    return look


def _others(days: Iterable[Day]) -> dict[str, int]:
    told: dict[str, int] = {}
    for day in days:
        for outcome, n in day.others.items():
            told[outcome] = told.get(outcome, 0) + n
    return told


def _moved(view: View) -> Iterator[Alarm]:
    past = view.past
    for channel in past.channels:
        if channel.moved and (past.today - channel.moved).days >= MOVED:
            yield Alarm(
                kind="moved", source=past.source, about=channel.url, since=channel.moved,
                evidence={"days": (past.today - channel.moved).days, "to": channel.moved_to},
            )  # fmt: skip


def _certificate(view: View) -> Iterator[Alarm]:
    past = view.past
    for each in past.certificates:
        left, life = (each.ends - past.today).days, (each.ends - each.begins).days
        notice = min(ENDING, int(life * LATE))
        if left <= notice:
            yield Alarm(
                kind="certificate", source=past.source, about=each.host,
                since=each.ends - notice * DAY,
                evidence={"days": left, "ends": each.ends.isoformat()},
            )  # fmt: skip


Look = Callable[[View], Iterable[Alarm]]
LOOKS: dict[str, Look] = {
    "failing": _failing, "silence": _silence, "flood": _flood,
    **{kind: _drift(kind) for kind in drift.KINDS},
    "moved": _moved, "certificate": _certificate,
}  # fmt: skip


# --- What days are compared with ----------------------------------------------------------------


def _usual(past: Past) -> tuple[Day, ...]:
    """Not the backlog, not what was before the record was edited, nor days of a lost network."""
    begun = next((day.day for day in past.days if day.found), past.today)
    first = max(begun, past.edited or begun) + BACKLOG * DAY
    return tuple(day for day in past.days if day.day >= first and day.day not in past.lost)


def _unspoilt(days: tuple[Day, ...], known: Sequence[Alarm]) -> tuple[Day, ...]:
    """Not days of an earlier alarm of this kind, nor those before one that lasted for good.

    Of a silence, the days until it was alarmed count: if it was the source's way, the next such
    pause is none.
    """
    over = [(alarm, alarm.until) for alarm in known if alarm.until]
    if not over:
        return days
    first = max((each.since for each, until in over if _settled(each, until)), default=date.min)
    spoilt = [
        (alarm.raised if alarm.kind == "silence" and alarm.raised else alarm.since, until)
        for alarm, until in over
        if not _settled(alarm, until)
    ]
    return tuple(
        day
        for day in days
        if day.day >= first and not any(since <= day.day < until for since, until in spoilt)
    )


def _settled(alarm: Alarm, day: date) -> bool:
    """Whether it had been told of for so long by that day that it is how things are."""
    return (day - (alarm.raised or alarm.since)).days >= SETTLED


def _latest(days: Sequence[Day], since: date) -> Sequence[Day]:
    """As many as drift looks at up to `since`; a busy source's whole year would take long."""
    stored = before = 0
    number = len(days)
    while number and (stored < 3 * drift.BEFORE or before < 2 * ARTICLES):
        number -= 1
        if days[number].day <= since:
            stored, before = stored + days[number].stored, before + 1
    return days[number:]
