"""Read this project's own rows: graded samples of `traceinv bench` and `traceinv grade`, and responses without a grade."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.files import JsonLine, read_json_lines, replace_half_characters
from harness.logs.samples import Log, LoggedSample, Wanted, check_score, check_unique
from harness.results.files import read_json
from harness.results.schema import STATE_LETTERS
from traceinv.errors import InputError, nearest
from traceinv.records import FinishReason
from traceinv.schema import describe

FORMAT = "traceinv"
SAMPLES = "samples"
"""The folder of a benchmark run with a file of graded samples for each task."""
RECORD = "bench.json"
"""The record in that folder."""
SCORE = "grade"
UNGRADABLE = "ungradable"
GRADE_KEYS = ("sample", "state", "value")


class RecordedRow(BaseModel):
    """A line; other keys are ignored.

    Attributes:
        task: as `traceinv grade` writes it; empty where the file has one task, or where the task is not known.
        sample: the number of the response; where it is missing, the nth line of an id is its nth sample.
        state, value: the grade; `value` is None where the item is ungradable. Missing in rows that are not graded.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, allow_inf_nan=False)

    id: str
    task: str = ""
    sample: int | None = Field(None, ge=0)
    response: str | None = None
    finish_reason: FinishReason | None = None
    tokens: int | None = None
    state: str | None = None
    value: float | None = None

    @property
    def has_value(self) -> bool:
        """Whether the row has a value, which may be None."""
        return "value" in self.model_fields_set


def is_row(content: dict[str, Any]) -> bool:
    """Say whether a line may be of this format."""
    return "id" in content and ("response" in content or "state" in content)


def is_folder(path: Path) -> bool:
    """Say whether a folder is a benchmark run's."""
    return (path / SAMPLES).is_dir()


def read_file(path: Path, wanted: Wanted, task: str = "") -> Log:
    """Read a file of rows.

    Args:
        wanted: without scores, only the response and how it ended are read; lines with one id are samples in their order.
        task: the name of the task, where rows do not have it.

    Raises:
        InputError: the file is missing or empty, or a line is not of the form; the message names file, line and field.
    """
    samples = list(_samples(path, wanted, task))
    if not samples:
        raise InputError(f'{path}: no line; expected {{"id": ..., "response": ...}} on each')
    check_unique([sample for sample, _ in samples])
    graded = any(is_graded for _, is_graded in samples)
    return Log(path, FORMAT, [sample for sample, _ in samples], scored_by=SCORE if graded else None)


def read_folder(path: Path, wanted: Wanted) -> Log:
    """Read all graded samples of a benchmark run's folder.

    Raises:
        InputError: it has none, or a file is not of the form.
    """
    logs = [read_file(file, wanted, file.stem) for file in sorted((path / SAMPLES).glob("*.jsonl"))]
    if not logs:
        raise InputError(f"{path / SAMPLES}: no file of samples; expected TASK.jsonl")
    model, versions = _described(path)
    samples = [sample for log in logs for sample in log.samples]
    return Log(path, FORMAT, samples, model, logs[0].scored_by, versions=versions)


def _samples(path: Path, wanted: Wanted, task: str) -> Iterator[tuple[LoggedSample, bool]]:
    """Yield each line, and whether it is graded."""
    counts: dict[str, int] = {}
    for line in read_json_lines(path):
        row = _parse(line, wanted)
        number = counts.get(row.id, 0) if row.sample is None else row.sample
        counts[row.id] = number + 1
        sample = LoggedSample(
            where=line.where,
            task=row.task or task,
            id=row.id,
            sample=number,
            named=True,
            response=row.response,
            score=_score(row, line.where),
            finish_reason=row.finish_reason,
            tokens=row.tokens,
        )
        yield sample, row.state is not None


def _score(row: RecordedRow, where: str) -> float | None:
    """Return a row's score; a row that has a state alone, as an export of a record's items, is right or wrong by it.

    Raises:
        InputError: the value is no score, or the state is unknown.
    """
    if row.state not in (None, *STATE_LETTERS):
        raise InputError(f"{where}: state: unknown state {row.state!r:.40}{nearest(str(row.state), STATE_LETTERS)}")
    if row.value is not None:
        return check_score(row.value, f"{where}: value")
    return 1.0 if row.state == "correct" else None if row.has_value or row.state in (None, UNGRADABLE) else 0.0


def _parse(line: JsonLine, wanted: Wanted) -> RecordedRow:
    content = {key: value for key, value in line.content.items() if wanted.scores or key not in GRADE_KEYS}
    if type(content.get("id")) is int:  # some benchmarks number their items
        content["id"] = str(content["id"])
    if isinstance(content.get("response"), str):
        content["response"] = replace_half_characters(content["response"])
    try:
        return RecordedRow.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{line.where}: {describe(error, RecordedRow)}") from None


def _described(folder: Path) -> tuple[str | None, dict[str, str]]:
    """Return the model and the tasks' versions that the folder's record names; nothing where it has no record."""
    path = folder / RECORD
    if not path.is_file():
        return None, {}
    content = read_json(path)
    try:
        versions = {str(task["name"]): str(task["version"]) for task in content["tasks"]}
        return str(content["model"]["name"]), versions
    except (KeyError, TypeError):
        raise InputError(
            f"{path}: not a record of a benchmark run; expected model.name and tasks with versions"
        ) from None
