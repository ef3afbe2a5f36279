import pytest

from crawler.schedule import (
    CEILING,
    DAY,
    FLOOR,
    HOUR,
    START,
    Failing,
    backoff,
    next_look,
    pause,
    retry,
    rhythm,
    told_of_change,
)


def test_a_channel_with_news_is_soon_asked_every_half_hour() -> None:
    period: float | None = None
    for _ in range(4):
        period = rhythm(period, new=True)
    assert period == FLOOR == HOUR / 2


def test_a_silent_channel_is_asked_less_and_less_but_still_by_a_daily_job() -> None:
    periods = [START]
    for _ in range(20):
        periods.append(rhythm(periods[-1], new=False))
    assert periods == sorted(periods)
    assert periods[-1] == CEILING < DAY


@pytest.mark.parametrize(
    ("period", "every", "wait"),
    [
        (HOUR, None, HOUR),
        (HOUR, 3 * HOUR, 3 * HOUR),  # its own word, if it is longer
        (3 * HOUR, HOUR, 3 * HOUR),
        (HOUR, 365 * DAY, CEILING),  # a cache's year is nobody's rhythm
    ],
)
def test_a_channel_is_not_asked_before_it_says_it_changes(
    period: float, every: float | None, wait: float
) -> None:
    assert pause(period, every) == wait


@pytest.mark.parametrize("failing", list(Failing))
def test_failures_in_a_row_double_the_wait_up_to_the_longest_of_their_class(
    failing: Failing,
) -> None:
    waits = [backoff(failures, failing) for failures in range(1, 40)]
    assert waits[:3] == [HOUR, 2 * HOUR, 4 * HOUR]
    assert waits[-1] == {"temporary": 6 * HOUR, "soft": CEILING, "hard": 7 * DAY}[failing]


def test_an_article_is_tried_for_three_days() -> None:
    assert 3 * DAY < sum(retry(tries) for tries in range(1, 8)) < 4 * DAY


def test_an_article_is_looked_at_after_a_day_a_week_and_a_month() -> None:
    age, looks = 0.0, []
    while (wait := next_look(age)) is not None:
        age += wait
        looks.append(age / DAY)
    assert looks == [1, 7, 30]


def test_a_look_that_comes_late_takes_the_place_of_the_one_it_missed() -> None:
    assert next_look(6.8 * DAY) == pytest.approx(23.2 * DAY)
    assert next_look(40 * DAY) is None


def test_what_is_old_already_is_not_looked_at_by_itself() -> None:
    assert next_look(0, known_for=61 * DAY) is None
    assert next_look(0, known_for=59 * DAY) == DAY
    assert next_look(40 * HOUR, known_for=61 * DAY) is not None  # it was young when it was found


def test_a_channel_that_always_says_changed_is_believed_less_and_less() -> None:
    assert told_of_change(0, 5 * DAY) == 0
    assert told_of_change(0, HOUR) == 23 * HOUR
    assert [told_of_change(n, 0) / DAY for n in (0, 1, 2, 5, 50)] == [1, 2, 4, 32, 32]
