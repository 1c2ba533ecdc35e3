"""The noise of a mean score: its sources, and the half widths of intervals."""

from dataclasses import dataclass
from math import hypot, sqrt

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95

Array = NDArray[np.float64]
Scores = Array
"""An array of shape (seeds, questions): a score for each training seed and question, the same questions for every seed.

A question that was answered several times has the mean of its answers.
"""


@dataclass(frozen=True)
class Noise:
    """The sources of a contrast's variance.

    Attributes:
        questions: the variance from the questions and from the residual (the interaction of question and seed, and the sampling
            of answers).
        residual: the part of `questions` that more seeds would reduce too.
        seeds: the variance between the seeds' means, which contains the residual once more.
        question_freedom: the degrees of freedom of `questions`.
        seed_freedom: the degrees of freedom of `seeds`; 0 where there is one seed.
    """

    questions: float
    residual: float
    seeds: float
    question_freedom: float
    seed_freedom: float

    @property
    def from_seeds(self) -> float:
        """The part of the variance between seeds that the residual does not explain, as `seeds_alone` estimates it."""
        return float(seeds_alone(np.asarray(self.seeds), np.asarray(self.residual), self.seed_freedom))

    @property
    def error(self) -> float:
        """The standard error of the contrast."""
        return sqrt(self.questions + self.from_seeds)

    def half_width(self, confidence: float = CONFIDENCE) -> float:
        """Return half the width of the interval.

        It is the root of the sum of squares of the half widths from questions and from seeds, each a t interval (method of
        variance estimates recovery: Zou and Donner 2008, Statistics in Medicine 27(10)). Satterthwaite's single t interval is too
        narrow where few seeds contribute as much variance as the questions.
        """
        return hypot(self.half_from_questions(confidence), self.half_from_seeds(confidence))

    def half_from_questions(self, confidence: float = CONFIDENCE) -> float:
        """Return half the width of the interval that counts the questions alone."""
        return t_quantile(confidence, self.question_freedom) * sqrt(self.questions)

    def half_from_seeds(self, confidence: float = CONFIDENCE) -> float:
        """Return half the width of the interval that counts the seeds alone; 0 where there is one seed."""
        return t_quantile(confidence, self.seed_freedom) * sqrt(self.from_seeds) if self.seed_freedom else 0.0


@dataclass(frozen=True)
class SeedVariance:
    """The variance between a regime's seeds, pooled over several regimes.

    Attributes:
        share: the variance between the seeds' true means as a share of p (1 - p), the variance of one right-or-wrong answer at
            the regime's accuracy p; the variance itself where scores are not from 0 to 1. It is below 0 where the seeds agree
            better than the residual explains.
        freedom: the degrees of freedom of the estimate.
    """

    share: float
    freedom: float


def seeds_alone(seeds: Array, residual: Array, freedom: float) -> Array:
    """Return the variance between seeds without the part that the residual explains; at least 0, same shape as `seeds`.

    With f degrees of freedom, the share (f - 2) / f of the residual is subtracted (Morris 1983, JASA 78(381)). Subtracting the
    whole residual is unbiased, but gives too narrow an interval where three seeds agree by chance; docs/coverage.md has the
    coverage of both.
    """
    share = max(freedom - 2, 0.0) / freedom if freedom else 0.0
    return np.where(seeds <= residual, 0.0, seeds - residual * share)


def t_quantile(confidence: float, freedom: float) -> float:
    """Return the quantile of Student's t distribution for a two-sided interval."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + confidence) / 2))
