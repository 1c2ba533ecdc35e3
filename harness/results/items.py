"""The state of every item of a record, from the file beside it: what makes two records comparable question by question."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from harness.results.schema import STATE_LETTERS
from harness.stats import Scores

CORRECT, UNGRADABLE = STATE_LETTERS["correct"], STATE_LETTERS["ungradable"]


class ItemFile(BaseModel):
    """The side file of a record.

    Attributes:
        ids: the items of each task.
        repeats: how many samples a task has of each item; one where it is not named.
        states: by run (`inverted/0`) and task, a letter for each sample of each item, in the order of the ids.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    letters: dict[str, str] = STATE_LETTERS
    ids: dict[str, list[str]]
    repeats: dict[str, Annotated[int, Field(gt=0)]] = {}
    states: dict[str, dict[str, str]]

    @model_validator(mode="after")
    def _has_one_letter_a_sample(self) -> Self:
        if self.letters != STATE_LETTERS:
            raise ValueError(f"letters: expected {STATE_LETTERS}")
        for task, ids in self.ids.items():
            if len(set(ids)) < len(ids):
                raise ValueError(f"ids.{task}: an id stands twice")
        for run, tasks in self.states.items():
            for task, letters in tasks.items():
                expected = len(self.ids.get(task, [])) * self.repeats.get(task, 1)
                if len(letters) != expected:
                    raise ValueError(f"states.{run}.{task}: {len(letters)} states, expected {expected}")
                if set(letters) - set(STATE_LETTERS.values()):
                    raise ValueError(f"states.{run}.{task}: a letter that is none of {''.join(STATE_LETTERS.values())}")
        return self

    def of(self, run: str, task: str) -> list[str]:
        """The letters of each item's samples."""
        count = self.repeats.get(task, 1)
        letters = self.states[run][task]
        return [letters[start : start + count] for start in range(0, len(letters), count)]

    def runs(self, row: str) -> list[str]:
        """The runs of a row: one for each seed, or the one that all seeds share."""
        return [run for run in self.states if run == row or run.rpartition("/")[0] == row]


@dataclass(frozen=True)
class Pairs:
    """Two rows' scores on the questions that both were asked.

    Attributes:
        first, second: (seeds x questions), each from 0 to 1.
        strata: the task of each question.
        left_out: questions that only one was asked, or that could not be graded.
    """

    first: Scores
    second: Scores
    strata: list[str]
    left_out: int


def pair(first: ItemFile, second: ItemFile, row: str, tasks: Sequence[str]) -> Pairs | None:
    """The scores of one row in two records, paired by the items' ids; None where they share no question.

    A question that was answered several times has the share of its right samples; one with a sample that could not be graded is
    left out.
    """
    ones, others = (_by_item(items, row, tasks) for items in (first, second))
    shared = [
        item for item in ones if item in others and not any(UNGRADABLE in run for run in ones[item] + others[item])
    ]
    if not shared:
        return None
    left_out = len(set(ones) | set(others)) - len(shared)
    first_scores, second_scores = (
        np.array([[run.count(CORRECT) / len(run) for run in found[item]] for item in shared]).T
        for found in (ones, others)
    )
    return Pairs(first_scores, second_scores, [task for task, _ in shared], left_out)


def _by_item(items: ItemFile, row: str, tasks: Sequence[str]) -> dict[tuple[str, str], list[str]]:
    """By (task, id) the letters of each run of a row; a task that any of them lacks is not there."""
    runs = items.runs(row)
    asked = [task for task in tasks if task in items.ids and runs and all(task in items.states[run] for run in runs)]
    return {
        (task, name): list(letters)
        for task in asked
        for name, *letters in zip(items.ids[task], *(items.of(run, task) for run in runs), strict=True)
    }
