"""The record of a benchmark run, and how its figures are computed from verdicts."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import TypeAdapter, ValidationError

from harness.benchmarks.catalog import Form
from harness.evaluation.responses import Verdict
from harness.files import write_atomic
from harness.results.intervals import to_interval
from harness.results.schema import Interval, Provenance
from harness.stats import estimate, pass_at_k
from traceinv.errors import InputError
from traceinv.schema import Closed, describe

SCHEMA_VERSION: Literal[2] = 2
TASKS_FILE = "tasks.json"
PASS_AT = (1, 5, 10, 50, 100)
"""Values of k for pass@k; those above the fewest samples of an item are left out."""
UNNAMED = "unnamed"
"""Subject of items whose subject is not known."""

Estimator = Literal["avg", "pass"]


class Figures(Closed):
    """The score of a set of responses, beside the ways in which they failed.

    All shares are over samples. An item without a gradable sample has no score and is counted in `ungradable`.

    Attributes:
        items: items answered.
        samples: responses to them.
        accuracy: mean over items of each item's mean over samples, with its 95% interval over items; None without a score.
        official: the same mean of the scores by the benchmark's official grader, for comparisons with published figures; None
            where it is not computed.
        pass_at: pass@k by k, where every item with a score has at least k graded samples (see `harness.stats.pass_at_k`).
        finished: share that ended before the token limit; None where why they ended was not recorded.
        if_unfinished_right: accuracy if every response that hit the limit or never closed its reasoning counted as right.
        if_unfinished_wrong: the same, counted as wrong.
        mean_tokens: None where tokens were not recorded.
    """

    items: int
    samples: int
    accuracy: Interval | None
    pass_at: dict[int, Interval]
    finished: float | None
    no_answer: float
    unfinished: float
    bad_format: float
    ungradable: float
    if_unfinished_right: float | None
    if_unfinished_wrong: float | None
    mean_tokens: float | None
    official: Interval | None = None


class TaskDescription(Closed):
    """All about a task of a run that is fixed before the model is asked.

    Attributes:
        task: lm-eval's name of it.
        grader: link to the official grader, or why there is none.
        data: hub repository and revision that the task pins; number and SHA-256 of the items that were read.
        prompts: SHA-256 over the task's own text of all items, in order, before any chat template.
        rendered: SHA-256 over the prompts as the model reads them, in order.
        template: SHA-256 of the chat template; None for completion, "server's own" where a server applies its own.
        sampling: lm-eval's generation arguments, and the number of samples.
        token_limit: of each response.
        token_limit_asked: the limit of the task or the command; larger than `token_limit` where the context is too short.
        estimator: `avg`, or `pass` where `pass_at` is reported too.
    """

    name: str
    task: str
    form: Form
    version: str
    grader: str | None
    data: dict[str, Any]
    prompts: str
    rendered: str
    template: str | None
    sampling: dict[str, Any]
    token_limit: int
    token_limit_asked: int
    estimator: Estimator


class TaskRecord(TaskDescription):
    """One task's part of a record.

    Attributes:
        subjects: figures by subject, level or contest, where the task names them.
    """

    figures: Figures
    subjects: dict[str, Figures]


class BenchRecord(Closed):
    """A run of a model on some tasks.

    Attributes:
        model: name or path, engine, revision, data type and a fingerprint of its files.
        seed: of all sampling.
        parameters: what replaced values of the tasks' metadata.
    """

    schema_version: Literal[2] = SCHEMA_VERSION
    model: dict[str, Any]
    seed: int
    limit: int | None
    parameters: dict[str, Any]
    tasks: list[TaskRecord]
    provenance: Provenance

    def comparable(self) -> dict[str, Any]:
        """Return everything but the provenance: what is equal when the same run is made again or resumed after a kill."""
        return self.model_dump(mode="json", exclude={"provenance"})


def write_tasks(folder: Path, tasks: Sequence[TaskDescription]) -> None:
    """Write the descriptions of tasks to `tasks.json`."""
    rows = [task.model_dump(mode="json") for task in tasks]
    write_atomic(folder / TASKS_FILE, json.dumps(rows, indent=1) + "\n")


def read_tasks(folder: Path) -> list[TaskDescription]:
    """Read `tasks.json` of a folder with responses or graded responses.

    Raises:
        InputError: the file is missing or not of the form.
    """
    path = folder / TASKS_FILE
    try:
        return TypeAdapter(list[TaskDescription]).validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except ValidationError as error:
        raise InputError(f"{path}: {describe(error, TaskDescription)}") from None


def figures(verdicts: Sequence[Verdict], estimator: Estimator = "avg") -> Figures:
    """Compute the figures of some verdicts.

    Raises:
        ValueError: there is no verdict.
    """
    if not verdicts:
        raise ValueError("no response")
    by_item: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_item.setdefault(verdict.id, []).append(verdict)
    count = len(verdicts)
    ends = [verdict.finish_reason for verdict in verdicts]
    tokens = [verdict.tokens for verdict in verdicts if verdict.tokens is not None]
    return Figures(
        items=len(by_item),
        samples=count,
        accuracy=_interval(_item_means(by_item.values())),
        pass_at=_pass_at(by_item.values()) if estimator == "pass" else {},
        finished=None if None in ends else sum(end == "stop" for end in ends) / count,
        no_answer=_share(verdicts, "no_answer"),
        unfinished=_share(verdicts, "unfinished"),
        bad_format=_share(verdicts, "bad_format"),
        ungradable=_share(verdicts, "ungradable"),
        if_unfinished_right=_mean(_item_means(by_item.values(), cut_off=1.0)),
        if_unfinished_wrong=_mean(_item_means(by_item.values(), cut_off=0.0)),
        mean_tokens=sum(tokens) / len(tokens) if len(tokens) == count else None,
        official=_interval(_official_means(by_item.values())),
    )


def by_subject(
    verdicts: Sequence[Verdict], subjects: Mapping[str, str], estimator: Estimator = "avg"
) -> dict[str, Figures]:
    """Compute the figures of each subject; `subjects` maps an item's id to its subject."""
    groups: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault(subjects.get(verdict.id, UNNAMED), []).append(verdict)
    return {name: figures(groups[name], estimator) for name in sorted(groups)}


