"""Measure how different the summaries that inverters are trained on are from those that they are used on."""

from pathlib import Path

from harness.faithfulness.style import summary_style
from harness.stages.base import Inputs, Log, stage
from traceinv.progress import Progress
from traceinv.records import Disclosure
from traceinv.rows import read_folder
from traceinv.schema import Closed

STYLE = "style.json"


class Params(Closed):
    """The seed of folds and bootstrap."""

    seed: int


@stage(Params, libraries=("numpy", "scipy", "scikit-learn"))
def style(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write the style distance; `null` where there are too few summaries."""
    trained, used = (read_folder(inputs[side], Disclosure) for side in ("trained", "used"))
    distance = summary_style(trained, used, params.seed)
    (out / STYLE).write_text((distance.model_dump_json(indent=1) if distance else "null") + "\n")
    return {"trained": len(trained), "used": len(used)}
