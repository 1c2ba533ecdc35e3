"""Ask a reasoning model questions, and keep its traces and answers."""

from pathlib import Path

from pydantic import Field

from harness.stages.base import Inputs, Log
from harness.stages.writing import Devices, write_rows, writing_stage
from traceinv.engines import Engine, Sampling
from traceinv.engines.shards import OfShard
from traceinv.progress import Progress
from traceinv.records import Question, Transcript
from traceinv.rows import RowFile, read_folder
from traceinv.schema import Closed, Trusted
from traceinv.targets import answer_questions
from traceinv.targets.local import Reading


class Params(Closed):
    """How the model is asked, and how its replies are read (see `LocalModel`)."""

    engine: str
    sampling: Sampling
    reads: Reading = Field("markers", exclude_if=lambda reads: reads == "markers")
    instruction: str | None = Field(None, exclude_if=lambda instruction: instruction is None)
    trust_remote_code: Trusted = False
    shard: OfShard = None
    tensor_parallel: Devices = 1


@writing_stage(Params, version=1)
def transcripts(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write one transcript a question, as they arrive."""
    rows = RowFile(out / "transcripts.jsonl", Transcript, lambda row: row.id)
    questions = read_folder(inputs["questions"], Question)

    def write(engine: Engine) -> list[Transcript]:
        return answer_questions(
            engine, questions, params.sampling, rows, progress, params.reads, params.instruction, params.shard
        )

    answered, log = write_rows(params, inputs, rows, Transcript, [question.id for question in questions], write)
    return {
        "questions": len(answered),
        "complete": sum(row.complete for row in answered),
        **log,
    }
