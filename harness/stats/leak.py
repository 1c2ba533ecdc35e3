"""Leak: how much of the oracle's gain disclosures give beyond what a student can be taught without them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.stats.intervals import Estimate, difference
from harness.stats.noise import CONFIDENCE, Array, Scores, SeedVariance, seeds_alone, t_quantile
from harness.stats.variance import VarianceParts, pool_seeds, question_groups, variance_parts, with_half_pairs

MAX_REACH = 1e3
"""Where an end of the interval is farther than this from the estimate, the leak is not reported."""
Regimes = Mapping[str, Scores]
"""The scores of regimes by name, on the same questions."""


@dataclass(frozen=True)
class Leak:
    """The leak, (best with disclosures - best without) / (oracle - best without).

    Attributes:
        best_disclosed, best_undisclosed: the regimes with the largest means. No figure of the leak is read from them alone.
        gap: the smallest gain of the oracle over a regime without disclosures.
        leak: the cross-fitted estimate with its interval; None where it is withheld. The two have no common source, so the
            estimate is outside its interval in rare cases.
        withheld: why there is no leak.
    """

    best_disclosed: str
    best_undisclosed: str
    gap: Estimate
    leak: Estimate | None
    withheld: str | None


def leak(
    disclosed: Regimes,
    undisclosed: Regimes,
    oracle: Scores,
    strata: Sequence[str] | None = None,
    pooled: SeedVariance | None = None,
) -> Leak:
    """Estimate the leak of the best of several regimes, without the bias of choosing the best on the scores that it is read from.

    Args:
        disclosed: the regimes that use disclosures, controls left out.
        undisclosed: the regimes that use none, the untaught student among them.
        oracle: the scores of the oracle.
        strata: the task of each question, as in `estimate`.
        pooled: the variance between seeds, from `pool_seeds`; by default that of these regimes.

    Raises:
        ValueError: a group of regimes is empty, or as `contrast`.
    """
    if not disclosed or not undisclosed:
        raise ValueError("expected a regime with disclosures and one without")
    if pooled is None:
        pooled = pool_seeds((scores, strata) for scores in (*disclosed.values(), *undisclosed.values(), oracle))
    gaps = [difference(oracle, scores, strata, pooled) for scores in undisclosed.values()]
    gap = min(gaps, key=lambda gap: gap.mean)
    reached, withheld = None, None
    if min(gap.low for gap in gaps) <= 0:
        withheld = "the oracle's gain over a regime without disclosures is not significant"
    else:
        share = _cross_fitted(disclosed, undisclosed, oracle, strata)
        pairs = _Pairs(disclosed, undisclosed, oracle, strata, pooled)
        ends = pairs.end(share, -1.0), pairs.end(share, 1.0)
        if share is None or ends[0] is None or ends[1] is None:
            withheld = "the interval has no end"
        else:
            reached = Estimate(share, ends[0], ends[1], None)
    return Leak(_best(disclosed), _best(undisclosed), gap, reached, withheld)


def _best(regimes: Regimes) -> str:
    return max(regimes, key=lambda name: float(regimes[name].mean()))


def _cross_fitted(
    disclosed: Regimes, undisclosed: Regimes, oracle: Scores, strata: Sequence[str] | None
) -> float | None:
    """Return the leak where the best regimes are chosen on one half of the questions and the other seeds; None without a gap.

    It is the double estimator (van Hasselt 2010, NeurIPS 23): unbiased for the regime that is chosen, and so biased downwards, if
    at all, for the best one. Both halves of the questions were answered by the same seeds, so the seeds are split too: a lucky
    seed would otherwise be chosen and reported on both halves. With one seed, only the questions are split.
    """
    best, without = _composite(disclosed, strata), _composite(undisclosed, strata)
    gap = float(oracle.mean()) - without
    return (best - without) / gap if gap > 0 else None


def _composite(regimes: Regimes, strata: Sequence[str] | None) -> float:
    """Return the mean over halves and seeds of the regime that is best on the other half and the other seeds.

    Halves are every other question of each stratum.
    """
    questions: int = next(iter(regimes.values())).shape[1]
    groups = question_groups(strata, questions)
    halves = [np.concatenate([group[start::2] for group in groups]) for start in (0, 1)]
    halves = [half for half in halves if len(half)]
    means = [_by_seed(regimes, half) for half in halves]
    seeds: int = means[0].shape[1]
    total = 0.0
    for here, half in enumerate(halves):
        other = means[1 - here] if len(halves) > 1 else means[here]
        for seed in range(seeds):
            rest = np.delete(other, seed, axis=1) if seeds > 1 else other
            total += len(half) * float(means[here][int(rest.mean(axis=1).argmax()), seed])
    return total / (questions * seeds)


def _by_seed(regimes: Regimes, half: NDArray[np.intp]) -> Array:
    """Return (regimes, seeds): each seed's mean on a half; a regime with one run has it for every seed."""
    means = [scores[:, half].mean(axis=1) for scores in regimes.values()]
    seeds = max(len(by_seed) for by_seed in means)
    return np.stack([np.resize(by_seed, seeds) for by_seed in means])


