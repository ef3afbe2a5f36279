"""A month of CC-NEWS on paper: what it would take by what was measured here; for the README.

CC-NEWS had 25 TiB from August 2016 to September 2022 (commoncrawl/news-crawl, issue 48), and 1.35
billion articles by spring 2026 (arXiv 2605.18337): in a month .37 TB and 12 million pages. One in
twenty in the language that is asked for, and of these one in thirty on the theme, are assumptions.
"""

from dataclasses import dataclass

PAGES, ARCHIVED = 12e6, 0.37e12  # bytes
IN_LANGUAGE, ON_THEME = 1 / 20, 1 / 30
# CPU seconds a page, by `python tests/backfills.py FOLDER` on 774 real pages: to unpack it and look
# at its title with all that goes with a part, and to read it and write what was found.
LOOK, READ = 0.0025, 0.066
# Bytes of results a page, and CPU seconds a row of `tamis load` and the settling after it.
RESULT, LOAD = 40e3, 0.0095
MEMORY = 1e9  # bytes a core: what a part's two processes may come to
CORES = (8, 64, 512)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is asked of the archive: how many pages are read, and how many articles are kept."""

    name: str
    looked: float
    read: float
    kept: float

    @property
    def seconds(self) -> float:
        return self.looked * LOOK + self.read * READ


PLANS = (
    Plan(name="every page", looked=PAGES, read=PAGES, kept=PAGES),
    Plan(
        name="one language in twenty", looked=PAGES, read=PAGES * IN_LANGUAGE,
        kept=PAGES * IN_LANGUAGE,
    ),
    Plan(
        name="... and a theme of thirty", looked=PAGES, read=PAGES * IN_LANGUAGE,
        kept=PAGES * IN_LANGUAGE * ON_THEME,
    ),
)  # fmt: skip


def headings() -> list[str]:
    by_cores = [f"{cores} cores, {cores * MEMORY / 1e9:.0f} GB" for cores in CORES]
    return ["asked for", "core-hours", *by_cores, "results", "then `tamis load`"]


def rows() -> list[list[str]]:
    return [
        [
            plan.name,
            f"{plan.seconds / 3600:,.0f}",
            *(
                f"{_time(plan.seconds / cores)}, {_bytes(ARCHIVED / plan.seconds * cores)}/s"
                for cores in CORES
            ),
            _bytes(plan.kept * RESULT),
            _time(plan.kept * LOAD),
        ]
        for plan in PLANS
    ]


def _time(seconds: float) -> str:
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.{int(seconds < 36_000)}f} h"


def _bytes(many: float) -> str:
    return f"{many / 1e9:,.1f} GB" if many >= 1e9 else f"{many / 1e6:,.0f} MB"
