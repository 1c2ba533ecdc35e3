"""How figures are written, wherever they are shown: percentages, differences in points, intervals and p-values."""

from collections.abc import Sequence
from typing import Protocol


class Estimate(Protocol):
    """A mean with the ends of its 95% interval."""

    @property
    def mean(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


def number(value: float, digits: int, signed: bool = False) -> str:
    """Write a number with a fixed count of decimals; a value that rounds to zero has no sign."""
    rounded = round(value, digits) + 0.0
    return f"{rounded:+.{digits}f}" if signed and rounded else f"{rounded:.{digits}f}"


def interval(estimate: Estimate, digits: int = 3) -> str:
    """Write a mean with its interval: `0.883 [0.869, 0.896]`."""
    low, high = (number(end, digits) for end in (estimate.low, estimate.high))
    return f"{number(estimate.mean, digits)} [{low}, {high}]"


def percent(share: float, unit: str = "%") -> str:
    """Write a share from 0 to 1 as a percentage: `82.4%`."""
    return f"{number(100 * share, 1)}{unit}"


def percent_interval(estimate: Estimate, unit: str = "%") -> str:
    """Write a share with its interval, in percent: `82.4% [76.5, 88.1]`."""
    return f"{number(100 * estimate.mean, 1)}{unit} {_ends(estimate)}"


def points(difference: float) -> str:
    """Write a difference of two shares in percentage points, without the unit: `+3.4`."""
    return number(100 * difference, 1, signed=True)


def points_interval(difference: Estimate) -> str:
    """Write a difference of two shares with its interval, in percentage points: `+3.4 [-1.3, 8.1]`."""
    return f"{points(difference.mean)} {_ends(difference)}"


def confidence(estimate: Estimate) -> str:
    """Write the interval of a share or a difference, in percent or points, for a sentence: `95% CI [-1.3, 8.1]`."""
    return f"95% CI {_ends(estimate)}"


def p_value(p: float) -> str:
    """Write a p-value with three decimals, and `<0.001` below that."""
    return "<0.001" if p < 0.001 else number(p, 3)


def listed(names: Sequence[str]) -> str:
    """Join names for a sentence: `a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _ends(estimate: Estimate) -> str:
    low, high = (number(100 * end, 1) for end in (estimate.low, estimate.high))
    return f"[{low}, {high}]"
