"""How costs grow is told from what three sizes cost, and README.md has the table of them."""

import costs
import pytest
from costs import Cost, Growth, growths

TOTAL, EACH = Cost(what="a cost", unit="s"), Cost(what="a size", unit="kB each", each=True)


def growing(one: float, two: float, three: float, cost: Cost = TOTAL) -> Growth:
    return Growth(cost=cost, values=(one, two, three))


@pytest.mark.parametrize(
    ("growth", "power", "expected"),
    [
        pytest.param(growing(101, 103, 110), 0, 110, id="what differs by no more than noise stays"),
        pytest.param(growing(1, 10, 100), 1, 1000, id="linear"),
        pytest.param(growing(5.1, 6, 15), 1, 105, id="linear above what it costs anyhow"),
        pytest.param(growing(20, 20.1, 29), 1, 118, id="seen only at the last size: linear"),
        pytest.param(growing(1, 100, 10_000), 2, 1_000_000, id="by the square"),
        pytest.param(growing(10, 8, 8, EACH), 1, 8, id="of each the same: linear of all"),
    ],
)
def test_a_cost_is_expected_to_go_on_growing_as_it_grew(
    growth: Growth, power: float, expected: float
) -> None:
    assert growth.power == pytest.approx(power, abs=0.05)
    assert growth.expected == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize(
    ("values", "too_fast"),
    [
        ((3_000, 40_000, 500_000), False),  # n log n
        ((1, 100, 10_000), True),
        ((1, 20, 400), True),
        ((7, 20, 150), False),
        ((5, 5.1, 30), True),  # by the square or so, below what it costs anyhow
        ((3.4, 3.9, 11), False),  # n^1.1, or noise
    ],
)
def test_what_grows_faster_than_n_log_n_is_told(
    values: tuple[float, float, float], *, too_fast: bool
) -> None:
    assert growing(*values).too_fast is too_fast


def test_a_whole_grows_as_its_parts() -> None:
    parts = (growing(100, 108, 99), growing(1, 2, 12))
    whole = Growth(cost=TOTAL, values=(101, 110, 111), parts=parts)
    assert growing(101, 110, 111).expected == 111
    assert whole.expected == pytest.approx(99 + 112, rel=0.05)
    assert not whole.too_fast


def test_what_was_measured_has_every_cost_and_none_grows_too_fast() -> None:
    found = growths(costs.read())
    assert [each.cost.what for each in found if each.too_fast] == []
    assert all(len(row) == len(costs.headings()) for row in costs.rows(costs.read()))
