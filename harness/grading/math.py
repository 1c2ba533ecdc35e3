"""The grader of math answers: the final answer by the task's rule, then equality with the reference."""

import re

from harness.grading.answers import (
    EXPRESSION_RULE,
    THINK,
    Markers,
    Rule,
    extract_answer,
    last_number,
    split_reasoning,
)
from harness.grading.base import Grade, State
from harness.grading.equality import Verdict, compare
from harness.grading.notation import canonical
from harness.grading.quantities import read_quantity

_PROSE = re.compile(r"(?<![a-zA-Z\\])[a-zA-Z]{3,}")
_STATES: dict[Verdict, State] = {
    "equal": "correct",
    "different": "wrong",
    "bad_answer": "bad_format",
    "undecided": "bad_format",
    "bad_reference": "ungradable",
}


def grade_math(response: str, reference: str, *, rule: Rule = EXPRESSION_RULE, markers: Markers = THINK) -> Grade:
    """Judge a response to a question with one final answer: a number, an expression, a set, a matrix, words.

    Args:
        rule: where the final answer may stand, the first place that the response has deciding.

    Raises:
        GradingFailed: answers could not be compared at all.
    """
    text, failed = split_reasoning(response, markers)
    if failed:
        return failed
    answer, failed = extract_answer(text, rule)
    if answer is None:
        assert failed is not None
        return failed
    if "last_number" in rule:
        answer = _number_in(answer)
    comparison = compare(answer, reference)
    return Grade(
        _STATES[comparison.verdict], answer, f"{comparison.reason}: {answer[:80]!r}, reference {reference[:80]!r}"
    )


def _number_in(answer: str) -> str:
    """The last number of an answer that is prose around a number; where it is a number, or a formula, all of it."""
    if read_quantity(canonical(answer)) or not _PROSE.search(answer):
        return answer
    return last_number(answer) or answer
