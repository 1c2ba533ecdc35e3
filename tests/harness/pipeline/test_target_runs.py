"""Runs from questions to record with a target of local weights, which stand for anybody's."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from small_recipe import SMALL_RECIPE, SMALL_TRAINING, run_command, run_record, write_recipe

from harness.results.schema import ResultRecord
from traceinv.models import SHIPPED_MODEL, locate
from traceinv.targets.lab import LabModel
from traceinv.training import fine_tune

PERMISSION = {"ground": "open_weights", "licence": "Apache-2.0"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train a small model of the lab, which stands for anybody's weights."""
    model = LabModel.model_validate({"examples_per_family": 30, "steps": [2, 4], "training": SMALL_TRAINING})
    folder = tmp_path_factory.mktemp("weights") / "model"
    fine_tune(locate(SHIPPED_MODEL), model.training_examples("target"), model.training, 0, folder)
    return folder


def finished(folder: Path, changes: dict[str, Any]) -> ResultRecord:
    """Run the small recipe with changes, and return its record."""
    path = write_recipe(folder / "recipe.yaml", SMALL_RECIPE | changes)
    done = subprocess.run(run_command(path, folder), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return run_record(folder)


def test_local_weights_run_to_a_record(weights: Path, tmp_path: Path) -> None:
    local = {"kind": "local", "model": str(weights)}
    changes = {
        "targets": {"open": local | {"permission": PERMISSION}},
        "surrogates": {"open": local},
        "regimes": ["base", "answer_only", "surrogate_trace", "oracle"],
    }
    record = finished(tmp_path, changes)
    assert [row.name for row in record.rows] == [*changes["regimes"], "target", "surrogate"]
    (target,) = record.targets
    assert (target.kind, target.ground, target.traces_known) == ("local", "open_weights", True)
    assert not [stage for stage in record.provenance.stages if stage.kind == "reasoning_model"], "nothing trains them"
