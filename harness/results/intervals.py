"""Intervals of a record, from the estimates of `harness.stats`."""

from harness.results.schema import Interval
from harness.stats import Estimate

DIGITS = 6
"""Digits after the decimal point of every figure of a record."""


def to_interval(estimate: Estimate) -> Interval:
    """Return an estimate as a record holds it, rounded."""
    spread = None if estimate.spread is None else round(estimate.spread, DIGITS)
    mean, low, high = (round(value, DIGITS) for value in (estimate.mean, estimate.low, estimate.high))
    return Interval(mean=mean, low=low, high=high, spread=spread)
