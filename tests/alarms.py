"""How well alarms tell what is wrong: `python tests/alarms.py`.

A year of days of 60 sources, drawn at random: dailies, busy desks, weekly letters, monthly
bulletins, associations that write in bursts, an academic calendar, a pause in August, several
languages, a weekend on Friday. Into it faults of every kind are planted at random days, six at
least a kind. Each must be alarmed within the time that crawler.alarms.KINDS states, and nothing
else, or at most once a source and year.

The figures of crawler.rhythm and crawler.drift were tuned on seeds below 421; 421 to 460 judge.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise

from crawler import alarms, drift
from crawler.calendar import factor, rests
from crawler.days import Alarm, Certificate, Channel, Day, Past
from crawler.schedule import Failing

FIRST, DAYS = date(2026, 1, 1), 365
SOURCES = 60
AT_LEAST = 6
ONE = timedelta(days=1)


def day_of(number: int) -> date:
    return FIRST + number * ONE


# --- Sources ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of source: how many articles it has on a day."""

    name: str
    articles: Callable[[random.Random, date, dict[str, float]], int]
    countries: tuple[str, ...] = ("BE", "FR", "NL", "GB", "CA", "int")
    languages: tuple[tuple[str, float], ...] = (("fr", 1.0),)


def poisson(rng: random.Random, mean: float) -> int:
    count, left = 0, rng.expovariate(1.0)
    while left < mean:
        count, left = count + 1, left + rng.expovariate(1.0)
    return count


def quiet(day: date) -> float:
    """What is written in summer and around New Year, beside other weeks."""
    return 0.45 if factor(day) < 1 else 1.0


def daily(rng: random.Random, day: date, _: dict[str, float]) -> int:
    return poisson(rng, (0.4 if day.weekday() >= 5 else 4.0) * quiet(day))


def busy(rng: random.Random, day: date, _: dict[str, float]) -> int:
    return poisson(rng, (6.0 if day.weekday() >= 5 else 22.0) * max(quiet(day), 0.7))


def weekly(rng: random.Random, day: date, state: dict[str, float]) -> int:
    late = state.setdefault("late", 0.0)
    if day.weekday() == 1:
        state["late"] = float(rng.random() < 0.1)
        return 0 if state["late"] or rng.random() < 0.04 else 1 + poisson(rng, 2.0)
    if day.weekday() == 2 and late:
        state["late"] = 0.0
        return 1 + poisson(rng, 2.0)
    return 0


def monthly(rng: random.Random, day: date, state: dict[str, float]) -> int:
    if day.day == 1:
        state["on"] = float(rng.randint(3, 12))
        if factor(day) < 1 and rng.random() < 0.4:
            state["on"] = 0.0
    return 3 + poisson(rng, 6.0) if day.day == state.get("on", 5.0) else 0


def bursts(rng: random.Random, day: date, state: dict[str, float]) -> int:
    """A campaign of some days, then little for a fortnight."""
    on = state.get("on", 0.0)
    state["on"] = float(rng.random() < (0.85 if on else 0.08))
    return poisson(rng, (3.0 if state["on"] else 0.12) * quiet(day) * (day.weekday() < 6))


def academic(rng: random.Random, day: date, _: dict[str, float]) -> int:
    pause = day.month in {7, 8} or (day.month == 9 and day.day < 12) or factor(day) < 1
    exams = (day.month == 1 and day.day < 25) or (day.month == 6 and day.day > 5)
    return poisson(rng, 0.0 if pause else (0.12 if exams or day.weekday() >= 5 else 0.6))


def august(rng: random.Random, day: date, _: dict[str, float]) -> int:
    closed = day.month == 8 or (day.month, day.day) >= (12, 22)
    return 0 if closed else poisson(rng, 0.1 if day.weekday() >= 5 else 2.0)


def seldom(rng: random.Random, day: date, _: dict[str, float]) -> int:
    return poisson(rng, 1 / 11 * quiet(day))


def gulf(rng: random.Random, day: date, _: dict[str, float]) -> int:
    return poisson(rng, 0.2 if day.weekday() in {4, 5} else 3.0)


