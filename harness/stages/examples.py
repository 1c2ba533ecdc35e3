"""Make the training examples of one regime."""

from pathlib import Path

from harness.stages.base import Inputs, Log, stage
from traceinv.formatting import within_limit
from traceinv.progress import Progress
from traceinv.regimes import REGIMES
from traceinv.rows import read_folder, write_rows
from traceinv.schema import Closed, Trusted

SOURCES = ("source", "beside")
"""The inputs with the records that a regime reads; most read one."""


class Params(Closed):
    """The regime, the student's limit, and the seed of regimes that draw."""

    regime: str
    max_tokens: int
    seed: int
    trust_remote_code: Trusted = False


@stage(Params, libraries=("transformers", "tokenizers"), uses=("traceinv.regimes",))
def examples(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write the examples that a regime can teach; those over the limit are left out and counted."""
    regime = REGIMES[params.regime]
    sources = zip(SOURCES, regime.sources, strict=False)
    rows = [read_folder(inputs[name], source.reads) for name, source in sources]
    taught = regime.examples(rows, params.seed)
    kept = within_limit(taught, inputs["base"], params.max_tokens, params.trust_remote_code)
    write_rows(out / "examples.jsonl", kept)
    return {"rows": len(kept), "too_long": len(taught) - len(kept)}
