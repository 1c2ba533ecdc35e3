"""Whatever a model writes, a grader returns a grade, and soon."""

from typing import Any

from fuzzing import TEXTS, fuzz
from hypothesis import strategies as st

from harness.grading import grade_choice, grade_jeebench, grade_literal, grade_math, grade_math500
from harness.grading.answers import NUMBER_RULE
from harness.grading.base import Grade
from harness.grading.livecodebench import read_tests, same_output
from harness.grading.programs import find_program
from traceinv.answers import final_answer
from traceinv.reasoning import THINK, read_reply, split_reply
from traceinv.steps import sentences

WORDS = [
    "<think>",
    "</think>",
    "<|begin_of_thought|>",
    "<|end_of_thought|>",
    "<|channel|>",
    "<|message|>",
    "<|end|>",
    "the",
    "answer",
    "is",
    "Answer:",
    "####",
    "\\boxed{",
    "}",
    "{",
    "\\frac{",
    "\\sqrt{",
    "^{",
    "_{",
    "\\left(",
    "\\right)",
    "\\text{",
    "$",
    "$$",
    "\\(",
    "\\)",
    "\\[",
    "\\]",
    "\\begin{pmatrix}",
    "\\end{pmatrix}",
    "&",
    "\\\\",
    "\\cup",
    "\\infty",
    "\\pm",
    "\\pi",
    "^\\circ",
    "%",
    "\\%",
    "x",
    "y",
    "i",
    "e",
    "1",
    "2",
    "-3",
    "0.5",
    "1/2",
    "1,000",
    "1e9",
    "9**9**9",
    "10^{10^{10}}",
    "5!",
    "170!",
    "=",
    "<",
    "\\le",
    "[",
    "]",
    "(",
    ")",
    ",",
    ";",
    ":",
    "or",
    "and",
    "cm",
    "m^2",
    "km/h",
    "A",
    "B",
    "C",
    "D",
    "(A)",
    "**B**",
    "Option",
    "```python\n",
    "```",
    "[ANSWER]",
    "[/ANSWER]",
    "<answer>",
    "</answer>",
    "def",
    "f(x):\n",
    "",
    "",
    "",
    "",
    "return",
    "x\n",
    "f(1)",
    "==",
    "[1,2]",
    "None",
    "'a'",
    "{1:2}",
    "b'x'",
    "0x1f",
    "1_000",
    "---",
    "\n",
    "\n\n",
    "User:",
    "assistant",
    "Wait,",
    "So",
    "so",
    "that",
    "✓",
    "½",
    "２",
    "−",
    "×",
    "÷",
    "²",
    "∞",
    "π",
]
REPLIES = (
    st.lists(st.sampled_from(WORDS) | TEXTS, max_size=25).map(" ".join)
    | st.lists(st.sampled_from(WORDS), max_size=12).map("".join)
    | st.tuples(st.sampled_from(WORDS), st.integers(2, 3000)).map(lambda pair: pair[0] * pair[1])
)
REFERENCES = (
    st.sampled_from(["1", "-2.5", "A", "BD", "\\frac{1}{2}", "(1,2)", "x+1", "[1, 2]", "\\text{east}", "", "1e999"])
    | REPLIES
)


@fuzz(reply=REPLIES, reference=REFERENCES)
def test_mathematics_has_a_grade(reply: str, reference: str) -> None:
    for grade in (
        grade_math(reply, reference),
        grade_math(reply, reference, rule=NUMBER_RULE),
        grade_math500(reply, reference),
    ):
        _check(grade)


@fuzz(reply=REPLIES, reference=REFERENCES, options=st.sampled_from(["ABCD", "AB", "ABCDEFGHIJ"]))
def test_a_choice_has_a_grade(reply: str, reference: str, options: str) -> None:
    _check(grade_choice(reply, reference, options=options))
    for kind in ("MCQ", "MCQ(multiple)", "Integer", "Numeric"):
        _check(grade_jeebench(reply, reference, kind))


@fuzz(reply=REPLIES, reference=REFERENCES)
def test_a_literal_has_a_grade(reply: str, reference: str) -> None:
    _check(grade_literal(reply, reference))


@fuzz(
    reply=REPLIES, names=st.sampled_from([(), ("f",), ("f", "g")]), prompt=st.sampled_from(["", "def f(x):\n"]) | TEXTS
)
def test_a_program_is_found_or_the_reply_has_a_grade(reply: str, names: tuple[str, ...], prompt: str) -> None:
    found = find_program(reply, names, prompt, THINK)
    assert isinstance(found, str | Grade)


@fuzz(first=REPLIES, second=REPLIES)
def test_outputs_of_programs_are_the_same_or_not(first: str, second: str) -> None:
    assert isinstance(same_output(first, second), bool)
    assert same_output(first, first)


@fuzz(text=REPLIES | st.text(st.sampled_from("gASVeJwBAAAA//=+/0123"), max_size=80))
def test_tests_of_programs_are_read_or_refused(text: str) -> None:
    try:
        read_tests(text)
    except ValueError:
        return


@fuzz(reply=REPLIES)
def test_a_reply_has_parts(reply: str) -> None:
    read_reply(reply)
    split_reply(reply)
    final_answer(reply)
    sentences(reply)


def _check(grade: Any) -> None:
    assert isinstance(grade, Grade)
    assert 0 <= grade.credit <= 1
    assert grade.explanation
