"""Ask a model the items of the benchmark, and keep its raw responses."""

from pathlib import Path

from harness.evaluation.settings import EvalConfig
from harness.stages.base import GENERATION_LIBRARIES, Inputs, Log, Resources, stage
from traceinv.progress import Progress
from traceinv.schema import Closed, Trusted


class Params(Closed):
    """What is asked, and how."""

    benchmark: EvalConfig
    trust_remote_code: Trusted = False


@stage(
    Params,
    version=1,
    libraries=(*GENERATION_LIBRARIES, "lm_eval"),
    resources=Resources(gpus=1),
    resumable=True,
    unkeyed_inputs=("data",),  # `items` holds all that is asked
    uses=("traceinv.engines",),
)
def responses(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write one response a sample, as they arrive; nothing is graded."""
    from harness.evaluation.students import collect_responses

    return collect_responses(
        params.benchmark, inputs["model"], inputs.get("data"), out, progress, params.trust_remote_code
    )
