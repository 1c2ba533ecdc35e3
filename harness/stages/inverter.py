"""Train an inverter on the surrogate's disclosures and traces."""

from pathlib import Path

from pydantic import Field

from harness.stages.base import TRAINING_LIBRARIES, Inputs, Log, Resources, refuse_losses, stage
from traceinv.formatting import within_limit
from traceinv.inversion import inverter_examples
from traceinv.progress import Progress
from traceinv.records import Disclosure, Transcript
from traceinv.rows import read_folder
from traceinv.schema import Closed, Trusted
from traceinv.training import fine_tune
from traceinv.training_config import TrainingConfig


class Params(Closed):
    """What the inverter is shown, and how it is trained.

    Attributes:
        max_dropped: share of the surrogate's transcripts that may be incomplete or too long.
    """

    with_summary: bool
    training: TrainingConfig
    max_dropped: float = Field(ge=0, le=1)
    seed: int
    trust_remote_code: Trusted = False


@stage(
    Params,
    version=2,
    libraries=TRAINING_LIBRARIES,
    resources=Resources(gpus=1),
    resumable=True,
    unkeyed=("training.save_every",),
)
def inverter(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Train a model that writes a trace from a disclosure.

    Raises:
        GateError: too few of the surrogate's transcripts are complete and short enough.
    """
    rows = read_folder(inputs["transcripts"], Transcript)
    disclosures = read_folder(inputs["disclosures"], Disclosure)
    examples = inverter_examples(rows, disclosures, params.with_summary)
    kept = within_limit(examples, inputs["base"], params.training.max_tokens, params.trust_remote_code)
    refuse_losses("training examples of the inverter", len(kept), len(rows), params.max_dropped)
    log = fine_tune(
        inputs["base"],
        kept,
        params.training,
        params.seed,
        out,
        progress,
        trust_remote_code=params.trust_remote_code,
    )
    return {**log, "too_long": len(examples) - len(kept)}
