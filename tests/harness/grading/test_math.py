"""Math answers: which are equal, where they are found, and that no answer costs more than the time limit."""

import os
import threading
from typing import Any

import pytest

from harness.grading import EXPRESSION_RULE, NUMBER_RULE, Grade, GradingFailed, algebra, grade_math
from harness.grading.answers import split_reasoning
from harness.grading.equality import compare
from traceinv.reasoning import Markers

from .conftest import read_cases

HOSTILE = [
    r"\prod_{k=1}^{10000000} k",
    pytest.param("9^{9^{9^{9}}}", marks=pytest.mark.slow),
    pytest.param("(x+1)^{5000} - 1", marks=pytest.mark.slow),
    pytest.param("x^" * 900 + "2", marks=pytest.mark.slow),
]
HUGE = [
    "\\boxed{" * 100_000,
    "\\boxed{1}" * 100_000,
    "answer is " * 100_000,
    "answer" + " " * 1_000_000,
    "9" * 1_000_000,
    "9," * 100_000,
    "$" * 1_000_000,
    "\\boxed{" + "{" * 1_000_000,
    "\\boxed{" + "(" * 1_900 + "}",
    "\\boxed{\x00}",
    "\\boxed{\ud800}",
]


@pytest.mark.parametrize("case", read_cases("equality"), ids=lambda case: f"{case['reference']} and {case['answer']}")
def test_an_answer_equals_its_reference_or_not(case: dict[str, Any]) -> None:
    comparison = compare(case["answer"], case["reference"])
    assert (comparison.verdict == "equal") == case["equal"], comparison
    assert comparison.verdict != "bad_reference"


@pytest.mark.parametrize("case", read_cases("response"), ids=lambda case: case["response"][:60])
def test_a_response_is_in_the_right_state(case: dict[str, Any]) -> None:
    rule = NUMBER_RULE if case["rule"] == "number" else EXPRESSION_RULE
    assert grade_math(case["response"], case["reference"], rule=rule).state == case["state"]


def test_the_markers_of_the_reasoning_can_be_set() -> None:
    markers = Markers("[r]", "[/r]")
    assert grade_math(r"[r]\boxed{1}[/r]\boxed{2}", "2", markers=markers).state == "correct"
    assert grade_math(r"[r]\boxed{2}", "2", markers=markers).state == "unfinished"
    assert grade_math(r"<think>\boxed{2}", "2", markers=markers).state == "correct"


def test_a_prompt_that_opens_the_reasoning_leaves_a_response_without_its_end_unfinished() -> None:
    assert grade_math(r"so \boxed{2}", "2", markers=Markers(opened=True)).state == "unfinished"
    assert split_reasoning("so</think>2", Markers(opened=True)) == "2"


@pytest.mark.parametrize("answer", HOSTILE)
def test_a_comparison_without_end_is_given_up_and_the_next_one_works(
    answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(algebra, "CPU_SECONDS", 0.5)
    grade = grade_math(f"\\boxed{{{answer}}}", "x + 3")
    assert grade.state in {"wrong", "bad_format"}
    assert grade.value == 0
    assert compare("x + 3 + y", "3 + y + x").verdict == "equal"


@pytest.mark.parametrize("response", HUGE, ids=lambda response: response[:12].encode("ascii", "replace").decode())
@pytest.mark.parametrize("rule", [EXPRESSION_RULE, NUMBER_RULE])
@pytest.mark.timeout(60)  # a hundred times what it takes; a pattern that backtracks would take hours
def test_a_huge_or_broken_response_gets_a_grade(response: str, rule: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(algebra, "CPU_SECONDS", 0.5)
    assert grade_math(response, "7", rule=rule).state in {"wrong", "no_answer", "bad_format"}


def test_answers_are_compared_from_threads_and_from_forks() -> None:
    verdicts: list[str] = []

    def ask(name: str) -> None:
        verdicts.append(compare(f"{name} + 1", f"1 + {name}").verdict)

    threads = [threading.Thread(target=ask, args=(name,)) for name in "pqrs"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verdicts == ["equal"] * 4
    child = os.fork()
    if child == 0:
        os._exit(0 if compare("t + 1", "1 + t").verdict == "equal" else 1)
    assert compare("u + 1", "1 + u").verdict == "equal"
    assert os.waitpid(child, 0)[1] == 0


def test_a_worker_that_cannot_start_is_an_error_and_no_score(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(algebra, "_WORKER", algebra._Worker())
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(GradingFailed, match="math_verify"):
        grade_math(r"\boxed{v + w}", "w + v")


def test_a_grade_has_the_value_of_its_credit_and_an_ungradable_one_has_none() -> None:
    assert Grade("wrong", "A", "one letter of two", credit=0.25).value == 0.25
    with pytest.raises(ValueError, match="ungradable"):
        _ = Grade("ungradable", None, "the reference is empty").value
