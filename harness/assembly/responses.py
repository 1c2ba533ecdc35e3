"""The graded responses of a run's models: read from its artifacts, the same items in the same order for all of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.evaluation.record import TaskDescription, read_tasks
from harness.evaluation.responses import SAMPLES, Sample, read_samples
from harness.results.schema import STATE_LETTERS
from harness.stats import Scores
from traceinv.errors import GateError

ItemKey = tuple[str, str]
"""A task and the id of one of its items."""


@dataclass(frozen=True)
class ModelRun:
    """One model's graded responses.

    Attributes:
        samples: by item, in the order of task and id.
        tasks: the description of each task as it was asked.
    """

    samples: Mapping[ItemKey, Sequence[Sample]]
    tasks: Sequence[TaskDescription]

    @property
    def family(self) -> tuple[str, ...]:
        """Identify the chat template: models with the same one must get the same rendered prompts."""
        return tuple(str(task.template) for task in self.tasks)

    def without(self, keys: Iterable[ItemKey]) -> "ModelRun":
        """Return the run without some items."""
        dropped = set(keys)
        return ModelRun({key: samples for key, samples in self.samples.items() if key not in dropped}, self.tasks)


def read_run(folder: Path) -> ModelRun:
    """Read the graded responses in an artifact of the stage `grades`.

    Raises:
        InputError: a line is no sample.
    """
    samples: dict[ItemKey, list[Sample]] = {}
    for path in (folder / SAMPLES).glob("*.jsonl"):
        for sample in read_samples(path):
            samples.setdefault((path.stem, sample.id), []).append(sample)
    return ModelRun(dict(sorted(samples.items())), read_tasks(folder))


def check_same_questions(runs: Sequence[ModelRun]) -> dict[str, int]:
    """Check that all models answered the same items equally often, with the same text, and one prompt within a family.

    Returns:
        How many items were compared, how many families of chat template answered them, and how many rendered prompts they got.

    Raises:
        GateError: the items, their number of samples, or their texts differ.
    """
    if len({tuple((key, len(samples)) for key, samples in run.samples.items()) for run in runs}) > 1:
        raise GateError("same questions: the models did not answer the same items equally often")
    families = {run.family for run in runs}
    prompts = 0
    for key in runs[0].samples:
        texts = {sample.text_hash for run in runs for sample in run.samples[key]}
        if len(texts) > 1:
            raise GateError(f"same questions: item {key[1]} of {key[0]} was asked in {len(texts)} different texts")
        for family in families:
            rendered = {s.prompt_hash for run in runs if run.family == family for s in run.samples[key]}
            if len(rendered) > 1:
                raise GateError(
                    f"same questions: item {key[1]} of {key[0]} was rendered in {len(rendered)} ways with one chat template"
                )
            prompts += len(rendered)
    return {"items": len(runs[0].samples), "families": len(families), "prompts": prompts}


def ungradable_items(runs: Sequence[ModelRun]) -> list[ItemKey]:
    """List the items of which some run could not grade a single sample.

    Raises:
        GateError: they are all items of a task.
    """
    ungradable = [key for key in runs[0].samples if any(all(s.value is None for s in run.samples[key]) for run in runs)]
    for task in task_names(runs[0]):
        if all(key in ungradable for key in runs[0].samples if key[0] == task):
            raise GateError(f"no item of {task} could be graded in every run")
    return ungradable


def scores(runs: Sequence[ModelRun], tasks: Sequence[str]) -> Scores:
    """Return (seeds x items): each item's mean score over its graded samples."""
    return np.array([[_mean(samples) for (task, _), samples in run.samples.items() if task in tasks] for run in runs])


def strata(run: ModelRun, tasks: Sequence[str]) -> list[str]:
    """Return the task of each item that `scores` gives a column."""
    return [task for task, _ in run.samples if task in tasks]


def task_names(run: ModelRun) -> list[str]:
    """List the tasks of a run's items."""
    return list(dict.fromkeys(task for task, _ in run.samples))


def item_ids(run: ModelRun) -> dict[str, list[str]]:
    """Return the ids of each task's items."""
    return {task: [name for other, name in run.samples if other == task] for task in task_names(run)}


def repeats(run: ModelRun) -> dict[str, int]:
    """Return how many samples each task has of an item."""
    return {
        task: max(len(samples) for (other, _), samples in run.samples.items() if other == task)
        for task in task_names(run)
    }


def state_letters(run: ModelRun) -> dict[str, str]:
    """Return the state of every sample as letters, by task."""
    return {
        task: "".join(STATE_LETTERS[s.state] for key, samples in run.samples.items() if key[0] == task for s in samples)
        for task in task_names(run)
    }


def _mean(samples: Sequence[Sample]) -> float:
    values = [sample.value for sample in samples if sample.value is not None]
    return sum(values) / len(values)
