"""Figures by pair, as the stages that measure faithfulness hand them on."""

from pathlib import Path

from harness.faithfulness.measure import Measured
from harness.stages.base import Log

MEASURED = "measured.json"


def write_measured(out: Path, measured: Measured) -> Log:
    """Write figures by pair and return the stage's log."""
    (out / MEASURED).write_text(measured.model_dump_json(indent=1) + "\n")
    return {"asked": measured.asked, "pairs": len(measured.ids)}


def read_measured(folder: Path) -> Measured:
    """Read figures by pair."""
    return Measured.model_validate_json((folder / MEASURED).read_text(encoding="utf-8"))
