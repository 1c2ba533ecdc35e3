"""Shared fixtures."""

from pathlib import Path

import pytest
from small_recipe import SMALL_RECIPE, write_recipe


@pytest.fixture(scope="session")
def small_recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a small recipe that runs the whole pipeline in about a minute."""
    return write_recipe(tmp_path_factory.mktemp("recipe") / "small.yaml", SMALL_RECIPE)
