"""Grade predicted outputs (CRUXEval). The answer is a Python literal, which is parsed and never run."""

import ast
import re
import warnings

from harness.grading.answers import line_after_answer_is, split_reasoning
from harness.grading.base import Grade, State
from harness.grading.boxes import last_tagged
from harness.grading.turns import first_turn
from traceinv.reasoning import THINK, Markers

MAX_LITERAL_LENGTH = 10_000

_OPEN, _CLOSE = "[ANSWER]", "[/ANSWER]"
_WRAPPED = re.compile(r"```[a-zA-Z]*[ \t]*\n(.*?)\n?[ \t]*```|```[a-zA-Z]*\s(.*?)```|\*\*(.*)\*\*|`([^`]*)`", re.S)
_NEXT = re.compile(r"^\[PYTHON\]|^def f\(", re.M)
_FENCED = re.compile(r"^```[a-zA-Z]*[ \t]*\n(.*?)^```", re.S | re.M)
_ASSERTED = re.compile(r"(?:assert\s+)?f\(.*?\)\s*==\s*(?P<right>.*)", re.S)
_NOT_LITERAL = object()


def grade_literal(response: str, reference: str, *, markers: Markers = THINK) -> Grade:
    """Grade a response that predicts a value by Python's `==` on the two literals, as the benchmark's assertion does.

    The value is read from the last `[ANSWER]` tag, else from `<answer>` tags, else from the last fenced block, else after "the
    answer is", else from the last line. A fence or emphasis around it is taken off. Where it has the form `f(...) == value`,
    the right side is taken.
    Source: https://github.com/facebookresearch/cruxeval (the assertion `f(input) == output`).
    """
    expected = read_literal(reference)
    if expected is _NOT_LITERAL:
        return Grade("ungradable", None, f"the reference {reference[:40]!r} is not a literal")
    text = split_reasoning(response, markers)
    if isinstance(text, Grade):
        return text
    answer = _stated(text)
    if not answer:
        return Grade("no_answer", None, "the place of the final answer is empty or cut off")
    # a full stop may belong to the value or to the sentence
    readings = (read_literal(answer), read_literal(answer.removesuffix(".").strip("` ")))
    predicted = next((reading for reading in readings if reading is not _NOT_LITERAL), _NOT_LITERAL)
    if predicted is _NOT_LITERAL:
        return Grade("bad_format", answer[:200], f"the answer is not a literal: {answer[:80]!r}")
    state: State = "correct" if predicted == expected else "wrong"
    return Grade(state, answer, f"the answer is {answer[:80]}, the reference {reference[:80]}")


def read_literal(text: str) -> object:
    """Return the value of a Python literal, or `_NOT_LITERAL`; nothing is evaluated."""
    if len(text) > MAX_LITERAL_LENGTH:
        return _NOT_LITERAL
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes that Python does not know; the answer may still be right
            value: object = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return _NOT_LITERAL
    return value


def _stated(text: str) -> str:
    """Return the text that states the value; the places are those of `grade_literal`."""
    text = first_turn(text, lambda part: _CLOSE in part)
    tagged = last_tagged(text)
    fenced = _FENCED.findall(text)
    if _OPEN in text:
        inside, closed, after = _before_next(text).rpartition(_CLOSE)
        stated = inside.rpartition(_OPEN)[2] if closed and _OPEN not in after else ""
    elif tagged:
        stated = tagged.content
    elif fenced:
        stated = fenced[-1]
    else:
        stated = line_after_answer_is(text) or text.splitlines()[-1]
    stated = _unwrapped(stated.strip())
    asserted = _ASSERTED.fullmatch(stated)
    return (asserted.group("right") if asserted else stated).strip()


def _before_next(text: str) -> str:
    """Cut a text where another function begins after an answer: the model goes on with a question that it made up."""
    closed = text.find(_CLOSE)
    following = _NEXT.search(text, closed) if closed >= 0 else None
    return text[: following.start()] if following else text


def _unwrapped(stated: str) -> str:
    """Take off the fence, backticks or emphasis around a value."""
    for _ in range(3):
        wrapped = _WRAPPED.fullmatch(stated)
        if wrapped is None:
            break
        stated = next(group for group in wrapped.groups() if group is not None).strip()
    return stated.strip("`").strip()
