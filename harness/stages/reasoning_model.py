"""Train a target or surrogate on examples of its own."""

from pathlib import Path

from harness.stages.base import TRAINING_LIBRARIES, Inputs, Log, Resources, stage
from traceinv.progress import Progress
from traceinv.questions import Role
from traceinv.schema import Closed
from traceinv.targets.base import AnyReasoningModel
from traceinv.training import fine_tune


class Params(Closed):
    """Which model, and whether it is the target or the surrogate."""

    model: AnyReasoningModel
    role: Role


@stage(
    Params,
    version=1,
    libraries=TRAINING_LIBRARIES,
    resources=Resources(gpus=1),
    resumable=True,
    unkeyed=("model.training.save_every",),
    uses=("traceinv.targets",),
)
def reasoning_model(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Train the model from its base."""
    examples = params.model.training_examples(params.role)
    return fine_tune(inputs["base"], examples, params.model.training, 0, out, progress)
