"""Intervals for scores that vary with the questions and with the seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95

Scores = NDArray[np.float64]
"""(seeds x questions): one score from 0 to 1 for each question and training seed, the same questions for every seed."""


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95% interval, and the spread (largest less smallest) of the means of single seeds."""

    mean: float
    low: float
    high: float
    spread: float | None


@dataclass(frozen=True)
class _Component:
    """One source's share of the variance of a mean, and its degrees of freedom."""

    variance: float
    freedom: int


def estimate(scores: Scores) -> Estimate:
    """Mean of (seeds x questions) scores; seeds and questions are both samples of more that could have been drawn.

    The variance of the mean is that of a two-way crossed random-effects model, its sources estimated from the seeds' means,
    the questions' means and the residual; the interval is Student's t with Satterthwaite's degrees of freedom (Satterthwaite
    1946, "An approximate distribution of estimates of variance components", Biometrics 2(6)). With three seeds that disagree
    it is wide, as it must be. With one seed it says nothing about seeds; 0/1 scores then have Wilson's interval.

    Raises:
        ValueError: there is no score, or one is not a number.
    """
    _check(scores)
    seeds, questions = scores.shape
    by_seed = scores.mean(axis=1)
    mean = float(scores.mean())
    spread = float(by_seed.max() - by_seed.min()) if seeds > 1 else None
    components = [_question_component(scores.mean(axis=0)), *_seed_components(scores)]
    certain = sum(component.variance for component in components) <= 0
    if np.isin(scores, (0, 1)).all() and (seeds == 1 or certain):
        low, high = _wilson(mean, questions)
    else:
        low, high = _interval(mean, components, _residual(scores))
    return Estimate(mean, max(low, 0.0) if scores.min() >= 0 else low, high, spread)


def difference(first: Scores, second: Scores) -> Estimate:
    """`first - second`, from -1 to 1, on the same questions; the questions are paired, the seeds are not (as `estimate`).

    Raises:
        ValueError: the two did not answer the same number of questions.
    """
    _check(first)
    _check(second)
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"not the same questions: {first.shape[1]} and {second.shape[1]}")
    by_question = first.mean(axis=0) - second.mean(axis=0)
    components = [_question_component(by_question), *_seed_components(first), *_seed_components(second)]
    mean = float(by_question.mean())
    low, high = _interval(mean, components, _residual(first) + _residual(second))
    return Estimate(mean, low, high, None)


def _check(scores: Scores) -> None:
    if scores.ndim != 2 or not scores.size or not np.isfinite(scores).all():
        raise ValueError(f"expected a non-empty (seeds x questions) array of numbers, got shape {scores.shape}")


def _question_component(by_question: NDArray[np.float64]) -> _Component:
    """The questions' share; none where there is one question, so its interval then has no width and no meaning."""
    count = len(by_question)
    return _Component(float(by_question.var(ddof=1)) / count if count > 1 else 0.0, max(count - 1, 1))


def _seed_components(scores: Scores) -> list[_Component]:
    seeds = len(scores)
    return [_Component(float(scores.mean(axis=1).var(ddof=1)) / seeds, seeds - 1)] if seeds > 1 else []


def _residual(scores: Scores) -> float:
    """The residual's share of the variance of the mean, which the seeds' and the questions' estimates both contain."""
    seeds, questions = scores.shape
    if seeds == 1 or questions == 1:
        return 0.0
    rest = scores - scores.mean(axis=0) - scores.mean(axis=1, keepdims=True) + scores.mean()
    return float((rest**2).sum() / ((seeds - 1) * (questions - 1) * seeds * questions))


def _interval(mean: float, components: Sequence[_Component], counted_twice: float) -> tuple[float, float]:
    from scipy.stats import t

    total = sum(component.variance for component in components)
    if total <= 0:
        return mean, mean
    freedom = total**2 / sum(component.variance**2 / component.freedom for component in components)
    largest = max(component.variance for component in components)
    half = float(t.ppf(0.5 + CONFIDENCE / 2, freedom)) * max(total - counted_twice, largest) ** 0.5
    return mean - half, mean + half


def _wilson(mean: float, count: int) -> tuple[float, float]:
    """Wilson's score interval (Wilson 1927)."""
    from scipy.stats import binomtest

    found = binomtest(round(mean * count), count).proportion_ci(CONFIDENCE, method="wilson")
    return float(found.low), float(found.high)
