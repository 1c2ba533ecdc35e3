"""Train a target or surrogate on examples of its own."""

from pathlib import Path

from harness.stages.base import TRAINING_LIBRARIES, Inputs, Log, Resources, stage
from traceinv.errors import InputError
from traceinv.progress import Progress
from traceinv.questions import Role
from traceinv.schema import Closed
from traceinv.targets.base import AnyReasoningModel, TrainedModel
from traceinv.training import fine_tune


class Params(Closed):
    """Which model, and whether it is the target or the surrogate."""

    model: AnyReasoningModel
    role: Role


@stage(
    Params,
    version=2,
    libraries=TRAINING_LIBRARIES,
    resources=Resources(gpus=1),
    resumable=True,
    unkeyed=("model.training.save_every",),
    uses=("traceinv.targets",),
)
def reasoning_model(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Train the model from its base.

    Raises:
        InputError: it is none that is trained.
    """
    if not isinstance(params.model, TrainedModel):
        raise InputError(f"{params.role}: {params.model.kind} is used as it is, and not trained")
    examples = params.model.training_examples(params.role)
    return fine_tune(
        inputs["base"],
        examples,
        params.model.training,
        0,
        out,
        progress,
        trust_remote_code=params.model.trust_remote_code,
    )
