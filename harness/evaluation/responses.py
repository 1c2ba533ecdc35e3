"""Rows of evaluations: responses as models wrote them, and verdicts on them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from harness.grading import Grade, State
from traceinv.records import FinishReason
from traceinv.rows import RowFile, read_rows

RESPONSES = "responses"
"""Folder with a file of `Response` rows for each task."""
SAMPLES = "samples"
"""Folder with a file of `Sample` rows for each task."""

ResponseKey = tuple[str, int]
"""An item's id and the number of the response."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: str
    sample: int = Field(ge=0)

    @property
    def key(self) -> ResponseKey:
        return self.id, self.sample


class Response(_Row):
    """One response to one item, not graded.

    Attributes:
        id: the item's id within its task.
        sample: 0 for the first response to the item, 1 for the next.
        prompt_hash: SHA-256 of the rendered prompt.
        text_hash: SHA-256 of the task's own text of the item, before any chat template.
        response: raw, reasoning included; where the prompt ends with the opening reasoning marker, that marker comes first.
        finish_reason: `length` where the token limit cut it off, `other` where a server ended it for a reason of its own.
        tokens: generated tokens, the one that ends the reply included; None where a server does not say.
    """

    prompt_hash: str
    text_hash: str
    response: str
    finish_reason: FinishReason
    tokens: int | None


class Verdict(_Row):
    """The verdict on one response to one item.

    Attributes:
        finish_reason, tokens: as in `Response`; None where they were not recorded.
        value: score from 0 to 1; None where the item is ungradable.
        official: score by the benchmark's official grader; None where it is not computed, and in files without it.
    """

    finish_reason: FinishReason | None
    tokens: int | None
    state: State
    value: float | None
    extracted: str | None
    explanation: str
    official: float | None = None

    @property
    def cut_off(self) -> bool:
        """Whether more tokens might have changed the verdict.

        They might where the response hit its limit, or where its reasoning is open and it did not end by itself.
        """
        return self.finish_reason == "length" or (self.state == "unfinished" and self.finish_reason != "stop")


class Sample(Verdict):
    """A verdict together with the response; the attributes are those of `Response` and `Verdict`."""

    prompt_hash: str
    text_hash: str
    response: str


class Ending(Protocol):
    """How a response ended."""

    @property
    def finish_reason(self) -> FinishReason | None: ...
    @property
    def tokens(self) -> int | None: ...


def verdict_of(grade: Grade, row: Ending, item: str, sample: int) -> Verdict:
    """Make the verdict on a response from its grade."""
    return Verdict(id=item, sample=sample, finish_reason=row.finish_reason, tokens=row.tokens, **_grade_fields(grade))


def sample_of(response: Response, grade: Grade) -> Sample:
    """Join a response and its grade to one row."""
    return Sample(**response.model_dump(), **_grade_fields(grade))


def _grade_fields(grade: Grade) -> dict[str, Any]:
    return {
        "state": grade.state,
        "value": None if grade.state == "ungradable" else grade.value,
        "extracted": grade.extracted,
        "explanation": grade.explanation,
        "official": grade.official,
    }


def read_responses(folder: Path, task: str) -> list[Response]:
    """Read a task's responses from a folder, without changing the file.

    Raises:
        InputError: a line is not a response.
    """
    return read_rows(folder / RESPONSES / f"{task}.jsonl", Response)


def read_samples(path: Path) -> list[Sample]:
    """Read a file of graded responses.

    Raises:
        InputError: a line is not a graded response.
    """
    return read_rows(path, Sample)


def open_responses(folder: Path, task: str) -> RowFile[Response, ResponseKey]:
    """Open the file of a task's responses in a folder.

    Raises:
        InputError: a line is not a response.
    """
    return RowFile(folder / RESPONSES / f"{task}.jsonl", Response, lambda row: row.key)


def open_samples(folder: Path, task: str) -> RowFile[Sample, ResponseKey]:
    """Open the file of a task's graded responses in a folder.

    Raises:
        InputError: a line is not a graded response.
    """
    return RowFile(folder / SAMPLES / f"{task}.jsonl", Sample, lambda row: row.key)


def remove_leftovers(out: Path, folder: str, tasks: Sequence[str], others: Sequence[str]) -> None:
    """Remove what killed runs left in an output folder.

    Args:
        out: the output folder.
        folder: the folder inside with a file for each task.
        tasks: tasks whose files stay.
        others: further files of `out` that stay.
    """
    kept = [out / folder, *(out / name for name in others), *(out / folder / f"{task}.jsonl" for task in tasks)]
    for path in [*out.iterdir(), *(out / folder).iterdir()]:
        if path not in kept:
            path.unlink()
