"""The variance of a contrast of mean scores: from the questions, from the training seeds, and from the residual.

A *contrast* is a weighted sum of the means of several regimes on the same questions. A single regime has the weight 1, a
difference the weights 1 and -1; recovery and leak are contrasts of three regimes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from harness.stats.noise import Array, Noise, Scores, SeedVariance

Groups = Sequence[NDArray[np.intp]]
"""The positions of each stratum's questions."""


def pool_seeds(regimes: Iterable[tuple[Scores, Sequence[str] | None]]) -> SeedVariance | None:
    """Pool the variance between seeds over regimes, assuming that it is the same share of p (1 - p) for all of them.

    So a regime near 0 or 1 varies less than one near one half, as it must (Williams 1982, Applied Statistics 31(2), has the same
    model of overdispersion). Three seeds of one regime have 2 degrees of freedom, and their variance is 0 by luck in one run of
    ten. Those of eight regimes have up to 16, by Satterthwaite's formula (1946, Biometrics Bulletin 2(6)). Regimes with identical
    scores are the same run and are counted once.

    Args:
        regimes: the scores of each regime, with the task of each question as in `contrast`.

    Returns:
        None where no regime has several seeds.

    Raises:
        ValueError: as `contrast`.
    """
    distinct = {(scores.shape, scores.tobytes()): (scores, strata) for scores, strata in regimes if len(scores) > 1}
    if not distinct:
        return None
    for scores, _ in distinct.values():
        check_scores(scores)
    runs = list(distinct.values())
    freedoms = np.array([len(scores) - 1 for scores, _ in runs])
    total = np.array([float(scores.mean(axis=1).var(ddof=1)) for scores, _ in runs])
    units = np.array([_unit(scores) for scores, _ in runs])
    residual = np.array([len(scores) * _residual(scores, question_groups(of, scores.shape[1])) for scores, of in runs])
    unit = float(freedoms @ units)
    share = float(freedoms @ (total - residual)) / unit if unit else 0.0
    expected = max(share, 0.0) * units + residual
    spread = float(freedoms @ expected**2)
    return SeedVariance(share, float(freedoms @ expected) ** 2 / spread if spread else float(freedoms.sum()))


def contrast(
    scores: Sequence[Scores],
    weights: Sequence[float],
    strata: Sequence[str] | None = None,
    pooled: SeedVariance | None = None,
) -> tuple[float, Noise]:
    """Return the weighted sum of several regimes' means, and its noise by a two-way crossed random-effects model.

    Without `pooled`, the seeds' degrees of freedom are Welch's (1947, Biometrika 34), because the regimes' variances between
    seeds may differ.

    Args:
        scores: of each regime, of shape (seeds, questions); the number of seeds may differ. A regime with one run adds no
            variance between seeds.
        weights: one for each regime.
        strata: as in `estimate`.
        pooled: the variance between seeds, from `pool_seeds`, in place of these regimes' own.

    Raises:
        ValueError: there is no score, a score is not a number, or the regimes have different numbers of questions.
    """
    return variance_parts(scores, strata, pooled).contrast(weights)


def paired_contrast(
    scores: Sequence[Scores],
    weights: Sequence[float],
    strata: Sequence[str] | None = None,
    pooled: SeedVariance | None = None,
) -> tuple[float, Noise]:
    """Return a contrast whose weights sum to 0, and its noise.

    For a difference, half a discordant question is added to each side (Agresti and Min 2005, Statistics in Medicine 24(5)), so
    that two regimes that agree on every question do not get an interval of width 0. For other weights, half of their sum of
    squares is added, which for a difference is the same.

    Raises:
        ValueError: as `contrast`.
    """
    return variance_parts(scores, strata, pooled).paired_contrast(weights)


def with_half_pairs(variance: Array, squares: Array, questions: int) -> Array:
    """Add half a discordant question to each side of a contrast: `variance` and the weights' sums of `squares` have one shape."""
    return np.asarray((variance * questions**2 + squares / 2) / (questions + 2) ** 2)


