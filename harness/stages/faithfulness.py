"""Measure how close inverted traces are to the hidden ones."""

from pathlib import Path

from pydantic import Field

from harness.faithfulness.measure import measure, write_measured
from harness.stages.base import MEASURING_LIBRARIES, Inputs, Log, stage
from traceinv.progress import Progress
from traceinv.records import Inversion, Transcript
from traceinv.rows import read_folder
from traceinv.schema import Closed


class Params(Closed):
    """How often each truth is paired with another question's trace, and the seed of these draws."""

    draws: int = Field(gt=0)
    seed: int


@stage(Params, libraries=MEASURING_LIBRARIES, uses=("harness.grading.worker",))
def faithfulness(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Compare each inverted trace with the true one, and with the true ones of other questions for the floor."""
    inversions, hidden = read_folder(inputs["inversions"], Inversion), read_folder(inputs["transcripts"], Transcript)
    measured = measure(inversions, hidden, params.draws, params.seed)
    write_measured(out, measured)
    return {"asked": measured.asked, "pairs": len(measured.ids)}
