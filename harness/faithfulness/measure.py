"""Figures of an experiment's inverted traces, pair by pair, with their floor; and those of the target told to answer again."""

from collections.abc import Mapping, Sequence
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from harness.faithfulness.calibration import length_matched
from harness.faithfulness.lab import lab_steps
from harness.faithfulness.metrics.overlap import overlap
from harness.faithfulness.metrics.text import Text
from traceinv.records import Inversion, Question, Transcript

Figures = dict[str, float | None]


class Measured(BaseModel):
    """Figures of texts that each claim to be a target's trace.

    Attributes:
        asked: texts there are, unfinished ones included.
        ids: the questions of those that are finished and whose true trace is known.
        by_pair: each figure for each of `ids`, in that order; None where it is undefined.
        floor_by_pair: the same when the truth is paired with the text of another question of the same kind and like length,
            averaged over the draws: what text of the right form reaches without any reasoning having leaked. Empty where no
            floor was asked for.
    """

    model_config = ConfigDict(extra="forbid")

    asked: int
    ids: list[str]
    by_pair: dict[str, list[float | None]]
    floor_by_pair: dict[str, list[float | None]]


def compare(question: Question, truth: Text, inverted: Text, answer: str) -> Figures:
    """All figures for one pair; `answer` is the one that the inverted trace should come to."""
    return {**overlap(truth, inverted), **lab_steps(question, truth.raw, inverted.raw, answer)}


def measure(inversions: Sequence[Inversion], hidden: Sequence[Transcript], draws: int, seed: int) -> Measured:
    """Compare each finished inversion with the hidden trace of its question, and with those of others for the floor.

    A pair whose question is the only one of its kind has no floor and is left out.
    """
    truths = _truths(hidden)
    pairs = [i for i in inversions if i.trace and i.finish_reason == "stop" and i.id in truths]
    texts = [Text(i.trace or "") for i in pairs]
    kinds = [i.disclosure.question.kind for i in pairs]
    others = length_matched([len(text.raw) for text in texts], kinds, draws, seed)
    found: dict[str, Figures] = {}
    floors: dict[str, Figures] = {}
    for inversion, text, donors in zip(pairs, texts, others, strict=True):
        if donors:
            shown, truth = inversion.disclosure, truths[inversion.id]
            found[inversion.id] = compare(shown.question, truth, text, shown.answer)
            floors[inversion.id] = mean_figures(
                [compare(shown.question, truth, texts[d], shown.answer) for d in donors]
            )
    return _measured(len(inversions), found, floors)


def measure_again(second: Sequence[Transcript], hidden: Sequence[Transcript]) -> Measured:
    """Compare the target's second trace for each question with its first: the ceiling, since no inverter knows more."""
    truths, answers = _truths(hidden), {t.id: t.answer for t in hidden}
    pairs = [t for t in second if t.complete and t.id in truths]
    found = {t.id: compare(t.question, truths[t.id], Text(t.trace or ""), answers[t.id] or "") for t in pairs}
    return _measured(len(second), found, {})


def as_arrays(rows: Sequence[Measured], ids: Sequence[str], floor: bool = False) -> Mapping[str, NDArray[np.float64]]:
    """(rows x questions) of each figure, NaN where undefined, for the questions `ids`, which every row must have."""
    tables = []
    for row in rows:
        place = {identifier: index for index, identifier in enumerate(row.ids)}
        order = [place[identifier] for identifier in ids]
        figures = row.floor_by_pair if floor else row.by_pair
        tables.append({name: np.array(values, dtype=float)[order] for name, values in figures.items()})
    return {name: np.stack([table[name] for table in tables]) for name in tables[0]}


def _truths(hidden: Sequence[Transcript]) -> dict[str, Text]:
    return {t.id: Text(t.trace) for t in hidden if t.complete and t.trace}


def mean_figures(rows: Sequence[Figures]) -> Figures:
    """The mean of each figure over the rows that have it."""
    known = {name: [value for row in rows if (value := row[name]) is not None] for name in rows[0]}
    return {name: fmean(values) if values else None for name, values in known.items()}


def _measured(asked: int, found: Mapping[str, Figures], floors: Mapping[str, Figures]) -> Measured:
    return Measured(asked=asked, ids=list(found), by_pair=_columns(found), floor_by_pair=_columns(floors))


def _columns(rows: Mapping[str, Figures]) -> dict[str, list[float | None]]:
    names = next(iter(rows.values()), {})
    return {name: [_rounded(row[name]) for row in rows.values()] for name in names}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
