"""Grade math answers: find the final answer by the task's rule, then compare it with the reference."""

import re
from dataclasses import replace

from harness.grading.algebra import Verdict
from harness.grading.answers import EXPRESSION_RULE, Rule, extract_answer, split_reasoning
from harness.grading.base import Grade, State
from harness.grading.equality import compare
from harness.grading.notation import canonical
from harness.grading.numbers import find_numbers
from harness.grading.prm800k import equal_by_prm800k
from harness.grading.quantities import read_quantity, split_unit
from harness.grading.statements import read_clock
from traceinv.reasoning import THINK, Markers

_FIRST = re.compile(r"(?:\\?[$({]|\\text\{|\\\(|about|approximately|roughly|\s)*", re.I)
_ASIDE = re.compile(
    r"\((?!or\b)|\b(?:not|since|because|as|in|for|per|from|with|after|at|by|each|every|when|if|which|where|on)\b", re.I
)
_DENIED = re.compile(r"\s*(?:not|neither|less|more|at (?:least|most)|greater|fewer)\b", re.I)
_OPEN = re.compile(r"\b(?:or|either|neither|between)\b", re.I)
_PROSE = re.compile(r"(?<![a-zA-Z\\])[a-zA-Z]{3,}")
_STATES: dict[Verdict, State] = {
    "equal": "correct",
    "different": "wrong",
    "bad_answer": "bad_format",
    "undecided": "bad_format",
    "bad_reference": "ungradable",
}


def grade_math500(response: str, reference: str, *, markers: Markers = THINK) -> Grade:
    """Grade a response to a problem of MATH, with the verdict of prm800k's grader on the same answer as the official score.

    Raises:
        GradingFailed: the process that compares expressions failed.
    """
    grade = grade_math(response, reference, markers=markers)
    answered = grade.extracted is not None and grade.state != "ungradable"
    official = equal_by_prm800k(str(grade.extracted), reference) if answered else False
    return replace(grade, official=None if grade.state == "ungradable" else float(official))


def grade_math(response: str, reference: str, *, rule: Rule = EXPRESSION_RULE, markers: Markers = THINK) -> Grade:
    """Grade a response to a question with one final answer: a number, an expression, a set, a matrix or words.

    Args:
        rule: the places where the answer may stand; the first place that the response has counts.

    Raises:
        GradingFailed: the process that compares expressions failed.
    """
    text = split_reasoning(response, markers)
    if isinstance(text, Grade):
        return text
    answer = extract_answer(text, rule)
    if isinstance(answer, Grade):
        return answer
    if "last_number" in rule:
        answer = number_in(answer)
    equality = compare(answer, reference)
    return Grade(_STATES[equality.verdict], answer, f"{equality.reason}: {answer[:80]!r}, reference {reference[:80]!r}")


def number_in(answer: str) -> str:
    """Return the number that an answer in prose states; an answer that is a number or a formula is returned whole.

    Prose that starts with a number states that number; other prose states its last. Prose is returned whole where it does not
    choose between two numbers (`41 or 42`), or where two numbers make one quantity (`3 hours 30 minutes`).
    """
    plain = canonical(answer)
    if read_quantity(plain) or read_clock(plain) or not _PROSE.search(split_unit(plain)[0]):
        return answer
    numbers = find_numbers(answer) or find_numbers(answer, everywhere=True)
    if len({text for text, _, _ in numbers}) < 2:
        return answer if _DENIED.match(answer) or not numbers else numbers[0][0]
    if "=" in answer:
        return numbers[-1][0]
    between = answer[numbers[0][2] : numbers[1][1]]
    if _FIRST.fullmatch(answer[: numbers[0][1]]):
        return numbers[0][0] if _ASIDE.search(between) else answer
    return answer if _OPEN.search(answer) else numbers[-1][0]
