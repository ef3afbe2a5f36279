"""What is an alarm and what is none, of days that are made up; and two years of sixty sources."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta

import alarms as simulated
import pytest

from crawler import alarms, rhythm
from crawler.calendar import factor, rests
from crawler.days import Alarm, Certificate, Channel, Day, Past
from crawler.schedule import Failing

FIRST = date(2026, 1, 12)  # a Monday
FEED = "https://quai.example.org/feed/"
ONE = timedelta(days=1)


def quiet(day: date) -> Day:
    return Day(day, visits=2)


def busy(day: date, n: int = 2) -> Day:
    return Day(
        day, visits=2, found=n, read=n, stored=n, words=400, dated=n, signed=n,
        languages={"fr": n},
    )  # fmt: skip


def days(n: int, writes: Callable[[date], bool] = lambda _: True) -> tuple[Day, ...]:
    every = (FIRST + number * ONE for number in range(n))
    return tuple(busy(day) if writes(day) else quiet(day) for day in every)


def past(told: Sequence[Day], **more: object) -> Past:
    plain = Past(source="quai", name="Le Quai", country="BE", today=told[-1].day, days=tuple(told))
    return replace(plain, **more)  # type: ignore[arg-type]


def kinds(told: Sequence[Day], known: Sequence[Alarm] = (), **more: object) -> list[str]:
    return [alarm.kind for alarm in alarms.judge(past(told, **more), known)]


# --- Silence ------------------------------------------------------------------------------------


def weekdays(day: date) -> bool:
    return day.weekday() < 5


def tuesdays(day: date) -> bool:
    return day.weekday() == 1


def firsts(day: date) -> bool:
    return day.day == 1


@pytest.mark.parametrize(
    ("writes", "learnt", "patient", "silent"),
    [
        (weekdays, 82, 3, 9),  # ends on a Friday: a weekend and a day are no silence
        (tuesdays, 86, 9, 30),
        (firsts, 346, 40, 120),
    ],
)
def test_a_silence_is_judged_by_the_rhythm_of_its_source(
    writes: Callable[[date], bool], learnt: int, patient: int, silent: int
) -> None:
    before = days(learnt, writes)

    def after(n: int) -> list[str]:
        return kinds([*before, *(quiet(before[-1].day + k * ONE) for k in range(1, n + 1))])

    assert kinds(before) == []
    assert after(patient) == []
    assert after(silent) == ["silence"]


def test_a_month_of_summer_is_no_silence_where_a_month_of_autumn_is() -> None:
    def told(last: date) -> list[str]:
        n = (last - FIRST).days + 1
        return kinds(days(n, lambda day: weekdays(day) and day < last - 20 * ONE))

    assert told(date(2026, 8, 21)) == []
    assert told(date(2026, 10, 21)) == ["silence"]


def test_public_holidays_are_those_of_the_country() -> None:
    national_day = date(2026, 7, 21)
    assert [rests(code, national_day) for code in ("BE", "FR", "int", "XK")] == [
        True, False, False, False,
    ]  # fmt: skip
    assert factor(date(2026, 7, 21)) < factor(date(2026, 10, 5)) == 1.0


def test_what_is_not_asked_or_does_not_answer_is_not_silent() -> None:
    before = days(82, weekdays)
    tomorrow = before[-1].day + ONE
    down = [Day(tomorrow + number * ONE, visits=2, failed=2) for number in range(20)]
    assert kinds([*before, *down]) == []
    assert kinds([*before, quiet(tomorrow + 20 * ONE)]) == []


def test_a_source_that_never_gave_anything_is_told_of() -> None:
    assert kinds([quiet(day.day) for day in days(alarms.NEVER - 1)]) == []
    assert kinds([quiet(day.day) for day in days(alarms.NEVER)]) == ["silence"]


def test_the_longer_the_pause_the_less_likely_and_regular_sources_are_believed_less_often() -> None:
    for spread in (0.05, 0.5, 1.0, 1.5, 4.0):
        told = [rhythm.longer(pause, spread) for pause in (0.5, 1.0, 2.0, 4.0, 8.0)]
        assert told == sorted(told, reverse=True)
        assert 0 <= told[-1] < told[0] <= 1
    assert rhythm.longer(3.0, 0.05) < rhythm.longer(3.0, 1.0) < rhythm.longer(3.0, 4.0)


# --- Drift --------------------------------------------------------------------------------------

CHANGES: dict[str, Callable[[Day], Day]] = {
    "yield": lambda day: day._replace(stored=0, words=0, dated=0, signed=0, languages={},
                                      others={"too_short": 2}),
    "length": lambda day: day._replace(words=60),
    "date": lambda day: day._replace(dated=0),
    "author": lambda day: day._replace(signed=0),
    "language": lambda day: day._replace(languages={"nl": 2}),
    "block": lambda day: day._replace(blocks={"Soutenez cette maison": 2}),
    "flood": lambda day: day._replace(found=400),
}  # fmt: skip


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_in_what_a_source_gives_is_alarmed_while_it_lasts(kind: str) -> None:
    normal, change = list(days(120)), CHANGES[kind]
    assert kinds(normal) == []
    changed = [change(busy(normal[-1].day + number * ONE)) for number in range(1, 12)]
    if kind == "flood":
        changed = changed[:1]
    (alarm,) = alarms.judge(past([*normal, *changed]))
    assert (alarm.kind, alarm.since) == (kind, changed[0].day)
    known = [replace(alarm, raised=changed[-1].day)]
    assert kinds([*normal, *changed], known) == [kind]
    mended = [busy(changed[-1].day + number * ONE) for number in range(1, 31)]
    assert kinds([*normal, *changed, *mended], known) == []


def test_one_odd_day_is_no_change() -> None:
    normal = list(days(120))
    odd = CHANGES["date"](busy(normal[-1].day + ONE, 30))
    assert kinds([*normal, odd]) == []


def test_after_five_months_what_has_changed_is_how_it_is() -> None:
    normal, change = list(days(120)), CHANGES["author"]
    changed = [change(busy(normal[-1].day + number * ONE)) for number in range(1, 161)]
    began = changed[0].day
    (told,) = alarms.judge(past([*normal, *changed[:6]]))
    told = replace(told, raised=began + 5 * ONE)
    until = began + (5 + alarms.SETTLED) * ONE
    assert kinds([*normal, *changed[: alarms.SETTLED]], [told]) == ["author"]
    assert kinds([*normal, *changed], [told]) == []
    assert kinds([*normal, *changed], [replace(told, until=until)]) == []


def test_what_was_before_an_edit_of_the_record_counts_no_more() -> None:
    normal = list(days(120))
    changed = [CHANGES["language"](busy(normal[-1].day + k * ONE)) for k in range(1, 12)]
    assert kinds([*normal, *changed], edited=changed[0].day) == []


def test_a_feed_that_was_not_asked_for_a_week_may_bring_the_news_of_a_week() -> None:
    normal = [busy(day.day, 20) for day in days(120)]
    later = normal[-1].day + 7 * ONE
    assert kinds([*normal, busy(later, 140)]) == []
    assert kinds([*normal, busy(normal[-1].day + ONE, 140)]) == ["flood"]


# --- Channels, hosts, the network ---------------------------------------------------------------


@pytest.mark.parametrize("failing", Failing)
def test_a_channel_may_fail_for_as_long_as_its_kind_of_failure_lasts(failing: Failing) -> None:
    told, wait = days(60), alarms.FAILING[failing]

    def after(n: int, lost: frozenset[date] = frozenset()) -> list[str]:
        tried = tuple(told[-1].day - number * ONE for number in reversed(range(n)))
        channel = Channel(url=FEED, failing=failing, reason="HTTP 500", tried=tried)
        return kinds(told, channels=(channel,), lost=lost)

    assert after(wait - 1) == []
    assert after(wait) == ["failing"]
    # Not by days on which nobody answered.
    assert after(wait, frozenset({told[-1].day, told[-2].day})) == []


def test_a_channel_that_leads_elsewhere_for_a_week_is_to_be_written_anew() -> None:
    told = days(60)
    moved = Channel(url=FEED, moved=told[-8].day, moved_to="https://quai.example.org/new/")
    (alarm,) = alarms.judge(past(told, channels=(moved,)))
    assert (alarm.kind, alarm.about) == ("moved", FEED)
    assert "https://quai.example.org/new/" in alarm.sentence
    assert kinds(told, channels=(replace(moved, moved=told[-7].day),)) == []


@pytest.mark.parametrize(
    ("life", "left", "told"),
    [(90, 15, []), (90, 14, ["certificate"]), (90, -3, ["certificate"]), (6, 4, []),
     (6, 1, ["certificate"])],
)  # fmt: skip
def test_a_certificate_is_told_of_when_it_should_have_been_renewed(
    life: int, left: int, told: list[str]
) -> None:
    lived = days(60)
    ends = lived[-1].day + left * ONE
    shown = Certificate(host="quai.example.org", begins=ends - life * ONE, ends=ends)
    assert kinds(lived, certificates=(shown,)) == told


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({0: (9, 1), 1: (9, 0)}, None),
        ({0: (9, 1), 1: (9, 8)}, {"asked": 9, "silent": 8}),
        ({0: (4, 0), 1: (4, 4)}, None),  # so few may all be down
        ({0: (9, 1), 2: (9, 1)}, None),  # a run may fall on the next day
        ({0: (9, 1), 3: (9, 1)}, {"days": 2}),
    ],
)
def test_one_alarm_stands_for_all_when_nobody_answers_or_nobody_was_asked(
    asked: dict[int, tuple[int, int]], told: dict[str, int] | None
) -> None:
    days_of = {FIRST + number * ONE: counts for number, counts in asked.items()}
    alarm = alarms.network(days_of, max(days_of))
    assert (alarm and alarm.evidence) == told


@pytest.mark.slow
@pytest.mark.parametrize("seed", [201, 202])
def test_every_planted_fault_is_alarmed_in_time_and_little_else(seed: int) -> None:
    year = simulated.year(seed)
    lines = {line.kind: line for line in simulated.lines([year])}
    assert lines.keys() == alarms.KINDS.keys()
    assert {kind for kind, line in lines.items() if line.planted < simulated.AT_LEAST} == set()
    assert {kind: line.late for kind, line in lines.items() if line.late} == {}
    assert simulated.most_false(year) <= 1
