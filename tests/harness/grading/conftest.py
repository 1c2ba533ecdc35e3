"""The benchmarks' own files, for tests that are skipped where they are absent, and the tables of cases."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.grading import Grade, grade_humaneval, grade_mbpp
from harness.sandbox import IsolationMissing, require_isolation

HERE = Path(__file__).parent
Row = dict[str, Any]
Rows = Callable[[str], list[Row]]


def read_cases(name: str) -> list[dict[str, Any]]:
    """The rows of a table of cases beside this file."""
    rows: list[dict[str, Any]] = json.loads((HERE / f"{name}_cases.json").read_text(encoding="utf-8"))
    return rows


@pytest.fixture(scope="session")
def read_rows() -> Callable[[str], list[dict[str, Any]]]:
    """Reads a benchmark's JSONL file from TRACEINV_DATA, or from ../shared/data beside the checkout."""
    folder = Path(os.environ.get("TRACEINV_DATA") or HERE.parents[3] / "shared" / "data")

    def read(name: str) -> list[dict[str, Any]]:
        path = folder / f"{name}.jsonl"
        if not path.exists():
            pytest.skip(f"needs {path}")
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    return read


@pytest.fixture(scope="module")
def isolated() -> None:
    """Skips the tests of programs where none can be isolated."""
    try:
        require_isolation()
    except IsolationMissing as missing:
        pytest.skip(str(missing))


def grade_by_humaneval(response: str, row: Row) -> Grade:
    """A response to a row of HumanEval's file."""
    fields = ("prompt", "test", "entry_point", "canonical_solution")
    return grade_humaneval(response, **{name: row[name] for name in fields})


def grade_by_mbpp(response: str, row: Row) -> Grade:
    """A response to a row of MBPP's file."""
    return grade_mbpp(response, tests=row["test_list"], reference=row["code"], setup=row["test_setup_code"])
