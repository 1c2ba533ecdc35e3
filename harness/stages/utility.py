"""Measure what a policy's disclosures are worth to their reader."""

from pathlib import Path

from harness.faithfulness.utility import measure_utility
from harness.stages.base import Inputs, Log, stage
from traceinv.progress import Progress
from traceinv.records import Disclosure, Transcript
from traceinv.rows import read_folder
from traceinv.schema import Closed

UTILITY = "utility.json"


class Params(Closed):
    """The seed of folds and bootstrap."""

    seed: int


@stage(Params, libraries=("numpy", "scipy", "scikit-learn"))
def utility(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write the utility of a policy."""
    disclosures = read_folder(inputs["disclosures"], Disclosure)
    traces = {row.id: row.trace or "" for row in read_folder(inputs["transcripts"], Transcript)}
    figures = measure_utility(disclosures, traces, params.seed)
    (out / UTILITY).write_text(figures.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return {"answers": figures.answers, "wrong": figures.wrong}
