"""Say how alike the steps of two traces are."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from traceinv.steps import Step

Similarity = NDArray[np.float64]
"""(true steps x inverted steps), from 0 for different steps to 1 for equal ones."""

MIN_SIMILARITY = 0.5
"""The least share of words that two steps of prose must have in common, in order, to count as alike at all."""
MAX_STEP_PAIRS = 30_000_000
"""Pairs of a true and an inverted step that are compared at most; a table of them has 240 MB."""


def step_similarity(true_steps: Sequence[Step], steps: Sequence[Step], exact: bool) -> Similarity | None:
    """Return the similarity of every pair of steps; None where there are more than `MAX_STEP_PAIRS`.

    Args:
        exact: whether the steps were read by an exact reader. Two such steps are alike where their texts are equal.
            Steps of prose are alike by the share of their common words, but only where both hold the same numbers:
            words vary between two accounts of one step, numbers do not.
    """
    if len(true_steps) * len(steps) > MAX_STEP_PAIRS:
        return None
    return _equality(true_steps, steps) if exact else _prose_similarity(true_steps, steps)


def _equality(true_steps: Sequence[Step], steps: Sequence[Step]) -> Similarity:
    equal = [[float(true_step.text == step.text) for step in steps] for true_step in true_steps]
    return np.array(equal).reshape(len(true_steps), len(steps))


def _prose_similarity(true_steps: Sequence[Step], steps: Sequence[Step]) -> Similarity:
    """Compare words by 2 x common / all, common words in order (normalised Indel similarity)."""
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cdist

    similarity = np.zeros((len(true_steps), len(steps)))
    rows, columns = _by_numbers(true_steps), _by_numbers(steps)
    for numbers in rows.keys() & columns.keys():
        here, there = rows[numbers], columns[numbers]
        true_words, words = [true_steps[i].words for i in here], [steps[i].words for i in there]
        alike = cdist(
            true_words, words, scorer=Indel.normalized_similarity, score_cutoff=MIN_SIMILARITY, dtype=np.float64
        )
        similarity[np.ix_(here, there)] = alike
    return similarity


def _by_numbers(steps: Sequence[Step]) -> dict[tuple[str, ...], list[int]]:
    """Group the positions of steps by the numbers that the steps hold."""
    positions: dict[tuple[str, ...], list[int]] = {}
    for position, step in enumerate(steps):
        positions.setdefault(step.numbers, []).append(position)
    return positions
