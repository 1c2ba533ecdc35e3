"""Shared fixtures."""

from pathlib import Path

import pytest
from small_recipe import SMALL_RECIPE, write_recipe

from harness.benchmarks.folders import FOLDERS_VARIABLE
from traceinv.hub import OFFLINE_VARIABLE


@pytest.fixture(scope="session")
def small_recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a small recipe that runs the whole pipeline in about a minute."""
    return write_recipe(tmp_path_factory.mktemp("recipe") / "small.yaml", SMALL_RECIPE)


@pytest.fixture(autouse=True)
def _nothing_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the user's folders of tasks out, forget after a test the folders that it included, and do not ask the hub."""
    monkeypatch.setenv(FOLDERS_VARIABLE, "")
    monkeypatch.setenv(OFFLINE_VARIABLE, "1")
