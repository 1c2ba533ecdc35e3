"""The questions that every regime can teach, and the gate of lost rows."""

import json
from pathlib import Path

import pytest
from stage_inputs import example, folder_of, run_stage

from harness.stages.base import Log
from harness.stages.shared_rows import IDS
from traceinv.errors import GateError


def _share(folder: Path, taught: dict[str, range], max_dropped: float) -> Log:
    inputs = {name: folder_of(folder / name, map(example, numbers)) for name, numbers in taught.items()}
    return run_stage("shared_rows", {"max_dropped": max_dropped, "questions": 8}, inputs, folder / "out")


def test_the_questions_of_all_regimes_are_shared(tmp_path: Path) -> None:
    log = _share(tmp_path, {"answer_only": range(8), "inverted": range(2, 6)}, max_dropped=0.5)
    assert log == {"shared": 4}
    assert json.loads((tmp_path / "out" / IDS).read_text()) == ["q2", "q3", "q4", "q5"]


def test_too_few_shared_questions_stop_the_run_and_each_regime_is_counted(tmp_path: Path) -> None:
    message = r"all regimes can teach \(answer_only 5, inverted 6\): 3 of 8 are left; at most 50% may be lost"
    with pytest.raises(GateError, match=message):
        _share(tmp_path, {"answer_only": range(5), "inverted": range(2, 8)}, max_dropped=0.5)
    assert not (tmp_path / "out" / IDS).exists()


def test_regimes_without_a_common_question_stop_the_run_whatever_may_be_lost(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="0 of 8 are left"):
        _share(tmp_path, {"answer_only": range(4), "inverted": range(4, 8)}, max_dropped=1.0)
