"""Shared fixtures."""

from pathlib import Path

import pytest
from small_recipe import SMALL_RECIPE, write_recipe

from harness.benchmarks.folders import FOLDERS_VARIABLE
from traceinv.cache import CACHE
from traceinv.hub import OFFLINE_VARIABLE


@pytest.fixture(scope="session")
def small_recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a small recipe that runs the whole pipeline in about a minute."""
    return write_recipe(tmp_path_factory.mktemp("recipe") / "small.yaml", SMALL_RECIPE)


@pytest.fixture(scope="session")
def _cache_of_tests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _nothing_of_the_user(monkeypatch: pytest.MonkeyPatch, _cache_of_tests: Path) -> None:
    """Leave the user's tasks and cache out, forget after a test the folders that it included, and do not ask the hub."""
    monkeypatch.setenv(CACHE, str(_cache_of_tests))
    monkeypatch.setenv(FOLDERS_VARIABLE, "")
    monkeypatch.setenv(OFFLINE_VARIABLE, "1")
