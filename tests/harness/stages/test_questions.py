"""The questions of target and surrogate: as many as the recipe says, none of them shared, always the same."""

from pathlib import Path

from stage_inputs import run_stage

from traceinv.questions.lab import LabQuestions
from traceinv.records import Question
from traceinv.rows import read_folder

SOURCE = {"kind": "lab", "per_family": 5, "steps": [2, 4]}


def _draw(folder: Path, role: str) -> list[Question]:
    log = run_stage("questions", {"source": SOURCE, "role": role}, {}, folder)
    rows = read_folder(folder, Question)
    assert log == {"questions": len(rows)}
    return rows


def test_target_and_surrogate_get_as_many_questions_and_none_twice(tmp_path: Path) -> None:
    target, surrogate = (_draw(tmp_path / role, role) for role in ("target", "surrogate"))
    expected = LabQuestions.model_validate(SOURCE).size()
    assert len(target) == len(surrogate) == expected
    for part in ("id", "text"):
        assert len({getattr(row, part) for row in (*target, *surrogate)}) == 2 * expected


def test_the_same_parameters_give_the_same_questions(tmp_path: Path) -> None:
    assert _draw(tmp_path / "first", "target") == _draw(tmp_path / "second", "target")
