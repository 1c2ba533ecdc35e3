"""Load scripts of metrics through the `evaluate` package, each into folders of its test's own."""

import sys
from pathlib import Path
from typing import Any

import pytest


def load_metric(script: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Load a metric; the package keeps its copy of the script below `folder`."""
    import evaluate

    for name in [name for name in sys.modules if name.partition(".")[0] == "evaluate_modules"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(folder / "modules")
    monkeypatch.setattr(evaluate.config, "HF_MODULES_CACHE", folder / "modules")
    return evaluate.load(str(script), cache_dir=str(folder / "cache"))
