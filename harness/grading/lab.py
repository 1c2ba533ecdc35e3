"""Graders of the lab's tasks: one digit, or a function that must behave as its reference does."""

from collections.abc import Sequence

from harness.grading.base import Grade, State
from harness.sandbox import run_function
from traceinv.reasoning import CLOSE, split_reply

DIGITS = frozenset("0123456")


def grade_value(response: str, reference: str) -> Grade:
    """Judge an answer that must be one digit from 0 to 6 (families `chain`, `dials` and `prints`)."""
    answer, failed = _answer(response)
    if answer is None:
        return failed
    if answer not in DIGITS:
        return Grade("bad_format", answer, "the answer is not one digit from 0 to 6")
    state: State = "correct" if answer == reference else "wrong"
    return Grade(state, answer, f"the answer is {answer}, the reference {reference}")


def grade_function(response: str, tests: Sequence[tuple[int, int]]) -> Grade:
    """Judge a program that must define `f(x)`, by running it on the tests' inputs (family `compose`).

    The program runs in a process of its own and never sees the expected outputs.
    """
    program, failed = _answer(response)
    if program is None:
        return failed
    run = run_function(program, "f", tuple(x for x, _ in tests))
    if run.outputs is None:
        return Grade("bad_format" if run.verdict == "invalid" else "wrong", program, run.explanation)
    wrong = [(x, y, got) for (x, y), got in zip(tests, run.outputs, strict=True) if got != y]
    if wrong:
        x, y, got = wrong[0]
        return Grade("wrong", program, f"f({x}) is {got}, expected {y}; {len(wrong)} of {len(tests)} tests fail")
    return Grade("correct", program, f"all {len(tests)} tests pass")


def _answer(response: str) -> tuple[str | None, Grade]:
    """What follows the reasoning, and the verdict where nothing does."""
    _, answer = split_reply(response)
    if CLOSE not in response:
        return None, Grade("unfinished", None, f"the response never closes its reasoning with {CLOSE}")
    return answer, Grade("no_answer", None, "nothing follows the reasoning")
