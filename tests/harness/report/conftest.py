"""What the tests of the report share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sample_runs import write_run

MakeRun = Callable[..., Path]


@pytest.fixture(scope="session")
def make_run(tmp_path_factory: pytest.TempPathFactory) -> MakeRun:
    """Write a run to a new folder; the arguments are those of `write_run` after the folder."""

    def make(*arguments: Any, **changes: Any) -> Path:
        return write_run(tmp_path_factory.mktemp("run"), *arguments, **changes)

    return make


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave plots blank, for tests of what is around them."""
    monkeypatch.setattr("harness.report.charts.draw_both", lambda draw: ("<svg></svg>", "<svg></svg>"))
