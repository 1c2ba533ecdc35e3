"""Where a figure stands between what says nothing about a trace (the floor) and the trace itself, told again (the ceiling)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from random import Random

import numpy as np
from numpy.typing import NDArray

from harness.stats import CONFIDENCE, Estimate

RESAMPLES = 2000
FEWEST = 10
NOT_A_LIKENESS = frozenset({"length_ratio", "true_equations"})
"""Figures that do not grow with likeness to the true trace, so that no place between floor and ceiling can be given."""


@dataclass(frozen=True)
class Place:
    """Where the mean of a figure stands: 0 at the floor, 1 at the ceiling.

    Attributes:
        normalised: (value - floor) / (ceiling - floor), with a 95% percentile bootstrap interval over questions; None where
            it is withheld.
        withheld: why, else None.
    """

    normalised: Estimate | None
    withheld: str | None


def length_matched(
    lengths: Sequence[int], groups: Sequence[str], draws: int, seed: int, questions: Sequence[int] | None = None
) -> list[list[int]]:
    """For each text, up to `draws` others of its group and of like length, drawn from the seed; none where it is alone.

    Within a group, texts are ordered by length (ties at random), and the others are drawn from the nearest in that order, twice
    as many as are wanted.

    Args:
        questions: for each text the number of its question, where several texts may belong to one; others are of other questions.
    """
    asked = range(len(lengths)) if questions is None else questions
    rng = Random(seed)
    members: dict[str, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    others: list[list[int]] = [[] for _ in groups]
    for alike in members.values():
        rng.shuffle(alike)
        alike.sort(key=lambda index: lengths[index])
        runs = [list(run) for _, run in groupby(alike, key=lambda index: asked[index])]
        for position, run in enumerate(runs):
            near = _near(runs, position, asked, draws)
            for index in run:
                others[index] = rng.sample(near, min(draws, len(near)))
    return others


def _near(runs: Sequence[list[int]], position: int, asked: Sequence[int], draws: int) -> list[int]:
    """The `draws` nearest texts of other questions on either side; where one side has fewer, the other gives more.

    Args:
        runs: texts in order, those of one question that stand together in one list: they have the same neighbours.
    """
    question = asked[runs[position][0]]
    before = (i for at in range(position - 1, -1, -1) if asked[runs[at][0]] != question for i in reversed(runs[at]))
    after = (i for at in range(position + 1, len(runs)) if asked[runs[at][0]] != question for i in runs[at])
    shorter, longer = (list(islice(side, 2 * draws)) for side in (before, after))
    return [
        *shorter[: max(draws, 2 * draws - len(longer))][::-1],
        *longer[: max(draws, 2 * draws - len(shorter))],
    ]


def place(value: NDArray[np.float64], floor: NDArray[np.float64], ceiling: NDArray[np.float64], seed: int) -> Place:
    """The place of a figure's mean between its floor's and its ceiling's.

    Args:
        value, floor: (seeds x questions) figures of inverted traces and of mismatched ones; NaN where undefined.
        ceiling: (questions,) figures of a second sample of the true trace.
        seed: of the bootstrap.

    Seeds are averaged within each question, so the interval is over questions alone; `spread` says how far seeds differ.
    """
    columns = np.stack([value.mean(axis=0), floor.mean(axis=0), ceiling])
    known = np.isfinite(columns).all(axis=0)
    if not np.isfinite(ceiling).any():
        return Place(None, "there is no second sample of the true trace, hence no ceiling")
    if known.sum() < FEWEST:
        return Place(None, f"only {known.sum()} questions have value, floor and ceiling")
    means, lowest, highest = columns[:, known], *_bootstrap(columns[1:, known], _gap, seed)
    gap = float(_gap(*means[1:]))
    if lowest <= 0:
        what = "floor and ceiling cannot be told apart" if highest >= 0 else "the ceiling lies below the floor"
        return Place(None, f"{what}: they differ by {gap:.3f} [{lowest:.3f}, {highest:.3f}]")
    low, high = _bootstrap(means, _normalised, seed)
    if not np.isfinite([low, high]).all():
        return Place(None, f"{gap:.3f} between floor and ceiling is too little for an interval")
    by_seed = [float(_normalised(v, f, means[2])) for v, f in zip(value[:, known], floor[:, known], strict=True)]
    spread = max(by_seed) - min(by_seed) if len(by_seed) > 1 else None
    return Place(Estimate(float(_normalised(*means)), low, high, spread), None)


def places(
    value: Mapping[str, NDArray[np.float64]],
    floor: Mapping[str, NDArray[np.float64]],
    ceiling: Mapping[str, NDArray[np.float64]],
    seed: int,
) -> dict[str, Place]:
    """The place of each figure."""
    return {
        name: Place(None, "not a measure of likeness")
        if name in NOT_A_LIKENESS
        else place(value[name], floor[name], ceiling[name], seed)
        for name in value
    }


def bootstrap_mean(values: NDArray[np.float64], seed: int) -> Estimate | None:
    """The mean over the questions that have the figure, with its bootstrap interval; None where none has it.

    One question has no interval: its ends are NaN.
    """
    known = values[np.isfinite(values)]
    if not known.size:
        return None
    mean = float(known.mean())
    if known.size == 1:
        return Estimate(mean, float("nan"), float("nan"), None)
    return Estimate(mean, *_bootstrap(known[None], np.mean, seed), None)


def _gap(floor: NDArray[np.float64], ceiling: NDArray[np.float64], axis: int = -1) -> NDArray[np.float64]:
    return np.asarray(ceiling.mean(axis=axis) - floor.mean(axis=axis))


def _normalised(
    value: NDArray[np.float64], floor: NDArray[np.float64], ceiling: NDArray[np.float64], axis: int = -1
) -> NDArray[np.float64]:
    above, gap = value.mean(axis=axis) - floor.mean(axis=axis), _gap(floor, ceiling, axis)
    beyond = np.where(above < 0, -np.inf, np.inf)
    return np.where(gap == 0, beyond, above / np.where(gap == 0, 1, gap))


def _bootstrap(columns: NDArray[np.float64], statistic: object, seed: int) -> tuple[float, float]:
    """Percentile bootstrap over questions, the columns resampled together (Efron and Tibshirani 1993, chapter 13)."""
    from scipy.stats import bootstrap

    found = bootstrap(
        tuple(columns),
        statistic,
        paired=True,
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=max(1, 2_000_000 // columns.shape[1]),
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(found.low), float(found.high)
