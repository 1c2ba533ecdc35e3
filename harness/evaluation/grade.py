"""Scoring recorded answers: `traceinv grade`. Imports lm-eval: import it late."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.benchmarks.catalog import Benchmark
from harness.benchmarks.loading import LoadedTask, load
from harness.benchmarks.scorer import Item, grade_all
from harness.evaluation.responses import Recorded, Verdict, read_recorded, value_of
from harness.grading import Grade
from traceinv.errors import InputError, nearest


def grade_file(
    benchmark: Benchmark, responses: Path, data_dir: str | None, parameters: Mapping[str, Any]
) -> tuple[LoadedTask, list[tuple[str, Verdict]]]:
    """The verdicts on a file's responses in its order, each with the id in the file; the nth line of an id is its nth sample.

    Raises:
        InputError: the data or the file is not as expected, or an id is no item of the task; the message names file and line.
        GateError: the means of grading failed.
    """
    recorded = read_recorded(responses)
    loaded = load(benchmark, data_dir, parameters)
    loaded.scorer.check_ready()
    items = [_item(loaded, record, where) for where, record in recorded]
    grade = loaded.scorer.grade
    grades = grade_all([(grade, record.response, item) for (_, record), item in zip(recorded, items, strict=True)])
    samples: dict[str, int] = {}
    verdicts = []
    for (_, record), item, found in zip(recorded, items, grades, strict=True):
        sample = samples[item["id"]] = samples.get(item["id"], -1) + 1
        verdicts.append((record.id, _verdict(record, item, sample, found)))
    return loaded, verdicts


def _verdict(record: Recorded, item: Item, sample: int, grade: Grade) -> Verdict:
    return Verdict(
        id=item["id"],
        sample=sample,
        finish_reason=record.finish_reason,
        tokens=record.tokens,
        state=grade.state,
        value=value_of(grade),
        extracted=grade.extracted,
        explanation=grade.explanation,
    )


def _item(loaded: LoadedTask, record: Recorded, where: str) -> Item:
    """The item with this id; where the source only numbers its items, the bare number will do for `TASK/NUMBER`."""
    for identifier in (record.id, f"{loaded.benchmark.name}/{record.id}"):
        if identifier in loaded.by_id:
            return loaded.by_id[identifier]
    raise InputError(f"{where}: id: no item {record.id!r} in {loaded.benchmark.name}{_hint(loaded, record.id)}")


def _hint(loaded: LoadedTask, identifier: str) -> str:
    ids = list(loaded.by_id)
    hint = nearest(identifier, ids)
    return hint if "did you mean" in hint else f" (its {len(ids)} ids run from {ids[0]!r} to {ids[-1]!r})"
