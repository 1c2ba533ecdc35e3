"""HumanEval+ and MBPP+ are graded by the rule of EvalPlus' own evaluator, which the published test code does not follow."""

from typing import Any

import pytest
from mirror import mirrored_rows

from harness.grading import Grade, grade_humaneval, grade_mbpp
from harness.grading.evalplus import UnknownHelpers, by_evaluators_rule

from .plus_tests import (
    FLOATS,
    HUMANEVAL_ASSERTION,
    MBPP_ASSERTION,
    NO_ASSERTION,
    OLDER_ASSERTION,
    SET_ASSERTION,
    humaneval_test,
    mbpp_test,
)

pytestmark = pytest.mark.usefixtures("isolated")


def _humaneval(body: str, solution: str, inputs: list[Any], results: list[Any], atol: float = 0) -> Grade:
    test = humaneval_test(inputs, results, atol)
    return grade_humaneval(
        f"```python\ndef f(x):\n    {body}\n```",
        prompt='def f(x):\n    """As asked."""\n',
        test=test,
        entry_point="f",
        canonical_solution=f"    {solution}\n",
        plus=True,
    )


def _mbpp(
    body: str, solution: str, inputs: list[Any], results: list[Any], name: str = "f", assertion: str = MBPP_ASSERTION
) -> Grade:
    test = mbpp_test(name, inputs, results, assertion=assertion)
    reference = f"def {name}(*x):\n    x = x[0] if len(x) == 1 else x\n    {solution}\n"
    return grade_mbpp(
        reference.replace(solution, body).join(("```python\n", "```")), tests=[test], reference=reference, plus=True
    )


POSITIVE = "return [y for y in x if y > 0]"
CASES = [
    # (body, the item's own solution, inputs, results, state)
    (POSITIVE, POSITIVE, [[[1, -2]], [[-1]]], [[1], []], "correct"),
    (f"{POSITIVE} or None", POSITIVE, [[[1, -2]], [[-1]]], [[1], []], "wrong"),
    (f"{POSITIVE} or [0]", POSITIVE, [[[1, -2]], [[-1]]], [[1], []], "wrong"),
    (f"{POSITIVE} or ()", POSITIVE, [[[1, -2]], [[-1]]], [[1], []], "wrong"),
    ("return list(x) or 'abc'", "return x", [[[1]], [[]]], [[1], []], "wrong"),
    ("return x or [1.5]", "return x", [[[1.5]], [[]]], [[1.5], []], "wrong"),
    ("return [1.5]", "return x", [[[1.5, 1.5]]], [[1.5, 1.5]], "wrong"),
    ("return 1.5", "return x", [[[1.5, 1.5]]], [[1.5, 1.5]], "wrong"),
    ("return [1.5, 1.5]", "return x", [[1.5]], [1.5], "wrong"),
    ("return (1.5, 1.5)", "return x", [[[1.5, 1.5 + 1e-9]]], [[1.5, 1.5 + 1e-9]], "wrong"),
    ("return [1.5, 1.5]", "return x", [[[1.5, 1.5 + 1e-9]]], [[1.5, 1.5 + 1e-9]], "correct"),
    ("return x + 1e-9", "return x", [[1.5]], [1.5], "correct"),
    ("return x + 1e-3", "return x", [[1.5]], [1.5], "wrong"),
    ("return int(x)", "return x", [[2.0]], [2.0], "correct"),
    ("return x == 1", "return x", [[1]], [1], "correct"),
    ("return x + 1e-9", "return x", [[1]], [1], "wrong"),
    ("return [y + 1e-9 for y in x]", "return x", [[[1.5, 2]]], [[1.5, 2]], "wrong"),
    ("return float('nan')", "return x", [[1.5]], [1.5], "wrong"),
    ("return str(x)", "return x", [[1.5]], [1.5], "wrong"),
    ("return None", "return x", [[1.5]], [1.5], "wrong"),
    ("return {1: 2.0 + 1e-9}", "return x", [[{1: 2.0}]], [{1: 2.0}], "wrong"),
    ("import numpy\n    return numpy.float64(x)", "return x", [[1.5]], [1.5], "correct"),
]


@pytest.mark.parametrize(("body", "solution", "inputs", "results", "state"), CASES)
def test_results_are_compared_by_type_length_and_value(
    body: str, solution: str, inputs: list[Any], results: list[Any], state: str
) -> None:
    assert _humaneval(body, solution, inputs, results).state == state
    assert _mbpp(body, solution, inputs, results).state == state


