"""What the models of a run answered: read from its artifacts, the same items in the same order for all of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from harness.evaluation.responses import SAMPLES, Sample, read_samples
from harness.results.schema import STATE_LETTERS
from harness.stats import Scores
from traceinv.errors import GateError

Key = tuple[str, str]
"""A task and the id of one of its items."""
Run = Mapping[Key, Sequence[Sample]]
"""One model's samples of each item."""
Runs = Mapping[str, Sequence[Run]]
"""By regime or model: a run for each seed, or the one that all seeds share."""


def read_run(folder: Path) -> Run:
    """The samples that stand in a folder of scores, items in the order of task and id.

    Raises:
        InputError: a line is no sample.
    """
    run: dict[Key, list[Sample]] = {}
    for path in (folder / SAMPLES).glob("*.jsonl"):
        for sample in read_samples(path):
            run.setdefault((path.stem, sample.id), []).append(sample)
    return dict(sorted(run.items()))


def check_alike(runs: Runs) -> None:
    """See that all runs answered the same items as often, each in the same words.

    Raises:
        GateError: they did not.
    """
    every = [run for each in runs.values() for run in each]
    if len({tuple((key, len(samples)) for key, samples in run.items()) for run in every}) > 1:
        raise GateError("the models did not answer the same items")
    for key in every[0]:
        prompts = {sample.prompt_hash for run in every for sample in run[key]}
        if len(prompts) > 1:
            raise GateError(f"one prompt an item: {key[1]} of {key[0]} was asked in {len(prompts)} different wordings")


def keep_graded(runs: Runs) -> tuple[Runs, list[Key]]:
    """The runs without the items of which no sample of some run could be graded, and these items.

    Raises:
        GateError: nothing is left of a task.
    """
    every = [run for each in runs.values() for run in each]
    keys = list(every[0])
    lost = [key for key in keys if any(all(sample.value is None for sample in run[key]) for run in every)]
    kept = [key for key in keys if key not in lost]
    for task in tasks_of(every[0]):
        if task not in {name for name, _ in kept}:
            raise GateError(f"no item of {task} could be graded in every run")
    return {name: [{key: run[key] for key in kept} for run in each] for name, each in runs.items()}, lost


def scores(runs: Sequence[Run], tasks: Sequence[str]) -> Scores:
    """(seeds x questions): each question's mean over its graded samples."""
    return np.array([[_mean(samples) for (task, _), samples in run.items() if task in tasks] for run in runs])


def strata(run: Run, tasks: Sequence[str]) -> list[str]:
    """The task of each question that `scores` gives a column."""
    return [task for task, _ in run if task in tasks]


def tasks_of(run: Run) -> list[str]:
    """The tasks of a run's items."""
    return list(dict.fromkeys(task for task, _ in run))


def item_ids(run: Run) -> dict[str, list[str]]:
    """The ids of each task's items."""
    return {task: [name for other, name in run if other == task] for task in tasks_of(run)}


def repeats(run: Run) -> dict[str, int]:
    """How many samples each task has of an item."""
    return {task: max(len(samples) for (other, _), samples in run.items() if other == task) for task in tasks_of(run)}


def states(runs: Runs, names: Mapping[str, Sequence[str]]) -> dict[str, dict[str, str]]:
    """The letters of each run's samples, by the run's name."""
    return {
        name: {
            task: "".join(STATE_LETTERS[s.state] for key, samples in run.items() if key[0] == task for s in samples)
            for task in tasks_of(run)
        }
        for regime, each in runs.items()
        for name, run in zip(names[regime], each, strict=True)
    }


def _mean(samples: Sequence[Sample]) -> float:
    values = [sample.value for sample in samples if sample.value is not None]
    return sum(values) / len(values)
