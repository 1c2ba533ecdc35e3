"""Train a student under one regime."""

import json
import shutil
from pathlib import Path

from pydantic import Field

from harness.stages.base import TRAINING_LIBRARIES, Inputs, Log, Resources, stage
from harness.stages.shared_rows import IDS
from traceinv.errors import GateError
from traceinv.progress import Progress
from traceinv.records import Example
from traceinv.rows import read_folder
from traceinv.schema import Closed, Trusted
from traceinv.training import fine_tune
from traceinv.training_config import TrainingConfig

UNTAUGHT: Log = {"examples": 0, "loss_tokens": 0, "first_row": "", "steps": 0, "losses": [], "resumed": 0}
"""The log of a student that was taught nothing."""


class Params(Closed):
    """How the student is trained, and whether its regime teaches only some of the shared questions."""

    training: TrainingConfig
    seed: int
    partial: bool = Field(False, exclude_if=lambda partial: not partial)
    trust_remote_code: Trusted = False


@stage(
    Params,
    version=2,
    libraries=TRAINING_LIBRARIES,
    resources=Resources(gpus=1),
    resumable=True,
    unkeyed=("training.save_every",),
)
def student(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Train a student on the shared questions; under a partial regime, on those that it teaches.

    A partial regime that teaches none of them leaves the student untaught: an attack without an example gains nothing. So does
    any regime without an example of any question; the record leaves its student out.

    Raises:
        GateError: the regime has examples, but none of one of them, and is not partial.
    """
    examples: dict[str, list[Example]] = {}
    for example in read_folder(inputs["examples"], Example):
        examples.setdefault(example.id, []).append(example)
    ids = json.loads((inputs["rows"] / IDS).read_text())
    missing = [identifier for identifier in ids if identifier not in examples]
    if not examples or (params.partial and len(missing) == len(ids)):
        shutil.copytree(inputs["base"], out, dirs_exist_ok=True)
        return UNTAUGHT
    if missing and not params.partial:
        raise GateError(
            f"equal rows: no example of {len(missing)} of {len(ids)} shared questions, such as {missing[0]}"
        )
    rows = [example for identifier in ids for example in examples.get(identifier, [])]
    return fine_tune(
        inputs["base"],
        rows,
        params.training,
        params.seed,
        out,
        progress,
        trust_remote_code=params.trust_remote_code,
    )
