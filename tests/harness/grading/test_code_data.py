"""The items of the code tasks: their own solutions pass, and a program that does nothing, or spoils empty results, does not.

A sample of the items is graded, which takes some minutes. With TRACEINV_ALL_ITEMS=1 all are.
"""

import json
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from mirror import mirrored_rows

from harness.grading import Grade, grade_humaneval, grade_livecodebench, grade_mbpp
from harness.grading.items import idle_functions
from harness.grading.livecodebench import read_tests

from .conftest import Row

pytestmark = [pytest.mark.usefixtures("isolated"), pytest.mark.slow, pytest.mark.timeout(3000)]

EVERY = {"humaneval": 4, "humaneval_plus": 10, "mbpp": 20, "mbpp_plus": 20, "livecodebench": 10}
ALWAYS: dict[str, set[Any]] = {
    "humaneval_plus": {"HumanEval/32", "HumanEval/100", "HumanEval/130"},  # arguments in the wrong places; long results
    "mbpp_plus": {88, 555, 558, 581, 737, 787, 794},  # names, special rules, and tests that assert nothing
}
DEFINED = re.compile(r"^(?:def|class)[ \t]+(\w+)", re.M)


def _sample(name: str) -> list[Row]:
    every = 1 if os.environ.get("TRACEINV_ALL_ITEMS") else EVERY[name]
    rows = mirrored_rows(name)
    return [
        row for number, row in enumerate(rows) if number % every == 0 or row.get("task_id") in ALWAYS.get(name, set())
    ]


def _grade_humaneval(program: str, row: Row, plus: bool) -> Grade:
    return grade_humaneval(
        f"```python\n{program}\n```",
        prompt=row["prompt"],
        test=row["test"],
        entry_point=row["entry_point"],
        canonical_solution=row["canonical_solution"],
        plus=plus,
    )


def _grade_mbpp(program: str, row: Row, plus: bool) -> Grade:
    tests, setup = ([row["test"]], "") if plus else (row["test_list"], row["test_setup_code"])
    return grade_mbpp(f"```python\n{program}\n```", tests=tests, reference=row["code"], setup=setup, plus=plus)


def _grade_livecodebench(program: str, row: Row, plus: bool) -> Grade:
    tests = read_tests(row["public_test_cases"])
    return grade_livecodebench(
        f"```python\n{program}\n```", tests=tests, function=_functions(row)[0] if _functions(row) else None
    )


def _functions(row: Row) -> list[str]:
    """Return the names of the functions that a row asks for; none where it asks for a script."""
    if "entry_point" in row:
        return [row["entry_point"]]
    if "code" in row:
        return DEFINED.findall(row["code"].replace("\r\n", "\n"))
    name = json.loads(row["metadata"]).get("func_name")
    return [name] if name else []


def _solution(row: Row) -> str:
    return str(row["code"]) if "code" in row else str(row["prompt"] + row["canonical_solution"])


GRADERS: dict[str, Callable[[str, Row, bool], Grade]] = {
    "humaneval": _grade_humaneval,
    "humaneval_plus": _grade_humaneval,
    "mbpp": _grade_mbpp,
    "mbpp_plus": _grade_mbpp,
    "livecodebench": _grade_livecodebench,
}


def _states(name: str, rows: list[Row], program: Callable[[Row], str]) -> dict[str, list[str]]:
    """Grade a program for each row; return the rows' ids and explanations by state."""
    grade = GRADERS[name]
    with ThreadPoolExecutor(2) as threads:
        grades = list(threads.map(lambda row: grade(program(row), row, name.endswith("plus")), rows))
    states: dict[str, list[str]] = {}
    for row, found in zip(rows, grades, strict=True):
        identifier = row.get("task_id", row.get("question_id"))
        states.setdefault(found.state, []).append(f"{identifier}: {found.explanation}")
    print(name, {state: len(ids) for state, ids in states.items()})
    return states


@pytest.mark.parametrize("name", EVERY)
def test_a_program_that_does_nothing_passes_no_item(name: str) -> None:
    states = _states(name, _sample(name), lambda row: idle_functions(_functions(row)))
    assert set(states) == {"wrong"}, states.get("ungradable", states.get("correct"))


@pytest.mark.parametrize("name", [name for name in EVERY if name != "livecodebench"])
def test_every_items_own_solution_passes(name: str) -> None:
    states = _states(name, _sample(name), _solution)
    assert set(states) == {"correct"}, {state: ids for state, ids in states.items() if state != "correct"}


SPOILT = """
_honest = {name}
def {name}(*args):
    result = _honest(*args)
    return {instead} if type(result) in (list, tuple) and not result else result
"""


@pytest.mark.parametrize("instead", ["[0]", "None"])
@pytest.mark.parametrize("name", ["humaneval_plus", "mbpp_plus"])
def test_another_result_where_an_empty_list_is_expected_is_wrong(name: str, instead: str) -> None:
    empty = re.compile(r"^ *results = .*[\[ ](?:\[\]|\(\))[,\]]", re.M)
    rows = [row for row in mirrored_rows(name) if empty.search(row["test"])]
    rows = rows if os.environ.get("TRACEINV_ALL_ITEMS") else rows[::8]
    called = re.compile(r"assertion\((\w+)\(\*inp\)")

    def spoilt(row: Row) -> str:
        found = called.search(row["test"])
        assert found is not None
        return _solution(row) + SPOILT.format(name=row.get("entry_point", found[1]), instead=instead)

    states = _states(name, rows, spoilt)
    # where the honest result is spoilt only inside another list, or sets are compared, the program stays right
    assert len(states.get("wrong", [])) >= 0.8 * len(rows), states.get("correct")
