"""The questions that every regime can teach, and the gate of lost rows."""

import json
from pathlib import Path

import pytest
from stage_inputs import disclosures, example, folder_of, question, run_stage, transcript

from harness.stages.base import Log
from harness.stages.shared_rows import DISCLOSURES, IDS, QUESTIONS
from traceinv.errors import GateError
from traceinv.policies import within_budget


def _share(folder: Path, taught: dict[str, range], max_dropped: float, disclosed: int = 8, budget: float = 1.0) -> Log:
    rows = {name: [example(number) for number in numbers] for name, numbers in taught.items()}
    inputs = {name: folder_of(folder / name, records) for name, records in rows.items()}
    inputs[QUESTIONS] = folder_of(folder / QUESTIONS, map(question, range(8)))
    inputs[DISCLOSURES] = folder_of(folder / DISCLOSURES, disclosures(map(transcript, range(disclosed))))
    return run_stage("shared_rows", {"max_dropped": max_dropped, "budget": budget}, inputs, folder / "out")


def test_the_questions_of_all_regimes_are_shared(tmp_path: Path) -> None:
    log = _share(tmp_path, {"answer_only": range(8), "inverted": range(2, 6)}, max_dropped=0.5)
    assert log == {"asked": 8, "shared": 4}
    assert json.loads((tmp_path / "out" / IDS).read_text()) == ["q2", "q3", "q4", "q5"]


def test_students_learn_what_was_disclosed_though_their_regimes_know_more_or_none_reads_disclosures(
    tmp_path: Path,
) -> None:
    assert _share(tmp_path / "one", {"surrogate_trace": range(8)}, max_dropped=0.5, disclosed=5)["shared"] == 5
    assert _share(tmp_path / "none", {}, max_dropped=0.5, disclosed=5)["shared"] == 5


def test_questions_outside_the_budget_do_not_count_as_lost(tmp_path: Path) -> None:
    asked = within_budget([question(number) for number in range(8)], 0.5)
    assert 0 < len(asked) < 8
    numbers = range(len(asked))
    with pytest.raises(GateError, match=f"of {len(asked)} are left"):
        _share(tmp_path / "lost", {"answer_only": range(0)}, max_dropped=0.0, budget=0.5)
    log = _share(tmp_path / "kept", {"answer_only": numbers}, max_dropped=0.0, disclosed=len(asked), budget=0.5)
    assert log == {"asked": len(asked), "shared": len(asked)}


def test_too_few_shared_questions_stop_the_run_and_each_regime_is_counted(tmp_path: Path) -> None:
    message = r"all regimes can teach \(disclosures 8, answer_only 5, inverted 6\): 3 of 8 are left; at most 50%"
    with pytest.raises(GateError, match=message):
        _share(tmp_path, {"answer_only": range(5), "inverted": range(2, 8)}, max_dropped=0.5)
    assert not (tmp_path / "out" / IDS).exists()


def test_a_regime_without_a_row_has_no_say_unless_no_regime_has_one(tmp_path: Path) -> None:
    log = _share(tmp_path / "one", {"answer_only": range(8), "inverted": range(0)}, max_dropped=0.5)
    assert log == {"asked": 8, "shared": 8}
    with pytest.raises(GateError, match=r"inverted 0\): 0 of 8 are left"):
        _share(tmp_path / "none", {"inverted": range(0)}, max_dropped=1.0)


def test_regimes_without_a_common_question_stop_the_run_whatever_may_be_lost(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="0 of 8 are left"):
        _share(tmp_path, {"answer_only": range(4), "inverted": range(4, 8)}, max_dropped=1.0)