def test_a_tolerance_of_the_item_holds_for_what_is_no_float_too() -> None:
    assert _humaneval("return 100_000_001", "return x", [[100_000_000]], [100_000_000], atol=1e-4).state == "correct"
    assert _humaneval("return 100_000_001", "return x", [[100_000_000]], [100_000_000]).state == "wrong"
    assert _humaneval("return 100_000_001.0", "return x", [[100_000_000]], [100_000_000], atol=1e-4).state == "wrong"


@pytest.mark.parametrize(
    ("name", "body", "inputs", "results", "state"),
    [
        ("check_str", "return x or None", [["ab"], [""]], [True, False], "correct"),
        ("check_str", "return bool(x)", [["ab"], [""]], [True, False], "correct"),
        ("check_str", "return x + 'a'", [["ab"], [""]], [True, False], "wrong"),
        ("check_str", "return False", [["ab"], [""]], [True, False], "wrong"),
        ("check_str", "return None", [["ab"], [""]], [True, False], "wrong"),
        ("check_str", "return 1 / 0", [["ab"], [""]], [True, False], "wrong"),
    ],
)
def test_where_the_published_code_asserts_nothing_the_evaluators_rule_does(
    name: str, body: str, inputs: list[Any], results: list[Any], state: str
) -> None:
    assert _mbpp(body, "return x or None", inputs, results, name, NO_ASSERTION).state == state


@pytest.mark.parametrize(
    ("name", "solution", "body", "inputs", "results", "state"),
    [
        ("Diff", "return list(x)", "return list(reversed(x))", [[(1, 2)], [(3,)]], [[1, 2], [3]], "correct"),
        ("Diff", "return list(x)", "return [*x, x[0]]", [[(1, 2)], [(3,)]], [[1, 2], [3]], "correct"),
        ("Diff", "return list(x)", "return [1, 2]", [[(1, 2)], [(3,)]], [[1, 2], [3]], "wrong"),
        ("Diff", "return list(x)", "return None", [[()]], [[]], "wrong"),
        ("Diff", "return list(x)", "return [0]", [[()]], [[]], "wrong"),
        ("sum_div", "return x", "return 0", [[4], [8]], [4, 8], "correct"),
        ("sum_div", "return x", "return 4", [[4], [8]], [4, 8], "wrong"),
        ("surface_Area", "return 33", "return round(9 + 6 * (1.5**2 + 4**2) ** 0.5)", [[3, 4]], [33], "correct"),
        ("surface_Area", "return 33", "return 34", [[3, 4]], [33], "wrong"),
        ("digit_distance_nums", "return 1", "return 7", [[1, 23]], [1], "wrong"),
        ("digit_distance_nums", "return 1", "return 4", [[1, 23]], [1], "correct"),
    ],
)  # fmt: skip
def test_the_evaluators_special_rules_hold(
    name: str, solution: str, body: str, inputs: list[Any], results: list[Any], state: str
) -> None:
    assertion = SET_ASSERTION if name == "Diff" else MBPP_ASSERTION
    assert _mbpp(body, solution, inputs, results, name, assertion).state == state


def test_what_the_evaluator_accepts_from_any_program_shows_nothing_but_counts_officially() -> None:
    grade = _mbpp("return x", "return x", [[4], [8]], [4, 8], "are_equivalent")
    assert (grade.state, grade.explanation) == ("ungradable", "a program that does nothing passes the item's tests")
    assert grade.official == 1
    assert _mbpp("return 1 / 0", "return x", [[4], [8]], [4, 8], "are_equivalent").official == 0


def test_the_official_score_stands_beside_the_grade_of_the_plus_tasks_alone() -> None:
    assert _mbpp("return x", "return x", [[4]], [4]).official == 1
    assert _mbpp("return None", "return x", [[4]], [4]).official == 0
    program, tests = "def f(x): return x", ["assert f(1) == 1"]
    assert grade_mbpp(f"```python\n{program}\n```", tests=tests, reference=program).official is None
    assert grade_mbpp("prose", tests=tests, reference=program, plus=True).official == 0


@pytest.mark.parametrize("name", ["difference", "inputs_of", "np_", "reprlib", "math"])
def test_the_rule_takes_no_name_of_a_program(name: str) -> None:
    assert _mbpp("return x", "return x", [[4]], [4], name).state == "correct"
    assert _mbpp("return 5", "return x", [[4]], [4], name).state == "wrong"


