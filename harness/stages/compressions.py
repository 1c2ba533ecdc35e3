"""Let a compressor write summaries of transcripts."""

from pathlib import Path

from harness.stages.base import Inputs, Log
from harness.stages.writing import Devices, load_writer, writing_stage, written_log
from traceinv.compression import compress, is_met
from traceinv.errors import GateError
from traceinv.policies import AnyPolicy
from traceinv.policies.prompted import Prompted
from traceinv.progress import Progress
from traceinv.records import Compression, Transcript
from traceinv.rows import RowFile, read_folder
from traceinv.schema import Closed


class Params(Closed):
    """The policy, which says what the compressor is asked, and the engine that runs it."""

    engine: str
    policy: AnyPolicy
    tensor_parallel: Devices = 1


@writing_stage(Params, version=1)
def compressions(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write attempts as they arrive, and count the transcripts of which none is as the policy wants it.

    Raises:
        GateError: the policy has no compressor.
    """
    if not isinstance(params.policy, Prompted):
        raise GateError(f"the policy {params.policy.kind} has no compressor")
    rows = RowFile(out / "compressions.jsonl", Compression, lambda row: (row.id, row.sample))
    transcripts = {row.id: row for row in read_folder(inputs["transcripts"], Transcript)}
    engine = load_writer(params.engine, inputs["model"], params.policy.trust_remote_code, params.tensor_parallel)
    written = compress(engine, list(transcripts.values()), params.policy, rows, progress)
    asked = {row.id for row in written}
    met = {row.id for row in written if is_met(params.policy, transcripts[row.id], row)}
    return {
        "transcripts": len(asked),
        "attempts": len(written),
        "missed": len(asked - met),
        **written_log(rows, written, engine),
    }
