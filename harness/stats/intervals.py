"""Confidence intervals for mean scores and their differences, which vary with the questions and with the training seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, inf, sqrt

import numpy as np

from harness.stats.noise import CONFIDENCE, Noise, Scores, SeedVariance, t_quantile
from harness.stats.variance import contrast, paired_contrast

AGREE = 0.25
"""Where seeds vary by less than this share of what the residual alone explains, no interval from seeds' logits is added."""


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95% confidence interval.

    Attributes:
        spread: the largest mean of a single seed minus the smallest; None where there is one seed or where it has no meaning.
    """

    mean: float
    low: float
    high: float
    spread: float | None


def estimate(scores: Scores, strata: Sequence[str] | None = None) -> Estimate:
    """Estimate the mean score, with seeds and questions both taken as random samples.

    Where all scores are from 0 to 1, the interval stays between 0 and 1 and is asymmetric near them. The questions' part is
    Wilson's interval (Wilson 1927, JASA 22(158)) for the number of independent answers that would have the same noise, so that a
    perfect score does not get an interval of width 0; Korn and Graubard (1998, Survey Methodology 24(2)) do the same with the
    interval of Clopper and Pearson. The seeds' part is added to it in logits. Where few seeds come near 0 or 1, their accuracies
    are skewed, and the interval is extended to the ends of `_of_logits`. With one seed, the interval does not cover the variation
    between seeds.

    Args:
        scores: of shape (seeds, questions).
        strata: the task of each question; the tasks are fixed and only their questions are random. Without it, all questions
            belong to one task.

    Raises:
        ValueError: there is no score, or a score is not a number.
    """
    mean, noise = contrast([scores], [1.0], strata)
    by_seed = scores.mean(axis=1)
    spread = float(by_seed.max() - by_seed.min()) if len(scores) > 1 else None
    if scores.min() < 0 or scores.max() > 1:
        half = noise.half_width()
        return Estimate(mean, mean - half, mean + half, spread)
    low, high = _bounded(scores, mean, noise)
    if noise.seeds > AGREE * noise.residual:
        ends = _of_logits(scores)
        low, high = min(low, ends[0]), max(high, ends[1])
    return Estimate(mean, low, high, spread)


def difference(
    first: Scores, second: Scores, strata: Sequence[str] | None = None, pooled: SeedVariance | None = None
) -> Estimate:
    """Estimate the mean of `first` minus the mean of `second` on the same questions. Questions are paired, seeds are not.

    Args:
        pooled: as in `contrast`.

    Raises:
        ValueError: the two have different numbers of questions, or there is no score.
    """
    mean, noise = paired_contrast([first, second], [1.0, -1.0], strata, pooled)
    half = noise.half_width()
    return Estimate(mean, mean - half, mean + half, None)


def _bounded(scores: Scores, mean: float, noise: Noise) -> tuple[float, float]:
    """Return the interval of a mean of scores from 0 to 1: Wilson's, with the seeds' half width added in logits."""
    low, high = _wilson(mean, _independent_answers(scores, mean, noise))
    seeds = noise.half_from_seeds()
    if not seeds or not 0 < mean < 1:
        return max(low, 0.0), min(high, 1.0)
    centre, seeds = _logit(mean), seeds / (mean * (1 - mean))
    return (
        _expit(centre - hypot(centre - _logit(low), seeds)),
        _expit(centre + hypot(_logit(high) - centre, seeds)),
    )


def _of_logits(scores: Scores) -> tuple[float, float]:
    """Return the interval of the mean from the logits of the seeds' accuracies, which are taken as normal.

    It is Cox's interval for the mean of a lognormal sample with Student's t (Olsson 2005, Journal of Statistics Education 13(1)),
    with the logit's second derivative in place of the logarithm's. Half a right and half a wrong answer are added to each seed.
    """
    seeds, questions = scores.shape
    right = scores.sum(axis=1) + 0.5
    logits = np.log(right / (questions + 1 - right))
    centre, variance = float(logits.mean()), float(logits.var(ddof=1))
    shift = variance / 2 * (1 - 2 * _expit(centre))
    half = t_quantile(CONFIDENCE, seeds - 1) * sqrt(variance / seeds + variance**2 / (2 * (seeds + 1)))
    return _expit(centre + shift - half), _expit(centre + shift + half)


def _independent_answers(scores: Scores, mean: float, noise: Noise) -> float:
    """Return the number of independent right-or-wrong answers whose mean would have the same noise from the questions."""
    from scipy.special import ndtri

    seeds, questions = scores.shape
    if seeds == 1 and np.isin(scores, (0, 1)).all() and noise.question_freedom == questions - 1:
        return float(questions)
    half = noise.half_from_questions()
    if not half or not 0 < mean < 1:
        return float(questions)
    normal = float(ndtri((1 + CONFIDENCE) / 2))
    return normal * normal * mean * (1 - mean) / (half * half)


def _wilson(mean: float, answers: float) -> tuple[float, float]:
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(mean * answers, answers, alpha=1 - CONFIDENCE, method="wilson")
    return float(low), float(high)


def _logit(share: float) -> float:
    """Return the logit of a share; infinite at 0 and 1 and beyond them, where rounding may lead."""
    if not 0 < share < 1:
        return inf if share >= 1 else -inf
    return float(np.log(share / (1 - share)))


def _expit(logit: float) -> float:
    from scipy.special import expit

    return float(expit(logit))
