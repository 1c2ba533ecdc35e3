"""Draw the questions that target or surrogate is asked."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness.benchmarks.catalog import source_files
from harness.benchmarks.local import read_table
from harness.benchmarks.questions import TaskQuestions
from harness.stages.base import Inputs, Log, stage
from traceinv.progress import Progress
from traceinv.questions import AnyQuestions, Role
from traceinv.questions.base import Placed, QuestionSource
from traceinv.questions.hub import HubQuestions
from traceinv.rows import write_rows
from traceinv.schema import Closed

DATA = "data"
"""The input with the file of a source that reads one."""

TASK = TaskQuestions.model_fields["kind"].default
"""The kind of questions that is of this package; a worker knows it since this module imports it."""


class Params(Closed):
    """Which questions: a source, and whom they are for."""

    source: AnyQuestions
    role: Role


def _task_files(params: Mapping[str, Any]) -> dict[str, Path]:
    source = params.get("source", {})
    return source_files([source["task"]]) if source.get("kind") == TASK else {}


@stage(Params, libraries=("python",), unkeyed=("source.path",), uses=("traceinv.questions",), files=_task_files)
def questions(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write the questions of one role."""
    rows = params.source.questions(params.role, rows_of(params.source, inputs.get(DATA)))
    write_rows(out / "questions.jsonl", rows)
    return {"questions": len(rows)}


def rows_of(source: QuestionSource, data: Path | None) -> Iterable[Placed]:
    """Return the rows that a source draws its questions from: those of a file, or of the hub; none where it makes them."""
    if data is not None and not isinstance(source, HubQuestions):
        return read_table(data)
    return source.hub_rows(data)
