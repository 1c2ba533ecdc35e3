"""All pairs of a file together: each figure with its interval, floor, ceiling, and place between them."""

import json
from array import array
from collections.abc import Sequence
from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness import stats
from harness.faithfulness.calibration import Place, bootstrap_mean, places
from harness.faithfulness.file import Scored
from harness.faithfulness.measure import Figures

if TYPE_CHECKING:
    from rich.console import Console

LEVELS = ("value", "floor", "ceiling")
NAN = float("nan")


class Summary:
    """Takes in scored pairs and keeps their numbers alone, less than a kilobyte a pair."""

    def __init__(self) -> None:
        self.columns: dict[str, dict[str, array[float]]] = {level: {} for level in LEVELS}
        self.pairs = 0
        self.tokens = [0, 0]
        self.unjudged = 0

    def add(self, scored: Scored) -> None:
        """Take in one pair."""
        for level, figures in zip(LEVELS, (scored.figures, scored.floor, scored.ceiling), strict=True):
            self._append(level, figures or {})
        self.pairs += 1
        self.tokens = [total + count for total, count in zip(self.tokens, scored.tokens, strict=True)]
        self.unjudged += scored.unjudged

    def _append(self, level: str, figures: Figures) -> None:
        columns = self.columns[level]
        for name in figures:
            if name not in columns:
                columns[name] = array("d", [NAN] * self.pairs)
        for name, column in columns.items():
            value = figures.get(name)
            column.append(NAN if value is None else value)

    def overall(self, questions: Sequence[int], seed: int) -> dict[str, Any]:
        """The figures of all pairs, samples of one question averaged first, so that questions are what is drawn.

        Args:
            questions: for each pair the number of its question.
        """
        nothing = np.full(max(questions) + 1, NAN)
        tables = {
            level: {name: _by_question(column, questions) for name, column in self.columns[level].items()}
            for level in LEVELS
        }
        names = list(self.columns["value"])
        value, floor = ({n: tables[level].get(n, nothing)[None] for n in names} for level in LEVELS[:2])
        placed = places(value, floor, {n: tables["ceiling"].get(n, nothing) for n in names}, seed)
        return {
            "pairs": self.pairs,
            "questions": len(nothing),
            "mean_tokens": {"truth": self.tokens[0] / self.pairs, "inverted": self.tokens[1] / self.pairs},
            "unjudged_equations": self.unjudged,
            "figures": {
                name: _entry([tables[level].get(name, nothing) for level in LEVELS], placed[name], seed)
                for name in names
            },
        }


def as_line(scored: Scored) -> str:
    """One pair's figures as a line of JSON."""
    tokens = {"truth": scored.tokens[0], "inverted": scored.tokens[1]}
    row = {"id": scored.id, "line": scored.line, "tokens": tokens, "figures": scored.figures}
    return json.dumps({**row, "floor": scored.floor, "ceiling": scored.ceiling, "unjudged": scored.unjudged})


def print_overall(console: "Console", overall: dict[str, Any]) -> None:
    """What a person sees: a table, and why normalised values were withheld."""
    from rich.table import Table

    mean = overall["mean_tokens"]
    table = Table(
        title=f"{overall['pairs']} pairs of {overall['questions']} questions, "
        f"{mean['truth']:.0f} true and {mean['inverted']:.0f} inverted tokens on average",
        caption="95% bootstrap intervals over questions; normalised: 0 at the floor, 1 at the ceiling",
    )
    for name in ("figure", "inverted", "floor", "ceiling", "normalised"):
        table.add_column(name, no_wrap=True, justify="left" if name == "figure" else "right")
    reasons: dict[str, list[str]] = {}
    for name, entry in overall["figures"].items():
        floor, ceiling = (_cell(entry[level], interval=False) for level in LEVELS[1:])
        table.add_row(name, _cell(entry["value"]), floor, ceiling, _cell(entry["normalised"]))
        if entry["withheld"]:
            reasons.setdefault(entry["withheld"], []).append(name)
    console.print(table)
    for reason, names in reasons.items():
        console.print(f"no normalised value for {', '.join(names)}: {reason}", highlight=False, markup=False)
    if overall["unjudged_equations"]:
        console.print(
            f"time was up before all equations were judged: {overall['unjudged_equations']} traces", markup=False
        )


def _by_question(column: "array[float]", questions: Sequence[int]) -> NDArray[np.float64]:
    """Each question's mean over its pairs that have the figure; NaN where none has."""
    values, index = np.array(column), np.array(questions)
    known = np.isfinite(values)
    size = int(index.max()) + 1
    counts = np.bincount(index[known], minlength=size)
    totals = np.bincount(index[known], weights=values[known], minlength=size)
    return np.where(counts > 0, totals / np.maximum(counts, 1), NAN)


def _entry(levels: Sequence[NDArray[np.float64]], found: Place, seed: int) -> dict[str, Any]:
    entry: dict[str, Any] = {
        level: _interval(bootstrap_mean(values, seed)) for level, values in zip(LEVELS, levels, strict=True)
    }
    return {**entry, "normalised": _interval(found.normalised), "withheld": found.withheld}


def _interval(found: stats.Estimate | None) -> dict[str, float | None] | None:
    if found is None:
        return None
    ends = {"low": found.low, "high": found.high}
    return {"mean": found.mean, **{name: None if isnan(end) else end for name, end in ends.items()}}


def _cell(found: dict[str, float | None] | None, interval: bool = True) -> str:
    if found is None:
        return ""
    ends = f" [{found['low']:.3f}, {found['high']:.3f}]" if interval and found["low"] is not None else ""
    return f"{found['mean']:.3f}{ends}"
