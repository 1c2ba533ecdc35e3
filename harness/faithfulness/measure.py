"""Measure a run's inverted traces against the hidden ones, and the target's second traces against its first."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.faithfulness.compare import columns, compare, compare_pair, read_trace
from harness.faithfulness.metrics.equations import SECONDS
from traceinv.pairing import sample_neighbours
from traceinv.records import Inversion, Transcript
from traceinv.schema import Closed

MEASURED = "measured.json"


class Measured(Closed):
    """The figures of traces that each stand for a target's hidden trace.

    Attributes:
        asked: number of traces, unfinished ones included.
        ids: the questions whose trace is finished and whose hidden trace is known.
        by_pair: each figure for each of `ids`, in that order; None where it is undefined.
        floor_by_pair: the same figures when the hidden trace is compared with traces of other questions of the same kind and
            similar length, averaged over the draws; empty where no floor was measured.
        timed_out: number of traces of which not all equations were judged before the time limit.
    """

    asked: int
    ids: list[str]
    by_pair: dict[str, list[float | None]]
    floor_by_pair: dict[str, list[float | None]]
    timed_out: int = 0


def write_measured(folder: Path, measured: Measured) -> None:
    """Write figures by pair to a folder."""
    (folder / MEASURED).write_text(measured.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_measured(folder: Path) -> Measured:
    """Read figures by pair."""
    return Measured.model_validate_json((folder / MEASURED).read_text(encoding="utf-8"))


def measure(
    inversions: Sequence[Inversion], hidden: Sequence[Transcript], draws: int, seed: int, seconds: float = SECONDS
) -> Measured:
    """Compare each finished inversion with its hidden trace, and that with `draws` inversions of other questions.

    A pair whose question is the only one of its kind has no floor and is left out.

    Args:
        seconds: time limit for the equations of one trace.
    """
    truths = _traces(hidden)
    pairs = [i for i in inversions if i.trace and i.finish_reason == "stop" and i.id in truths]
    texts = [i.trace or "" for i in pairs]
    kinds = [i.disclosure.question.kind for i in pairs]
    others = sample_neighbours([len(text) for text in texts], kinds, draws, seed)
    measured = {
        pair.id: compare_pair(
            pair.disclosure.question,
            pair.disclosure.answer,
            truths[pair.id],
            text,
            [texts[donor] for donor in donors],
            seconds=seconds,
        )
        for pair, text, donors in zip(pairs, texts, others, strict=True)
        if donors
    }
    return Measured(
        asked=len(inversions),
        ids=list(measured),
        by_pair=columns([figures.figures for figures in measured.values()]),
        floor_by_pair=columns([figures.floor or {} for figures in measured.values()]),
        timed_out=sum(figures.timed_out for figures in measured.values()),
    )


def measure_again(second: Sequence[Transcript], hidden: Sequence[Transcript]) -> Measured:
    """Compare the target's second trace of each question with its first: the ceiling, as no inverter knows more."""
    truths, answers = _traces(hidden), {t.id: t.answer for t in hidden}
    figures = {
        t.id: compare(
            t.question, answers[t.id], read_trace(t.question, truths[t.id]), read_trace(t.question, t.trace or "")
        )
        for t in second
        if t.complete and t.id in truths
    }
    return Measured(asked=len(second), ids=list(figures), by_pair=columns(list(figures.values())), floor_by_pair={})


def as_arrays(rows: Sequence[Measured], ids: Sequence[str], floor: bool = False) -> Mapping[str, NDArray[np.float64]]:
    """Return each figure as an array (rows x questions), NaN where undefined.

    Args:
        ids: the questions, which every row must have.
        floor: whether to take the figures of the floor.
    """
    tables = [_pick(row.floor_by_pair if floor else row.by_pair, row.ids, ids) for row in rows]
    names = list(dict.fromkeys(name for table in tables for name in table))
    undefined = np.full(len(ids), np.nan)
    return {name: np.stack([table.get(name, undefined) for table in tables]) for name in names}


def _pick(
    figures: Mapping[str, Sequence[float | None]], measured: Sequence[str], ids: Sequence[str]
) -> dict[str, NDArray[np.float64]]:
    """Take the values of the questions `ids` out of those of all measured questions."""
    positions = {identifier: index for index, identifier in enumerate(measured)}
    order = [positions[identifier] for identifier in ids]
    return {name: np.array(values, dtype=float)[order] for name, values in figures.items()}


def _traces(hidden: Sequence[Transcript]) -> dict[str, str]:
    return {t.id: t.trace for t in hidden if t.complete and t.trace}
