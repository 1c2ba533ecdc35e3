"""The questions of target and surrogate: as many as the recipe says, none of them shared, always the same."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
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


@pytest.mark.parametrize(
    "source",
    [SOURCE, {"kind": "task", "task": "gsm8k", "count": 2}, {"kind": "file", "path": "rows.jsonl", "count": 2}],
)
def test_a_worker_knows_the_kinds_of_questions_that_a_recipe_knows(source: dict[str, object]) -> None:
    # A worker is a process of its own, which imports the stages and no recipe.
    program = "import json, sys; from harness.stages import stage_kinds; "
    program += "stage_kinds()['questions'].params.model_validate(json.loads(sys.argv[1]))"
    params = json.dumps({"source": source, "role": "target"})
    done = subprocess.run([sys.executable, "-c", program, params], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