KINDS = (
    Kind(name="daily", articles=daily),
    Kind(name="daily", articles=daily),
    Kind(name="busy", articles=busy),
    Kind(name="weekly", articles=weekly),
    Kind(name="monthly", articles=monthly),
    Kind(name="bursts", articles=bursts),
    Kind(name="academic", articles=academic),
    Kind(name="august", articles=august, countries=("FR", "BE", "IT")),
    Kind(name="seldom", articles=seldom),
    Kind(name="gulf", articles=gulf, countries=("JO", "EG"), languages=(("ar", 1.0),)),
    Kind(
        name="languages", articles=daily, countries=("BE", "CH", "LU"),
        languages=(("fr", 0.5), ("nl", 0.35), ("en", 0.15)),
    ),
    Kind(
        name="languages", articles=weekly, countries=("BE", "CH"),
        languages=(("de", 0.6), ("fr", 0.4)),
    ),
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Source:
    """One of the sixty, its true shares, and all that it did in the year."""

    id: str
    kind: Kind
    country: str
    well: float  # share of pages that are articles
    dated: float
    signed: float
    length: float
    days: list[Day] = field(default_factory=list)
    faults: list["Fault"] = field(default_factory=list)
    outages: set[int] = field(default_factory=set)
    lines: dict[str, tuple[int, float]] = field(default_factory=dict)  # since when, and its share


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Planted: of this kind from a day to a day; to be alarmed by `due`."""

    kind: str
    source: str
    begins: int
    due: int
    ends: int
    what: str = ""


def likely(rng: random.Random, share: float, of: int, alike: float = 0.1) -> int:
    """How many of so many, where those of a day resemble each other."""
    if of == 0 or share in {0.0, 1.0}:
        return round(share) * of
    spread = 1 / alike - 1
    today = rng.betavariate(share * spread, (1 - share) * spread)
    return sum(rng.random() < today for _ in range(of))


def sources(rng: random.Random) -> list[Source]:
    made = []
    for number in range(SOURCES):
        kind = KINDS[number % len(KINDS)]
        made.append(
            Source(
                id=f"{kind.name}-{number}", kind=kind, country=rng.choice(kind.countries),
                well=rng.choice((0.98, 0.95, 0.85, 0.7)), dated=rng.choice((1.0, 0.99, 0.95, 0.3)),
                signed=rng.choice((0.95, 0.85, 0.7, 0.1)), length=rng.choice((250, 450, 900)),
            )
        )  # fmt: skip
    return made


def written(rng: random.Random, source: Source) -> list[int]:
    """How many articles a source has on each day, before anything goes wrong."""
    state: dict[str, float] = {}
    found = []
    for number in range(DAYS):
        day = day_of(number)
        n = source.kind.articles(rng, day, state)
        rest = rests(source.country, day) and source.kind.name not in {"monthly", "seldom"}
        found.append(n if not rest or rng.random() < 0.15 else 0)
    return found


def lived(rng: random.Random, source: Source, articles: Sequence[int], lost: set[int]) -> None:
    """Fill the days of a source, its faults among them."""
    waiting = 0  # what appeared on days that were not asked
    source.days.clear()
    source.lines.clear()
    for number, articles_today in enumerate(articles):
        on = {fault.kind: fault for fault in source.faults if fault.begins <= number < fault.ends}
        n = waiting + (0 if "silence" in on else articles_today)
        if -number in lost:  # Tamis did not run
            waiting = n
            continue
        visits = rng.choice((1, 2, 2, 3))
        if number in lost or "failing" in on or number in source.outages:
            source.days.append(Day(day=day_of(number), visits=visits, failed=visits))
            waiting = min(n, 20)  # as many as a feed holds
            continue
        waiting = 0
        if number == 0:
            n = rng.randint(20, 400)
        if "flood" in on:
            n += 8 * max(30, *articles)
        if rng.random() < 0.05:
            source.lines[f"line {number}"] = (number, rng.choice((0.05, 0.1, 0.25)))
        if "block" in on:
            source.lines[on["block"].what] = (on["block"].begins, 0.9)
        source.days.append(_day(rng, source, number, n, on)._replace(visits=visits))


def _day(rng: random.Random, source: Source, number: int, n: int, on: dict[str, Fault]) -> Day:
    stored = likely(rng, 0.04 if "yield" in on else source.well, n)
    shares = dict(source.kind.languages)
    if "language" in on:
        shares = {on["language"].what: 0.95, source.kind.languages[0][0]: 0.05}
    told = rng.choices(list(shares), list(shares.values()), k=stored)
    lengths = sorted(rng.lognormvariate(0, 0.5) for _ in range(stored))
    length = source.length * (0.15 if "length" in on else 1.0)
    enough = drift.enough_since((day.day, day.stored) for day in reversed(source.days))
    return Day(
        day=day_of(number), found=n, read=n, stored=stored,
        words=round(length * lengths[stored // 2]) if stored else 0,
        dated=likely(rng, 0.03 if "date" in on else source.dated, stored),
        signed=likely(rng, 0.03 if "author" in on else source.signed, stored),
        languages=Counter(told),
        blocks={
            line: with_it for line, (began, share) in source.lines.items()
            if drift.is_new(day_of(number), day_of(began), enough)
            and (with_it := likely(rng, share, stored))
        },
        others={"too_short": n - stored} if n > stored else {},
    )  # fmt: skip


# --- Faults -------------------------------------------------------------------------------------


def judged_by(days: Sequence[Day], begins: int) -> int | None:
    """The day by which a drift that begins then must be alarmed; None if too little is known."""
    before = [day for day in days if 10 <= (day.day - FIRST).days < begins and day.stored]
    if drift.weight(sum(day.stored for day in before[-60:]), len(before[-60:])) < 40:
        return None
    of = active = 0
    for day in days:
        if (day.day - FIRST).days >= begins and day.stored:
            of, active = of + day.stored, active + 1
            if active >= drift.DAYS and drift.weight(of, active) >= alarms.ARTICLES:
                return (day.day - FIRST).days
    return None


def silent_by(days: Sequence[Day], begins: int) -> int | None:
    """The day by which a silence that begins then must be alarmed; None if too little is known."""
    active = [(day.day - FIRST).days for day in days if day.found]
    known = [number for number in active if 7 <= number < begins]
    if len(known) < 12:
        return None
    pauses = [
        sum(factor(day_of(day)) for day in range(one + 1, other + 1))
        for one, other in pairwise(known)
    ]
    allowed = max(alarms.SILENT, alarms.PAUSES * max(pauses))
    for day in days:
        if day.day >= day_of(begins) and day.answered:
            allowed -= factor(day.day)
            if allowed <= 0:
                return (day.day - FIRST).days
    return None


def due(kind: str, source: Source, begins: int, lost: set[int]) -> tuple[int, str] | None:
    """By when a fault that begins then is to be alarmed, and what it is; None if it cannot be."""
    if kind == "silence":
        found = silent_by(source.days, begins) if begins > 80 else None
        return None if found is None else (found, "")
    if kind == "failing":
        failing = random.Random(begins).choice(tuple(Failing))
        return running(begins, alarms.FAILING[failing], lost), failing.value
    if kind == "flood" and (begins in lost or -begins in lost or begins in source.outages):
        return None
    if kind in {"flood", "moved", "certificate"}:
        wait = {"flood": 0, "moved": alarms.MOVED, "certificate": 1}[kind]
        return running(begins, wait, lost), ""
    applies = {
        "yield": source.well >= 0.7, "date": source.dated > 0.9, "author": source.signed >= 0.7,
    }  # fmt: skip
    if not applies.get(kind, True):
        return None
    found = judged_by(source.days, begins)
    what = {"language": "es", "block": "Soutenez cette maison fictive"}.get(kind, "")
    return None if found is None else (found, what)


def running(begins: int, wait: int, lost: set[int]) -> int:
    """The day so many days later, days without a run or an answer not counted."""
    number = begins
    while wait or number in lost or -number in lost:
        wait -= not (number in lost or -number in lost)
        number += 1
    return number


def plant(rng: random.Random, made: Sequence[Source], lost: set[int]) -> None:
    """AT_LEAST of each kind, at random days of random sources that have no other near."""
    for kind in (*alarms.LOOKS, *alarms.LOOKS):
        planted = 0
        for _ in range(4000):
            source, begins = rng.choice(made), rng.randint(40, DAYS - 8)
            by = due(kind, source, begins, lost)
            if by is None or by[0] >= DAYS:
                continue
            ends = begins + 1 if kind == "flood" else by[0] + rng.randint(3, 30)
            if all(ends + 60 < each.begins or each.ends + 60 < begins for each in source.faults):
                fault = Fault(
                    kind=kind, source=source.id, begins=begins, due=by[0], ends=ends, what=by[1]
                )
                source.faults.append(fault)
                planted += 1
            if planted == AT_LEAST // 2:
                break


# --- A year -------------------------------------------------------------------------------------


@dataclass(slots=True)
class Year:
    """What was planted and what was alarmed, with the day of each."""

    faults: list[Fault]
    raised: list[tuple[int, Alarm]]
    ended: list[tuple[int, Alarm]]
    sources: int = SOURCES

    def alarmed(self, fault: Fault) -> int | None:
        """The day on which a fault was alarmed; the first, if it was just then."""
        days = (
            max(day, fault.begins)
            for day, alarm in self.raised
            if concerns(alarm, fault) and day <= fault.ends and self.over(day, alarm) > fault.begins
        )
        return min(days, default=None)

    def over(self, day: int, alarm: Alarm) -> int:
        """The day on which an alarm that was raised on a day ended."""
        days = (end for end, each in self.ended if each.key == alarm.key and end >= day)
        return min(days, default=DAYS)

    def false(self) -> list[tuple[int, Alarm]]:
        return [
            (day, alarm)
            for day, alarm in self.raised
            if not any(belongs(alarm, day, fault) for fault in self.faults)
        ]

    def again(self) -> int:
        """Alarms of one fault beyond the first."""
        told = Counter(
            fault for day, alarm in self.raised for fault in self.faults
            if belongs(alarm, day, fault)
        )  # fmt: skip
        return sum(n - 1 for n in told.values())


def belongs(alarm: Alarm, day: int, fault: Fault) -> bool:
    return concerns(alarm, fault) and fault.begins <= day <= fault.ends


def concerns(alarm: Alarm, fault: Fault) -> bool:
    return (alarm.kind, alarm.source) == (fault.kind, fault.source)


def channels(source: Source, number: int) -> tuple[Channel, ...]:
    """Its one channel as it is on a day."""
    url = f"https://{source.id}.example.org/feed/"
    tried: list[date] = []
    for day in reversed(source.days[: _index(source, number)]):
        if day.answered:
            break
        tried.insert(0, day.day)
    failing = next(
        (f for f in source.faults if f.kind == "failing" and f.begins <= number < f.ends), None
    )
    moved = next(
        (f for f in source.faults if f.kind == "moved" and f.begins <= number < f.ends), None
    )
    return (
        Channel(
            url=url, failing=(failing.what if failing else "temporary") if tried else None,
            reason="a fault" if tried else None, tried=tuple(tried),
            moved=day_of(moved.begins) if moved else None, moved_to=f"{url}new" if moved else None,
        ),
    )  # fmt: skip


def _index(source: Source, number: int) -> int:
    """How many of its days there are up to this one."""
    upto = day_of(number)
    count = min(number + 1, len(source.days))
    while count and source.days[count - 1].day > upto:
        count -= 1
    return count


def certificates(source: Source, number: int) -> tuple[Certificate, ...]:
    """Renewed 30 days before its end every 60 days, unless that is the fault."""
    begins = number // 60 * 60
    fault = next(
        (f for f in source.faults if f.kind == "certificate" and f.begins <= number < f.ends), None
    )
    ends = fault.begins + alarms.ENDING if fault else begins + 90
    begins = min(begins, ends - 90)
    return (Certificate(host=f"{source.id}.example.org", begins=day_of(begins), ends=day_of(ends)),)


def year(seed: int) -> Year:
    rng = random.Random(seed)
    made = sources(rng)
    articles = {source.id: written(rng, source) for source in made}
    lost = outages(rng)
    for source in made:
        source.outages = bad_days(rng)
        lived(rng, source, articles[source.id], lost)
    plant(rng, made, lost)
    for source in made:
        lived(rng, source, articles[source.id], lost)
    faults = [fault for source in made for fault in source.faults]
    faults += network_faults(lost)
    told = Year(faults, [], [])
    known: dict[str, list[Alarm]] = {name: [] for name in ("", *(each.id for each in made))}
    by_day: dict[date, tuple[int, int]] = {}
    for source in made:
        for day in source.days:
            one, silent = by_day.get(day.day, (0, 0))
            by_day[day.day] = (one + 1, silent + (not day.answered))
    for number in range(DAYS):
        if -number in lost:
            continue
        today = day_of(number)
        upto = {day: told for day, told in by_day.items() if day <= today}
        nobody = alarms.lost(upto)
        alarm = alarms.network(upto, today)
        settle(told, known[""], (alarm,) if alarm else (), number)
        for source in made:
            past = Past(
                source=source.id, name=source.id, country=source.country, today=today,
                days=tuple(source.days[: _index(source, number)]),
                channels=channels(source, number), certificates=certificates(source, number),
                lost=nobody,
            )  # fmt: skip
            settle(told, known[source.id], alarms.judge(past, known[source.id]), number)
    return told


def settle(told: Year, known: list[Alarm], found: Sequence[Alarm], number: int) -> None:
    """As crawler.health does it, without a database."""
    open_now = {alarm.key for alarm in known if alarm.until is None}
    for alarm in alarms.ended(known, found):
        told.ended.append((number, alarm))
        known[known.index(alarm)] = replace(alarm, until=day_of(number))
    for alarm in found:
        if alarm.key not in open_now:
            told.raised.append((number, alarm))
            known.append(replace(alarm, raised=day_of(number)))


def bad_days(rng: random.Random) -> set[int]:
    """Days on which a site is down: some a year, of one to four days each, never a week."""
    found: set[int] = set()
    for first in sorted(rng.randint(10, DAYS - 1) for _ in range(poisson(rng, 5.0))):
        if not found or first > max(found) + 5:
            found |= set(range(first, first + rng.choice((1, 1, 1, 2, 2, 3, 4))))
    return found


def outages(rng: random.Random) -> set[int]:
    """Days on which the network is down; those on which Tamis does not run are negative."""
    starts = rng.sample(range(3, DAYS // 10 - 1), 2 * AT_LEAST)
    lost: set[int] = set()
    for number, start in enumerate(starts):
        days = range(10 * start, 10 * start + rng.choice((2, 3, 4)))
        lost |= {-day for day in days} if number % 2 else set(days)
    return lost


def network_faults(lost: set[int]) -> Iterator[Fault]:
    for day in sorted(lost):
        step = 1 if day > 0 else -1
        if day - step in lost and (day > 0 or day - step > day):
            continue  # not the first
        last = day
        while last + step in lost:
            last += step
        begins, ends = min(abs(day), abs(last)), max(abs(day), abs(last)) + 1
        by = begins if day > 0 else ends
        yield Fault(kind="network", source="", begins=begins, due=by, ends=ends)


# --- What came of it ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A kind over several years: `late` were not alarmed in time."""

    kind: str
    planted: int
    alarmed: int
    late: int
    slowest: int  # days
    latest: float  # of the time that is allowed, the largest part that was taken
    false: int


def lines(years: Sequence[Year]) -> Iterator[Line]:
    for kind in alarms.KINDS:
        told = [(y, f, y.alarmed(f)) for y in years for f in y.faults if f.kind == kind]
        raised = [(f, day) for _, f, day in told if day is not None]
        yield Line(
            kind=kind, planted=len(told), alarmed=len(raised),
            late=sum(day is None or day > f.due for _, f, day in told),
            slowest=max((day - f.begins for f, day in raised), default=0),
            latest=max((part(f, day) for f, day in raised), default=0.0),
            false=sum(alarm.kind == kind for y in years for _, alarm in y.false()),
        )  # fmt: skip


def part(fault: Fault, day: int) -> float:
    """Of the days that were allowed, how many it took."""
    return (day - fault.begins + 1) / (fault.due - fault.begins + 1)


def most_false(told: Year) -> int:
    counts = Counter(alarm.source for _, alarm in told.false())
    return max(counts.values(), default=0)


def main() -> None:
    parser = argparse.ArgumentParser(description="Alarms on planted faults, year by year.")
    parser.add_argument("--seeds", default="421-460", help="the first and the last")
    parser.add_argument("--show", action="store_true", help="each that is late or false")
    options = parser.parse_args()
    first, _, last = options.seeds.partition("-")
    began, years = time.monotonic(), []
    for seed in range(int(first), int(last or first) + 1):
        years.append(year(seed))
        if options.show:
            for told in years[-1:]:
                for f in told.faults:
                    day = told.alarmed(f)
                    if day is None or day > f.due:
                        sys.stdout.write(f"{seed} late: {f} on {day}\n")
                for day, alarm in told.false():
                    sys.stdout.write(
                        f"{seed} false: {day} {alarm.kind} {alarm.sentence}"
                        f" {dict(alarm.evidence)}\n"
                    )
    n = len(years) * SOURCES
    row = "{:12} {:>8} {:>8} {:>5} {:>8} {:>9} {:>6} {:>13}\n"
    sys.stdout.write(
        row.format(
            "kind", "planted", "alarmed", "late", "slowest", "of time", "false", "a source-year"
        )
    )
    for each in lines(years):
        sys.stdout.write(
            row.format(
                each.kind, each.planted, each.alarmed, each.late, f"{each.slowest} d",
                f"{each.latest:.0%}", each.false, f"{each.false / n:.3f}",
            )
        )  # fmt: skip
    false = sum(len(told.false()) for told in years)
    sys.stdout.write(
        f"{len(years)} years of {SOURCES} sources in {time.monotonic() - began:.0f} s:"
        f" {false / n:.3f} false alarms a source-year, at most {max(map(most_false, years))} of one"
        f" source; {sum(told.again() for told in years)} alarms of a fault beyond the first\n"
    )


if __name__ == "__main__":
    main()
