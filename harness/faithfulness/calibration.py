"""Normalise faithfulness figures between a floor and a ceiling.

The floor is what traces of other questions reach, the ceiling what a second sample of the target's own trace reaches.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness import stats
from harness.faithfulness.measure import Measured, as_arrays
from harness.results.intervals import to_interval
from harness.results.schema import FaithfulnessFigures, Interval
from harness.stats import CONFIDENCE, Estimate

Array = NDArray[np.float64]

RESAMPLES = 2000
MIN_QUESTIONS = 10
"""Questions that must have value, floor and ceiling before a figure is normalised."""
NOT_SIMILARITY = frozenset({"length_ratio", "true_equations"})
"""Figures for which a higher value does not mean more similar traces; they are not normalised."""


@dataclass(frozen=True)
class Normalised:
    """The mean of a figure on a scale from 0 at the floor to 1 at the ceiling.

    Attributes:
        estimate: (value - floor) / (ceiling - floor) with a 95% percentile bootstrap interval over questions; None where it is
            withheld.
        withheld: the reason, else "".
    """

    estimate: Estimate | None
    withheld: str = ""


def calibrate(seeds: Sequence[Measured], ceiling: Measured | None, seed: int) -> FaithfulnessFigures:
    """Summarise the figures of one inverter over its seeds, on the questions that every seed and the ceiling have.

    Args:
        seeds: one entry for each seed of the inverter.
        ceiling: None, or without a question, where the target has no second samples; then nothing is normalised.
        seed: of the bootstrap.
    """
    tops = [ceiling] if ceiling and ceiling.ids else []
    ids = sorted(set.intersection(*(set(row.ids) for row in (*seeds, *tops))))
    value, floor = as_arrays(seeds, ids), as_arrays(seeds, ids, floor=True)
    top = as_arrays(tops, ids) if tops else {}
    normalised = normalise(value, floor, {name: rows[0] for name, rows in top.items()}, seed) if ids else {}
    return FaithfulnessFigures(
        asked=seeds[0].asked,
        pairs=len(ids),
        inverted=_intervals(value),
        floor=_intervals(floor),
        ceiling=_intervals(top),
        normalised={name: to_interval(row.estimate) for name, row in normalised.items() if row.estimate},
        withheld={name: row.withheld for name, row in normalised.items() if not row.estimate},
    )


def normalise(
    value: Mapping[str, Array], floor: Mapping[str, Array], ceiling: Mapping[str, Array], seed: int
) -> dict[str, Normalised]:
    """Normalise every figure of `value`; a figure that floor or ceiling lacks counts as undefined there."""
    return {
        name: Normalised(None, "not a measure of similarity")
        if name in NOT_SIMILARITY
        else normalise_figure(
            rows,
            floor.get(name, np.full_like(rows, np.nan)),
            ceiling.get(name, np.full(rows.shape[1], np.nan)),
            seed,
        )
        for name, rows in value.items()
    }


def normalise_figure(value: Array, floor: Array, ceiling: Array, seed: int) -> Normalised:
    """Normalise one figure.

    Seeds are averaged within each question first, so that the interval covers the questions alone; `spread` says how far the
    seeds differ.

    Args:
        value: (seeds x questions) of the inverted traces; NaN where undefined.
        floor: (seeds x questions) of traces of other questions.
        ceiling: (questions,) of a second sample of the true trace.
        seed: of the bootstrap.
    """
    table = np.stack([value.mean(axis=0), floor.mean(axis=0), ceiling])
    known = np.isfinite(table).all(axis=0)
    if not np.isfinite(ceiling).any():
        return Normalised(None, "there is no second sample of the true trace, so there is no ceiling")
    if known.sum() < MIN_QUESTIONS:
        return Normalised(None, f"only {known.sum()} questions have value, floor and ceiling")
    means = table[:, known]
    low, high = _bootstrap(means[1:], _gap, seed)
    gap = float(_gap(*means[1:]))
    if low <= 0:
        what = "do not differ significantly" if high >= 0 else "are in the wrong order"
        return Normalised(None, f"floor and ceiling {what}: their difference is {gap:.3f} [{low:.3f}, {high:.3f}]")
    low, high = _bootstrap(means, _share, seed)
    if not np.isfinite([low, high]).all():
        return Normalised(None, f"the difference of floor and ceiling, {gap:.3f}, is too small for an interval")
    by_seed = [float(_share(v, f, means[2])) for v, f in zip(value[:, known], floor[:, known], strict=True)]
    spread = max(by_seed) - min(by_seed) if len(by_seed) > 1 else None
    return Normalised(Estimate(float(_share(*means)), low, high, spread))


def bootstrap_mean(values: Array, seed: int) -> Estimate | None:
    """Return the mean over the questions for which a figure is defined, with its bootstrap interval; None without any.

    With one question the ends of the interval are NaN.
    """
    known = values[np.isfinite(values)]
    if not known.size:
        return None
    mean = float(known.mean())
    if known.size == 1:
        return Estimate(mean, float("nan"), float("nan"), None)
    return Estimate(mean, *_bootstrap(known[None], np.mean, seed), None)


def _intervals(figures: Mapping[str, Array]) -> dict[str, Interval]:
    """Estimate each figure on the questions for which every row defines it; leave out figures without such a question."""
    known = {name: rows[:, np.isfinite(rows).all(axis=0)] for name, rows in figures.items()}
    return {name: to_interval(stats.estimate(rows)) for name, rows in known.items() if rows.size}


def _gap(floor: Array, ceiling: Array, axis: int = -1) -> Array:
    return np.asarray(ceiling.mean(axis=axis) - floor.mean(axis=axis))


def _share(value: Array, floor: Array, ceiling: Array, axis: int = -1) -> Array:
    """Return (value - floor) / (ceiling - floor) of the means; infinite where floor and ceiling are equal."""
    above, gap = value.mean(axis=axis) - floor.mean(axis=axis), _gap(floor, ceiling, axis)
    infinite = np.where(above < 0, -np.inf, np.inf)
    return np.where(gap == 0, infinite, above / np.where(gap == 0, 1, gap))


def _bootstrap(table: Array, statistic: object, seed: int) -> tuple[float, float]:
    """Return a 95% percentile bootstrap interval over questions (Efron and Tibshirani 1993, chapter 13).

    Args:
        table: (figures x questions); the rows are resampled together and passed to the statistic one by one.
    """
    from scipy.stats import bootstrap

    interval = bootstrap(
        tuple(table),
        statistic,
        paired=True,
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=max(1, 2_000_000 // table.shape[1]),
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(interval.low), float(interval.high)
