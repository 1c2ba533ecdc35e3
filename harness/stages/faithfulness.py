"""Measure how close inverted traces are to the hidden ones."""

from pathlib import Path

from pydantic import Field

from harness.faithfulness.measure import measure
from harness.stages.base import MEASURING_LIBRARIES, Inputs, Log, stage
from harness.stages.measured import write_measured
from harness.stages.rows import read_records
from traceinv.progress import Progress
from traceinv.records import Inversion, Transcript
from traceinv.schema import Closed


class Params(Closed):
    """How often each truth is paired with another question's trace, and the seed of these draws."""

    draws: int = Field(gt=0)
    seed: int


@stage(Params, libraries=MEASURING_LIBRARIES, uses=("harness.grading.worker",))
def faithfulness(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Compare each inverted trace with the true one, and with the true ones of other questions for the floor."""
    inversions, hidden = read_records(inputs["inversions"], Inversion), read_records(inputs["transcripts"], Transcript)
    return write_measured(out, measure(inversions, hidden, params.draws, params.seed))
