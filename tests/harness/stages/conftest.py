"""Fixtures for tests of single stages."""

from typing import Any

import pytest

from harness.stages.base import Log


@pytest.fixture
def no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let stages that train report the ids of their examples instead."""

    def fine_tune(base: Any, examples: Any, *rest: Any, **options: Any) -> Log:
        return {"ids": [example.id for example in examples]}

    for stage in ("inverter", "student"):
        monkeypatch.setattr(f"harness.stages.{stage}.fine_tune", fine_tune)
