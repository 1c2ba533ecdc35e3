"""Intervals for scores that vary with the questions and with the seeds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 4000
CONFIDENCE = 0.95

Scores = NDArray[np.float64]
"""(seeds x questions): one score for each question and training seed, the same questions in the same order throughout."""


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95% interval, and the spread (largest less smallest) of the means of single seeds."""

    mean: float
    low: float
    high: float
    spread: float | None


def resample(scores: Scores, rng: np.random.Generator, resamples: int = RESAMPLES) -> NDArray[np.float64]:
    """Means of `resamples` pigeonhole-bootstrap samples, shape (resamples,).

    Seeds and questions are both drawn with replacement and the mean is taken over their crossing, so both sources of noise
    count (Owen 2007, "The pigeonhole bootstrap", Annals of Applied Statistics 1(2), section 3). With one seed this is the
    bootstrap over questions.

    Raises:
        ValueError: there is no score, or one is not a number.
    """
    if scores.ndim != 2 or not scores.size or not np.isfinite(scores).all():
        raise ValueError(f"expected a non-empty (seeds x questions) array of numbers, got shape {scores.shape}")
    return _over_seeds(scores, _draw(scores.shape[1], rng, resamples), rng)


def estimate(scores: Scores, rng: np.random.Generator) -> Estimate:
    """Mean and percentile interval of (seeds x questions) scores; no spread where there is one seed."""
    low, high = _percentiles(resample(scores, rng))
    by_seed = scores.mean(axis=1)
    spread = float(by_seed.max() - by_seed.min()) if len(by_seed) > 1 else None
    return Estimate(float(scores.mean()), low, high, spread)


def difference(first: Scores, second: Scores, rng: np.random.Generator) -> Estimate:
    """`first - second` on the same questions, with its interval; the questions are paired, the seeds are not.

    Each side's seeds are drawn by themselves and the questions together.
    """
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"not the same questions: {first.shape[1]} and {second.shape[1]}")
    drawn = _draw(first.shape[1], rng, RESAMPLES)
    means = [_over_seeds(scores, drawn, rng) for scores in (first, second)]
    low, high = _percentiles(means[0] - means[1])
    return Estimate(float(first.mean() - second.mean()), low, high, None)


def _draw(count: int, rng: np.random.Generator, resamples: int) -> NDArray[np.float64]:
    """Shares with which each of `count` things is drawn, shape (resamples, count), each row summing to 1."""
    shares: NDArray[np.float64] = rng.multinomial(count, np.full(count, 1 / count), size=resamples) / count
    return shares


def _over_seeds(scores: Scores, questions: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Mean score of each sample, its questions given (the same for all its seeds), its seeds drawn here."""
    seeds = _draw(len(scores), rng, len(questions))
    means: NDArray[np.float64] = np.einsum("rs,sq,rq->r", seeds, scores, questions, optimize=True)
    return means


def _percentiles(values: NDArray[np.float64]) -> tuple[float, float]:
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)
