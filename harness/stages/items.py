"""Write what the benchmark asks: the key of responses depends on it, not on the source of graders."""

from pathlib import Path

from harness.evaluation.settings import EvalConfig
from harness.stages.base import Inputs, Log, stage
from traceinv.progress import Progress
from traceinv.schema import Closed


class Params(Closed):
    """What is asked.

    Attributes:
        sources: digest of each task's own files and of what they import.
    """

    benchmark: EvalConfig
    sources: dict[str, str]


@stage(Params, libraries=("lm_eval", "datasets"))
def items(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write a description of each task: the digest of its items' text, its version and its sampling."""
    from harness.evaluation.students import describe_items

    return describe_items(params.benchmark, inputs.get("data"), out)
