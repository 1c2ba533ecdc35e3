"""Write what the benchmark asks: the key of responses depends on it, not on the source of graders."""

from pathlib import Path

from harness.benchmarks.catalog import source_files
from harness.evaluation.settings import EvalConfig
from harness.stages.base import Inputs, Log, stage
from traceinv.progress import Progress
from traceinv.schema import Closed


class Params(Closed):
    """What is asked."""

    benchmark: EvalConfig


@stage(Params, libraries=("lm_eval", "datasets"), files=lambda params: source_files(params["benchmark"]["tasks"]))
def items(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write a description of each task: the digest of its items' text, its version and its sampling."""
    from harness.evaluation.students import describe_items

    return describe_items(params.benchmark, inputs.get("data"), out)