@dataclass(frozen=True, eq=False)
class VarianceParts:
    """What every contrast of R regimes is computed from.

    Attributes:
        means: of shape (R,).
        questions: of shape (R, R), the covariance of the means that comes from the questions and the residual.
        residual, seeds: of shape (R,), as in `Noise`, for each regime's mean.
        freedoms: of shape (R,), the degrees of freedom of `seeds`.
        pooled_freedom: those of the pooled variance between seeds; None where each regime has its own.
        items: the number of questions.
    """

    means: Array
    questions: Array
    residual: Array
    seeds: Array
    freedoms: Sequence[int]
    pooled_freedom: float | None
    question_freedom: float
    items: int

    def contrast(self, weights: Sequence[float]) -> tuple[float, Noise]:
        """Return a contrast and its noise, as the function `contrast` does."""
        w = np.asarray(weights, dtype=np.float64)
        if w.shape != self.means.shape:
            raise ValueError(f"expected a weight for each regime, got {len(w)} and {len(self.means)}")
        seeds = w**2 * self.seeds
        noise = Noise(
            questions=float(w @ self.questions @ w),
            residual=float(w**2 @ self.residual),
            seeds=float(seeds.sum()),
            question_freedom=self.question_freedom,
            seed_freedom=_welch(seeds, self.freedoms) if self.pooled_freedom is None else self.pooled_freedom,
        )
        return float(w @ self.means), noise

    def paired_contrast(self, weights: Sequence[float]) -> tuple[float, Noise]:
        """Return a contrast whose weights sum to 0 and its noise, as the function `paired_contrast` does."""
        mean, noise = self.contrast(weights)
        squares = np.asarray(sum(w * w for w in weights), dtype=np.float64)
        added = with_half_pairs(np.asarray(noise.questions), squares, self.items)
        return mean, replace(noise, questions=float(added))


def variance_parts(
    scores: Sequence[Scores], strata: Sequence[str] | None = None, pooled: SeedVariance | None = None
) -> VarianceParts:
    """Return the means of several regimes and the sources of their variance; the arguments are those of `contrast`.

    Raises:
        ValueError: as `contrast`.
    """
    for regime in scores:
        check_scores(regime)
    counts = [regime.shape[1] for regime in scores]
    if len(set(counts)) > 1:
        other = next(count for count in counts if count != counts[0])
        raise ValueError(f"expected the same questions for all regimes, got {counts[0]} and {other}")
    groups = question_groups(strata, counts[0])
    by_question = np.stack([regime.mean(axis=0) for regime in scores])
    residual = np.array([_residual(regime, groups) for regime in scores])
    return VarianceParts(
        means=by_question.mean(axis=1),
        questions=_between_questions(by_question, groups),
        residual=residual,
        seeds=np.array([_between_seeds(*regime, pooled) for regime in zip(scores, residual, strict=True)]),
        freedoms=[len(regime) - 1 for regime in scores],
        pooled_freedom=None if pooled is None else pooled.freedom,
        question_freedom=max(counts[0] - len(groups), 1),
        items=counts[0],
    )


def check_scores(scores: Scores) -> None:
    """Check that scores are a non-empty array of numbers of shape (seeds, questions).

    Raises:
        ValueError: they are not.
    """
    if scores.ndim != 2 or not scores.size or not np.isfinite(scores).all():
        raise ValueError(f"expected a non-empty (seeds x questions) array of numbers, got shape {scores.shape}")


def question_groups(strata: Sequence[str] | None, questions: int) -> Groups:
    """Return the positions of each stratum's questions; a single stratum where one of them has a single question.

    Raises:
        ValueError: there is not one label for each question.
    """
    if strata is not None and len(strata) != questions:
        raise ValueError(f"strata: expected {questions}, one for each question, got {len(strata)}")
    labels = np.zeros(questions) if strata is None else np.unique(np.asarray(strata), return_inverse=True)[1]
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    return groups if all(len(group) > 1 for group in groups) else [np.arange(questions)]


def _between_questions(by_question: Array, groups: Groups) -> Array:
    """Return the covariance (R, R) of the means (R, questions) that comes from the questions; 0 where there is one question."""
    regimes, questions = by_question.shape
    total = np.zeros((regimes, regimes))
    if questions > 1:
        for group in groups:
            rest = by_question[:, group] - by_question[:, group].mean(axis=1, keepdims=True)
            total += len(group) / (len(group) - 1) * (rest @ rest.T)
    return np.asarray(total / questions**2)


def _between_seeds(scores: Scores, residual: float, pooled: SeedVariance | None) -> float:
    """Return the variance of the mean that comes from the seeds and, once more, from the residual; 0 where there is one seed."""
    if len(scores) == 1:
        return 0.0
    if pooled is None:
        return float(scores.mean(axis=1).var(ddof=1)) / len(scores)
    return max(pooled.share * _unit(scores) / len(scores) + residual, 0.0)


def _unit(scores: Scores) -> float:
    """Return p (1 - p) for scores from 0 to 1 with the mean p; 1 for other scores."""
    mean = float(scores.mean())
    return mean * (1 - mean) if scores.min() >= 0 and scores.max() <= 1 else 1.0


def _residual(scores: Scores, groups: Groups) -> float:
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


def _welch(variances: Array, freedoms: Sequence[int]) -> float:
    """Return the degrees of freedom of a sum of independent variances by Welch's formula.

    A variance without degrees of freedom is 0 and is left out. Where all variances are 0, the sum of the degrees of freedom is
    returned.
    """
    known = [(float(v), f) for v, f in zip(variances, freedoms, strict=True) if f]
    total, below = sum(v for v, _ in known), sum(v * v / f for v, f in known)
    return total * total / below if below else float(sum(freedoms))
