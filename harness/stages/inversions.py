"""Write a trace for each of the target's disclosures."""

from pathlib import Path

from pydantic import Field

from harness.stages.base import Inputs, Log
from harness.stages.writing import writing_stage, written_log
from traceinv.engines import Sampling, load_engine
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


@writing_stage(Params, version=1)
def inversions(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write one inversion a disclosure, as they arrive."""
    rows = RowFile(out / "inversions.jsonl", Inversion, lambda row: row.id)
    disclosures = read_folder(inputs["disclosures"], Disclosure)
    engine = load_engine(params.engine, inputs["model"], params.trust_remote_code)
    written = invert(
        engine, disclosures, params.with_summary, params.sampling, rows, progress, params.trained, params.prompt
    )
    return {
        "inversions": len(written),
        "finished": sum(row.finish_reason == "stop" for row in written),
        **written_log(rows, written, engine),
    }
