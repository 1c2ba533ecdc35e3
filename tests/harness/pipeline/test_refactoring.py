"""Mending the code leaves trained models usable: which keys change with which edit of the package's source."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from stub_stages import MODEL_STAGES

ROOT = Path(__file__).parents[3]
KEYS = """
import json
from harness.pipeline.keys import make_key
from harness.stages import stage_kinds
params = {"benchmark": {"tasks": ["lab_chain"]}}
print(json.dumps({name: make_key(kind, params, {}) for name, kind in stage_kinds().items()}))
"""
NEW_STAGE = '''"""A new stage."""

from pathlib import Path

from harness.stages.base import Inputs, Log, stage
from traceinv.progress import Progress
from traceinv.schema import Closed


class Params(Closed):
    """No parameters."""


@stage(Params, version=1)
def novelty(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Do something new."""
    return {}
'''


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the source that can be edited."""
    for package in ("harness", "traceinv", "tasks"):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "*.safetensors")
        )
    return tmp_path


def _keys(checkout: Path) -> dict[str, str]:
    environment = os.environ | {"PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", KEYS]
    done = subprocess.run(command, env=environment, cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    keys: dict[str, str] = json.loads(done.stdout)
    return keys


def _changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, f"{old!r} is not in {path}"
    path.write_text(text.replace(old, new))


def test_comments_and_docstrings_change_no_key(checkout: Path) -> None:
    before = _keys(checkout)
    for name in (
        "traceinv/records.py",
        "harness/stages/base.py",
        "harness/stages/grades.py",
        "harness/sandbox/pool.py",
    ):
        path = checkout / name
        path.write_text('"""Another docstring."""\n' + path.read_text().split('"""', 2)[2] + "# a comment\n")
    assert _changed(before, _keys(checkout)) == set()


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("traceinv/schema.py", "_short(", "_shorten("),
        ("harness/stages/base.py", "refuse_losses", "refuse_to_lose"),
        ("harness/sandbox/pool.py", "def __init__(", "def _unused(self) -> None: ...\n\n    def __init__("),
    ],
)
def test_a_refactoring_changes_no_key_of_a_stage_that_runs_a_model(
    checkout: Path, file: str, old: str, new: str
) -> None:
    before = _keys(checkout)
    for path in (checkout / "harness" / "stages").glob("*.py") if "stages" in file else [checkout / file]:
        if old in path.read_text():
            _replace(path, old, new)
    changed = _changed(before, _keys(checkout))
    assert not changed & MODEL_STAGES
    assert changed, "cheap stages are keyed by their source"


def test_a_new_stage_changes_no_other_key(checkout: Path) -> None:
    before = _keys(checkout)
    (checkout / "harness" / "stages" / "novelty.py").write_text(NEW_STAGE)
    after = _keys(checkout)
    assert after.keys() - before.keys() == {"novelty"}
    assert _changed(before, after) == set()


def test_a_mended_grader_regrades_and_asks_no_model(checkout: Path) -> None:
    before = _keys(checkout)
    with (checkout / "harness" / "grading" / "base.py").open("a") as file:
        file.write("MENDED = True\n")
    changed = _changed(before, _keys(checkout))
    assert "grades" in changed
    assert not changed & MODEL_STAGES


def test_another_question_of_the_lab_is_drawn_and_described_anew(checkout: Path) -> None:
    before = _keys(checkout)
    with (checkout / "traceinv" / "lab" / "families" / "chain.py").open("a") as file:
        file.write("CHANGED = True\n")
    changed = _changed(before, _keys(checkout))
    assert {"questions", "items", "grades"} <= changed
    assert not changed & MODEL_STAGES
