"""Programs: how they are found in a response, the benchmarks' own references, and the verdicts of hidden tests."""

import base64
import json
import pickle
import zlib
from collections.abc import Callable

import pytest
from mirror import mirrored_rows

from harness.grading import grade_humaneval, grade_livecodebench, grade_mbpp
from harness.grading.livecodebench import read_tests, same_output

from .conftest import grade_by_humaneval, read_cases

pytestmark = pytest.mark.usefixtures("isolated")

PROMPT = '''from typing import List


def helper(x):
    return x


def add(a: int, b: int) -> int:
    """Add."""
'''
TEST = "def check(candidate):\n    assert candidate(1, 2) == 3\n    assert candidate(-1, helper(1)) == 0\n"


def _fenced(code: str) -> str:
    return f"Here is the program:\n\n```python\n{code}\n```\n"


@pytest.mark.parametrize("case", read_cases("program"), ids=lambda case: case["name"])
def test_the_program_is_found_where_it_stands(case: dict[str, str]) -> None:
    grade = grade_humaneval(
        case["response"], prompt=PROMPT, test=TEST, entry_point="add", canonical_solution="    return a + b\n"
    )
    assert grade.state == case["state"], grade


SLOW = pytest.mark.slow


@pytest.mark.parametrize("form", ["whole", pytest.param("body", marks=SLOW), pytest.param("completion", marks=SLOW)])
def test_humanevals_solutions_are_all_correct(form: str) -> None:
    rows = mirrored_rows("humaneval")
    responses: dict[str, Callable[[dict[str, str]], str]] = {
        "whole": lambda row: _fenced(row["prompt"] + row["canonical_solution"]),
        "body": lambda row: f"```\n{row['canonical_solution']}```",
        "completion": lambda row: row["canonical_solution"],
    }
    grades = {row["task_id"]: grade_by_humaneval(responses[form](row), row) for row in rows}
    assert {name: grade for name, grade in grades.items() if grade.state != "correct"} == {}
    assert len(grades) == 164


@pytest.mark.slow
def test_a_function_that_does_nothing_solves_no_humaneval_problem() -> None:
    grades = [
        grade_by_humaneval(_fenced(f"def {row['entry_point']}(*a, **k):\n    return None"), row)
        for row in mirrored_rows("humaneval")
    ]
    assert {grade.state for grade in grades} == {"wrong"}


def test_tests_that_do_not_load_make_an_item_ungradable() -> None:
    broken = grade_mbpp(_fenced("def f(x): return x"), tests=["assert f(1 == 1"], reference="def f(x): return x")
    assert broken.state == "ungradable"
    absent = grade_mbpp(
        _fenced("def f(x): return x"),
        tests=["import no_such_module", "assert f(1) == 1"],
        reference="def f(x): return x",
    )
    assert absent.state == "ungradable"


STDIN_TESTS = [
    {"input": "3\n1 2 3\n", "output": "6\n", "testtype": "stdin"},
    {"input": "1\n5", "output": "5", "testtype": "stdin"},
]


@pytest.mark.parametrize(
    ("program", "state"),
    [
        ("input()\nprint(sum(map(int, input().split())))", "correct"),
        ("import sys\nprint(sum(map(int, sys.stdin.read().split()[1:])))", "correct"),
        ("import sys\nprint(sum(map(int, sys.stdin.buffer.read().split()[1:])))", "correct"),
        (
            "def f():\n    input()\n    print(sum(map(int, input().split())))\nif __name__ == '__main__':\n    f()",
            "correct",
        ),
        ("n = int(input())\nprint(reduce(add, map(int, input().split())))", "correct"),
        (
            "import threading\ndef main():\n    input()\n    print(sum(map(int, input().split())))\nthreading.Thread(target=main).start()",  # noqa: E501
            "correct",
        ),
        ("input()\nprint(sum(map(int, input().split())))\nexit()", "correct"),
        ("input()\nprint(sum(map(int, input().split())))\nsys.exit(0)", "correct"),
        ("input()\nprint(float(sum(map(int, input().split()))))", "correct"),
        ("input()\nprint(sum(map(int, input().split())) + 1)", "wrong"),
        ("input()\nprint(sum(map(int, input().split())))\nprint()\nprint(0)", "wrong"),
        ("input()\nprint(sum(map(int, input().split())))\n1/0", "wrong"),
        ("print(6)", "wrong"),
        ("def f(x) return", "bad_format"),
    ],
)
def test_livecodebench_by_standard_input(program: str, state: str) -> None:
    grade = grade_livecodebench(_fenced(program), tests=STDIN_TESTS)
    assert grade.state == state, grade
    assert grade.extracted == program + "\n"


CALL_TESTS = [
    {"input": "[1, 2, 3]\n2", "output": "[2, 4, 6]", "testtype": "functional"},
    {"input": "[]\n5", "output": "[]", "testtype": "functional"},
]


@pytest.mark.parametrize(
    ("program", "state"),
    [
        (
            "class Solution:\n    def scale(self, xs: List[int], k: int) -> List[int]:\n        return [k * x for x in xs]",
            "correct",
        ),
        ("class Solution:\n    def scale(self, xs, k):\n        return tuple(k * x for x in xs)", "correct"),
        ("def scale(xs, k):\n    return [k * x for x in xs]", "correct"),
        ("class Solution:\n    def scale(self, xs, k):\n        return [float(k * x) for x in xs]", "correct"),
        ("class Solution:\n    def scale(self, xs, k):\n        return xs", "wrong"),
        ("class Solution:\n    def other(self, xs, k):\n        return [k * x for x in xs]", "wrong"),
        (
            "class L(list):\n    def __eq__(self, o): return True\nclass Solution:\n    def scale(self, xs, k): return L()",
            "wrong",
        ),
    ],
)
def test_livecodebench_by_calls(program: str, state: str) -> None:
    grade = grade_livecodebench(_fenced(program), tests=CALL_TESTS, function="scale")
    assert grade.state == state, grade


@pytest.mark.parametrize(
    ("printed", "expected", "same"),
    [
        ("1 2\n3", "1 2\n3\n", True),
        ("  1 2  \n3\n\n", "1 2\n3", True),
        ("1.0 2", "1 2.00", True),
        ("1e2", "100", True),
        ("1\n\n2", "1\n2", False),
        ("1 2 3", "1 2", False),
        ("yes", "YES", False),
        ("50000000000000001", "50000000000000000", False),
        ("0.30000000000000004", "0.3", False),
        ("nan", "1", False),
        ("sNaN", "1", False),
        ("", "", True),
        ("", "1", False),
        ("a 1.0", "a 1", False),
    ],
)
def test_outputs_are_compared_as_livecodebench_does(printed: str, expected: str, same: bool) -> None:
    assert same_output(printed, expected) is same


def test_private_tests_are_read_and_what_could_run_code_is_refused() -> None:
    tests = json.dumps(STDIN_TESTS)
    packed = base64.b64encode(zlib.compress(pickle.dumps(tests))).decode()
    assert read_tests(tests) == read_tests(packed) == STDIN_TESTS
    hostile = base64.b64encode(zlib.compress(pickle.dumps(print))).decode()
    for bad in (
        hostile,
        base64.b64encode(zlib.compress(pickle.dumps([1]))).decode(),
        "no base 64!",
        packed[:-8],
        '{"a": 1}',
        '[{"input": ""}]',
        "[" * 100_000,
        base64.b64encode(zlib.compress(pickle.dumps("[" * 100_000))).decode(),
    ):
        with pytest.raises(ValueError, match=r"tests|Expecting|JSON"):
            read_tests(bad)
