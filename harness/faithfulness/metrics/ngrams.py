"""Count the runs of words that two texts share."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]


def shared_runs(first: Sequence[str], second: Sequence[str], longest: int) -> list[int]:
    """Return how many runs of 1, 2, ... `longest` words two texts share, each counted as often as both have it."""
    return [_common(here, there) for here, there in _runs(*numbered(first, second), longest)]


def run_counts(words: Sequence[str], longest: int) -> list[int]:
    """Return how many runs of 1, 2, ... `longest` words a text has."""
    return [max(0, len(words) - n + 1) for n in range(1, longest + 1)]


def numbered(first: Sequence[str], second: Sequence[str]) -> tuple[Ids, Ids]:
    """Write two texts as numbers: one for each word, counted from 0 by first use."""
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    here, there = (np.fromiter(map(numbers.__getitem__, words), np.int64, len(words)) for words in (first, second))
    return here, there


def _runs(first: Ids, second: Ids, longest: int) -> Iterator[tuple[Ids, Ids]]:
    """Yield a number for each run of 1, 2, ... words of both texts, equal for equal runs."""
    words = 1 + max(first.max(initial=0), second.max(initial=0))
    here, there, numbers = first, second, int(words)
    yield here, there
    for n in range(2, longest + 1):
        if numbers * int(words) > np.iinfo(np.int64).max:
            known, again = np.unique(np.concatenate([here, there]), return_inverse=True)
            here, there, numbers = again[: len(here)], again[len(here) :], len(known)
        here, there = here[:-1] * words + first[n - 1 :], there[:-1] * words + second[n - 1 :]
        numbers *= int(words)
        yield here, there


def _common(first: Ids, second: Ids) -> int:
    """Return the size of the intersection of two multisets."""
    here, there = (np.unique(ids, return_counts=True) for ids in (first, second))
    _, rows, columns = np.intersect1d(here[0], there[0], assume_unique=True, return_indices=True)
    return int(np.minimum(here[1][rows], there[1][columns]).sum())
