"""The share of the teachable gain that leaked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.stats.intervals import Estimate, Scores, difference, paired_contrast

FARTHEST = 1e3
"""An end of the interval beyond this has no meaning: the gap is as good as nothing."""


@dataclass(frozen=True)
class Recovery:
    """(regime - base) / (oracle - base).

    Attributes:
        gap: oracle less base.
        recovered: the share; None where the gap's interval covers 0 or lies below it, since there is then nothing to recover.
    """

    gap: Estimate
    recovered: Estimate | None


def recovery(regime: Scores, base: Scores, oracle: Scores, strata: Sequence[str] | None = None) -> Recovery:
    """How much of the gap between base and oracle a regime closes; questions are paired, seeds are not.

    The interval is Fieller's (1954, JRSS B 16(2)): all shares r for which regime - (1 - r) base - r oracle cannot be told from 0.
    It counts questions and seeds as all intervals here do; docs/statistics.md says why it is not a bootstrap.

    Raises:
        ValueError: as `estimate`.
    """
    gap = difference(oracle, base, strata)
    if gap.low <= 0:
        return Recovery(gap, None)
    share = (float(regime.mean()) - float(base.mean())) / gap.mean

    def excess(r: float) -> float:
        mean, noise = paired_contrast([regime, base, oracle], [1.0, r - 1.0, -r], strata)
        return abs(mean) - noise.half_width()

    ends = [_end(excess, share, direction) for direction in (-1.0, 1.0)]
    if None in ends:
        return Recovery(gap, None)
    low, high = (end for end in ends if end is not None)
    return Recovery(gap, Estimate(share, low, high, None))


def _end(excess: Callable[[float], float], share: float, direction: float) -> float | None:
    """Where the interval ends on one side of the share; None where it does not."""
    from scipy.optimize import brentq

    reach = 0.05
    while excess(share + direction * reach) < 0:
        reach *= 2
        if reach > FARTHEST:
            return None
    return float(brentq(excess, share, share + direction * reach))
