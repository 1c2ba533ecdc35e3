"""Intervals of a record, from the estimates of `harness.stats`."""

from harness.results.schema import Interval
from harness.stats import Estimate

DIGITS = 6
"""Digits after the decimal point of a run's record."""


def to_interval(estimate: Estimate, digits: int | None = DIGITS) -> Interval:
    """Return an estimate as a record holds it, rounded; not rounded where `digits` is None."""

    def rounded(value: float) -> float:
        return value if digits is None else round(value, digits)

    return Interval(
        mean=rounded(estimate.mean),
        low=rounded(estimate.low),
        high=rounded(estimate.high),
        spread=None if estimate.spread is None else rounded(estimate.spread),
    )
