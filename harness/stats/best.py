"""The best of several regimes: how it is chosen without bias, and its interval against the best of several others."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from harness.stats.noise import CONFIDENCE, Array, Scores, SeedVariance, seeds_alone, t_quantile
from harness.stats.variance import VarianceParts, question_groups, variance_parts, with_half_pairs

MAX_REACH = 1e3
"""Where an end of the interval is farther than this from the estimate, the leak is not reported."""
Regimes = Mapping[str, Scores]
"""The scores of regimes by name, on the same questions."""


def best_of(regimes: Regimes) -> str:
    """Return the regime with the largest mean. No figure should be read from it alone: it was lucky, too."""
    return max(regimes, key=lambda name: float(regimes[name].mean()))


def cross_fitted(regimes: Regimes, strata: Sequence[str] | None) -> float:
    """Return the mean of the best regime where it is chosen on one half of the questions and the other seeds.

    It is the double estimator (van Hasselt 2010, NeurIPS 23): unbiased for the regime that is chosen, and so biased downwards, if
    at all, for the best one. Both halves of the questions were answered by the same seeds, so the seeds are split too: a lucky
    seed would otherwise be chosen and reported on both halves. With one seed, only the questions are split. Halves are every
    other question of each stratum.
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


class Pairs:
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
        confidence: float = CONFIDENCE,
    ) -> None:
        self.confidence = confidence
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

    def gain(self) -> tuple[float, float]:
        """Return the interval of the best D less the best N, the contrasts at a leak of 0; it does not depend on the oracle."""
        lower, below = self._at(0.0, self.shape[0])
        upper, above = self._at(0.0, self.shape[1])
        return float((lower - below).min(axis=1).max()), float((upper + above).min(axis=1).max())

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
        parts, confidence = self.parts, 1 - (1 - self.confidence) / tests
        questions = ((weights @ parts.questions) * weights).sum(axis=2)
        questions = with_half_pairs(questions, squares.sum(axis=2), parts.items)
        variance = t_quantile(confidence, parts.question_freedom) ** 2 * questions
        if self.freedom:
            between = seeds_alone(squares @ parts.seeds, squares @ parts.residual, self.freedom)
            variance = variance + t_quantile(confidence, self.freedom) ** 2 * between
        return weights @ parts.means, np.sqrt(variance)
