"""Grade multiple-choice answers, and JEEBench with its partial credit."""

import re
from dataclasses import replace
from fractions import Fraction
from typing import Literal, get_args

from harness.grading.answers import extract_answer, split_reasoning
from harness.grading.base import Grade
from harness.grading.boxes import boxed_groups, last_boxed, last_tagged
from harness.grading.equality import evaluate
from harness.grading.letters import Choice, OptionReader
from harness.grading.math import number_in
from harness.grading.notation import canonical
from harness.grading.quantities import read_quantity
from harness.grading.statements import values_of
from harness.grading.turns import first_turn
from traceinv.reasoning import THINK, Markers

JeeKind = Literal["MCQ", "MCQ(multiple)", "Integer", "Numeric"]
CREDIT_PER_LETTER = 0.25
TOLERANCE = Fraction(1, 100)

_STATED = re.compile(r"\bans\b[.:]*|\banswers?\b(?:[^.\n:=]{0,80}?\b(?:is|are|be)\b| ?[:=])(?: ?:)?|\banswers?\n", re.I)
_CORRECT = re.compile(
    r"\b(?:correct|right|true|valid|appropriate|suitable|only)\b(?:[^.\n]|\.(?![ \n])){0,250}?"
    r"(?:\b(?:is|are|be)\b(?! ?\(are)|is ?\(are\)|:)(?=[ \n]*(?:the )?(?:(?:option|statement|choice)s? ?)?"
    r"(?:⟨|\(?[A-Za-z]\)? ?(?:[.,;\n]|and\b|or\b|$)))",
    re.I,
)
_CHOSEN = re.compile(
    r"\b(?:choose|pick|select|go with)\b(?= (?:the )?(?:option |answer |choice )?(?:⟨[A-Z]⟩|[A-Z])(?:[.,!\n]|$))"
)
_HENCE = re.compile(r"(?:(?:so|hence|thus|therefore|finally|it is|it's)\b[, :]*)+", re.I)
_IS_CORRECT = re.compile(
    r"[^a-z]*(?:(?:and|both|all)\b[^a-z]*)*(?:is|are) (?:all |both |the )*(?:correct|right|true|answers?)\b"
)
_IS_THE_ANSWER = re.compile(r"\b(?:is|are) the (?:only |correct |right |final )*(?:answers?|options?|choices?)\b", re.I)
_DENIED_BOX = re.compile(r"[$\s]*(?:is|are)?\s*(?:not\b|incorrect|wrong|false)", re.I)
_BEFORE_SENTENCE = re.compile(r"(?<=[.!?]) +(?=[A-Z⟨])")
_MAX_LINE_LENGTH = 200
_FIRST, _LAST = 4_000, 20_000  # characters of a long response that are read


def grade_choice(response: str, reference: str, *, options: str = "ABCD", markers: Markers = THINK) -> Grade:
    """Grade a response to a question with one right option; the reference is its letter."""
    return _grade_letters(response, reference, options, markers, per_letter=0.0)


def grade_jeebench(response: str, reference: str, kind: str, *, markers: Markers = THINK) -> Grade:
    """Grade a response to a question of JEEBench as its authors do.

    `MCQ`: the letters must equal the reference. `MCQ(multiple)`: where all given letters are right but some are missing, each
    gives a credit of 0.25; a wrong letter gives 0. `Integer` and `Numeric`: the number must be within 0.01. `official` is the
    score of the same answer by the authors' own code, which takes the difference in floating point. The authors extract
    the answer with a second model; here a rule reads it from a box, from "the answer is", or from a response that has nothing
    but letters.
    Source: https://github.com/dair-iitd/jeebench/blob/d92fb626fc1223111dec846f2bcb5ee720caf5e0/compute_metrics.py

    Raises:
        ValueError: the kind is not one of the four.
        GradingFailed: the process that evaluates expressions failed.
    """
    if kind not in get_args(JeeKind):
        raise ValueError(f"unknown kind of question {kind!r}, expected one of {', '.join(get_args(JeeKind))}")
    if kind in ("Integer", "Numeric"):
        return _grade_number(response, reference, markers)
    per_letter = CREDIT_PER_LETTER if kind == "MCQ(multiple)" else 0.0
    grade = _grade_letters(response, reference, "ABCD", markers, per_letter)
    given = grade.extracted or "" if grade.state in ("correct", "wrong") else ""
    official = None if grade.state == "ungradable" else _official_credit(given, reference, per_letter)
    return replace(grade, official=official)


