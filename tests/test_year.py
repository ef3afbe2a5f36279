"""Weeks of the daily job, lived as `tests/year.py` lives a year."""

from pathlib import Path

import pytest
import warm
from year import Year
from yearsites import sites_of
from yearweb import YearWeb

SITES, DAYS, SEED = 8, 16, 9


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at processes in /proc")
def test_weeks_of_the_daily_job_lose_nothing_repeat_nothing_and_keep_what_is_taken_down_away(
    tmp_path: Path,
) -> None:
    with YearWeb(sites_of(SITES, DAYS, SEED)) as web:
        year = Year(
            folder=tmp_path, web=web, server=warm.Server(readers=True),
            days=DAYS, seed=SEED, cuts=1, take_downs=1,
        )  # fmt: skip
        year.live()
    assert year.failures == []
    # Each of what it is about has happened.
    assert all(year.book.counts[what] for what in ("articles given", "versions", "copies"))
