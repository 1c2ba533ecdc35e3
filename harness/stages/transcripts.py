"""Ask a reasoning model questions, and keep its traces and answers."""

from pathlib import Path

from pydantic import Field

from harness.stages.base import Inputs, Log
from harness.stages.writing import Devices, load_writer, shard_folders, writing_stage, written_log
from traceinv.engines import Sampling
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
    questions, shards, engine = read_folder(inputs["questions"], Question), shard_folders(inputs), None
    if shards:
        rows.hold(shards, Transcript)
        answered = rows.finish([question.id for question in questions])
    else:
        engine = load_writer(params.engine, inputs["model"], params.trust_remote_code, params.tensor_parallel)
        answered = answer_questions(
            engine, questions, params.sampling, rows, progress, params.reads, params.instruction, params.shard
        )
    return {
        "questions": len(answered),
        "complete": sum(row.complete for row in answered),
        **written_log(rows, answered, engine, len(shards)),
    }
