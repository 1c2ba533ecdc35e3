"""Confidence intervals for scores that vary with the questions and with the training seeds.

Every interval is that of a *contrast*: a weighted sum of the means of several regimes on the same questions. A single regime has
the weight 1, a difference the weights 1 and -1; recovery is a contrast of three regimes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import hypot, sqrt
from typing import cast

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95

Array = NDArray[np.float64]
Scores = Array
"""An array of shape (seeds, questions): a score for each training seed and question, the same questions for every seed.

A question that was answered several times has the mean of its answers.
"""


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
        """The part of the variance between seeds that the residual does not explain; at least 0.

        With f degrees of freedom, the share (f - 2) / f of the residual is subtracted (Morris 1983, JASA 78(381)). Subtracting
        the whole residual is unbiased, but gives too narrow an interval where three seeds agree by chance; docs/statistics.md
        has the coverage of both.
        """
        if self.seeds <= self.residual:
            return 0.0
        return self.seeds - self.residual * max(self.seed_freedom - 2, 0.0) / self.seed_freedom

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
        return _quantile(confidence, self.question_freedom) * sqrt(self.questions)

    def half_from_seeds(self, confidence: float = CONFIDENCE) -> float:
        """Return half the width of the interval that counts the seeds alone; 0 where there is one seed."""
        return _quantile(confidence, self.seed_freedom) * sqrt(self.from_seeds) if self.seed_freedom else 0.0


def estimate(scores: Scores, strata: Sequence[str] | None = None) -> Estimate:
    """Estimate the mean score, with seeds and questions both taken as random samples.

    Where all scores are from 0 to 1, the questions' part is Wilson's interval (Wilson 1927, JASA 22(158)) for the number of
    independent answers that would have the same noise, so that a perfect score does not get an interval of width 0. Korn and
    Graubard (1998, Survey Methodology 24(2)) do the same with the interval of Clopper and Pearson. With one seed, the interval
    does not cover the variation between seeds.

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
    below = above = noise.half_from_questions()
    bounded = bool(scores.min() >= 0 and scores.max() <= 1)
    if bounded:
        low, high = _wilson(mean, _independent_answers(scores, mean, noise))
        below, above = mean - low, high - mean
    seeds = noise.half_from_seeds()
    low, high = mean - hypot(below, seeds), mean + hypot(above, seeds)
    return Estimate(mean, max(low, 0.0), min(high, 1.0), spread) if bounded else Estimate(mean, low, high, spread)


def difference(first: Scores, second: Scores, strata: Sequence[str] | None = None) -> Estimate:
    """Estimate the mean of `first` minus the mean of `second` on the same questions. Questions are paired, seeds are not.

    Raises:
        ValueError: the two have different numbers of questions, or there is no score.
    """
    mean, noise = paired_contrast([first, second], [1.0, -1.0], strata)
    half = noise.half_width()
    return Estimate(mean, mean - half, mean + half, None)


def paired_contrast(
    scores: Sequence[Scores], weights: Sequence[float], strata: Sequence[str] | None = None
) -> tuple[float, Noise]:
    """Return a contrast whose weights sum to 0, and its noise.

    For a difference, half a discordant question is added to each side (Agresti and Min 2005, Statistics in Medicine 24(5)), so
    that two regimes that agree on every question do not get an interval of width 0. For other weights, half of their sum of
    squares is added, which for a difference is the same.

    Raises:
        ValueError: as `contrast`.
    """
    mean, noise = contrast(scores, weights, strata)
    questions = scores[0].shape[1]
    squares = noise.questions * questions**2 + sum(w * w for w in weights) / 2
    return mean, replace(noise, questions=squares / (questions + 2) ** 2)


def contrast(
    scores: Sequence[Scores], weights: Sequence[float], strata: Sequence[str] | None = None
) -> tuple[float, Noise]:
    """Return the weighted sum of several regimes' means, and its noise by a two-way crossed random-effects model.

    The seeds' degrees of freedom are Welch's (1947, Biometrika 34), because the regimes' variances between seeds may differ.

    Args:
        scores: of each regime, of shape (seeds, questions); the number of seeds may differ.
        weights: one for each regime.
        strata: as in `estimate`.

    Raises:
        ValueError: there is no score, a score is not a number, or the regimes have different numbers of questions.
    """
    for regime in scores:
        _check(regime)
    counts = [regime.shape[1] for regime in scores]
    if len(set(counts)) > 1:
        other = next(count for count in counts if count != counts[0])
        raise ValueError(f"expected the same questions for all regimes, got {counts[0]} and {other}")
    groups = _groups(strata, counts[0])
    weighted = list(zip(weights, scores, strict=True))
    by_question = cast(Array, sum(weight * regime.mean(axis=0) for weight, regime in weighted))
    residual = sum(weight**2 * _residual(regime, groups) for weight, regime in weighted)
    repeated = [(weight, regime) for weight, regime in weighted if len(regime) > 1]
    seeds = [weight**2 * float(regime.mean(axis=1).var(ddof=1)) / len(regime) for weight, regime in repeated]
    noise = Noise(
        questions=_between_questions(by_question, groups),
        residual=float(residual),
        seeds=float(sum(seeds)),
        question_freedom=max(counts[0] - len(groups), 1),
        seed_freedom=_welch(seeds, [len(regime) - 1 for _, regime in repeated]),
    )
    return float(by_question.mean()), noise


def _check(scores: Scores) -> None:
    if scores.ndim != 2 or not scores.size or not np.isfinite(scores).all():
        raise ValueError(f"expected a non-empty (seeds x questions) array of numbers, got shape {scores.shape}")


def _groups(strata: Sequence[str] | None, questions: int) -> list[NDArray[np.intp]]:
    """Return the positions of each stratum's questions; a single stratum where one of them has a single question."""
    if strata is not None and len(strata) != questions:
        raise ValueError(f"strata: expected {questions}, one for each question, got {len(strata)}")
    labels = np.zeros(questions) if strata is None else np.unique(np.asarray(strata), return_inverse=True)[1]
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    return groups if all(len(group) > 1 for group in groups) else [np.arange(questions)]


def _between_questions(by_question: Array, groups: Sequence[NDArray[np.intp]]) -> float:
    """Return the variance of the mean that comes from the questions; 0 where there is one question."""
    if len(by_question) == 1:
        return 0.0
    return sum(len(g) * float(by_question[g].var(ddof=1)) for g in groups) / len(by_question) ** 2


def _residual(scores: Scores, groups: Sequence[NDArray[np.intp]]) -> float:
    """Return the variance of the mean that comes from the residual; 0 where there is one seed or one question."""
    seeds, questions = scores.shape
    if seeds == 1 or questions == 1:
        return 0.0
    total = 0.0
    for group in groups:
        part = scores[:, group]
        rest = part - part.mean(axis=0) - part.mean(axis=1, keepdims=True) + part.mean()
        total += len(group) * float((rest**2).sum()) / ((seeds - 1) * (len(group) - 1))
    return total / float(seeds * questions * questions)


def _welch(variances: Sequence[float], freedoms: Sequence[int]) -> float:
    """Return the degrees of freedom of a sum of independent variances by Welch's formula; 0 where there is no variance."""
    total, below = sum(variances), sum(v * v / f for v, f in zip(variances, freedoms, strict=True))
    return total * total / below if below else float(sum(freedoms))


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


def _quantile(confidence: float, freedom: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + confidence) / 2))