class _Pairs:
    """The contrasts D - (1 - r) N - r O of every regime with disclosures and every one without, at a leak r.

    For the truly best D and N, the true contrast at the true leak is 0. The lower end of the interval is the largest r at which
    the contrast of some D with every N is significantly above 0. The upper end is the smallest r at which the contrast of every D
    with some N is significantly below 0. "With every" needs no correction (intersection-union test: Berger 1982, Technometrics
    24(4)). "Some" is corrected for the number of D or N (Bonferroni). With one D and one N it is Fieller's interval (1954, JRSS B
    16(2)).
    """

    def __init__(
        self,
        disclosed: Regimes,
        undisclosed: Regimes,
        oracle: Scores,
        strata: Sequence[str] | None,
        pooled: SeedVariance | None,
    ) -> None:
        self.shape = len(disclosed), len(undisclosed)
        self.freedom = pooled.freedom if pooled else 0.0
        scores = [*disclosed.values(), *undisclosed.values(), oracle]
        self.parts: VarianceParts = variance_parts(scores, strata, pooled)

    def end(self, share: float | None, direction: float) -> float | None:
        """Return the end of the interval on one side of the estimate; None where it is farther away than MAX_REACH."""
        from scipy.optimize import brentq

        if share is None:
            return None

        def excess(r: float) -> float:
            return self.above(r) if direction < 0 else -self.below(r)

        start, reach = share, 0.05
        while excess(start) > 0:
            start -= direction * reach
            reach *= 2
            if reach > MAX_REACH:
                return None
        reach = 0.05
        while excess(start + direction * reach) < 0:
            reach *= 2
            if reach > MAX_REACH:
                return None
        return float(brentq(excess, *sorted((start, start + direction * reach)), xtol=1e-5))

    def above(self, r: float) -> float:
        """Return how far the contrasts are significantly above 0; negative where they are not."""
        means, half = self._at(r, self.shape[0])
        return float((means - half).min(axis=1).max())

    def below(self, r: float) -> float:
        """Return the negative of how far the contrasts are significantly below 0; positive where they are not.

        Beyond a leak of 1 the best N has the largest contrast instead of the smallest, so every N must be below.
        """
        means, half = self._at(r, self.shape[1] if r <= 1 else 1)
        upper = means + half
        return float((upper.min(axis=1) if r <= 1 else upper.max(axis=1)).max())

    def _at(self, r: float, tests: int) -> tuple[Array, Array]:
        """Return the contrasts and half widths, of shape (disclosed, undisclosed), of intervals corrected for `tests` of them."""
        rows, columns = self.shape
        weights = np.zeros((rows, columns, rows + columns + 1))
        weights[np.arange(rows), :, np.arange(rows)] = 1.0
        weights[:, np.arange(columns), rows + np.arange(columns)] = r - 1.0
        weights[:, :, -1] = -r
        squares = weights**2
        parts, confidence = self.parts, 1 - (1 - CONFIDENCE) / tests
        questions = ((weights @ parts.questions) * weights).sum(axis=2)
        questions = with_half_pairs(questions, squares.sum(axis=2), parts.items)
        variance = t_quantile(confidence, parts.question_freedom) ** 2 * questions
        if self.freedom:
            between = seeds_alone(squares @ parts.seeds, squares @ parts.residual, self.freedom)
            variance = variance + t_quantile(confidence, self.freedom) ** 2 * between
        return weights @ parts.means, np.sqrt(variance)
