"""Tests of the exact knowledge that a disclosure gives: hand-counted traces, bits, and the ideal inverter."""

from collections import Counter
from math import log2
from random import Random

import pytest

from traceinv.lab.families import FAMILIES, guessed_world
from traceinv.lab.ideal import invert_ideally, possible_traces, posterior
from traceinv.records import Disclosure, Question

SEVEN = log2(7)


def chain(text: str) -> Question:
    return Question(id="q", kind="chain", text=f"Count modulo 7. {text}?")


ONE = chain("a=3;b=a+1;c=b#2;d=c*2. What is d")
"""b is 4 whatever the table says; c is one of seven, and d tells which."""
LAST = chain("a=3;b=a#1. What is b")
TWO = chain("a=0;b=a#1;c=b#2. What is c")
AGAIN = chain("a=3;b=a#1;c=b#1. What is c")
"""The second step has the input of the first where the first outcome is 3."""


def test_a_question_without_private_steps_has_one_trace() -> None:
    (only,) = possible_traces(chain("a=3;b=a+1;c=b*2. What is c"))
    assert only.lines == ("b=a+1 3+1=4", "c=b*2 4*2=1")
    assert (only.answer, only.probability) == ("1", 1)


def test_a_private_step_has_seven_equally_likely_outcomes_and_the_rest_follows() -> None:
    traces = possible_traces(ONE)
    assert sorted(trace.lines[1] for trace in traces) == [f"c=b#2 4#2={outcome}" for outcome in range(7)]
    assert {trace.lines[0] for trace in traces} == {"b=a+1 3+1=4"}
    assert sorted(trace.answer for trace in traces) == list("0123456")
    assert {trace.probability for trace in traces} == {1 / 7}


def test_equal_inputs_have_equal_outcomes_within_a_trace() -> None:
    traces = possible_traces(AGAIN)
    assert len(traces) == 6 * 7 + 1
    (fixed,) = (trace for trace in traces if trace.lines[0] == "b=a#1 3#1=3")
    assert (fixed.lines[1], fixed.probability) == ("c=b#1 3#1=3", 1 / 7)
    assert sum(trace.probability for trace in traces) == pytest.approx(1)


def test_the_answer_tells_the_outcome_where_the_steps_after_it_can_be_undone() -> None:
    assert posterior(ONE).entropy == pytest.approx(SEVEN)
    assert posterior(ONE, "4").entropy == 0
    assert posterior(ONE, "4").surprisal("b=a+1 3+1=4\nc=b#2 4#2=2\nd=c*2 2*2=4") == 0
    assert posterior(ONE, "4").surprisal("b=a+1 3+1=4\nc=b#2 4#2=3\nd=c*2 3*2=6") is None


def test_two_unknown_outcomes_leave_one_open_after_the_answer_and_none_after_the_first_line() -> None:
    trace = "b=a#1 0#1=5\nc=b#2 5#2=6"
    assert posterior(TWO).surprisal(trace) == pytest.approx(2 * SEVEN)
    assert posterior(TWO, "6").surprisal(trace) == pytest.approx(SEVEN)
    assert posterior(TWO, "6", "b=a#1 0#1=5").surprisal(trace) == 0
    assert posterior(TWO, None, "b=a#1 0#1=5").surprisal(trace) == pytest.approx(SEVEN)


def test_a_line_tells_the_outcome_before_it_through_its_first_value() -> None:
    assert posterior(ONE, None, "d=c*2 2*2=4").entropy == 0


def test_a_decoy_beside_the_true_line_leaves_two_traces() -> None:
    told = posterior(TWO, None, "b=a#1 0#1=5\nb=a#1 0#1=2")
    assert {trace.lines[0] for trace in told.traces} == {"b=a#1 0#1=5", "b=a#1 0#1=2"}
    assert told.entropy == pytest.approx(1 + SEVEN)


def test_text_that_is_no_line_of_any_trace_tells_nothing() -> None:
    assert posterior(ONE, None, "first I fold\nb=a+1 3+1=5\n\n") == posterior(ONE)


def test_a_contradiction_leaves_the_traces_that_agree_with_the_most() -> None:
    told = posterior(ONE, "0", "c=b#2 4#2=2\nd=c*2 2*2=4")
    assert [trace.answer for trace in told.traces] == ["4"]


def test_a_trace_that_public_arithmetic_forbids_has_no_bits() -> None:
    wrong = "b=a+1 3+1=5\nc=b#2 5#2=2\nd=c*2 2*2=4"
    assert posterior(ONE, "4", "b=a+1 3+1=4").surprisal(wrong) is None
    assert posterior(ONE).probability(wrong) == 0


def test_the_ideal_inverter_draws_every_agreeing_trace_equally_often_and_no_other() -> None:
    drawn = Counter(
        invert_ideally(Disclosure(id=f"{n}", question=TWO, answer="6", summary=None), seed=0) for n in range(1400)
    )
    assert len(drawn) == 7
    assert all(trace.endswith("=6") for trace in drawn)
    assert 140 < min(drawn.values()) <= max(drawn.values()) < 260
    disclosure = Disclosure(id="x", question=LAST, answer="2", summary=None)
    assert invert_ideally(disclosure, seed=0) == invert_ideally(disclosure, seed=0) == "b=a#1 3#1=2"


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_the_true_trace_is_possible_in_every_family_and_a_line_shown_never_adds_bits(name: str) -> None:
    rng, family = Random(7), FAMILIES[name]
    for _ in range(30):
        problem = family.sample(rng, 5, 2 if family.has_private else 0, guessed_world)
        question = Question(id="q", kind=name, text=problem.question)
        half = "\n".join(problem.trace.splitlines()[1::2])
        known = (posterior(question), posterior(question, problem.answer), posterior(question, problem.answer, half))
        bits = [each.surprisal(problem.trace) for each in known]
        assert None not in bits
        assert bits == sorted(bits, key=lambda b: -(b or 0))


def test_a_question_from_elsewhere_is_refused() -> None:
    with pytest.raises(ValueError, match="no family of the lab"):
        possible_traces(Question(id="q", kind="gsm8k", text="What?"))
