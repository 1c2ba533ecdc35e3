"""Grade the responses of a model. No model is asked."""

from pathlib import Path

from harness.evaluation.settings import EvalConfig
from harness.stages.base import Inputs, Log, stage
from traceinv.progress import Progress
from traceinv.schema import Closed


class Params(Closed):
    """The tasks, and a digest of the source that grades each."""

    benchmark: EvalConfig
    sources: dict[str, str]


@stage(
    Params,
    libraries=("python", "lm_eval", "math-verify", "latex2sympy2_extended", "sympy"),
    uses=("harness.grading", "harness.sandbox", "harness.sandbox.inside"),
)
def grades(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write one graded response a sample."""
    from harness.evaluation.students import grade_responses

    return grade_responses(params.benchmark, inputs["responses"], inputs.get("data"), out, progress)
