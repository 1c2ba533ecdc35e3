"""Write a trace for each of the target's disclosures."""

from pathlib import Path

from pydantic import Field

from harness.stages.base import Inputs, Log
from harness.stages.writing import Devices, write_rows, writing_stage
from traceinv.engines import Engine, Sampling
from traceinv.engines.shards import OfShard
from traceinv.inversion import PromptStyle, invert
from traceinv.progress import Progress
from traceinv.records import Disclosure, Inversion
from traceinv.rows import RowFile, read_folder
from traceinv.schema import Closed, Trusted


class Params(Closed):
    """What the inverter is shown, how it writes, and whether it was trained or is only prompted."""

    engine: str
    with_summary: bool
    sampling: Sampling
    trained: bool
    prompt: PromptStyle = Field("short", exclude_if=lambda prompt: prompt == "short")
    trust_remote_code: Trusted = False
    shard: OfShard = None
    tensor_parallel: Devices = 1


@writing_stage(Params, version=1)
def inversions(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write one inversion a disclosure, as they arrive."""
    rows = RowFile(out / "inversions.jsonl", Inversion, lambda row: row.id)
    disclosures = read_folder(inputs["disclosures"], Disclosure)

    def write(engine: Engine) -> list[Inversion]:
        return invert(
            engine,
            disclosures,
            params.with_summary,
            params.sampling,
            rows,
            progress,
            params.trained,
            params.prompt,
            params.shard,
        )

    written, log = write_rows(params, inputs, rows, Inversion, [disclosure.id for disclosure in disclosures], write)
    return {
        "inversions": len(written),
        "finished": sum(row.finish_reason == "stop" for row in written),
        **log,
    }
