"""Compute the exact bits of the hidden traces, for questions whose possible traces can all be gone through."""

import json
from pathlib import Path

from pydantic import Field

from harness.faithfulness.likelihood import evenly
from harness.stages.base import Inputs, Log, stage
from traceinv.progress import Progress
from traceinv.records import Disclosure, Transcript
from traceinv.rows import read_folder
from traceinv.schema import Closed
from traceinv.steps import exact_bits as bits_of

EXACT = "exact.json"


class Params(Closed):
    """On how many traces: the same ones as the stage `likelihood`."""

    questions: int = Field(gt=0)


@stage(Params)
def exact_bits(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write the bits of each trace by the last part that is shown; traces for which they are not known are left out."""
    hidden = {row.id: row.trace or "" for row in read_folder(inputs["transcripts"], Transcript)}
    disclosures = evenly(read_folder(inputs["disclosures"], Disclosure), params.questions)
    found = [bits for row in disclosures if (bits := bits_of(row, hidden[row.id])) is not None]
    by_part = {part: [bits[part] for bits in found] for part in found[0]} if found else {}
    (out / EXACT).write_text(json.dumps(by_part, indent=1) + "\n", encoding="utf-8")
    return {"traces": len(found), "unknown": len(disclosures) - len(found)}
