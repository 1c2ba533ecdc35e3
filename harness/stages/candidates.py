"""Write several replies to each question whose answer was disclosed."""

from pathlib import Path

from pydantic import Field

from harness.stages.base import Inputs, Log
from harness.stages.writing import Devices, write_rows, writing_stage
from traceinv.candidates import Asked, write_candidates
from traceinv.engines import Engine, Sampling
from traceinv.engines.shards import OfShard
from traceinv.progress import Progress
from traceinv.records import Candidate, Disclosure
from traceinv.regimes.verification import is_verified
from traceinv.rows import RowFile, read_folder
from traceinv.schema import Closed, Trusted
from traceinv.targets.local import Reading


class Params(Closed):
    """What the model is asked, how it writes, how many replies to a question, and how they are read (see `LocalModel`)."""

    engine: str
    asked: Asked
    count: int = Field(gt=0)
    sampling: Sampling
    reads: Reading = Field("markers", exclude_if=lambda reads: reads == "markers")
    instruction: str | None = Field(None, exclude_if=lambda instruction: instruction is None)
    trust_remote_code: Trusted = False
    shard: OfShard = None
    tensor_parallel: Devices = 1


@writing_stage(Params, version=1)
def candidates(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write the candidates as they arrive, and count the questions of which one comes to the disclosed answer."""
    rows = RowFile(out / "candidates.jsonl", Candidate, lambda row: (row.id, row.sample))
    disclosures = read_folder(inputs["disclosures"], Disclosure)
    keys = [(disclosure.id, sample) for disclosure in disclosures for sample in range(params.count)]

    def write(engine: Engine) -> list[Candidate]:
        return write_candidates(
            engine,
            disclosures,
            params.asked,
            params.count,
            params.sampling,
            rows,
            progress,
            params.reads,
            params.instruction,
            params.shard,
        )

    written, log = write_rows(params, inputs, rows, Candidate, keys, write)
    return {
        "questions": len({row.id for row in written}),
        "candidates": len(written),
        "finished": sum(row.finish_reason == "stop" for row in written),
        "verified": len({row.id for row in written if is_verified(row)}),
        **log,
    }
