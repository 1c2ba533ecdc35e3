"""The names that tests use belong to the program, unless the tests, their imports or Python define them for the module."""

import pytest

from .conftest import Run

REFERENCE = "import math\ndef double(x): return 2 * x\ndef max(*a): return 7\n"


@pytest.mark.parametrize(
    "tests",
    [
        "def reference(x):\n    double = x + x\n    return double\nassert double(4) == reference(4)",
        "def reference(double):\n    return double + double\nassert double(4) == reference(4)",
        "class Double:\n    double = 3\nassert double(4) == 8 and Double.double == 3",
        "assert [double for double in (1, 2)] == [1, 2]\nassert double(4) == 8",
        "assert (lambda double: double)(3) == 3\nassert double(4) == 8",
        "def reference(x):\n    from operator import mul as double\n    return double(2, x)\nassert double(4) == reference(4)",
        "def call(x):\n    return double(x)\nassert call(4) == 8",
        "assert max(1, 2) == 9",
        "result = double(4)\ndouble = result\nassert double == 8",
        "for i in range(3):\n    assert double(i) == 2 * i",
    ],
)
def test_a_name_that_the_tests_bind_elsewhere_is_the_programs(check: Run, tests: str) -> None:
    program = "def double(x): return x * 2\ndef max(*a): return 9"
    assert check(program, tests, setup=REFERENCE).verdict == "passed"
    wrong = "def double(x): return x * 3\ndef max(*a): return 8"
    assert check(wrong, tests, setup=REFERENCE).verdict == "failed"


@pytest.mark.parametrize(
    "tests",
    [
        "def helper(x): return 8\nassert helper(double(4)) == 8",
        "helper = lambda x: 8\nassert helper(double(4)) == 8",
        "from math import ceil as helper\nassert helper(7.5) == 8 and double(4) == 8",
        "def bind():\n    global helper\n    helper = 8\nbind()\nassert double(4) == helper",
        "assert math.floor(8.5) == double(4)",
        "assert len([double(4)]) == 1",
        "for helper in [4]:\n    assert double(helper) == 8",
        "assert (helper := 4) and double(helper) == 8",
    ],
)
def test_a_name_that_the_tests_define_is_not_the_programs(check: Run, tests: str) -> None:
    program = "def double(x): return x * 2\ndef helper(x): raise ValueError\nmath = len = None"
    assert check(program, tests, setup=REFERENCE).verdict == "passed"
