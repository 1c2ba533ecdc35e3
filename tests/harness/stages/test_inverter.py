"""The gate of the inverter's own training examples: incomplete and too long transcripts of the surrogate are lost rows."""

from pathlib import Path

import pytest
from stage_inputs import disclosures, folder_of, run_stage, transcript

from harness.stages.base import Log
from traceinv.errors import GateError
from traceinv.models import SHIPPED_MODEL, locate
from traceinv.records import Transcript

TRAINING = {"epochs": 1, "learning_rate": 1e-3, "batch_size": 4, "max_tokens": 64}
LONG = "\n".join(["a=1"] * 40)
pytestmark = pytest.mark.usefixtures("no_training")


def _train(folder: Path, transcripts: list[Transcript], max_dropped: float) -> Log:
    inputs = {
        "base": locate(SHIPPED_MODEL),
        "transcripts": folder_of(folder / "transcripts", transcripts),
        "disclosures": folder_of(folder / "disclosures", disclosures(transcripts)),
    }
    params = {"with_summary": True, "training": TRAINING, "max_dropped": max_dropped, "seed": 0}
    return run_stage("inverter", params, inputs, folder / "out")


TRANSCRIPTS = [transcript(0), transcript(1, finish_reason="length"), transcript(2, trace=LONG), transcript(3)]


def test_incomplete_and_too_long_transcripts_are_left_out_and_the_long_ones_counted(tmp_path: Path) -> None:
    assert _train(tmp_path, TRANSCRIPTS, max_dropped=0.5) == {"ids": ["q0", "q3"], "too_long": 1}


def test_more_lost_rows_than_the_recipe_allows_stop_the_run(tmp_path: Path) -> None:
    message = "training examples of the inverter: 2 of 4 are left; at most 40% may be lost"
    with pytest.raises(GateError, match=message):
        _train(tmp_path, TRANSCRIPTS, max_dropped=0.4)
