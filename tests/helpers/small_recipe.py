"""A small recipe that runs the whole pipeline in about a minute, and how a run of it is started and read."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from harness.results.files import read_record
from harness.results.schema import ResultRecord

SMALL_TRAINING = {"epochs": 2, "learning_rate": 1e-3, "batch_size": 16, "max_tokens": 512}
SMALL_RECIPE: dict[str, Any] = {
    "name": "small",
    "questions": {"kind": "lab", "per_family": 8, "steps": [2, 4]},
    "targets": {"lab": {"kind": "lab", "examples_per_family": 60, "steps": [2, 4], "training": SMALL_TRAINING}},
    "surrogates": {"small": {"kind": "lab", "examples_per_family": 30, "steps": [2, 4], "training": SMALL_TRAINING}},
    "policies": {"half": {"kind": "every_kth_step", "k": 2}},
    "sampling": {"temperature": 0.0, "max_new_tokens": 160},
    "inverter": {"training": {**SMALL_TRAINING, "epochs": 6}},
    "students": {"lab": {"training": {**SMALL_TRAINING, "epochs": 1, "batch_size": 4}}},
    "regimes": ["base", "answer_only", "summary", "inverted", "inverted_mismatched", "oracle"],
    "benchmark": {"tasks": ["lab_chain", "lab_compose"], "limit": 4},
    "seeds": [0],
    "max_dropped": 0.9,
}
TRACEINV = [sys.executable, "-c", "import sys; from harness.cli import main; sys.exit(main())"]


def write_recipe(path: Path, recipe: dict[str, Any]) -> Path:
    """Write a recipe as YAML and return its path."""
    path.write_text(yaml.safe_dump(recipe))
    return path


def run_command(recipe: Path, folder: Path) -> list[str]:
    """Return the command that runs a recipe with store and records in a folder."""
    return [*TRACEINV, "run", str(recipe), "--store", str(folder / "store"), "--out", str(folder / "out")]


def run_to_record(folder: Path, changes: dict[str, Any]) -> tuple[ResultRecord, str]:
    """Run the small recipe with changes to its end; return its record and all that was printed."""
    path = write_recipe(folder / "recipe.yaml", SMALL_RECIPE | changes)
    done = subprocess.run(run_command(path, folder), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return run_record(folder), done.stdout + done.stderr


def run_record(folder: Path) -> ResultRecord:
    """Read the one record of a run."""
    (path,) = (path for path in (folder / "out").glob("*.json") if not path.name.endswith(".items.json"))
    return read_record(path)


def run_items(folder: Path) -> Any:
    """Read the one items file of a run."""
    (path,) = (folder / "out").glob("*.items.json")
    return json.loads(path.read_text())
