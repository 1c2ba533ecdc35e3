"""Say how alike the steps of two traces are."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import nextafter
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from harness.faithfulness.metrics.wording import Wording, contradict, join, wording
from traceinv.steps import Step

Key = TypeVar("Key", bound=Hashable)
Table = NDArray[np.float64]
"""(true steps x inverted steps), from 0 for different steps to 1 for equal ones."""

HALF = 0.5
"""Two steps of prose are alike only where more than this share of their words is common to both, in order."""
ALMOST_EQUAL = 0.8
"""Neighbouring steps of one trace count as one step of the other where their similarity to it is at least this."""
MAX_MERGED = 32
"""How many neighbouring steps may be one step of the other trace: lines of a calculation, written without a line break."""
MAX_MERGED_WORDS = 4
"""The same where the steps hold no number, since a few words of prose are soon alike."""
MAX_STEP_PAIRS = 30_000_000
"""Pairs of a true and an inverted step that are compared at most; a table of them has 240 MB."""


class Merge(NamedTuple):
    """Steps that are written apart in one trace and in one in the other: how many there are, on either side."""

    rows: int
    columns: int


@dataclass(frozen=True)
class Similarity:
    """How alike the steps of two traces are.

    Attributes:
        table: of every true step and every inverted step.
        merged: by how many steps are taken together, and then by the first true and the first inverted step.
        telling: which true and which inverted steps tell something of the order; None where all do.
    """

    table: Table
    merged: Mapping[Merge, Mapping[tuple[int, int], float]] = field(default_factory=dict)
    telling: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None = None


def step_similarity(true_steps: Sequence[Step], steps: Sequence[Step], exact: bool) -> Similarity | None:
    """Return the similarity of every pair of steps; None where there are more than `MAX_STEP_PAIRS`.

    Args:
        exact: whether the steps were read by an exact reader. Two such steps are alike where their texts are equal.
            Steps of prose are alike by the share of their common words, but only where both hold the same numbers, negate
            equally often and do not contradict each other by an operator: words vary between two accounts of one step, these
            do not.
    """
    if len(true_steps) * len(steps) > MAX_STEP_PAIRS:
        return None
    if exact:
        return Similarity(_equality(true_steps, steps))
    return _prose_similarity([wording(step.text) for step in true_steps], [wording(step.text) for step in steps])


def _equality(true_steps: Sequence[Step], steps: Sequence[Step]) -> Table:
    equal = [[float(true_step.text == step.text) for step in steps] for true_step in true_steps]
    return np.array(equal).reshape(len(true_steps), len(steps))


def _prose_similarity(true_steps: Sequence[Wording], steps: Sequence[Wording]) -> Similarity:
    table = np.zeros((len(true_steps), len(steps)))
    for rows, columns, alike in _alike(true_steps, steps, nextafter(HALF, 1)):
        table[np.ix_(rows, columns)] = alike
    merged: dict[Merge, dict[tuple[int, int], float]] = {}
    for count in range(2, MAX_MERGED + 1):
        merged[Merge(count, 1)], merged[Merge(1, count)] = {}, {}
    for window, column, value in _high(true_steps, steps):
        merged[Merge(window.size, 1)][window.start, column] = value
    for window, row, value in _high(steps, true_steps):
        merged[Merge(1, window.size)][row, window.start] = value
    return Similarity(table, merged, (_telling(true_steps), _telling(steps)))


class _Window(NamedTuple):
    """Neighbouring steps, read as one."""

    start: int
    size: int
    wording: Wording


def _high(steps: Sequence[Wording], others: Sequence[Wording]) -> Iterator[tuple[_Window, int, float]]:
    """Yield the windows of steps that are almost equal to a single step of the others, its position and the similarity."""
    windows = _windows(steps, others)
    for rows, columns, alike in _alike([window.wording for window in windows], others, ALMOST_EQUAL):
        for row, column in np.argwhere(alike):
            yield windows[rows[row]], columns[column], float(alike[row, column])


def _windows(steps: Sequence[Wording], others: Sequence[Wording]) -> list[_Window]:
    """Join up to `MAX_MERGED` neighbouring steps, where a single step of the others can be almost equal to them."""
    longest = max((len(step.words) for step in others), default=0) * (2 / ALMOST_EQUAL - 1)
    keys = {step.key for step in others}
    known = np.array([_checksum(step) for step in others], dtype=np.uint64)
    sizes = np.cumsum([0, *(len(step.words) for step in steps)])
    sums = np.cumsum(np.array([0, *map(_checksum, steps)], dtype=np.uint64), dtype=np.uint64)
    windows = []
    for count in range(2, min(MAX_MERGED, len(steps)) + 1):
        likely = (sizes[count:] - sizes[:-count] <= longest) & np.isin(sums[count:] - sums[:-count], known)
        for start in np.flatnonzero(likely).tolist():
            window = join(steps[start : start + count])
            few = count > MAX_MERGED_WORDS and not window.numbers
            if not few and window.key in keys:
                windows.append(_Window(start, count, window))
    return windows


def _checksum(step: Wording) -> int:
    """Return a number of which the sum over some steps is that of the one step that has all their numbers and negations."""
    return (sum(map(hash, step.numbers)) + step.negations * hash("not")) % 2**64


def _alike(
    true_steps: Sequence[Wording], steps: Sequence[Wording], least: float
) -> Iterator[tuple[list[int], list[int], Table]]:
    """Yield blocks (true steps, inverted steps, similarity) of steps that may be alike; 0 below `least`.

    Words are compared by 2 x common / all, common words in order (normalised Indel similarity). A step without a word, such as
    the name of an empty command, is alike with none.
    """
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cdist

    here = _grouped([step.key if step.words else None for step in true_steps])
    there = _grouped([step.key if step.words else None for step in steps])
    for key in here.keys() & there.keys() - {None}:
        rows, columns = here[key], there[key]
        first, second = [true_steps[i] for i in rows], [steps[i] for i in columns]
        alike = cdist(
            [step.words for step in first],
            [step.words for step in second],
            scorer=Indel.normalized_similarity,
            score_cutoff=least,
            dtype=np.float64,
        )
        others = _grouped([step.operators for step in second])
        for operators, places in _grouped([step.operators for step in first]).items():
            against = [place for other, group in others.items() if contradict(operators, other) for place in group]
            if against:
                alike[np.ix_(places, against)] = 0
        yield rows, columns, alike


def _telling(steps: Sequence[Wording]) -> NDArray[np.bool_]:
    """Return which steps tell something of the order: those that hold a number and occur once."""
    single = {places[0] for places in _grouped([step.words for step in steps]).values() if len(places) == 1}
    return np.array([bool(step.numbers) and place in single for place, step in enumerate(steps)], dtype=bool)


def _grouped(keys: Sequence[Key]) -> dict[Key, list[int]]:
    """Group positions by their keys."""
    positions: dict[Key, list[int]] = {}
    for position, key in enumerate(keys):
        positions.setdefault(key, []).append(position)
    return positions
