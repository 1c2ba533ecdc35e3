"""Find the questions that every regime can teach."""

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from harness.stages.base import Inputs, Log, refuse_losses, stage
from traceinv.policies import within_budget
from traceinv.progress import Progress
from traceinv.records import Disclosure, Example, Question
from traceinv.rows import read_folder
from traceinv.schema import Closed

IDS = "ids.json"
QUESTIONS, DISCLOSURES = "questions", "disclosures"
"""The inputs besides the examples of each regime: what the target was asked, and what it disclosed, by one policy or more."""


class Params(Closed):
    """The share of the questions that may be asked, and the share of those that may be lost."""

    max_dropped: float = Field(ge=0, le=1)
    budget: float = Field(gt=0, le=1)


@stage(Params)
def shared_rows(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write the ids of the disclosed questions that every regime on the tester's side can teach; all students learn these.

    A regime without a single example has no say: its student is left out of the record.

    The oracle is left out here, since what the tester's students learn must not depend on hidden traces. A question that the
    oracle lacks stops the oracle's student instead.

    Raises:
        GateError: too many of the questions are lost.
    """
    asked = within_budget(read_folder(inputs[QUESTIONS], Question), params.budget)
    taught = {}
    teaching = (name for name in inputs if name != QUESTIONS)
    for name in sorted(teaching, key=lambda name: not name.startswith(DISCLOSURES)):
        rows = Disclosure if name.startswith(DISCLOSURES) else Example
        taught[name] = {row.id for row in read_folder(inputs[name], rows)}
    shared = sorted(set.intersection(*_with_rows(taught).values()))
    counts = ", ".join(f"{name} {len(ids)}" for name, ids in taught.items())
    refuse_losses(f"questions that all regimes can teach ({counts})", len(shared), len(asked), params.max_dropped)
    (out / IDS).write_text(json.dumps(shared))
    return {"asked": len(asked), "shared": len(shared)}


def _with_rows(taught: Mapping[str, set[str]]) -> Mapping[str, set[str]]:
    """Return the disclosures and the regimes that have a row; all of them where no regime has one."""
    regimes = [name for name, ids in taught.items() if ids and not name.startswith(DISCLOSURES)]
    return {name: taught[name] for name in taught if name.startswith(DISCLOSURES) or name in regimes or not regimes}
