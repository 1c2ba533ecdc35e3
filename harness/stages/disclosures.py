"""Make disclosures of transcripts: the only door from the hidden side to the tester's."""

from pathlib import Path

from pydantic import Field

from harness.stages.base import Inputs, Log, stage
from traceinv.policies import AnyPolicy, disclose, within_budget
from traceinv.progress import Progress
from traceinv.records import Compression, Transcript
from traceinv.rows import read_folder, write_rows
from traceinv.schema import Closed


class Params(Closed):
    """The policy, and the share of the questions that may be asked."""

    policy: AnyPolicy
    budget: float = Field(1.0, gt=0, le=1)


@stage(Params, uses=("traceinv.policies",))
def disclosures(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write a disclosure for every complete transcript within the budget."""
    written = read_folder(inputs["compressions"], Compression) if "compressions" in inputs else []
    shown = disclose(read_folder(inputs["transcripts"], Transcript), params.policy, written)
    rows = within_budget(shown, params.budget)
    write_rows(out / "disclosures.jsonl", rows)
    return {"disclosures": len(rows)}
