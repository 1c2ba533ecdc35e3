"""The gate of equal rows: every student of a seed learns from the same questions, or the run stops."""

import json
from pathlib import Path

import pytest
from stage_inputs import example, folder_of, run_stage

from harness.stages.base import Log
from harness.stages.shared_rows import IDS
from traceinv.errors import GateError

TRAINING = {"epochs": 1, "learning_rate": 1e-3, "batch_size": 4, "max_tokens": 64}


pytestmark = pytest.mark.usefixtures("no_training")


def _train(folder: Path, taught: range, shared: list[str], partial: bool = False) -> Log:
    rows = folder / "rows"
    rows.mkdir()
    (rows / IDS).write_text(json.dumps(shared))
    inputs = {"base": folder, "examples": folder_of(folder / "examples", map(example, taught)), "rows": rows}
    return run_stage("student", {"training": TRAINING, "seed": 0, "partial": partial}, inputs, folder / "out")


def test_a_student_learns_the_shared_questions_in_their_order_and_no_others(tmp_path: Path) -> None:
    assert _train(tmp_path, range(5), ["q1", "q3", "q0"]) == {"ids": ["q1", "q3", "q0"]}


def test_a_student_whose_regime_lacks_a_shared_question_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="equal rows: no example of 2 of 3 shared questions, such as q7"):
        _train(tmp_path, range(5), ["q1", "q7", "q8"])


def test_a_partial_regime_teaches_the_shared_questions_that_it_has(tmp_path: Path) -> None:
    assert _train(tmp_path, range(5), ["q1", "q7", "q0"], partial=True) == {"ids": ["q1", "q0"]}


def test_a_regime_without_an_example_of_any_question_leaves_the_student_untaught(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    log = _train(tmp_path, range(0), ["q7", "q8"])
    assert (log["examples"], log["steps"]) == (0, 0)
    assert (tmp_path / "out" / "config.json").read_text() == "{}"


def test_a_partial_regime_without_any_example_leaves_the_student_untaught(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    log = _train(tmp_path, range(5), ["q7", "q8"], partial=True)
    assert (log["examples"], log["steps"]) == (0, 0)
    assert (tmp_path / "out" / "config.json").read_text() == "{}"
