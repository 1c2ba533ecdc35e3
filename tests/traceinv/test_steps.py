"""Traces are read by the exact reader of their question's family, or as prose; no text makes a reader fail."""

from math import log2
from random import Random

import pytest

from traceinv.lab.families import FAMILIES
from traceinv.records import Disclosure, Question
from traceinv.steps import Step, concludes, exact_bits, has_exact_reader, is_exact, steps_of

PROSE = Question(id="q", kind="algebra", text="How many eggs are there?")
HOSTILE = ["", "\n \n", "\x00<script>", "=", "\ud800", "=" * 10_000, "b=a+1 " * 1000, "\\[" * 50_000, "$$" * 50_001]


def _problem(kind: str) -> tuple[Question, str, str]:
    problem = FAMILIES[kind].sample(Random(3), 5)
    return Question(id="q", kind=kind, text=problem.question), problem.trace, problem.answer


@pytest.mark.parametrize("kind", FAMILIES)
def test_a_family_reads_each_line_and_says_whether_it_is_true(kind: str) -> None:
    question, trace, _ = _problem(kind)
    lines = trace.splitlines()
    wrong = lines[0][:-1] + str((int(lines[0][-1]) + 1) % 7)
    assert is_exact(question)
    assert steps_of(question, trace) == [Step(line, True) for line in lines]
    assert steps_of(question, f"  {wrong}\n\nso it is\n{lines[1]}") == [
        Step(wrong, False),
        Step("so it is", False),
        Step(lines[1], True),
    ]


@pytest.mark.parametrize("kind", FAMILIES)
def test_a_true_trace_concludes_with_its_answer_and_with_no_other(kind: str) -> None:
    for seed in range(20):
        problem = FAMILIES[kind].sample(Random(seed), 5)
        question = Question(id="q", kind=kind, text=problem.question)
        lines = problem.trace.splitlines()
        assert concludes(question, problem.trace + "\n\n", f" {problem.answer}\n") == 1
        wrong = (
            problem.answer.replace(") % 7", " + 1) % 7") if kind == "compose" else str((int(problem.answer) + 1) % 7)
        )
        assert concludes(question, problem.trace, wrong) == 0
        assert concludes(question, "\n".join([*lines[:-1], "so it is"]), problem.answer) == 0
        assert concludes(question, "", problem.answer) == 0


def test_a_program_in_another_form_does_not_conclude_even_if_it_computes_the_same() -> None:
    problem = FAMILIES["compose"].sample(Random(0), 5)
    question = Question(id="q", kind="compose", text=problem.question)
    p, q = problem.reference.split()
    assert concludes(question, problem.trace, f"def f(x):\n    return ({p}*x + {q}) % 7") == 1
    assert concludes(question, problem.trace, f"def f(x):\n    return ({q} + x*{p}) % 7") == 0
    assert concludes(question, problem.trace, "def f(x):\n    return x") == 0


@pytest.mark.parametrize("question", [PROSE, Question(id="q", kind="chain", text="What is a chain?")])
def test_a_question_without_an_exact_reader_is_read_as_prose(question: Question) -> None:
    """Also where its kind has the name of a family."""
    assert not is_exact(question)
    assert concludes(question, "b=a+4 3+4=0", "0") is None
    assert steps_of(question, "We have 3 eggs. Then 4.") == [Step("We have 3 eggs.", None), Step("Then 4.", None)]


def test_only_kinds_with_an_exact_reader_have_one() -> None:
    assert all(has_exact_reader(kind) for kind in FAMILIES)
    assert not has_exact_reader("algebra")
    assert not has_exact_reader("")


def test_sentences_and_rows_of_displays_are_steps_of_prose() -> None:
    steps = steps_of(PROSE, "We have $3$ eggs. Then\n\\[ x = 3 \\\\ y &= 4 \\] So $$z^2$$ ends. !! \\[ never closed")
    assert [" ".join(step.text.split()) for step in steps] == [
        "We have $3$ eggs.",
        "Then",
        "x = 3",
        "y = 4",
        "So",
        "z^2",
        "ends.",
        "\\[ never closed",
    ]
    assert steps_of(PROSE, "") == steps_of(PROSE, " \n.\n\\[\\]") == []


@pytest.mark.parametrize("kind", [*FAMILIES, "algebra"])
def test_no_text_makes_a_reader_fail(kind: str) -> None:
    question = _problem(kind)[0] if kind in FAMILIES else PROSE
    for text in [*HOSTILE, "\\begin{align}" * 20_000, "a" * 300_000, ". " * 20_000]:
        steps_of(question, text)
        for answer in ("", "0", text):
            assert concludes(question, text, answer) in (None, 0)


def test_the_exact_bits_of_a_trace_fall_with_what_is_disclosed_and_are_unknown_for_prose() -> None:
    question = Question(id="q", kind="chain", text="Count modulo 7. a=0;b=a#1;c=b#2. What is c?")
    trace = "b=a#1 0#1=5\nc=b#2 5#2=6"
    shown = Disclosure(id="q", question=question, answer="6", summary="b=a#1 0#1=5")
    bits = exact_bits(shown, trace)
    assert bits is not None
    assert bits == pytest.approx({"question": 2 * log2(7), "answer": log2(7), "summary": 0.0})
    silent = exact_bits(shown.model_copy(update={"summary": None}), trace)
    assert silent is not None
    assert set(silent) == {"question", "answer"}
    assert exact_bits(shown, "b=a#1 0#1=5\nc=b#2 5#2=0") is None, "the disclosed answer rules this trace out"
    assert exact_bits(shown.model_copy(update={"question": PROSE}), trace) is None
