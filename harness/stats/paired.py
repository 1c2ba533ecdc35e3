"""Two regimes or models on the same questions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.stats.intervals import CONFIDENCE, Estimate, Noise, Scores, paired_contrast
from harness.stats.planning import detectable, more_questions, more_seeds

FLIPS = 9_999
LEAST_P = 1e-12


@dataclass(frozen=True)
class Comparison:
    """How two regimes differ, how surely, and how small a difference could have been seen.

    Attributes:
        difference: first less second.
        p_value: that of the exact McNemar test where both have one run of right-or-wrong answers; else that of the interval,
            which counts questions and seeds.
        p_permutation: of the sign-flip test over questions; it takes the trained students as they are and says nothing of seeds.
        p_mcnemar: where both have one run of right-or-wrong answers.
        detectable: the smallest true difference that this many questions and seeds would show in 80% of experiments.
        more_questions, more_seeds: how many more of the one, the other as it is, would make a difference of the size seen here
            detectable; None where no number up to the limits of `harness.stats.planning` would.
    """

    difference: Estimate
    p_value: float
    p_permutation: float
    p_mcnemar: float | None
    detectable: float
    more_questions: int | None
    more_seeds: int | None


def compare(first: Scores, second: Scores, strata: Sequence[str] | None = None) -> Comparison:
    """Compare `first` with `second` on the same questions.

    Raises:
        ValueError: as `difference`.
    """
    mean, noise = paired_contrast([first, second], [1.0, -1.0], strata)
    half = noise.half_width()
    mcnemar = _mcnemar(first, second)
    return Comparison(
        difference=Estimate(mean, mean - half, mean + half, None),
        p_value=_p_of_interval(mean, noise) if mcnemar is None else mcnemar,
        p_permutation=_sign_flips(first.mean(axis=0) - second.mean(axis=0)),
        p_mcnemar=mcnemar,
        detectable=detectable(noise),
        more_questions=more_questions(mean, noise, first.shape[1]),
        more_seeds=more_seeds(mean, noise, max(len(first), len(second))),
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """p values corrected for how many there are (Holm 1979, Scandinavian Journal of Statistics 6(2)), in the order given."""
    from statsmodels.stats.multitest import multipletests

    return [float(p) for p in multipletests(p_values, alpha=1 - CONFIDENCE, method="holm")[1]] if p_values else []


def _p_of_interval(mean: float, noise: Noise) -> float:
    """One less the largest confidence at which the interval leaves 0 out."""
    from scipy.optimize import brentq

    def over(p: float) -> float:
        return noise.half_width(1 - p) - abs(mean)

    if not mean or not noise.error:
        return float(not mean)
    return LEAST_P if over(LEAST_P) < 0 else float(brentq(over, LEAST_P, 1.0))


def _sign_flips(differences: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """The share of random exchanges of the two, question by question, that differ as much (Fisher 1935; seeded)."""
    from scipy.stats import monte_carlo_test

    if not differences.any():
        return 1.0
    rng = np.random.default_rng(0)
    found = monte_carlo_test(
        differences,
        lambda size: differences * rng.choice((-1.0, 1.0), size=size),
        lambda x, axis: x.mean(axis=axis),
        vectorized=True,
        n_resamples=FLIPS,
        batch=500,
    )
    return float(found.pvalue)


def _mcnemar(first: Scores, second: Scores) -> float | None:
    """The exact test of McNemar (1947, Psychometrika 12(2)), for single runs of right-or-wrong answers."""
    from statsmodels.stats.contingency_tables import mcnemar

    if len(first) > 1 or len(second) > 1 or not (np.isin(first, (0, 1)).all() and np.isin(second, (0, 1)).all()):
        return None
    table = [[int(((first == a) & (second == b)).sum()) for b in (0, 1)] for a in (0, 1)]
    return float(mcnemar(table, exact=True).pvalue) if table[0][1] + table[1][0] else 1.0
