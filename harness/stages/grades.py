"""Grade the responses of a model. No model is asked."""

from pathlib import Path

from harness.benchmarks.catalog import source_files
from harness.evaluation.settings import EvalConfig
from harness.stages.base import Inputs, Log, stage
from traceinv.progress import Progress
from traceinv.schema import Closed


class Params(Closed):
    """The tasks."""

    benchmark: EvalConfig


@stage(
    Params,
    libraries=("python", "lm_eval", "math-verify", "latex2sympy2_extended", "sympy"),
    uses=("harness.grading", "harness.sandbox"),
    files=lambda params: source_files(params["benchmark"]["tasks"]),
)
def grades(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write one graded response a sample."""
    from harness.evaluation.students import grade_responses

    return grade_responses(params.benchmark, inputs["responses"], inputs.get("data"), out, progress)
