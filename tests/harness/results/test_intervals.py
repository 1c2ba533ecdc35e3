"""Estimates become intervals of a record."""

from harness.results.intervals import to_interval
from harness.results.schema import Interval
from harness.stats import Estimate


def test_an_interval_is_rounded_to_six_digits_or_not_at_all() -> None:
    third = Estimate(1 / 3, 0.1, 2 / 3, None)
    assert to_interval(third) == Interval(mean=0.333333, low=0.1, high=0.666667, spread=None)
    assert to_interval(third, digits=None) == Interval(mean=1 / 3, low=0.1, high=2 / 3, spread=None)
    assert to_interval(Estimate(0.5, 0, 1, 1 / 7)).spread == 0.142857
