"""The tables of grader cases, and graders of rows of the benchmarks' own files."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.grading import Grade, grade_humaneval, grade_mbpp
from harness.sandbox import IsolationMissing, require_isolation

HERE = Path(__file__).parent
Row = dict[str, Any]


def read_cases(name: str) -> list[dict[str, Any]]:
    """Return the rows of a table of cases beside this file."""
    rows: list[dict[str, Any]] = json.loads((HERE / f"{name}_cases.json").read_text(encoding="utf-8"))
    return rows


@pytest.fixture(scope="module")
def isolated() -> None:
    """Skip the tests that run programs where programs cannot be isolated."""
    try:
        require_isolation()
    except IsolationMissing as missing:
        pytest.skip(str(missing))


def grade_by_humaneval(response: str, row: Row) -> Grade:
    """Grade a response to a row of HumanEval's file."""
    fields = ("prompt", "test", "entry_point", "canonical_solution")
    return grade_humaneval(response, **{name: row[name] for name in fields})


def grade_by_mbpp(response: str, row: Row) -> Grade:
    """Grade a response to a row of MBPP's file."""
    return grade_mbpp(response, tests=row["test_list"], reference=row["code"], setup=row["test_setup_code"])
