"""The state of every item in every run of a record, version 2; it stands in a file beside the record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from harness.results.schema import STATE_LETTERS, Cell
from harness.stats import Scores
from traceinv.schema import Closed

ITEMS_VERSION: Literal[2] = 2
CORRECT, UNGRADABLE = STATE_LETTERS["correct"], STATE_LETTERS["ungradable"]

ItemKey = tuple[str, str]
"""A task and the id of one of its items."""


class RunStates(Closed):
    """The states of one run: of one seed of a row, or of the one model that a row without seeds has.

    Attributes:
        row: the row's name.
        states: by task, a letter for each sample of each item, in the order of the file's ids.
    """

    row: str
    cell: Cell
    seed: int | None
    states: dict[str, str]


class ItemFile(Closed):
    """The items of a record.

    Attributes:
        ids: the items of each task.
        repeats: the number of samples of each item, by task; 1 for tasks that are not named.
        runs: at most one entry for each row, cell and seed.
    """

    schema_version: Literal[2] = ITEMS_VERSION
    letters: dict[str, str] = STATE_LETTERS
    ids: dict[str, list[str]]
    repeats: dict[str, Annotated[int, Field(gt=0)]] = Field(default_factory=dict)
    runs: list[RunStates]

    @model_validator(mode="after")
    def _has_one_letter_a_sample(self) -> Self:
        if self.letters != STATE_LETTERS:
            raise ValueError(f"letters: expected {STATE_LETTERS}")
        for task, ids in self.ids.items():
            if len(set(ids)) < len(ids):
                raise ValueError(f"ids.{task}: an id stands twice")
        for number, run in enumerate(self.runs):
            for task, letters in run.states.items():
                where = f"runs.{number}.states.{task}"
                expected = len(self.ids.get(task, [])) * self.repeats.get(task, 1)
                if len(letters) != expected:
                    raise ValueError(f"{where}: {len(letters)} states, expected {expected}")
                if set(letters) - set(STATE_LETTERS.values()):
                    raise ValueError(f"{where}: a letter that is none of {''.join(STATE_LETTERS.values())}")
        return self

    @model_validator(mode="after")
    def _has_each_run_once(self) -> Self:
        names = [(run.row, run.cell, run.seed) for run in self.runs]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise ValueError(f"runs.{number}: row {name[0]!r} and seed {name[2]} stand twice in one cell")
        return self

    def runs_of(self, row: str, cell: Cell) -> list[RunStates]:
        """List the runs of a row: one for each seed, or the one that a row without seeds has."""
        return [run for run in self.runs if run.row == row and run.cell == cell]

    def letters_by_item(self, row: str, cell: Cell, tasks: Sequence[str]) -> dict[ItemKey, list[str]]:
        """Return the letters of a row's samples of each item of `tasks`: one string for each run of the row.

        A task that a run of the row lacks is left out.
        """
        runs = self.runs_of(row, cell)
        answered = [task for task in tasks if task in self.ids and runs and all(task in run.states for run in runs)]
        return {
            (task, name): list(letters)
            for task in answered
            for name, *letters in zip(self.ids[task], *(self._samples(run, task) for run in runs), strict=True)
        }

    def _samples(self, run: RunStates, task: str) -> list[str]:
        """Split a run's letters into one string for each item."""
        count = self.repeats.get(task, 1)
        letters = run.states[task]
        return [letters[start : start + count] for start in range(0, len(letters), count)]


@dataclass(frozen=True)
class Pairs:
    """The scores of two rows on the items that both answered.

    Attributes:
        first, second: (seeds x items), each from 0 to 1.
        strata: the task of each item.
        left_out: the number of items that one row lacks, or that could not be graded.
    """

    first: Scores
    second: Scores
    strata: list[str]
    left_out: int


SampleScores = Sequence[Sequence[float | None]]
"""The scores of one item: for each run those of its samples, from 0 to 1; None where a sample could not be graded."""


def scores_of(letters: Mapping[ItemKey, Sequence[str]]) -> dict[ItemKey, SampleScores]:
    """Return the scores that letters stand for.

    Args:
        letters: as `ItemFile.letters_by_item` returns them.
    """
    return {item: [[_score(letter) for letter in samples] for samples in runs] for item, runs in letters.items()}


def pair(first: Mapping[ItemKey, SampleScores], second: Mapping[ItemKey, SampleScores]) -> Pairs | None:
    """Pair the scores of two rows by item; None where they share none.

    An item's score is the mean over its samples. Items with a sample that could not be graded are left out.
    """
    aligned = align([first, second])
    if aligned is None:
        return None
    (ours, theirs), strata = aligned
    return Pairs(ours, theirs, strata, len(set(first) | set(second)) - len(strata))


def align(rows: Sequence[Mapping[ItemKey, SampleScores]]) -> tuple[list[Scores], list[str]] | None:
    """Return the scores of several rows on the items that all of them answered, and the items' tasks; None without any.

    An item's score is the mean over its samples. Items with a sample that could not be graded are left out.
    """
    shared = [item for item in rows[0] if all(item in row and _is_graded(row[item]) for row in rows)]
    return ([_means(row, shared) for row in rows], [task for task, _ in shared]) if shared else None


def _score(letter: str) -> float | None:
    return None if letter == UNGRADABLE else float(letter == CORRECT)


def _is_graded(runs: SampleScores) -> bool:
    return not any(score is None for samples in runs for score in samples)


def _means(scores: Mapping[ItemKey, SampleScores], items: Sequence[ItemKey]) -> Scores:
    return np.array(
        [[fmean(score for score in samples if score is not None) for samples in scores[item]] for item in items]
    ).T
