"""Ask a reasoning model behind a server, within its budget, and keep what it shows of each reply."""

from pathlib import Path

from harness.stages.base import Inputs, Log, stage
from harness.stages.writing import written_log
from traceinv.engines import Sampling
from traceinv.engines.budget import Ledger
from traceinv.progress import Progress
from traceinv.records import Question, Transcript
from traceinv.rows import RowFile, read_folder
from traceinv.schema import Closed
from traceinv.targets.asked import ask_endpoint
from traceinv.targets.endpoint import EndpointModel

LEDGER = "ledger.jsonl"
"""What was spent; no part of the artifact, since it depends on how often the stage was interrupted."""
ROWS = "transcripts.jsonl"


class Params(Closed):
    """Which server, and how the model is asked."""

    model: EndpointModel
    sampling: Sampling


@stage(
    Params,
    version=2,
    resumable=True,
    unkeyed=("model.budget", "model.concurrency", "model.timeout", "model.retries", "model.key_variable"),
    uses=("traceinv.engines",),
)
def endpoint(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write one transcript a question, as they arrive."""
    rows = RowFile(out / ROWS, Transcript, lambda row: row.id)
    ledger = Ledger(params.model.budget, out / LEDGER)
    questions = read_folder(inputs["questions"], Question)
    answered = ask_endpoint(params.model, questions, params.sampling, rows, ledger, progress)
    (out / LEDGER).unlink(missing_ok=True)
    observed = [row.observed for row in answered if row.observed]
    return {
        "questions": len(answered),
        "complete": sum(row.usable for row in answered),
        "models": sorted({one.model for one in observed if one.model}),
        "modes": sorted({one.mode for one in observed}),
        "spent": ledger.spent(),
        **written_log(rows, answered),
    }
