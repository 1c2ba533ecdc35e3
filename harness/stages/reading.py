"""Measure how much closer inverted traces come to the true ones with the right disclosure than with an exchanged part."""

from pathlib import Path

from harness.faithfulness.reading import compare_readings
from harness.stages.base import MEASURING_LIBRARIES, Inputs, Log, stage
from traceinv.progress import Progress
from traceinv.records import Inversion, Transcript
from traceinv.rows import read_folder
from traceinv.schema import Closed

READING = "reading.json"


class Params(Closed):
    """No parameters."""


@stage(Params, libraries=MEASURING_LIBRARIES, uses=("harness.grading.worker",))
def reading(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Compare the traces of one inverter from right and from exchanged disclosures with the true ones."""
    own, exchanged = (read_folder(inputs[name], Inversion) for name in ("inversions", "exchanged"))
    found = compare_readings(own, exchanged, read_folder(inputs["transcripts"], Transcript))
    (out / READING).write_text(found.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return {"asked": found.asked, "pairs": len(found.ids)}
