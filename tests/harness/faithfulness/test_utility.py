"""The utility of disclosures: whether a reader can tell right answers from wrong ones."""

from random import Random

import pytest

from harness.faithfulness.utility import MIN_ANSWERS, measure_utility
from traceinv.lab.families import FAMILIES
from traceinv.records import Disclosure, Question

TRACES: dict[str, str] = {}


def _disclosures(count: int, wrong_every: int, telling: bool) -> list[Disclosure]:
    """Return disclosures of which every so-manieth has a wrong answer; a telling summary says so."""
    rng = Random(1)
    rows = []
    for number in range(count):
        problem = FAMILIES["chain"].sample(rng, 4)
        wrong = number % wrong_every == 0
        answer = str((int(problem.answer) + 1) % 7) if wrong else problem.answer
        identifier = f"q{number}"
        TRACES[identifier] = problem.trace
        summary = ("so it must be" if wrong else "thus it is") if telling else "some steps"
        question = Question(id=identifier, kind="chain", text=problem.question)
        rows.append(Disclosure(id=identifier, question=question, answer=answer, summary=summary))
    return rows


def test_a_summary_that_tells_right_from_wrong_gains_auc_over_the_answer_alone() -> None:
    found = measure_utility(_disclosures(300, 4, telling=True), TRACES, seed=0)
    assert (found.answers, found.wrong, found.withheld) == (300, 75, None)
    assert found.auc is not None
    assert found.gain is not None
    assert found.auc.mean > 0.99
    assert found.gain.low > 0.2


def test_a_summary_that_says_nothing_gains_nothing() -> None:
    found = measure_utility(_disclosures(300, 4, telling=False), TRACES, seed=0)
    assert found.gain is not None
    assert found.gain.low <= 0 <= found.gain.high


def test_too_few_wrong_answers_and_unknown_ones_are_said() -> None:
    few = measure_utility(_disclosures(100, 10, telling=True), TRACES, seed=0)
    assert (few.auc, few.gain) == (None, None)
    assert few.withheld == f"10 wrong answers of 100; expected {MIN_ANSWERS} right and wrong ones"
    prose = [
        row.model_copy(update={"question": row.question.model_copy(update={"kind": "algebra"})})
        for row in _disclosures(100, 3, telling=True)
    ]
    unknown = measure_utility(prose, TRACES, seed=0)
    assert (unknown.answers, unknown.withheld, unknown.conveyed) == (0, "the right answers are not known", None)
    assert unknown.length is not None


def test_conveyed_is_the_share_of_true_steps_in_the_summary() -> None:
    rows = _disclosures(40, 50, telling=False)
    half = [
        row.model_copy(update={"summary": "\n".join([*TRACES[row.id].splitlines()[::2], "b=a+1 0+1=5"])})
        for row in rows
    ]
    found = measure_utility(half, TRACES, seed=0)
    assert found.conveyed is not None
    assert found.conveyed.mean == pytest.approx(0.5)
    silent = measure_utility([row.model_copy(update={"summary": None}) for row in rows], TRACES, seed=0)
    assert silent.conveyed is not None
    assert silent.length is not None
    assert (silent.conveyed.mean, silent.length.mean) == (0.0, 0.0)
