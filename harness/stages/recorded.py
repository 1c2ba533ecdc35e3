"""Read the recorded replies of a reasoning model; no model is asked."""

from collections.abc import Iterable
from pathlib import Path

from pydantic import Field

from harness.benchmarks.local import read_table
from harness.stages.base import Inputs, Log, stage
from traceinv.progress import Progress
from traceinv.questions.base import Placed
from traceinv.records import Question
from traceinv.rows import read_folder, write_rows
from traceinv.schema import Closed
from traceinv.targets.recorded import RecordedModel

RECORDING = "recording"
"""The input with the file or folder of the replies; there is none for replies on the hub."""


class Params(Closed):
    """Whose replies, and which of several to a question.

    Attributes:
        sample: 0 for first replies, 1 for second ones.
    """

    model: RecordedModel
    sample: int = Field(ge=0)


@stage(Params, unkeyed=("model.path",))
def recorded(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write the transcript of each question that has one."""
    questions = read_folder(inputs["questions"], Question)
    rows = params.model.transcripts(questions, recorded_rows(params.model, inputs.get(RECORDING)), params.sample)
    write_rows(out / "transcripts.jsonl", rows)
    return {
        "questions": len(questions),
        "complete": sum(row.usable for row in rows),
        "not_recorded": len(questions) - len(rows),
        "summaries": sum(row.summary is not None for row in rows),
    }


def recorded_rows(model: RecordedModel, recording: Path | None) -> Iterable[Placed]:
    """Return the rows that hold a model's replies.

    Raises:
        InputError: they cannot be read or loaded.
    """
    if model.hub is not None:
        return model.hub.rows(recording)
    return read_table(recording) if recording is not None else ()
