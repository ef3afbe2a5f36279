"""How fast a host is asked: as its robots.txt says, and as it answers."""

import time
from collections.abc import Callable
from itertools import pairwise

import pytest
from web import RSS, Answer, Crawl, Web, article, feed

from crawler.politeness import LATENCIES, MAX_DELAY, pause, smoothed

PAGE = Answer(article("Le quai rouvre", "Le centre du quai rouvre ce soir, avec quarante lits."))
PATHS = [f"/{n}" for n in range(5)]


@pytest.mark.parametrize(
    ("shortest", "asked", "latency", "expected"),
    [
        (1.0, None, 0.0, 1.0),
        (1.0, None, 0.1, 1.0),
        (1.0, None, 2.0, 2.0 * LATENCIES),
        (1.0, 5.0, 0.1, 5.0),
        (1.0, 5.0, 2.0, 2.0 * LATENCIES),
        (1.0, 0.0, 0.0, 1.0),
        (1.0, None, 20.0, MAX_DELAY),
        (1.0, 86_400.0, 0.0, MAX_DELAY),
        (60.0, None, 20.0, 60.0),
    ],
)
def test_the_pause_is_the_longest_of_what_the_operator_the_site_and_its_speed_ask(
    shortest: float, asked: float | None, latency: float, expected: float
) -> None:
    assert pause(shortest, asked, latency) == expected


def test_a_host_is_slow_at_once_and_fast_again_by_halves() -> None:
    slow = smoothed(0.2, 3.0, well=True)
    assert slow == 3.0
    assert smoothed(slow, 1.0, well=True) == 2.0


def test_an_error_that_comes_fast_does_not_make_a_host_faster() -> None:
    assert smoothed(3.0, 0.01, well=False) == 3.0
    assert smoothed(3.0, 4.0, well=False) == 4.0


def timed(web: Web, *, seconds: float) -> list[float]:
    """Lets the articles of `web` take `seconds` each; when they were asked for is in the answer."""
    times: list[float] = []

    def slowly(_: dict[str, str]) -> Answer:
        times.append(time.monotonic())
        time.sleep(seconds)
        return PAGE

    answers: dict[str, Answer | Callable[[dict[str, str]], Answer]] = dict.fromkeys(PATHS, slowly)
    links = [f"{web.url}{path}" for path in PATHS]
    web.pages = {"/feed": Answer(feed(*links), content_type=RSS), **answers}
    return times


def test_a_host_that_answers_slowly_is_asked_less_often(web: Web, crawl: Crawl) -> None:
    times = timed(web, seconds=0.2)
    assert crawl("--no-enrich", "--delay", "0.01").returncode == 0
    assert len(times) == len(PATHS)
    # Half of it, since Scrapy varies a pause by as much. The first is asked before it is known.
    assert min(late - early for early, late in pairwise(times[1:])) > 0.5 * LATENCIES * 0.2


def test_a_host_that_answers_fast_is_asked_as_fast_as_the_operator_allows(
    web: Web, crawl: Crawl
) -> None:
    times = timed(web, seconds=0.0)
    assert crawl("--no-enrich", "--delay", "0.2").returncode == 0
    # The pause between two, but for what else keeps this machine busy.
    assert 0.08 < min(late - early for early, late in pairwise(times)) < 0.4


def test_a_host_is_never_asked_faster_than_its_robots_txt_says(web: Web, crawl: Crawl) -> None:
    times = timed(web, seconds=0.0)
    robots = b"User-agent: *\nCrawl-delay: 0.4\n"
    web.pages["/robots.txt"] = Answer(robots, content_type="text/plain")
    assert crawl("--no-enrich", "--delay", "0.01").returncode == 0
    assert min(late - early for early, late in pairwise(times)) > 0.38
