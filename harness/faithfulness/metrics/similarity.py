"""Say how alike the steps of two traces are."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import nextafter
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from harness.faithfulness.metrics.wording import EMPTY, Wording, contradict, join, wording
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
NEGATION = 0x9E3779B97F4A7C15
"""What a negation adds to a key's sum: any number that no few hashes add up to."""
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
    merged = {Merge(count, 1): _high(joined, steps) for count, joined in _windows(true_steps, steps)}
    merged |= {Merge(1, count): _high(true_steps, joined) for count, joined in _windows(steps, true_steps)}
    return Similarity(table, merged, (_telling(true_steps), _telling(steps)))


def _high(true_steps: Sequence[Wording], steps: Sequence[Wording]) -> dict[tuple[int, int], float]:
    """Return the pairs that are almost equal, with their similarity."""
    found: dict[tuple[int, int], float] = {}
    if not (any(step.words for step in true_steps) and any(step.words for step in steps)):
        return found
    for rows, columns, alike in _alike(true_steps, steps, ALMOST_EQUAL):
        for row, column in np.argwhere(alike):
            found[rows[row], columns[column]] = float(alike[row, column])
    return found


def _windows(steps: Sequence[Wording], others: Sequence[Wording]) -> Iterator[tuple[int, list[Wording]]]:
    """Yield 2 to `MAX_MERGED` and every so many neighbouring steps joined, without words where no other step may be alike.

    Most windows are ruled out by sums over their steps, which take no time, and only the rest are joined.
    """
    longest = max((len(step.words) for step in others), default=0) * (2 / ALMOST_EQUAL - 1)
    keys = {step.key for step in others}
    alike = np.array([_key_sum(*key) for key in keys], dtype=np.int64)
    words = _running([len(step.words) for step in steps])
    numbers = _running([len(step.numbers) for step in steps])
    key_sums = _running([_key_sum(*step.key) for step in steps])
    for count in range(2, MAX_MERGED + 1):
        joined = [EMPTY] * (len(steps) - count + 1)
        in_words, in_numbers, in_keys = (sums[count:] - sums[:-count] for sums in (words, numbers, key_sums))
        few = (count > MAX_MERGED_WORDS) & (in_numbers == 0)
        for start in np.flatnonzero((in_words <= longest) & ~few & np.isin(in_keys, alike)).tolist():
            window = join(steps[start : start + count])
            if window.key in keys:
                joined[start] = window
        yield count, joined


def _key_sum(numbers: Sequence[str], negations: int) -> int:
    """Return 64 bits that add up as keys do when steps are joined; different keys hardly ever have the same ones."""
    total = sum(map(hash, numbers)) + negations * NEGATION
    return (total + 2**63) % 2**64 - 2**63


def _running(values: Sequence[int]) -> NDArray[np.int64]:
    """Return the sums of the first 0, 1, 2, ... values; they wrap around, and so do their differences."""
    return np.concatenate([[0], np.cumsum(np.array(values, dtype=np.int64))])


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
