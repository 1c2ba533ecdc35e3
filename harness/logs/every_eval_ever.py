"""Read the instances of Every Eval Ever (`UUID_samples.jsonl`, schema 0.2 and 0.3).

A line is one response under one metric (`evaluation_result_id`). The schema has no number for repeated samples: lines with one
`sample_id` are samples in their order, or those that `metadata.sample` numbers, as our own export does.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from harness.files import read_json_lines, replace_half_characters
from harness.logs.samples import Log, LoggedSample, Wanted, check_score, check_unique, choose, collapsed
from traceinv.errors import InputError
from traceinv.records import FinishReason
from traceinv.schema import describe

FORMAT = "eee"
VERSIONS = ("0.2.", "0.3.")
FINISH_REASONS: Mapping[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "other": "other",
}
"""Reasons that `metadata.finish_reason` or `metadata.stop_reason` may hold; converters from inspect_ai write the latter."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class _Input(_Part):
    raw: str


class _Output(_Part):
    raw: list[str]
    reasoning_trace: list[str] | None = None


class _Evaluation(_Part):
    score: float


class _Usage(_Part):
    output_tokens: int


class Instance(_Part):
    """What is used of a line; the names are those of the schema `InstanceLevelEvaluationLog`."""

    schema_version: str
    model_id: str
    evaluation_name: str
    evaluation_result_id: str | None = None
    sample_id: str
    input: _Input
    output: _Output | None = None
    evaluation: _Evaluation
    token_usage: _Usage | None = None
    error: str | None = None
    metadata: dict[str, Any] | None = None


def is_row(content: dict[str, Any]) -> bool:
    """Say whether a line may be of this format."""
    return "evaluation_id" in content and "sample_id" in content


def is_aggregate(content: dict[str, Any]) -> bool:
    """Say whether a JSON object may be the aggregate beside the instances."""
    return "evaluation_results" in content and "source_metadata" in content


def read_file(path: Path, wanted: Wanted) -> Log:
    """Read a file of instances.

    Where no metric is wanted, the scores are those of the file's first `evaluation_result_id` in each evaluation.

    Raises:
        InputError: a line is not of the form, the file holds several models, or there is no such metric.
    """
    rows = [(line.where, _parse(line.content, line.where)) for line in read_json_lines(path)]
    if not rows:
        raise InputError(f"{path}: no line")
    models = list(dict.fromkeys(row.model_id for _, row in rows))
    if len(models) > 1:
        raise InputError(
            f"{path}: it has responses of {len(models)} models, such as {models[0]} and {models[1]}; expected one"
        )
    results = list(dict.fromkeys(row.evaluation_result_id for _, row in rows if row.evaluation_result_id))
    kept = _of_one_metric(rows, results, wanted, path)
    samples = _samples(kept, wanted.scores)
    check_unique(samples)
    chosen = list(dict.fromkeys(row.evaluation_result_id or "score" for _, row in kept))
    return Log(
        path,
        FORMAT,
        samples,
        model=models[0],
        scored_by=", ".join(chosen) if wanted.scores else None,
        other_scores=tuple(name for name in results if name not in chosen),
    )


def _parse(content: dict[str, Any], where: str) -> Instance:
    try:
        row = Instance.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{where}: {describe(error, Instance)}") from None
    if not row.schema_version.startswith(VERSIONS):
        raise InputError(f"{where}: schema_version is {row.schema_version!r}, expected 0.3.0 or 0.2.x")
    return row


def _of_one_metric(
    rows: Sequence[tuple[str, Instance]], results: Sequence[str], wanted: Wanted, path: Path
) -> list[tuple[str, Instance]]:
    """Keep the lines of one metric in each evaluation."""
    if wanted.scores and wanted.metric is not None:
        name = choose(results or ["score"], wanted.metric, "evaluation_result_id", path)
        return [(where, row) for where, row in rows if (row.evaluation_result_id or "score") == name]
    first: dict[str, str | None] = {}
    for _, row in rows:
        first.setdefault(row.evaluation_name, row.evaluation_result_id)
    return [(where, row) for where, row in rows if row.evaluation_result_id == first[row.evaluation_name]]


def _samples(rows: Sequence[tuple[str, Instance]], scores: bool) -> list[LoggedSample]:
    counts: dict[tuple[str, str], int] = {}
    samples = []
    for where, row in rows:
        key = row.evaluation_name, row.sample_id
        number = _number(row, where, counts.get(key, 0))
        counts[key] = number + 1
        samples.append(_logged(row, where, number, scores))
    return samples


def _number(row: Instance, where: str, default: int) -> int:
    number = (row.metadata or {}).get("sample")
    if number is None:
        return default
    if not isinstance(number, str) or not number.isdecimal():
        raise InputError(f"{where}: metadata.sample: expected a whole number as text, got {number!r:.60}")
    return int(number)


def _logged(row: Instance, where: str, number: int, scores: bool) -> LoggedSample:
    metadata = row.metadata or {}
    reason = metadata.get("finish_reason", metadata.get("stop_reason"))
    failed = row.error is not None or metadata.get("state") == "ungradable"
    return LoggedSample(
        where=where,
        task=row.evaluation_name,
        id=row.sample_id,
        sample=number,
        named=not row.sample_id.isdecimal(),
        response=_response(row.output),
        score=check_score(row.evaluation.score, f"{where}: evaluation.score") if scores and not failed else None,
        texts=collapsed([row.input.raw]),
        finish_reason=FINISH_REASONS.get(reason) if isinstance(reason, str) else None,
        tokens=row.token_usage.output_tokens if row.token_usage else None,
    )


def _response(output: _Output | None) -> str | None:
    """Return the response, with reasoning that is kept apart put before it; None for conversations of several turns."""
    if output is None or not output.raw:
        return None
    reasoning = "".join(f"<think>{trace}</think>" for trace in output.reasoning_trace or ())
    return replace_half_characters(reasoning + output.raw[0])
