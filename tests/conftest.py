"""Shared fixtures: a small recipe that runs the whole pipeline in about a minute, and a tokenizer to render with."""

from pathlib import Path

import pytest
import yaml

SMALL_TRAINING = {"epochs": 2, "learning_rate": 1e-3, "batch_size": 16, "max_tokens": 512}
SMALL_RECIPE = {
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


@pytest.fixture(scope="session")
def small_recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "small.yaml"
    path.write_text(yaml.safe_dump(SMALL_RECIPE))
    return path
