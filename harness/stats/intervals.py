"""Intervals for scores that vary with the questions and with the seeds.

Everything is a *contrast*: a weighted sum of the means of several regimes on the same questions. One regime alone has the
weight 1, a difference the weights 1 and -1, and the recovery is made of three.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import hypot, sqrt

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95

Array = NDArray[np.float64]
Scores = Array
"""(seeds x questions): one score for each question and training seed, the same questions for every seed. A question that was
answered several times has the mean of its answers."""


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95% interval, and the spread (largest less smallest) of the means of single seeds."""

    mean: float
    low: float
    high: float
    spread: float | None


@dataclass(frozen=True)
class Noise:
    """Where the variance of a contrast comes from.

    Attributes:
        questions: variance from the questions, and from the residual: question x seed, and the draw of an answer.
        residual: the part of `questions` that more seeds would reduce too.
        seeds: variance between the seeds' means, which contains the residual once more.
        question_freedom, seed_freedom: degrees of freedom of the two estimates; no seed freedom where seeds are not repeated.
    """

    questions: float
    residual: float
    seeds: float
    question_freedom: float
    seed_freedom: float

    @property
    def from_seeds(self) -> float:
        """The seeds' own variance: what of theirs the residual does not explain, none where it explains all.

        Of the residual the share (f - 2) / f is deducted, which leaves seeds with f degrees of freedom their expected share of
        the whole (Morris 1983, JASA 78(381)). Deducting all of it is unbiased for the variance, but three seeds that agree by
        chance then leave too narrow an interval; docs/statistics.md has the coverage of both.
        """
        if self.seeds <= self.residual:
            return 0.0
        return self.seeds - self.residual * max(self.seed_freedom - 2, 0.0) / self.seed_freedom

    @property
    def error(self) -> float:
        """The standard error."""
        return sqrt(self.questions + self.from_seeds)

    def half_width(self, confidence: float = CONFIDENCE) -> float:
        """Half the width of the interval.

        The two sources' own t intervals are joined as the root of the sum of their squares (method of variance estimates
        recovery: Zou and Donner 2008, Statistics in Medicine 27(10)); one degree of freedom for both, as Satterthwaite would
        have it, is too narrow where few seeds matter as much as the questions do.
        """
        return hypot(self.half_from_questions(confidence), self.half_from_seeds(confidence))

    def half_from_questions(self, confidence: float = CONFIDENCE) -> float:
        """Half the width that the questions alone would give."""
        return _quantile(confidence, self.question_freedom) * sqrt(self.questions)

    def half_from_seeds(self, confidence: float = CONFIDENCE) -> float:
        """Half the width that the seeds alone would give; 0 where they are not repeated."""
        return _quantile(confidence, self.seed_freedom) * sqrt(self.from_seeds) if self.seed_freedom else 0.0


def estimate(scores: Scores, strata: Sequence[str] | None = None) -> Estimate:
    """Mean of scores; seeds and questions are both samples of more that could have been drawn.

    Scores from 0 to 1 have, for the questions' part, Wilson's interval (Wilson 1927, JASA 22(158)) of as many independent
    answers as give this noise (as Korn and Graubard 1998, Survey Methodology 24(2), do for Clopper's and Pearson's): a perfect
    score is not a certain one. With one seed and right-or-wrong answers that is all, and it says nothing about seeds.

    Args:
        strata: for each question the task it belongs to; tasks are fixed, only their questions are drawn. Without it, all are
            draws of one task.

    Raises:
        ValueError: there is no score, or one is not a number.
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
    """`first - second` on the same questions; the questions are paired, the seeds are not.

    Raises:
        ValueError: the two did not answer the same number of questions, or there is no score.
    """
    mean, noise = paired_contrast([first, second], [1.0, -1.0], strata)
    half = noise.half_width()
    return Estimate(mean, mean - half, mean + half, None)


def paired_contrast(
    scores: Sequence[Scores], weights: Sequence[float], strata: Sequence[str] | None = None
) -> tuple[float, Noise]:
    """A contrast whose weights sum to 0, and its noise, so that regimes that agree on every question are not surely the same.

    For a difference, half a discordant question is added on either side (Agresti and Min 2005, Statistics in Medicine 24(5));
    for other weights as much as would be added for a difference of the same variance.

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
    """The weighted sum of several regimes' means, and its noise, from a two-way crossed random-effects model.

    The seeds' degrees of freedom are Welch's (1947, Biometrika 34), since regimes need not vary alike with their seeds.

    Raises:
        ValueError: there is no score, one is not a number, or the regimes did not answer the same number of questions.
    """
    for each in scores:
        _check(each)
    counts = [each.shape[1] for each in scores]
    if len(set(counts)) > 1:
        raise ValueError(f"not the same questions: {counts[0]} and {next(c for c in counts if c != counts[0])}")
    groups = _groups(strata, counts[0])
    by_question = sum(w * each.mean(axis=0) for w, each in zip(weights, scores, strict=True))
    assert isinstance(by_question, np.ndarray)
    residual = sum(w**2 * _residual(each, groups) for w, each in zip(weights, scores, strict=True))
    repeated = [(w, each) for w, each in zip(weights, scores, strict=True) if len(each) > 1]
    seeds = [w**2 * float(each.mean(axis=1).var(ddof=1)) / len(each) for w, each in repeated]
    noise = Noise(
        questions=_between_questions(by_question, groups),
        residual=float(residual),
        seeds=float(sum(seeds)),
        question_freedom=max(counts[0] - len(groups), 1),
        seed_freedom=_welch(seeds, [len(each) - 1 for _, each in repeated]),
    )
    return float(by_question.mean()), noise


def _check(scores: Scores) -> None:
    if scores.ndim != 2 or not scores.size or not np.isfinite(scores).all():
        raise ValueError(f"expected a non-empty (seeds x questions) array of numbers, got shape {scores.shape}")


def _groups(strata: Sequence[str] | None, questions: int) -> list[NDArray[np.intp]]:
    """The positions of each stratum's questions; one stratum where any has a single question, which has no variance."""
    if strata is not None and len(strata) != questions:
        raise ValueError(f"strata: expected one for each of {questions} questions, got {len(strata)}")
    labels = np.zeros(questions) if strata is None else np.unique(np.asarray(strata), return_inverse=True)[1]
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    return groups if all(len(group) > 1 for group in groups) else [np.arange(questions)]


def _between_questions(by_question: Array, groups: Sequence[NDArray[np.intp]]) -> float:
    """The questions' share of the variance of the mean; none where there is one question, which then has no meaning."""
    if len(by_question) == 1:
        return 0.0
    return sum(len(g) * float(by_question[g].var(ddof=1)) for g in groups) / len(by_question) ** 2


def _residual(scores: Scores, groups: Sequence[NDArray[np.intp]]) -> float:
    """The residual's share of the variance of the mean."""
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
    """Degrees of freedom of a sum of independent variances; 0 where there is none."""
    total, below = sum(variances), sum(v * v / f for v, f in zip(variances, freedoms, strict=True))
    return total * total / below if below else float(sum(freedoms))


def _independent_answers(scores: Scores, mean: float, noise: Noise) -> float:
    """How many independent right-or-wrong answers would leave as much doubt as these scores do."""
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
