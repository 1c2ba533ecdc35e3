"""The record of a benchmark run, and how its figures come from the samples' verdicts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from math import comb
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from harness.evaluation.responses import Verdict
from harness.results.schema import Interval, Provenance
from harness.stats import estimate

SCHEMA_VERSION: Literal[1] = 1
PASS_AT = (1, 5, 10, 50, 100)
"""Numbers of tries that code tasks report, as far as there are so many samples."""
UNNAMED = "unnamed"

Estimator = Literal["avg", "pass"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Figures(_Part):
    """The score of a set of responses, beside the ways in which they failed.

    All shares are over samples. An item without any sample that can be graded has no score and is counted in `ungradable`.

    Attributes:
        items, samples: how many were answered, and how many responses there are.
        accuracy: mean over items of each item's mean over samples, with its 95% interval over items; None without any score.
        pass_at: by k, the share of items that k tries would solve (the unbiased estimator of Chen et al. 2021,
            arXiv 2107.03374), over items of which at least k samples were graded.
        finished: share that ended before the token limit; None where why they ended was not recorded.
        if_unfinished_right, if_unfinished_wrong: accuracy if every response that was cut off (at the limit, or before it closed
            its reasoning) counted as right, or as wrong.
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


class TaskRecord(_Part):
    """One task's part of a run.

    Attributes:
        task: lm-eval's name for it.
        data: the hub's repository and revision as the task pins them, and a hash of the items that were really read.
        prompts: a hash of all prompts as the model read them, in order.
        sampling: lm-eval's generation arguments.
        token_limit: for each reply; `token_limit_asked` is the task's or the command's, larger where the context is short.
        estimator: `avg`, or `pass` where `pass_at` is reported too.
        subjects: figures by subject, level or contest, where the task says which.
    """

    name: str
    task: str
    form: Literal["chat", "completion"]
    version: str
    grader: str | None
    data: dict[str, Any]
    prompts: str
    sampling: dict[str, Any]
    token_limit: int
    token_limit_asked: int
    estimator: Estimator
    figures: Figures
    subjects: dict[str, Figures]


class BenchRecord(_Part):
    """A run of a model on some tasks.

    Attributes:
        model: its name or path, engine, revision, data type and a fingerprint of its files.
        chat_template: SHA-256 of the template that was applied; None where none was, "server's own" where a server applied its.
        seed: of all sampling.
        parameters: what tasks were given in place of their metadata.
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    model: dict[str, Any]
    chat_template: str | None
    seed: int
    limit: int | None
    parameters: dict[str, Any]
    tasks: list[TaskRecord]
    provenance: Provenance

    def comparable(self) -> dict[str, Any]:
        """Everything but the provenance: what must be the same when the same run is made again, or goes on after a kill."""
        return self.model_dump(mode="json", exclude={"provenance"})


def figures(verdicts: Sequence[Verdict], estimator: Estimator = "avg") -> Figures:
    """The figures of some verdicts.

    Raises:
        ValueError: there is none.
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
        accuracy=_interval(_means(by_item.values())),
        pass_at=_pass_at(by_item.values()) if estimator == "pass" else {},
        finished=None if None in ends else sum(end == "stop" for end in ends) / count,
        no_answer=_share(verdicts, "no_answer"),
        unfinished=_share(verdicts, "unfinished"),
        bad_format=_share(verdicts, "bad_format"),
        ungradable=_share(verdicts, "ungradable"),
        if_unfinished_right=_mean(_means(by_item.values(), cut_off=1.0)),
        if_unfinished_wrong=_mean(_means(by_item.values(), cut_off=0.0)),
        mean_tokens=sum(tokens) / len(tokens) if len(tokens) == count else None,
    )


def by_subject(
    verdicts: Sequence[Verdict], subjects: Mapping[str, str], estimator: Estimator = "avg"
) -> dict[str, Figures]:
    """Figures of each subject, by name; `subjects` gives an item's."""
    groups: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault(subjects.get(verdict.id, UNNAMED), []).append(verdict)
    return {name: figures(groups[name], estimator) for name in sorted(groups)}


def _means(items: Iterable[Sequence[Verdict]], cut_off: float | None = None) -> list[float]:
    """Each item's mean over its graded samples; those cut off count as `cut_off` where that is given."""
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


def _pass_at(items: Iterable[Sequence[Verdict]]) -> dict[int, Interval]:
    solved = [[verdict.value == 1.0 for verdict in verdicts if verdict.value is not None] for verdicts in items]
    found = {}
    for k in PASS_AT:
        shares = [1 - comb(len(item) - sum(item), k) / comb(len(item), k) for item in solved if len(item) >= k]
        interval = _interval(shares)
        if interval is not None:
            found[k] = interval
    return found


def _interval(values: Sequence[float]) -> Interval | None:
    # repeats of one item are no independent questions, so its mean over them is one observation
    return Interval(**asdict(estimate(np.array([values])))) if values else None


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _share(verdicts: Sequence[Verdict], state: str) -> float:
    return sum(verdict.state == state for verdict in verdicts) / len(verdicts)
