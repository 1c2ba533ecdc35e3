"""Make the training examples of one regime."""

from pathlib import Path

from harness.stages.base import Inputs, Log, stage
from traceinv.formatting import within_limit
from traceinv.progress import Progress
from traceinv.regimes import REGIMES
from traceinv.rows import read_folder, write_rows
from traceinv.schema import Closed


class Params(Closed):
    """The regime, the student's limit, and the seed of regimes that draw."""

    regime: str
    max_tokens: int
    seed: int


@stage(Params, libraries=("transformers", "tokenizers"))
def examples(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write the examples that a regime can teach; those over the limit are left out and counted."""
    regime = REGIMES[params.regime]
    taught = regime.teach(read_folder(inputs["source"], regime.source.reads), params.seed)
    kept = within_limit(taught, inputs["base"], params.max_tokens)
    write_rows(out / "examples.jsonl", kept)
    return {"rows": len(kept), "too_long": len(taught) - len(kept)}
