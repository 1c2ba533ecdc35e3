"""Train a student under one regime."""

import json
from pathlib import Path

from harness.stages.base import TRAINING_LIBRARIES, Inputs, Log, Resources, stage
from harness.stages.shared_rows import IDS
from traceinv.errors import GateError
from traceinv.progress import Progress
from traceinv.records import Example
from traceinv.rows import read_folder
from traceinv.schema import Closed
from traceinv.training import TrainingConfig, fine_tune


class Params(Closed):
    """How the student is trained."""

    training: TrainingConfig
    seed: int


@stage(
    Params,
    version=1,
    libraries=TRAINING_LIBRARIES,
    resources=Resources(gpus=1),
    resumable=True,
    unkeyed=("training.save_every",),
)
def student(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Train a student on the shared questions.

    Raises:
        GateError: the regime has no example of one of them.
    """
    examples = {example.id: example for example in read_folder(inputs["examples"], Example)}
    ids = json.loads((inputs["rows"] / IDS).read_text())
    missing = [identifier for identifier in ids if identifier not in examples]
    if missing:
        raise GateError(
            f"equal rows: no example of {len(missing)} of {len(ids)} shared questions, such as {missing[0]}"
        )
    rows = [examples[identifier] for identifier in ids]
    return fine_tune(inputs["base"], rows, params.training, params.seed, out, progress)
