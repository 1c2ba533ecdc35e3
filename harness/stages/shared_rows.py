"""Find the questions that every regime can teach."""

import json
from pathlib import Path

from pydantic import Field

from harness.stages.base import Inputs, Log, stage
from harness.stages.rows import read_records, refuse_losses
from traceinv.progress import Progress
from traceinv.records import Example
from traceinv.schema import Closed

IDS = "ids.json"


class Params(Closed):
    """How many questions were asked, and which share of them may be lost."""

    max_dropped: float = Field(ge=0, le=1)
    questions: int


@stage(Params)
def shared_rows(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write the ids of the questions that every regime on the tester's side can teach; all students learn from exactly these.

    The oracle is left out, since what the tester's students learn must not depend on hidden traces. A question that the oracle
    lacks stops the oracle's student instead.

    Raises:
        GateError: too many of the questions are lost.
    """
    taught = {name: {example.id for example in read_records(path, Example)} for name, path in inputs.items()}
    shared = sorted(set.intersection(*taught.values()))
    counts = ", ".join(f"{name} {len(ids)}" for name, ids in taught.items())
    refuse_losses(f"questions that all regimes can teach ({counts})", len(shared), params.questions, params.max_dropped)
    (out / IDS).write_text(json.dumps(shared))
    return {"shared": len(shared)}
