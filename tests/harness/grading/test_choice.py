"""Multiple-choice answers, and JEEBench's kinds of question with partial credit."""

from typing import Any

import pytest

from harness.grading import algebra, grade_choice, grade_jeebench
from harness.grading.choice import read_letters

from .conftest import read_cases


@pytest.mark.parametrize("case", read_cases("letter"), ids=lambda case: case["answer"])
def test_letters_are_read_from_an_answer_and_from_nothing_else(case: dict[str, Any]) -> None:
    assert read_letters(case["answer"], "ABCD") == frozenset(case["letters"])


@pytest.mark.parametrize("case", read_cases("jeebench"), ids=lambda case: f"{case['kind']} {case['response']}")
def test_jeebench_is_graded_as_its_authors_do(case: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(algebra, "CPU_SECONDS", 1.0)
    grade = grade_jeebench(case["response"], case["reference"], case["kind"])
    assert grade.state == case["state"]
    if case["state"] != "ungradable":
        assert grade.value == case["value"]


def test_a_kind_of_question_that_jeebench_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown kind of question 'Essay'"):
        grade_jeebench("A", "A", "Essay")


@pytest.mark.parametrize(
    ("response", "state"),
    [
        ("The answer is (E).", "correct"),
        ("E", "correct"),
        ("<think>(E)</think> The answer is D", "wrong"),
        ("The answer is (D) or (E).", "wrong"),
        ("I cannot tell.", "bad_format"),
        ("<think>(E)", "unfinished"),
    ],
)
def test_a_choice_has_one_right_letter(response: str, state: str) -> None:
    grade = grade_choice(response, "E", options="ABCDE")
    assert grade.state == state
    assert grade.value == (state == "correct")


HUGE = [
    "The answer is " * 100_000,
    "The correct option is (A)\n" * 100_000,
    "correct " * 100_000,
    "(A)\n" * 100_000,
    "A, " * 100_000,
    "\\text{" * 100_000,
    "is the correct " * 100_000,
    ". " * 300_000,
    "\\boxed{A} " * 100_000,
    "option A\x00" * 10_000,
]


@pytest.mark.parametrize("response", HUGE, ids=lambda response: response[:12].encode("ascii", "replace").decode())
@pytest.mark.timeout(60)  # a hundred times what it takes; a pattern that backtracks would take hours
def test_a_huge_or_broken_response_to_a_choice_gets_a_grade(response: str) -> None:
    assert grade_choice(response, "B").state in {"wrong", "no_answer", "bad_format"}