def read_letters(text: str, options: str) -> frozenset[str]:
    """Return the letters of an answer such as `B`, `(B)`, `A, C`, `ACD` or `\\text{(B) } 5`; empty where it is anything else."""
    choice = OptionReader(options).read(text)
    return choice.letters if choice else frozenset()


def read_choice(text: str, options: str) -> Choice | None:
    """Return the options that a response chooses; None where it states no choice.

    The place is the last box that holds a label; else the last sentence of the form "the answer is" or "the correct options
    are"; else the last sentence, where it names labels and the response calls no others right; else a line that has nothing
    but labels. A letter that opens an analysis of the options is no answer.
    """
    reader = OptionReader(options)
    tagged = last_tagged(text)
    if tagged and tagged.end > max((group.end for group in boxed_groups(text)), default=0):
        return read_choice(tagged.content, options)
    for group in reversed(boxed_groups(text)):
        choice = reader.read(group.content)
        if choice and choice.letters and not _DENIED_BOX.match(text, group.end):
            return choice
    plain = reader.plain_long(text if len(text) <= _FIRST + _LAST else f"{text[:_FIRST]}\n{text[-_LAST:]}")
    return _stated(plain, reader) or _concluded(plain, reader) or _alone(plain, reader)


def _stated(plain: str, reader: OptionReader) -> Choice | None:
    """Return the choice of the last sentence that says what the answer is."""
    starts = sorted(
        {(match.end(), True) for match in _STATED.finditer(plain)}
        | {(match.end(), False) for pattern in (_CORRECT, _CHOSEN) for match in pattern.finditer(plain)}
    )
    places = [(start, plain[start:], is_answer) for start, is_answer in starts]
    for _, rest, is_answer in reversed(places):
        choice = reader.read(rest)
        if choice is None and is_answer and not rest.lstrip(" *").startswith("\n⟨"):
            choice = reader.read_sentence(_BEFORE_SENTENCE.split(rest.lstrip().split("\n", 1)[0])[0])
        if choice is not None:
            return choice
    for match in reversed(list(_IS_THE_ANSWER.finditer(plain))):
        sentence = plain[
            max(plain.rfind("\n", 0, match.start()), plain.rfind(". ", 0, match.start())) + 1 : match.end()
        ]
        if choice := reader.read_sentence(sentence):
            return choice
    return None


def _concluded(plain: str, reader: OptionReader) -> Choice | None:
    """Return the choice of the last sentence, or of the list of options at the end that a colon announces."""
    lines = plain.split("\n")
    first = len(lines) - 1
    while first > 0 and lines[first].startswith("⟨"):
        first -= 1
    if first < len(lines) - 1:
        return reader.read("\n" + "\n".join(lines[first + 1 :])) if lines[first].endswith(":") else None
    announced = first > 0 and lines[-2].endswith(":")
    closing = f"{lines[-2]} {lines[-1]}" if announced else lines[-1]
    sentence = _BEFORE_SENTENCE.split(closing)[-1]
    bare = _HENCE.sub("", sentence, count=1) if _HENCE.match(sentence) else sentence
    labels_only = reader.is_bare(bare) or _IS_CORRECT.match(bare)
    choice = reader.read(bare) if labels_only else reader.read_sentence(sentence)
    if choice is None or not choice.letters or reader.verdicts(plain) - choice.letters:
        return None
    return choice


