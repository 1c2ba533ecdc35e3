"""Read the recorded replies of a reasoning model; no model is asked."""

from pathlib import Path

from pydantic import Field

from harness.benchmarks.local import read_table
from harness.stages.base import Inputs, Log, stage
from traceinv.progress import Progress
from traceinv.records import Question
from traceinv.rows import read_folder, write_rows
from traceinv.schema import Closed
from traceinv.targets.recorded import RecordedModel


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
    rows = params.model.transcripts(questions, read_table(inputs["recording"]), params.sample)
    write_rows(out / "transcripts.jsonl", rows)
    return {
        "questions": len(questions),
        "complete": sum(row.usable for row in rows),
        "not_recorded": len(questions) - len(rows),
        "summaries": sum(row.summary is not None for row in rows),
    }
