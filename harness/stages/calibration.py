"""Normalise the faithfulness of one inverter between floor and ceiling, over all seeds."""

from pathlib import Path

from harness.faithfulness.calibration import calibrate
from harness.faithfulness.measure import read_measured
from harness.stages.base import Inputs, Log, stage
from traceinv.progress import Progress
from traceinv.schema import Closed

FIGURES = "figures.json"
CEILING = "ceiling"


class Params(Closed):
    """The seed of the bootstrap."""

    seed: int


@stage(Params, libraries=("numpy", "scipy"))
def calibration(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write the figures of one inverter between floor and ceiling, on the questions that all seeds have."""
    seeds = [read_measured(path) for name, path in sorted(inputs.items()) if name != CEILING]
    ceiling = read_measured(inputs[CEILING]) if CEILING in inputs else None
    figures = calibrate(seeds, ceiling, params.seed)
    (out / FIGURES).write_text(figures.model_dump_json(indent=1) + "\n")
    return {"pairs": figures.pairs, "withheld": len(figures.withheld)}
