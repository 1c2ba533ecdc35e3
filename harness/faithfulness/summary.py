"""Summarise the scored pairs of a file: each figure with its interval, floor, ceiling and normalised value."""

import json
from array import array
from collections.abc import Sequence
from math import isnan, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.faithfulness.calibration import Normalised, bootstrap_mean, normalise
from harness.faithfulness.compare import Figures
from harness.faithfulness.file import ScoredPair
from harness.stats import Estimate

LEVELS = ("value", "floor", "ceiling")


class Summary:
    """Collects the figures of scored pairs, less than a kilobyte a pair."""

    def __init__(self) -> None:
        self.columns: dict[str, dict[str, array[float]]] = {level: {} for level in LEVELS}
        self.pairs = 0
        self.tokens = [0, 0]
        self.timed_out = 0

    def add(self, scored: ScoredPair) -> None:
        """Add one pair."""
        result = scored.result
        for level, figures in zip(LEVELS, (result.figures, result.floor, result.ceiling), strict=True):
            self._append(level, figures or {})
        self.pairs += 1
        self.tokens = [total + count for total, count in zip(self.tokens, result.tokens, strict=True)]
        self.timed_out += result.timed_out

    def overall(self, questions: Sequence[int], seed: int) -> dict[str, Any]:
        """Return the figures of all pairs as JSON values.

        Pairs of one question are averaged first, because the intervals are over questions.

        Args:
            questions: the number of each pair's question, from 0 without gaps.
        """
        count = max(questions) + 1
        undefined = np.full(count, nan)
        value, floor, ceiling = (
            {name: _by_question(column, questions) for name, column in self.columns[level].items()} for level in LEVELS
        )
        normalised = normalise(
            {name: rows[None] for name, rows in value.items()},
            {name: rows[None] for name, rows in floor.items()},
            ceiling,
            seed,
        )
        figures = {
            name: _entry([level.get(name, undefined) for level in (value, floor, ceiling)], normalised[name], seed)
            for name in value
        }
        return {
            "pairs": self.pairs,
            "questions": count,
            "mean_tokens": {"truth": self.tokens[0] / self.pairs, "inverted": self.tokens[1] / self.pairs},
            "unjudged_equations": self.timed_out,
            "figures": figures,
        }

    def _append(self, level: str, figures: Figures) -> None:
        columns = self.columns[level]
        for name in figures:
            if name not in columns:
                columns[name] = array("d", [nan] * self.pairs)
        for name, column in columns.items():
            value = figures.get(name)
            column.append(nan if value is None else value)


def as_line(scored: ScoredPair) -> str:
    """Return the figures of one pair as a line of JSON."""
    result = scored.result
    return json.dumps(
        {
            "id": scored.id,
            "line": scored.line,
            "tokens": {"truth": result.tokens[0], "inverted": result.tokens[1]},
            "figures": result.figures,
            "floor": result.floor,
            "ceiling": result.ceiling,
            "unjudged": result.timed_out,
        }
    )


def _by_question(column: "array[float]", questions: Sequence[int]) -> NDArray[np.float64]:
    """Average a figure over the pairs of each question that define it; NaN for questions without such a pair."""
    values, index = np.array(column), np.array(questions)
    known = np.isfinite(values)
    size = int(index.max()) + 1
    counts = np.bincount(index[known], minlength=size)
    totals = np.bincount(index[known], weights=values[known], minlength=size)
    return np.where(counts > 0, totals / np.maximum(counts, 1), nan)


def _entry(levels: Sequence[NDArray[np.float64]], normalised: Normalised, seed: int) -> dict[str, Any]:
    entry: dict[str, Any] = {
        level: _interval(bootstrap_mean(values, seed)) for level, values in zip(LEVELS, levels, strict=True)
    }
    return {**entry, "normalised": _interval(normalised.estimate), "withheld": normalised.withheld or None}


def _interval(estimate: Estimate | None) -> dict[str, float | None] | None:
    if estimate is None:
        return None
    ends = {"low": estimate.low, "high": estimate.high}
    return {"mean": estimate.mean, **{name: None if isnan(end) else end for name, end in ends.items()}}
