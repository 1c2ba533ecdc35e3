"""Scores of questions that were answered several times."""

from collections.abc import Sequence

import numpy as np

from harness.stats.intervals import Array


def pass_at_k(correct: Sequence[int] | Array, samples: Sequence[int] | Array, k: int) -> Array:
    """Return the unbiased chance that at least one of `k` samples is right, of shape (questions,).

    It is 1 - C(n - c, k) / C(n, k) for c right of n samples (Chen et al. 2021, arXiv 2107.03374). `estimate` gives its
    interval over questions when the result is passed as one run.

    Raises:
        ValueError: k is not from 1 to the fewest samples of a question, or a count is out of its range.
    """
    from scipy.stats import hypergeom

    right, drawn = _counts(correct, samples)
    if not 1 <= k <= drawn.min():
        raise ValueError(f"k: expected 1 to {drawn.min()}, the fewest samples of a question, got {k}")
    return np.asarray(1 - hypergeom.pmf(0, drawn, right, k), dtype=np.float64)


def _counts(
    correct: Sequence[int] | Array, samples: Sequence[int] | Array
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    right, drawn = np.asarray(correct, dtype=np.int64), np.asarray(samples, dtype=np.int64)
    if right.shape != drawn.shape or right.ndim != 1 or not right.size:
        raise ValueError(f"expected as many counts of right answers as of samples, got {right.shape} and {drawn.shape}")
    if (drawn < 1).any() or (right < 0).any() or (right > drawn).any():
        raise ValueError("expected 0 to n right answers of n samples, and at least one sample a question")
    return right, drawn
