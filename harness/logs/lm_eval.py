"""Read the files `samples_TASK_DATE.jsonl` that lm-eval writes with `--log_samples`.

Each line is one item under one filter, with all responses to it and its metrics (`lm_eval.result_schema.SampleResult`). A
metric is one figure an item, so all samples of an item have the same score.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.benchmarks.catalog import COMPLETION, PREFIX
from harness.files import read_json_lines, replace_half_characters
from harness.logs.samples import Log, LoggedSample, Wanted, check_score, check_unique, choose, question_texts
from traceinv.errors import InputError
from traceinv.schema import describe

FORMAT = "lm-eval"
FILES = "samples_*.jsonl"
NAME = re.compile(r"samples_(?P<task>.+)_\d{4}-\d\d-\d\dT[\d.-]+")
ID_FIELDS = ("id", "task_id", "question_id", "unique_id", "problem_id")
"""Fields of a document that may hold its own id."""


USUAL_METRICS = ("acc", "exact_match", "pass@1", "pass_at_1")
"""Metrics that are read before others."""


class LmEvalRow(BaseModel):
    """A line; the values of its metrics stand in further keys.

    Attributes:
        doc_id: the item's position in the split, from 0.
        doc: the item.
        resps: the responses to each request of the item.
        filter: the name of the filter that read the answers.
        metrics: the names of the item's metrics.
    """

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)

    doc_id: int = Field(ge=0)
    doc: dict[str, Any]
    resps: list[Any]
    filter: str = "none"
    metrics: list[str] = []

    @property
    def values(self) -> Mapping[str, Any]:
        """The values of the metrics, by name."""
        return self.model_extra or {}


def is_row(content: dict[str, Any]) -> bool:
    """Say whether a line may be of this format."""
    return "doc_id" in content and ("resps" in content or "filtered_resps" in content)


def is_folder(path: Path) -> bool:
    """Say whether a folder has files of this format."""
    return next(path.glob(FILES), None) is not None


def read_folder(path: Path, wanted: Wanted) -> Log:
    """Read the files of a folder, one for each task.

    Raises:
        InputError: two files are of one task, or a file is not of the form.
    """
    files: dict[str, Path] = {}
    for file in sorted(path.glob(FILES)):
        task = task_of(file)
        if task in files:
            raise InputError(f"{path}: {files[task].name} and {file.name} are of one task; name one of the files")
        files[task] = file
    logs = [read_file(file, wanted) for file in files.values()]
    samples = [sample for log in logs for sample in log.samples]
    names = dict.fromkeys(log.scored_by for log in logs if log.scored_by)
    return Log(path, FORMAT, samples, scored_by=", ".join(names), other_scores=logs[0].other_scores)


def read_file(path: Path, wanted: Wanted) -> Log:
    """Read a file.

    Where nothing else is wanted, the scores are those of the file's first filter, and of its first metric that is a number;
    metrics of `USUAL_METRICS` come before others.

    Raises:
        InputError: a line is not of the form, an item stands twice, or there is no such metric or filter.
    """
    rows = [(line.where, _parse(line.content, line.where)) for line in read_json_lines(path)]
    if not rows:
        raise InputError(f"{path}: no line")
    filters = list(dict.fromkeys(row.filter for _, row in rows))
    chosen = choose(filters, wanted.filter, "filter", path)
    rows = [(where, row) for where, row in rows if row.filter == chosen]
    metrics = numeric_metrics([row for _, row in rows])
    name = _metric(metrics, wanted, path) if wanted.scores else None
    ids: Sequence[str | None] = _own_ids([row.doc for _, row in rows]) or [None] * len(rows)
    samples = [
        sample
        for (where, row), own_id in zip(rows, ids, strict=True)
        for sample in _samples(row, where, task_of(path), own_id, name)
    ]
    check_unique(samples)
    others = [other for other in metrics if other != name] + [f"filter {other}" for other in filters if other != chosen]
    return Log(path, FORMAT, samples, scored_by=name and _score_name(name, chosen), other_scores=tuple(others))


def task_of(path: Path) -> str:
    """Return the task that a file's name holds; empty where it has been renamed. Our own tasks get their short names."""
    match = NAME.fullmatch(path.name.removesuffix(".gz").removesuffix(".jsonl"))
    task = match["task"] if match else ""
    return task.removeprefix(PREFIX).removesuffix(COMPLETION) if task.startswith(PREFIX) else task


def _parse(content: dict[str, Any], where: str) -> LmEvalRow:
    try:
        return LmEvalRow.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{where}: {describe(error, LmEvalRow)}") from None


def numeric_metrics(rows: Sequence[LmEvalRow]) -> list[str]:
    """List the metrics that are a number in every row that names them, the usual ones first."""
    kinds: dict[str, bool] = {}
    for row in rows:
        for name in row.metrics:
            kinds[name] = kinds.get(name, True) and isinstance(row.values.get(name), int | float)
    return sorted((name for name, is_number in kinds.items() if is_number), key=_place)


def _place(metric: str) -> int:
    return USUAL_METRICS.index(metric) if metric in USUAL_METRICS else len(USUAL_METRICS)


def _metric(metrics: Sequence[str], wanted: Wanted, path: Path) -> str:
    if not metrics:
        raise InputError(f"{path}: none of its metrics is a number for every item")
    return choose(metrics, wanted.metric, "metric that is a number", path)


def _score_name(metric: str, filter_name: str) -> str:
    return metric if filter_name == "none" else f"{metric} (filter {filter_name})"


def _own_ids(docs: Sequence[Mapping[str, Any]]) -> list[str] | None:
    """Return the documents' own ids: of the first field that is a text or a whole number, another in each document."""
    for name in ID_FIELDS:
        values = [doc.get(name) for doc in docs]
        if all(isinstance(value, str) or type(value) is int for value in values) and len(set(values)) == len(values):
            return [str(value) for value in values]
    return None


def _samples(row: LmEvalRow, where: str, task: str, own_id: str | None, metric: str | None) -> list[LoggedSample]:
    value = row.values.get(metric) if metric else None  # our own tasks leave `acc` out where an item cannot be graded
    score = None if value is None else check_score(value, f"{where}: {metric}")
    return [
        LoggedSample(
            where=where,
            task=task,
            id=str(row.doc_id) if own_id is None else own_id,
            sample=number,
            named=own_id is not None,
            response=response,
            score=score,
            texts=question_texts(row.doc),
        )
        for number, response in enumerate(_responses(row.resps))
    ]


def _responses(resps: Sequence[Any]) -> Sequence[str | None]:
    """Return the texts of the responses; one None where the model wrote none but likelihoods were compared."""
    if len(resps) == 1 and isinstance(resps[0], list) and resps[0] and all(isinstance(text, str) for text in resps[0]):
        return [replace_half_characters(text) for text in resps[0]]
    return [None]
