"""Compare two regimes or models on the same questions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.stats.intervals import Estimate
from harness.stats.noise import CONFIDENCE, Noise, Scores, SeedVariance
from harness.stats.planning import detectable, more_questions, more_seeds
from harness.stats.variance import paired_contrast

FLIPS = 9_999
MIN_P = 1e-12


@dataclass(frozen=True)
class Comparison:
    """The difference between two regimes, its significance, and the experiment's power.

    Attributes:
        difference: the first regime's mean minus the second's.
        p_value: `p_mcnemar` where there is one; else 1 minus the largest confidence at which the interval excludes 0.
        p_pooled: as `p_value`, with the variance between seeds of all regimes in place of these two regimes' own; None where
            there is none. For a correction for many pairs, see `corrected`.
        p_permutation: of the sign-flip test over questions. It conditions on the trained students, and ignores the variation
            between seeds.
        p_mcnemar: of the exact McNemar test; None unless both regimes have one run of right-or-wrong answers.
        detectable: the minimum detectable effect at a power of 80%.
        more_questions: how many more questions, with as many seeds, would make the observed difference detectable; None where
            MAX_QUESTIONS would not be enough.
        more_seeds: the same for seeds and MAX_SEEDS; None also where there is one seed.
        one_seed: whether both have one run, so that interval and tests are about these two students on other questions, and
            not about students of other seeds.
    """

    difference: Estimate
    p_value: float
    p_pooled: float | None
    p_permutation: float
    p_mcnemar: float | None
    detectable: float
    more_questions: int | None
    more_seeds: int | None
    one_seed: bool


def compare(
    first: Scores, second: Scores, strata: Sequence[str] | None = None, pooled: SeedVariance | None = None
) -> Comparison:
    """Compare two regimes on the same questions.

    Args:
        pooled: the variance between seeds of all regimes that are compared, from `pool_seeds`, for `p_pooled`.

    Raises:
        ValueError: as `difference`.
    """
    one_seed = len(first) == len(second) == 1
    mean, noise = paired_contrast([first, second], [1.0, -1.0], strata)
    together = pooled and not one_seed and paired_contrast([first, second], [1.0, -1.0], strata, pooled)
    half = noise.half_width()
    mcnemar = _mcnemar(first, second)
    centre = centre_of(first, second)
    return Comparison(
        difference=Estimate(mean, mean - half, mean + half, None),
        p_value=_p_of_interval(mean, noise) if mcnemar is None else mcnemar,
        p_pooled=_p_of_interval(*together) if together else None,
        p_permutation=_sign_flips(first.mean(axis=0) - second.mean(axis=0)),
        p_mcnemar=mcnemar,
        detectable=detectable(noise, centre),
        more_questions=more_questions(mean, noise, first.shape[1], centre),
        more_seeds=more_seeds(mean, noise, max(len(first), len(second)), centre),
        one_seed=one_seed,
    )


def corrected(comparisons: Sequence[Comparison]) -> list[float]:
    """Return the p values of several comparisons, corrected for their number by `holm`, in the order given.

    The larger of `p_value` and `p_pooled` is corrected. Correction reads small p values, and three seeds of a regime that agree
    by luck make `p_value` too small. `p_pooled` is too small where these two regimes vary more with their seeds than the others.
    """
    return holm([max(comparison.p_value, comparison.p_pooled or 0.0) for comparison in comparisons])


def holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's corrected p values (1979, Scandinavian Journal of Statistics 6(2)), in the order given."""
    from statsmodels.stats.multitest import multipletests

    return [float(p) for p in multipletests(p_values, alpha=1 - CONFIDENCE, method="holm")[1]] if p_values else []


def centre_of(first: Scores, second: Scores) -> float | None:
    """Return the mean of two accuracies, between 0 and 1; None where scores are not from 0 to 1."""
    if min(first.min(), second.min()) < 0 or max(first.max(), second.max()) > 1:
        return None
    questions: int = first.shape[1]
    right = questions * float(first.mean() + second.mean())
    return (right + 1) / (2 * questions + 2)


def _p_of_interval(mean: float, noise: Noise) -> float:
    """Return 1 minus the largest confidence at which the interval excludes 0; at least MIN_P."""
    from scipy.optimize import brentq

    def excess(p: float) -> float:
        return noise.half_width(1 - p) - abs(mean)

    if not mean or not noise.error:
        return float(not mean)
    return MIN_P if excess(MIN_P) < 0 else float(brentq(excess, MIN_P, 1.0))


def _sign_flips(differences: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """Return the p value of the seeded sign-flip test over questions (Fisher 1935, The Design of Experiments)."""
    from scipy.stats import monte_carlo_test

    if not differences.any():
        return 1.0
    rng = np.random.default_rng(0)
    result = monte_carlo_test(
        differences,
        lambda size: differences * rng.choice((-1.0, 1.0), size=size),
        lambda x, axis: x.mean(axis=axis),
        vectorized=True,
        n_resamples=FLIPS,
        batch=500,
    )
    return float(result.pvalue)


def _mcnemar(first: Scores, second: Scores) -> float | None:
    """Return the p value of McNemar's exact test (1947, Psychometrika 12(2)); None unless both have one right-or-wrong run."""
    from statsmodels.stats.contingency_tables import mcnemar

    if len(first) > 1 or len(second) > 1 or not (np.isin(first, (0, 1)).all() and np.isin(second, (0, 1)).all()):
        return None
    table = [[int(((first == a) & (second == b)).sum()) for b in (0, 1)] for a in (0, 1)]
    return float(mcnemar(table, exact=True).pvalue) if table[0][1] + table[1][0] else 1.0
