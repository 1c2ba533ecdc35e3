"""Grade multiple-choice answers, and JEEBench with its partial credit."""

import re
from fractions import Fraction
from typing import Literal, get_args

from harness.grading.answers import after_answer_is, extract_answer, last_boxed, split_reasoning
from harness.grading.base import Grade
from harness.grading.equality import evaluate
from harness.grading.math import number_in
from harness.grading.notation import canonical
from harness.grading.quantities import read_quantity
from harness.grading.statements import without_name
from traceinv.reasoning import THINK, Markers

JeeKind = Literal["MCQ", "MCQ(multiple)", "Integer", "Numeric"]
CREDIT_PER_LETTER = 0.25
TOLERANCE = Fraction(1, 100)

_MARKUP = re.compile(
    r"\\(?:text|textbf|mathrm|mathbf|mbox)\s*\{([^{}]*)\}|\\(?:rm|bf|left|right|quad)\b|\\&"
    r"|\\[()\[\]{},;! ]|(?<!\w)\[|\](?!\w)|[$*_{}]"
)
_NAMES = re.compile(r"\b(?:options?|choices?|answers?(?: (?:is|are)\b)? ?:?)(?!\w)", re.I)
_RULED_OUT = (
    r"(?: all| both)? (?:not\b|wrong|incorrect|false|in(?:valid|correct)|impossible|eliminated|excluded|ruled|out\b)"
)
_FOLLOWS = (
    r"(?= ?$| ?[.:;,)\]]| (?:because|since|as|which|and|but|not|except)\b"
    rf"| (?:is|are)\b(?!{_RULED_OUT}))"
)
_JOINT = r" ?(?:, ?and |,|;|&|/|\band\b|\bor\b|) ?"
_LEFT_OPEN = re.compile(r"(?<![A-Za-z])[A-Z] ?\)? ?,? or ?\(? ?[A-Z](?![A-Za-z])|\beither\b")
_MAX_LINE_LENGTH = 200


def grade_choice(response: str, reference: str, *, options: str = "ABCD", markers: Markers = THINK) -> Grade:
    """Grade a response to a question with one right option; the reference is its letter."""
    return _grade_letters(response, reference, options, markers, per_letter=0.0)


def grade_jeebench(response: str, reference: str, kind: str, *, markers: Markers = THINK) -> Grade:
    """Grade a response to a question of JEEBench as its authors do.

    `MCQ`: the letters must equal the reference. `MCQ(multiple)`: where all given letters are right but some are missing, each
    gives a credit of 0.25; a wrong letter gives 0. `Integer` and `Numeric`: the number must be within 0.01. The authors extract
    the answer with a second model; here a rule reads it from a box, from "the answer is", or from a response that has nothing
    but letters.
    Source: https://github.com/dair-iitd/jeebench/blob/d92fb626fc1223111dec846f2bcb5ee720caf5e0/compute_metrics.py

    Raises:
        ValueError: the kind is not one of the four.
        GradingFailed: the process that evaluates expressions failed.
    """
    if kind not in get_args(JeeKind):
        raise ValueError(f"unknown kind of question {kind!r}, expected one of {', '.join(get_args(JeeKind))}")
    if kind == "MCQ":
        return _grade_letters(response, reference, "ABCD", markers, per_letter=0.0)
    if kind == "MCQ(multiple)":
        return _grade_letters(response, reference, "ABCD", markers, per_letter=CREDIT_PER_LETTER)
    return _grade_number(response, reference, markers)


def read_letters(text: str, options: str) -> frozenset[str]:
    """Return the letters of an answer such as `B`, `(B)`, `A, C`, `ACD` or `\\text{(B) } 5`; empty where it is anything else."""
    plain = _plain(text)
    letter = rf"(?:\( ?)?[{re.escape(options)}](?![a-z])(?: ?\))?"
    match = re.match(rf"({letter}(?:{_JOINT}{letter})*+){_FOLLOWS}", plain) or re.match(
        rf"(\( ?[{re.escape(options)}] ?\))", plain
    )
    return frozenset(match.group(1)) & frozenset(options) if match else frozenset()


def _plain(text: str) -> str:
    """Return the first line of an answer without its markup."""
    line = text.strip().split("\n", 1)[0][:_MAX_LINE_LENGTH]
    bare = _MARKUP.sub(lambda match: f" {match.group(1)} " if match.group(1) else " ", line)
    return " ".join(_NAMES.sub("", bare).split())


def _grade_letters(response: str, reference: str, options: str, markers: Markers, per_letter: float) -> Grade:
    expected = frozenset(reference) & frozenset(options)
    if not expected or frozenset(reference) - frozenset(options) - frozenset(" ,()"):
        return Grade("ungradable", None, f"the reference {reference[:40]!r} is not made of the letters {options}")
    text = split_reasoning(response, markers)
    if isinstance(text, Grade):
        return text
    stated = next((content for place in (last_boxed, after_answer_is) if (content := place(text)) is not None), text)
    if not stated.strip():
        return Grade("no_answer", None, "the place of the final answer is empty or cut off")
    given = read_letters(stated, options)
    if not given:
        return Grade("bad_format", stated[:80], f"the answer is not made of the letters {options}")
    extracted = "".join(sorted(given))
    if _LEFT_OPEN.search(_plain(stated)):
        return Grade("wrong", extracted, "the answer does not settle on its options")
    explanation = f"the answer is {extracted}, the reference {''.join(sorted(expected))}"
    if given == expected:
        return Grade("correct", extracted, explanation)
    return Grade("wrong", extracted, explanation, credit=per_letter * len(given) if given < expected else 0.0)


def _grade_number(response: str, reference: str, markers: Markers) -> Grade:
    expected = read_quantity(canonical(reference))
    if expected is None:
        return Grade("ungradable", None, f"the reference {reference[:40]!r} is not a number")
    text = split_reasoning(response, markers)
    if isinstance(text, Grade):
        return text
    answer = extract_answer(text, ("boxed", "sentence", "last_number"))
    if isinstance(answer, Grade):
        return answer
    value = _value(number_in(answer))
    if value is None:
        return Grade("bad_format", answer, f"the answer is not a number: {answer[:80]!r}")
    state: Literal["correct", "wrong"] = "correct" if abs(value - expected.value) <= TOLERANCE else "wrong"
    return Grade(state, answer, f"the answer is {answer[:80]!r}, the reference {reference}, within {float(TOLERANCE)}")


def _value(answer: str) -> Fraction | None:
    stated = without_name(canonical(answer))
    quantity = read_quantity(stated)
    if quantity:
        return quantity.value
    decimal = evaluate(stated)
    return Fraction(decimal) if decimal is not None else None
