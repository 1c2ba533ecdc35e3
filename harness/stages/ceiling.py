"""Measure how close the target's second traces are to its first ones."""

from pathlib import Path

from harness.faithfulness.measure import measure_again, write_measured
from harness.stages.base import MEASURING_LIBRARIES, Inputs, Log, stage
from traceinv.progress import Progress
from traceinv.records import Transcript
from traceinv.rows import read_folder
from traceinv.schema import Closed


class Params(Closed):
    """No parameters."""


@stage(Params, libraries=MEASURING_LIBRARIES, uses=("harness.grading.worker",))
def ceiling(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Compare the target's second trace of each question with its first: no inverter can be expected to come closer."""
    second, hidden = read_folder(inputs["second"], Transcript), read_folder(inputs["transcripts"], Transcript)
    measured = measure_again(second, hidden)
    write_measured(out, measured)
    return {"asked": measured.asked, "pairs": len(measured.ids)}
