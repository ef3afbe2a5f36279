"""What work costs as it grows, as tests/growth.py measured it: how each cost grows, and a table."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MEASURED = Path(__file__).with_name("growth.json")
SIZES = (1_000, 10_000, 100_000)  # each ten times the one before, or `power` is wrong
NEXT = 1_000_000
# CPU seconds of one run differ so much from those of the next, on a machine that others use too.
NOISE = 0.12
MOST = math.log10(10 * math.log(SIZES[2]) / math.log(SIZES[1]))  # n log n, as a power of n: 1.10


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What it is of, its unit, whether it is of all articles or of `each`, and what it is made of.

    `parts` are names of COSTS.
    """

    what: str
    unit: str
    each: bool = False
    parts: tuple[str, ...] = ()


COSTS = {
    "crawl_memory": Cost(what="memory of a crawl that fetches them all", unit="MB"),
    "day_0": Cost(what="a day without new articles: crawl, publish", unit="CPU s"),
    "day_500": Cost(what="a day with 500 new: crawl, read, settle, publish", unit="CPU s"),
    "day_5000": Cost(
        what="a day with 5,000 new",
        unit="CPU s",
        parts=("read_5000", "settle_5000", "publish_0", "publish_5000"),
    ),
    "read_5000": Cost(what="of which to crawl and read", unit="CPU s"),
    "settle_5000": Cost(what="of which to settle", unit="CPU s"),
    "publish_0": Cost(what="of which to publish, as on any day", unit="CPU s"),
    "publish_5000": Cost(what="of which to publish the new ones", unit="CPU s"),
    "sites": Cost(what="all settled at once: what sites repeat", unit="CPU s"),
    "duplicates": Cost(what="all settled at once: duplicates", unit="CPU s"),
    "stories": Cost(what="all settled at once: stories", unit="CPU s"),
    "publish": Cost(what="all published from nothing", unit="CPU s"),
    "private_bytes": Cost(what="private database, without raw pages", unit="kB each", each=True),
    "public_bytes": Cost(what="published database", unit="kB each", each=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """A cost at each of SIZES."""

    cost: Cost
    values: tuple[float, ...]
    parts: tuple["Growth", ...] = ()

    @property
    def power(self) -> float:
        """Of n, by which what is not fixed grows: the cost is taken for a + b * n ** power.

        0 where it does not differ by more than NOISE; 1, to be careful, where only the last does.
        """
        if self.parts:
            return max(part.power for part in self.parts)
        early, late = self._differences()
        if late <= NOISE * self._totals()[1]:
            return 0.0
        return 1.0 if early <= NOISE * self._totals()[0] else math.log10(late / early)

    @property
    def expected(self) -> float:
        """At NEXT articles."""
        if self.parts:
            return sum(part.expected for part in self.parts)
        last, (_, late) = self._totals()[2], self._differences()
        total = last + late * 10**self.power if self.power else last
        return total / NEXT if self.cost.each else total

    @property
    def too_fast(self) -> bool:
        """Whether it grows faster than n log n, whatever noise has hidden of its early growth."""
        if not self.power or self.parts:
            return any(part.too_fast for part in self.parts)
        early, late = self._differences()
        return math.log10(late / (max(early, 0) + NOISE * self._totals()[1])) > MOST

    def _totals(self) -> list[float]:
        return [
            value * (size if self.cost.each else 1)
            for value, size in zip(self.values, SIZES, strict=True)
        ]

    def _differences(self) -> tuple[float, float]:
        one, two, three = self._totals()
        return two - one, three - two


def growths(measured: Mapping[str, Mapping[str, float]]) -> list[Growth]:
    """Every cost; KeyError if some size has not been measured."""
    return [_growth(cost, name, measured) for name, cost in COSTS.items()]


def _growth(cost: Cost, name: str, measured: Mapping[str, Mapping[str, float]]) -> Growth:
    return Growth(
        cost=cost,
        values=tuple(measured[str(size)][name] for size in SIZES),
        parts=tuple(_growth(COSTS[part], part, measured) for part in cost.parts),
    )


def read() -> dict[str, dict[str, Any]]:
    """What was measured, by size: every cost, and `day` and `machine`."""
    found: dict[str, dict[str, Any]] = json.loads(MEASURED.read_text(encoding="utf-8"))
    return found


def write(measured: Mapping[str, Mapping[str, Any]]) -> None:
    MEASURED.write_text(json.dumps(measured, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def rows(measured: Mapping[str, Mapping[str, float]]) -> list[list[str]]:
    """A line for each cost: what it is, at each size, at NEXT, and as what power of n it grows."""
    return [
        [
            f"{each.cost.what}, {each.cost.unit}",
            *map(_number, each.values),
            _number(each.expected),
            "n log n exceeded" if each.too_fast else _power(each),
        ]
        for each in growths(measured)
    ]


def about(measured: Mapping[str, Mapping[str, Any]]) -> str:
    """When and where it was measured."""
    return "; ".join(
        dict.fromkeys(f"{each['day']}, {each['machine']}" for each in measured.values())
    )


def headings() -> list[str]:
    return ["articles", *(f"{size:,}" for size in SIZES), f"{NEXT:,} (expected)", "grows as"]


def _power(growth: Growth) -> str:
    if not growth.power:
        return "stays"
    return "n" if abs(growth.power - 1) < 0.05 else f"n^{growth.power:.1f}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}" if value < 1 else f"{value:.1f}"
