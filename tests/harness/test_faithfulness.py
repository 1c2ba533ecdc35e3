"""Faithfulness figures fall where they should: on shuffled, shortened, altered and foreign traces."""

from random import Random

import pytest

from harness.faithfulness import compare, measure
from traceinv.lab.questions import as_question, draw
from traceinv.records import Disclosure, Inversion, Transcript

PROBLEMS = {i: p for i, p in draw("target", 20, (4, 8), 0).items() if p.family in ("chain", "prints")}


def _measure(change: object) -> dict[str, float]:
    assert callable(change)
    hidden, inverted = [], []
    for i, problem in PROBLEMS.items():
        question = as_question(i, problem)
        hidden.append(
            Transcript(id=i, question=question, trace=problem.trace, answer=problem.answer, finish_reason="stop")
        )
        shown = Disclosure(id=i, question=question, answer=problem.answer, summary=None)
        inverted.append(
            Inversion(id=i, disclosure=shown, with_summary=False, trace=change(problem.trace), finish_reason="stop")
        )
    return measure(inverted, hidden, seed=0).inverted


def _shuffled(trace: str) -> str:
    lines = trace.splitlines()
    Random(1).shuffle(lines)
    return "\n".join(lines)


def _shortened(trace: str) -> str:
    return "\n".join(trace.splitlines()[::2])


def _altered(trace: str) -> str:
    return "\n".join(line[:-1] + str((int(line[-1]) + 1) % 7) for line in trace.splitlines())


@pytest.mark.parametrize(
    ("change", "falling"),
    [
        (_shuffled, ["rouge2", "rougeL"]),
        (_shortened, ["length_ratio", "token_f1", "rouge1", "rouge2", "rougeL", "matched_steps"]),
        (_altered, ["token_f1", "rouge1", "rouge2", "rougeL", "true_steps", "matched_steps"]),
    ],
)
def test_figures_fall_on_spoilt_traces(change: object, falling: list[str]) -> None:
    whole, spoilt = _measure(str), _measure(change)
    assert all(value == pytest.approx(1) for value in whole.values())
    for name in falling:
        assert spoilt[name] < 0.95 * whole[name], name


def test_the_floor_of_true_traces_is_far_below_them() -> None:
    hidden = [
        Transcript(id=i, question=as_question(i, p), trace=p.trace, answer=p.answer, finish_reason="stop")
        for i, p in PROBLEMS.items()
    ]
    inverted = [
        Inversion(
            id=t.id,
            disclosure=Disclosure(id=t.id, question=t.question, answer="0", summary=None),
            with_summary=False,
            trace=t.trace,
            finish_reason="stop",
        )
        for t in hidden
    ]
    found = measure(inverted, hidden, seed=0)
    assert found.pairs == len(PROBLEMS)
    assert found.floor["matched_steps"] < 0.2
    assert found.floor["true_steps"] < 0.2
    assert found.floor["token_f1"] < 0.6


def test_a_repeated_step_matches_once_and_garbage_is_never_true() -> None:
    identifier, problem = next(iter(PROBLEMS.items()))
    question = as_question(identifier, problem)
    first = problem.trace.splitlines()[0]
    repeated = compare(question, problem.trace, "\n".join([first] * problem.steps))
    assert repeated["matched_steps"] == pytest.approx(1 / problem.steps)
    assert compare(question, problem.trace, "x <script>\n\x00")["true_steps"] == 0


def test_unfinished_inversions_are_no_pairs() -> None:
    with pytest.raises(ValueError, match="no finished inversion"):
        measure([], [], seed=0)
