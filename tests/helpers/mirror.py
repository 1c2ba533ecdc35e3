"""The folder with a mirror of the benchmarks' data, for tests that are skipped where it is absent."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

MIRROR = Path(os.environ.get("TRACEINV_DATA") or Path(__file__).parents[3] / "shared" / "data")
"""The folder that TRACEINV_DATA names, else shared/data beside the checkout."""


def mirrored(file: str) -> Path:
    """Return the path of a file in the mirror; skip the test where it is absent."""
    path = MIRROR / file
    if not path.is_file():
        pytest.skip(f"needs {path}")
    return path


def mirrored_rows(name: str) -> list[dict[str, Any]]:
    """Return the rows of the mirror's file NAME.jsonl; skip the test where it is absent."""
    return [json.loads(line) for line in mirrored(f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