def _alone(plain: str, reader: OptionReader) -> Choice | None:
    """Return the choice of a response of one line, or of a first or last line that has nothing but labels."""
    lines = plain.split("\n")
    if len(lines) == 1:
        return reader.read(lines[0][:_MAX_LINE_LENGTH])
    labelled = sum(reader.read(line) is not None for line in lines)
    alone = next((line for line in (lines[-1], lines[0]) if reader.is_bare(line)), None)
    return reader.read(alone) if alone and labelled == 1 else None


def _grade_letters(response: str, reference: str, options: str, markers: Markers, per_letter: float) -> Grade:
    expected = frozenset(reference) & frozenset(options)
    if not expected or frozenset(reference) - frozenset(options) - frozenset(" ,()"):
        return Grade("ungradable", None, f"the reference {reference[:40]!r} is not made of the letters {options}")
    text = split_reasoning(response, markers)
    if isinstance(text, Grade):
        return text
    text = first_turn(text, lambda part: bool(read_choice(part, options)))
    if last_boxed(text) == "":
        return Grade("no_answer", None, "the place of the final answer is empty or cut off")
    choice = read_choice(text, options)
    if choice is None or not choice.letters:
        reason = "chooses none of" if choice else "is not made of"
        return Grade("bad_format", text[-80:], f"the answer {reason} the letters {options}")
    extracted = "".join(sorted(choice.letters))
    if not choice.settled:
        return Grade("wrong", extracted, "the answer does not settle on its options")
    explanation = f"the answer is {extracted}, the reference {''.join(sorted(expected))}"
    if choice.letters == expected:
        return Grade("correct", extracted, explanation)
    credit = per_letter * len(choice.letters) if choice.letters < expected else 0.0
    return Grade("wrong", extracted, explanation, credit=credit)


def _grade_number(response: str, reference: str, markers: Markers) -> Grade:
    expected = read_quantity(canonical(reference))
    if expected is None:
        return Grade("ungradable", None, f"the reference {reference[:40]!r} is not a number")
    text = split_reasoning(response, markers)
    answer = text if isinstance(text, Grade) else extract_answer(text, ("boxed", "sentence", "last_number"))
    if isinstance(answer, Grade):
        return replace(answer, official=0.0)
    value = _value(number_in(answer))
    if value is None:
        return Grade("bad_format", answer, f"the answer is not a number: {answer[:80]!r}", official=0.0)
    state: Literal["correct", "wrong"] = "correct" if abs(value - expected.value) <= TOLERANCE else "wrong"
    explanation = f"the answer is {answer[:80]!r}, the reference {reference}, within {float(TOLERANCE)}"
    return Grade(state, answer, explanation, official=_official_number(value, expected.value))


def _official_credit(given: str, reference: str, per_letter: float) -> float:
    """Return the score of letters by JEEBench's own rule, which heeds neither `or` nor the order."""
    letters, expected = frozenset(given), frozenset(reference) & frozenset("ABCD")
    return 1.0 if letters == expected else per_letter * len(letters) * (letters <= expected)


def _official_number(value: Fraction, expected: Fraction) -> float:
    """Return the score of a number by JEEBench's own rule: 0.01 apart in floating point, where 0.63 is too far from 0.62."""
    try:
        return float(abs(float(expected) - float(value)) <= float(TOLERANCE))
    except OverflowError:
        return 0.0


def _value(answer: str) -> Fraction | None:
    """Return the value of an answer; that of a chain, such as `\\cos 30^\\circ = 0.866`, is its last."""
    stated = canonical(answer).replace(r"\approx", "=")
    stated = (values_of(stated) or [stated])[-1]
    quantity = read_quantity(stated)
    if quantity:
        return quantity.value
    decimal = evaluate(stated)
    return Fraction(decimal) if decimal is not None else None
