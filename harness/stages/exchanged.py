"""Exchange one part of disclosures with that of other questions, for the reading test."""

from pathlib import Path

from pydantic import Field

from harness.faithfulness.reading import Part, exchange
from harness.stages.base import Inputs, Log, stage
from traceinv.progress import Progress
from traceinv.records import Disclosure
from traceinv.rows import read_folder, write_rows
from traceinv.schema import Closed


class Params(Closed):
    """Which part is exchanged, in how many disclosures, and the seed of the pairing."""

    part: Part
    questions: int = Field(gt=0)
    seed: int


@stage(Params)
def exchanged(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write disclosures with one part from another question."""
    rows = exchange(read_folder(inputs["disclosures"], Disclosure), params.part, params.questions, params.seed)
    write_rows(out / "disclosures.jsonl", rows)
    return {"disclosures": len(rows)}
