"""`tasks check` grades the first reference answers, with --all every one, and names the items that cannot be graded."""

import json
from pathlib import Path

import pytest

from harness.cli import main
from harness.sandbox import require_isolation
from traceinv.errors import InputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a data folder with eight programs, of which the last two cannot be graded."""
    try:
        require_isolation()
    except InputError as error:
        pytest.skip(str(error))
    rows = [
        {
            "task_id": f"HumanEval/{number}",
            "prompt": f"def add{number}(a):\n",
            "canonical_solution": f"    return a + {number}\n",
            "entry_point": f"add{number}",
            "test": f"def check(candidate):\n    assert candidate(1) == {number + 1}\n",
        }
        for number in range(6)
    ]
    rows.append({**rows[0], "task_id": "HumanEval/6", "test": "def check(candidate):\n    assert candidate(1) == 2\n"})
    rows.append({**rows[0], "task_id": "HumanEval/7", "test": "def check(candidate):\n    candidate(1)\n"})
    (tmp_path / "humaneval.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return tmp_path


def test_only_with_all_is_every_item_graded(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check = ["tasks", "check", "humaneval", "--data-dir", str(folder)]
    assert main(check) == 0
    assert "humaneval: ok: every item can be graded (5 items)" in capsys.readouterr().out
    assert main([*check, "--all"]) == 1
    lines = capsys.readouterr().out.splitlines()
    (failed,) = (line for line in lines if "FAILED" in line)
    assert failed.startswith(
        "humaneval: FAILED: every item can be graded (HumanEval/6: the item's own solution fails: failed: assert"
    )
    assert failed.endswith("; HumanEval/7: a program that does nothing passes the item's tests)")
    assert "humaneval: ok: the reference answer scores 1 (11 responses)" in lines
