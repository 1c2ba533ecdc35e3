"""Measure how close the target's second traces are to its first ones."""

from pathlib import Path

from harness.faithfulness.measure import measure_again
from harness.stages.base import MEASURING_LIBRARIES, Inputs, Log, stage
from harness.stages.measured import write_measured
from harness.stages.rows import read_records
from traceinv.progress import Progress
from traceinv.records import Transcript
from traceinv.schema import Closed


class Params(Closed):
    """No parameters."""


@stage(Params, libraries=MEASURING_LIBRARIES, uses=("harness.grading.worker",))
def ceiling(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Compare the target's second trace of each question with its first: no inverter can be expected to come closer."""
    second, hidden = read_records(inputs["second"], Transcript), read_records(inputs["transcripts"], Transcript)
    return write_measured(out, measure_again(second, hidden))