@pytest.mark.parametrize("assertion", [HUMANEVAL_ASSERTION, MBPP_ASSERTION, SET_ASSERTION, OLDER_ASSERTION])
def test_the_published_helpers_are_known_whatever_their_white_space(assertion: str) -> None:
    test = humaneval_test([[1]], [1], assertion=assertion)
    ruled = by_evaluators_rule(test)
    assert "assert type(out) == type(exp)" in ruled
    assert (
        by_evaluators_rule(
            test.replace("\n\n", "\n").replace("    # check if it is float; List[float]; Tuple[float]\n", "")
        )
        != test
    )
    assert by_evaluators_rule(test.replace("\n", "\r\n")) == ruled


@pytest.mark.parametrize(
    "test",
    [
        humaneval_test([[1]], [1]).replace("rtol=1e-07", "rtol=1e-05"),
        humaneval_test([[1]], [1]).replace("exact_match = out == exp", "exact_match = True"),
        humaneval_test([[1]], [1]).replace("return False", "return True"),
        humaneval_test([[1]], [1]).replace("def assertion(out, exp, atol):", "def assertion(out, exp, atol=1):"),
        humaneval_test([[1]], [1]).replace(HUMANEVAL_ASSERTION, ""),
        humaneval_test([[1]], [1]).replace(
            HUMANEVAL_ASSERTION, "if True:\n    def assertion(out, exp, atol):\n        pass\n"
        ),
        humaneval_test([[1]], [1]).replace(FLOATS, FLOATS + "\ndef is_floats(x): return True\n"),
    ],
)
def test_an_unknown_helper_makes_an_item_ungradable(test: str) -> None:
    with pytest.raises(UnknownHelpers):
        by_evaluators_rule(test)
    grade = grade_humaneval(
        "```python\ndef f(x): return x\n```",
        prompt="def f(x):\n",
        test=test,
        entry_point="f",
        canonical_solution="    return x\n",
    )
    assert grade.state == "ungradable"
    assert "assertion" in grade.explanation or "is_floats" in grade.explanation


def test_tests_of_another_form_stay_as_they_are() -> None:
    test = "def check(candidate):\n    assert candidate(1) == 1\n"
    assert by_evaluators_rule(test) == test


@pytest.mark.parametrize(
    ("value", "state"), [("-0.5", "correct"), ("-0.50001", "correct"), ("-0.7", "wrong"), ("None", "wrong")]
)
def test_a_root_is_put_into_its_polynomial(value: str, state: str) -> None:
    test = """import math

def _poly(xs: list, x: float):
    return sum([coeff * math.pow(x, i) for i, coeff in enumerate(xs)])

def check(candidate):
    inputs = [[[1, 2]]]
    results = [-0.5]
    for i, (inp, exp) in enumerate(zip(inputs, results)):
        assert _poly(*candidate(*inp), inp) <= 0.0001
"""
    response = f"```python\ndef find_zero(xs):\n    return {value}\n```"
    grade = grade_humaneval(
        response,
        prompt="def find_zero(xs):\n",
        test=test,
        entry_point="find_zero",
        canonical_solution="    return -0.5\n",
        plus=True,
    )
    assert grade.state == state


BESIDE = [
    ("assert f(2) == 7  # example", "correct", "wrong"),
    ("print(f(int(input())))", "correct", "wrong"),
    pytest.param("while True:\n    pass", "correct", "wrong", marks=pytest.mark.slow),
    ("import sys\nsys.exit(1)", "correct", "wrong"),
    ("print(f(2))", "correct", "correct"),
    ("f = None", "wrong", "wrong"),
    ("def f(x): return x + 1", "wrong", "wrong"),
]


@pytest.mark.parametrize(("beside", "plus", "plain"), BESIDE)
def test_statements_beside_the_definitions_are_left_out_for_the_plus_tasks(beside: str, plus: str, plain: str) -> None:
    response = f"```python\ndef f(x):\n    return x\n\n{beside}\n```"
    for form, state in ((True, plus), (False, plain)):
        grade = grade_humaneval(
            response,
            prompt="def f(x):\n",
            test="def check(candidate):\n    assert candidate(1) == 1\n",
            entry_point="f",
            canonical_solution="    return x\n",
            plus=form,
        )
        assert grade.state == state
    graded = grade_mbpp(response, tests=["assert f(1) == 1"], reference="def f(x):\n    return x", plus=True)
    assert graded.state == plus


@pytest.mark.parametrize("name", ["humaneval_plus", "mbpp_plus"])
def test_all_published_helpers_are_known(name: str) -> None:
    for row in mirrored_rows(name):
        assert by_evaluators_rule(row["test"]) != row["test"]
