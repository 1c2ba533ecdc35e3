"""Grading of responses, and of files of responses recorded elsewhere."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.benchmarks.catalog import Benchmark
from harness.benchmarks.loading import LoadedTask, load
from harness.benchmarks.scorer import Item, grade_all
from harness.evaluation.reasoning import mark_reasoning, missing_option
from harness.evaluation.responses import Response, Sample, Verdict, read_recorded, sample_of, verdict_of
from traceinv.errors import InputError, nearest
from traceinv.reasoning import Markers


def grade_batch(responses: Sequence[Response], tasks: Sequence[LoadedTask]) -> list[Sample]:
    """Grade responses, each to an item of the task at the same place in `tasks`.

    Raises:
        GateError: the means of grading failed.
    """
    jobs = [
        (task.scorer.grade, response.response, task.by_id[response.id])
        for response, task in zip(responses, tasks, strict=True)
    ]
    return [sample_of(response, grade) for response, grade in zip(responses, grade_all(jobs), strict=True)]


def grade_file(
    benchmark: Benchmark,
    responses: Path,
    data_dir: str | None,
    parameters: Mapping[str, Any],
    markers: Markers | None = None,
    warn: Callable[[str], None] = lambda _: None,
) -> tuple[LoadedTask, list[tuple[str, Verdict]]]:
    """Grade a file of recorded responses.

    Args:
        markers: those of the reasoning; None to try those of all known models.
        warn: called with a note where the prompt seems to have opened the reasoning and `markers` do not say so.

    Returns:
        The task, and the verdicts in the order of the file, each with the id in the file; the nth line of an id is its nth
        sample.

    Raises:
        InputError: data or file is not of the form, or an id is no item of the task; the message names file and line.
        GateError: the means of grading failed.
    """
    recorded = read_recorded(responses)
    if not (markers and markers.opened) and (note := missing_option(recorded)):
        warn(note)
    recorded = mark_reasoning(recorded, markers)
    loaded = load(benchmark, data_dir, parameters)
    loaded.scorer.check_ready()
    items = [_find_item(loaded, record.id, where) for where, record in recorded]
    grades = grade_all(
        [(loaded.scorer.grade, record.response, item) for (_, record), item in zip(recorded, items, strict=True)]
    )
    samples: dict[str, int] = {}
    verdicts = []
    for (_, record), item, grade in zip(recorded, items, grades, strict=True):
        sample = samples[item["id"]] = samples.get(item["id"], -1) + 1
        verdicts.append((record.id, verdict_of(grade, record, item["id"], sample)))
    return loaded, verdicts


def _find_item(loaded: LoadedTask, identifier: str, where: str) -> Item:
    """Find an item by its id; where the source only numbers its items, the bare number stands for `TASK/NUMBER`."""
    for candidate in (identifier, f"{loaded.benchmark.name}/{identifier}"):
        if candidate in loaded.by_id:
            return loaded.by_id[candidate]
    raise InputError(f"{where}: id: no item {identifier!r} in {loaded.benchmark.name}{_hint(loaded, identifier)}")


def _hint(loaded: LoadedTask, identifier: str) -> str:
    ids = list(loaded.by_id)
    hint = nearest(identifier, ids)
    return hint if "did you mean" in hint else f" (its {len(ids)} ids run from {ids[0]!r} to {ids[-1]!r})"