def _item_means(items: Iterable[Sequence[Verdict]], cut_off: float | None = None) -> list[float]:
    """Return each item's mean over its graded samples; if `cut_off` is given, it replaces the value of cut-off samples."""
    means = []
    for verdicts in items:
        values = [
            cut_off if cut_off is not None and verdict.cut_off else verdict.value
            for verdict in verdicts
            if verdict.value is not None
        ]
        if values:
            means.append(sum(values) / len(values))
    return means


def _official_means(items: Iterable[Sequence[Verdict]]) -> list[float]:
    """Return each item's mean official score over its samples; items without one are left out."""
    scores = [[verdict.official for verdict in verdicts if verdict.official is not None] for verdicts in items]
    return [sum(item) / len(item) for item in scores if item]


def _pass_at(items: Iterable[Sequence[Verdict]]) -> dict[int, Interval]:
    """Return pass@k for each k up to the fewest graded samples of an item.

    For a larger k the mean would be over another, smaller set of items. Items without a graded sample have no score at all.
    """
    values = [[verdict.value == 1.0 for verdict in verdicts if verdict.value is not None] for verdicts in items]
    solved = [samples for samples in values if samples]
    fewest = min(map(len, solved), default=0)
    intervals = {}
    for k in (k for k in PASS_AT if k <= fewest):
        chances = pass_at_k([sum(samples) for samples in solved], [len(samples) for samples in solved], k)
        intervals[k] = to_interval(estimate(chances[np.newaxis]), digits=None)
    return intervals


def _interval(values: Sequence[float]) -> Interval | None:
    """Return the interval over items; the samples of one item are no independent questions, so their mean is one value."""
    return to_interval(estimate(np.array([values])), digits=None) if values else None


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _share(verdicts: Sequence[Verdict], state: str) -> float:
    return sum(verdict.state == state for verdict in verdicts) / len(verdicts)
