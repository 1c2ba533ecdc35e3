"""Compute the minimum detectable effect of an experiment, and the size that a given effect needs."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from math import sqrt

import numpy as np

from harness.stats.noise import CONFIDENCE, Array, Noise, seeds_alone, t_quantile

POWER = 0.8
MAX_QUESTIONS = 100_000
MAX_SEEDS = 100
DRAWS = 200
"""Quantiles of the chi-square distribution that the power is averaged over."""


def power(effect: float, noise: Noise, between: float, growth: float = 1.0, confidence: float = CONFIDENCE) -> float:
    """Return the share of experiments whose interval excludes 0 where the true difference is `effect`.

    The next experiment estimates the variance between its seeds anew, and few seeds estimate it badly: the half width of its
    interval varies. The power is therefore averaged over the chi-square distribution of that estimate.

    Args:
        effect: the true difference; its sign does not matter.
        noise: the noise of the experiment.
        between: the true variance between seeds, without the residual.
        growth: by how much the true difference multiplies the variance from questions; see `variance_growth`.
        confidence: of the interval.
    """
    from scipy.special import ndtr

    questions, residual = noise.questions * growth, noise.residual * growth
    estimated = (between + residual) * _chi_squares(noise.seed_freedom)
    widths = t_quantile(confidence, noise.question_freedom) ** 2 * questions * np.ones(1)
    if noise.seed_freedom:
        seeds = seeds_alone(estimated, np.full_like(estimated, residual), noise.seed_freedom)
        widths = widths + t_quantile(confidence, noise.seed_freedom) ** 2 * seeds
    error = sqrt(questions + between)
    if not error:
        return float(effect != 0)
    return float(ndtr((abs(effect) - np.sqrt(widths)) / error).mean())


def detectable(noise: Noise, centre: float | None = None, confidence: float = CONFIDENCE) -> float:
    """Return the minimum detectable effect: the smallest true difference whose interval excludes 0 in 80% of experiments.

    With one seed it is the half width of the interval plus the power's normal quantile times the standard error (Bloom 1995,
    Evaluation Review 19(5)); with several, `power` is solved for the difference. The variance between seeds is then divided by
    the median of its chi-square distribution: with few degrees of freedom it is more often too small than too large.

    Args:
        noise: the noise of the difference.
        centre: the mean of the two accuracies, where scores are from 0 to 1; see `variance_growth`.
        confidence: of the interval.
    """
    from scipy.optimize import brentq

    if not noise.error:
        return 0.0
    between = max(noise.seeds / _median(noise.seed_freedom) - noise.residual, 0.0)

    def short(effect: float) -> float:
        return power(effect, noise, between, variance_growth(effect, centre), confidence) - POWER

    high = 2 * noise.error
    while short(high) < 0:
        high *= 2
    return float(brentq(short, 0.0, high, rtol=1e-6))


def variance_growth(effect: float, centre: float | None) -> float:
    """Return by how much a true difference multiplies the variance of a difference of accuracies; at least 1.

    The variance of right-or-wrong answers is p (1 - p) at the accuracy p. Near 0, two regimes that are both right on 2% of
    questions vary less than two that are right on 2% and on 6%. One accuracy is taken to stay at the centre, and the other to
    move towards one half.

    Args:
        effect: the true difference; its sign does not matter.
        centre: the mean of the two accuracies; None, 0 or 1 where it does not tell the variance.
    """
    if centre is None or not 0 < centre < 1:
        return 1.0
    least = min(centre, 1 - centre)
    moved = max(least, min(least + abs(effect), 0.5))
    return (1 + moved * (1 - moved) / (least * (1 - least))) / 2


def more_questions(mean: float, noise: Noise, questions: int, centre: float | None = None) -> int | None:
    """Return how many more questions, with as many seeds, would make a true difference of size `mean` detectable.

    Args:
        mean: the difference; its sign does not matter.
        noise: the noise with the present number of questions.
        questions: the present number of questions.
        centre: as in `detectable`.

    Returns:
        None where MAX_QUESTIONS more would not be enough.
    """
    between = _between_seeds(noise)

    def noise_at(total: int) -> Noise:
        share = questions / total
        return replace(
            noise,
            questions=noise.questions * share,
            residual=noise.residual * share,
            seeds=between + noise.residual * share,
            question_freedom=noise.question_freedom + total - questions,
        )

    return _more(mean, questions, MAX_QUESTIONS, noise_at, centre)


def more_seeds(mean: float, noise: Noise, seeds: int, centre: float | None = None) -> int | None:
    """Return how many more seeds, with as many questions, would make a true difference of size `mean` detectable.

    Returns:
        None where MAX_SEEDS more would not be enough, or where there is one seed, whose variance is not known.
    """
    if not noise.seed_freedom:
        return None
    between = _between_seeds(noise)

    def noise_at(total: int) -> Noise:
        share, freedom = seeds / total, noise.seed_freedom * (total - 1) / (seeds - 1)
        return replace(
            noise,
            questions=noise.questions - min(noise.residual, noise.questions) * (1 - share),
            residual=noise.residual * share,
            seeds=(between + noise.residual) * share,
            seed_freedom=freedom,
        )

    return _more(mean, seeds, MAX_SEEDS, noise_at, centre)


def _between_seeds(noise: Noise) -> float:
    """Return the part of the variance between seeds that more questions do not reduce."""
    return max(noise.seeds - noise.residual, 0.0)


def _median(freedom: float) -> float:
    """Return the median of a chi-square variable over its degrees of freedom; 1 where there are none."""
    from scipy.special import chdtri

    return float(chdtri(freedom, 0.5)) / freedom if freedom else 1.0


@lru_cache(maxsize=256)
def _chi_squares(freedom: float) -> Array:
    """Return equally likely values of a chi-square variable over its degrees of freedom; [1] where there are none."""
    from scipy.special import chdtri

    if not freedom:
        return np.ones(1)
    beyond = 1 - (np.arange(DRAWS) + 0.5) / DRAWS
    return np.asarray(chdtri(freedom, beyond) / freedom)


def _more(mean: float, now: int, most: int, noise_at: Callable[[int], Noise], centre: float | None) -> int | None:
    """Return the smallest number to add to `now` for a power of 80% at a true difference `mean`; None beyond `most`."""
    from bisect import bisect_left

    growth = variance_growth(mean, centre)

    def enough(extra: int) -> bool:
        noise = noise_at(now + extra)
        return power(mean, noise, _between_seeds(noise), growth) >= POWER

    added = bisect_left(range(most + 1), True, key=enough)
    return added if added <= most else None
