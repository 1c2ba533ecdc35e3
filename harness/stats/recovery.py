"""Recovery: the share of the gap between base and oracle that a regime closes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.stats.intervals import Estimate, difference
from harness.stats.noise import Scores
from harness.stats.variance import variance_parts

MAX_REACH = 1e3
"""Where an end of the interval is farther than this from the estimate, the recovery is not reported."""


@dataclass(frozen=True)
class Recovery:
    """A regime's recovery, (regime - base) / (oracle - base).

    Attributes:
        gap: the oracle's mean minus the base's.
        recovered: the share; None where the oracle's gain over the base is not significant.
    """

    gap: Estimate
    recovered: Estimate | None


def recovery(
    regime: Scores,
    base: Scores,
    oracle: Scores,
    strata: Sequence[str] | None = None,
) -> Recovery:
    """Estimate the share of the gap between base and oracle that a regime closes. Questions are paired, seeds are not.

    The interval is Fieller's (1954, JRSS B 16(2)): all shares r for which regime - (1 - r) base - r oracle is not significantly
    different from 0. docs/coverage.md explains why it is not a bootstrap.

    Raises:
        ValueError: as `estimate`.
    """
    gap = difference(oracle, base, strata)
    if gap.low <= 0:
        return Recovery(gap, None)
    share = (float(regime.mean()) - float(base.mean())) / gap.mean

    parts = variance_parts([regime, base, oracle], strata)

    def excess(r: float) -> float:
        mean, noise = parts.paired_contrast([1.0, r - 1.0, -r])
        return abs(mean) - noise.half_width()

    ends = [_end(excess, share, direction) for direction in (-1.0, 1.0)]
    if None in ends:
        return Recovery(gap, None)
    low, high = (end for end in ends if end is not None)
    return Recovery(gap, Estimate(share, low, high, None))


def _end(excess: Callable[[float], float], share: float, direction: float) -> float | None:
    """Return the end of the interval on one side of the share; None where it is farther away than MAX_REACH."""
    from scipy.optimize import brentq

    reach = 0.05
    while excess(share + direction * reach) < 0:
        reach *= 2
        if reach > MAX_REACH:
            return None
    return float(brentq(excess, share, share + direction * reach))
