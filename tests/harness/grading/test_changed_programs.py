"""A reference program with one change is wrong, unless the benchmark's own tests do not notice the change."""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from mirror import mirrored_rows

from .changed_programs import changes
from .conftest import grade_by_humaneval, grade_by_mbpp, read_cases

pytestmark = pytest.mark.usefixtures("isolated")
EVERY = {"humaneval": 1, "mbpp": 4}  # every nth item, so that the test takes less than a minute
PLAIN_SECONDS = 20


def _sample(name: str, rows: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Yield (item, description, program) with one change, for every nth item and at a different place in each."""
    for number, row in enumerate(rows[:: EVERY[name]]):
        variants = list(
            changes(row["canonical_solution"], row["prompt"]) if name == "humaneval" else changes(row["code"])
        )
        if variants:
            yield row, *variants[number % len(variants)]


def _passes(name: str, row: dict[str, Any], program: str) -> bool:
    grade = grade_by_humaneval if name == "humaneval" else grade_by_mbpp
    return grade(f"```python\n{program}\n```", row).state == "correct"


def _passes_plainly(name: str, row: dict[str, Any], program: str) -> bool:
    """Return whether a program passes its tests in one plain process. Only programs made by these tests may run so."""
    parts = [program]
    if name == "humaneval":
        parts += [row["test"], f"check({row['entry_point']})"]
    else:
        parts += [row["test_setup_code"], *row["test_list"]]
    command = [sys.executable, "-I", "-c", "\n".join(parts)]
    run = subprocess.run(command, capture_output=True, timeout=PLAIN_SECONDS, check=False)
    return run.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY)
def test_a_changed_program_is_wrong_where_its_tests_see_the_change(name: str) -> None:
    sample = list(_sample(name, mirrored_rows(name)))
    with ThreadPoolExecutor(2) as threads:
        passed = list(threads.map(lambda case: _passes(name, case[0], case[2]), sample))
    survivors = [case for case, survived in zip(sample, passed, strict=True) if survived]
    passing = {f"{row['task_id']} {change}" for row, change, _ in survivors}
    known = {f"{case['id']} {case['change']}" for case in read_cases("surviving_change") if case["benchmark"] == name}
    assert passing == known, json.dumps(sorted(passing ^ known), indent=1)
    assert all(_passes_plainly(name, row, program) for row, _, program in survivors)
