"""pass@k of questions that were answered several times."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness.stats.noise import Array

Counts = Sequence[int] | NDArray[np.int64]


def pass_at_k(correct: Counts, samples: Counts, k: int) -> Array:
    """Return each question's unbiased estimate of the chance that at least one of `k` samples is right; shape (questions,).

    It is 1 - C(n - c, k) / C(n, k) for c right answers among n samples (Chen et al. 2021, arXiv 2107.03374). To get an interval
    over questions, pass the result as one run to `estimate`.

    Args:
        correct: the number of right answers to each question.
        samples: the number of samples of each question.

    Raises:
        ValueError: k is not from 1 to the smallest number of samples of a question, or a count is out of range.
    """
    from scipy.stats import hypergeom

    right, drawn = _counts(correct, samples)
    if not 1 <= k <= drawn.min():
        raise ValueError(f"k: expected 1 to {drawn.min()}, the smallest number of samples of a question, got {k}")
    return np.asarray(1 - hypergeom.pmf(0, drawn, right, k), dtype=np.float64)


def _counts(correct: Counts, samples: Counts) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    right, drawn = np.asarray(correct, dtype=np.int64), np.asarray(samples, dtype=np.int64)
    if right.shape != drawn.shape or right.ndim != 1 or not right.size:
        raise ValueError(f"expected as many counts of right answers as of samples, got {right.shape} and {drawn.shape}")
    if (drawn < 1).any() or (right < 0).any() or (right > drawn).any():
        raise ValueError("expected at least one sample of each question, and 0 to n right answers among n samples")
    return right, drawn
