"""The grader of predicted outputs (CRUXEval): the answer is a Python literal, which is parsed and never run."""

import ast
import re
import warnings

from harness.grading.answers import line_after_answer_is, split_reasoning
from harness.grading.base import Grade, State
from traceinv.reasoning import THINK, Markers

LONGEST_LITERAL = 10_000

_OPEN, _CLOSE = "[ANSWER]", "[/ANSWER]"
_FENCED = re.compile(r"^```[a-zA-Z]*[ \t]*\n(.*?)^```", re.S | re.M)
_ASSERTED = re.compile(r"(?:assert\s+)?f\(.*?\)\s*==\s*(?P<right>.*)", re.S)
_NOT_LITERAL = object()


def grade_literal(response: str, reference: str, *, markers: Markers = THINK) -> Grade:
    """Judge a response that predicts a value, by Python's `==` on the two literals, as the benchmark's assertion does.

    The value is taken from the last `[ANSWER]` tag, else the last fenced block, else "the answer is", else the last line; of
    `f(...) == value` it is the right side.
    Source: https://github.com/facebookresearch/cruxeval (the assertion `f(input) == output`).
    """
    expected = read_literal(reference)
    if expected is _NOT_LITERAL:
        return Grade("ungradable", None, f"the reference {reference[:40]!r} is not a literal")
    text, failed = split_reasoning(response, markers)
    if failed:
        return failed
    answer = _stated(text)
    if not answer:
        return Grade("no_answer", None, "the place of the final answer is empty or cut off")
    readings = (
        read_literal(answer),
        read_literal(answer.removesuffix(".").strip("` ")),
    )  # a sentence's full stop or not
    predicted = next((reading for reading in readings if reading is not _NOT_LITERAL), _NOT_LITERAL)
    if predicted is _NOT_LITERAL:
        return Grade("bad_format", answer[:200], f"the answer is not a literal: {answer[:80]!r}")
    state: State = "correct" if predicted == expected else "wrong"
    return Grade(state, answer, f"the answer is {answer[:80]}, the reference {reference[:80]}")


def read_literal(text: str) -> object:
    """The value of a Python literal, or a mark that it is none; nothing is evaluated."""
    if len(text) > LONGEST_LITERAL:
        return _NOT_LITERAL
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes that Python does not know, which are no fault of the answer
            value: object = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return _NOT_LITERAL
    return value


def _stated(text: str) -> str:
    """Where the response states the value, tried from the task's own mark to the last line."""
    fenced = _FENCED.findall(text)
    if _OPEN in text:
        inside, closed, after = text.rpartition(_CLOSE)
        stated = inside.rpartition(_OPEN)[2] if closed and _OPEN not in after else ""
    elif fenced:
        stated = fenced[-1]
    else:
        stated = line_after_answer_is(text) or text.splitlines()[-1]
    stated = stated.strip().strip("`").strip()
    asserted = _ASSERTED.fullmatch(stated)
    return (asserted.group("right") if asserted else stated).strip()
