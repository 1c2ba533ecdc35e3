"""Grading of responses, and of files of responses recorded elsewhere."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.benchmarks.catalog import Benchmark
from harness.benchmarks.loading import LoadedTask, load
from harness.benchmarks.scorer import grade_all
from harness.evaluation.reasoning import mark_reasoning, missing_option
from harness.evaluation.recorded import find_items, read_recorded
from harness.evaluation.responses import Response, Sample, Verdict, sample_of, verdict_of
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
    format_name: str | None = None,
) -> tuple[LoadedTask, list[tuple[str, Verdict]]]:
    """Grade a file of recorded responses.

    Args:
        markers: those of the reasoning; None to try those of all known models.
        warn: called with a note where the prompt seems to have opened the reasoning and `markers` do not say so, and with one
            that says how the items of another program's log were found.
        format_name: of the file, one of `harness.logs.formats.FORMATS`; told by its content where None.

    Returns:
        The task, and the verdicts in the order of the file, each with the id in the file, or with the item's id where the file
        is another program's log; the nth response to an item is its nth sample.

    Raises:
        InputError: data or file is not of the form, or an id is no item of the task; the message names file and line.
        GateError: the means of grading failed.
    """
    recorded = read_recorded(responses, benchmark.name, format_name)
    if not (markers and markers.opened) and (note := missing_option(recorded)):
        warn(note)
    recorded = mark_reasoning(recorded, markers)
    loaded = load(benchmark, data_dir, parameters)
    loaded.scorer.check_ready()
    items, how_found = find_items(loaded, recorded)
    if how_found:
        warn(how_found)
    grades = grade_all([(loaded.scorer.grade, row.response, item) for row, item in zip(recorded, items, strict=True)])
    samples: dict[str, int] = {}
    verdicts = []
    for row, item, grade in zip(recorded, items, grades, strict=True):
        sample = samples[item["id"]] = samples.get(item["id"], -1) + 1
        verdicts.append((row.id if row.strict else item["id"], verdict_of(grade, row, item["id"], sample)))
    return loaded, verdicts
