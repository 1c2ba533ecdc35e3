"""Steps correspond in order by alignment and in any order by assignment; prose is alike by words and equal numbers."""

import itertools
from random import Random

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from harness.faithfulness.metrics import similarity as similarity_module
from harness.faithfulness.metrics.align import align, assign, linked_steps, step_figures
from harness.faithfulness.metrics.similarity import Merge, Similarity, step_similarity
from traceinv.records import Question
from traceinv.steps import Step, steps_of

TRACE = r"""We sell 48 clips in April. In May we sell half as many, which is 24.
Adding both months gives
\[ 48 + 24 = 72 \\ 72 - 10 = 62 \]
Then 5 boxes of 6 are packed, so 30 clips are gone. That leaves 32 of them. The answer is 32."""
OTHER = r"""Let the sides be 9 and 13. By Pythagoras the diagonal squared is 250. $$ 81 + 169 = 250 $$ Take the root of 250.
It is about 15.8. Round it to 16."""


def _steps(trace: str) -> list[Step]:
    return steps_of(Question(id="", kind="prose", text=""), trace)


def _figures(truth: str, inverted: str) -> dict[str, float | None]:
    return step_figures(step_similarity(_steps(truth), _steps(inverted), exact=False))


def _joined(change: object, trace: str = TRACE) -> str:
    sentences = [step.text for step in _steps(trace)]
    assert callable(change)
    return "\n".join(change(sentences))


def test_the_same_steps_match_and_those_of_another_question_do_not() -> None:
    assert _figures(TRACE, TRACE) == {
        name: pytest.approx(1) for name in ("step_precision", "step_recall", "step_f1", "step_order")
    }
    other = _figures(TRACE, OTHER)
    assert other["step_f1"] == 0
    assert other["step_order"] is None


def test_a_step_in_other_words_matches_and_a_step_with_another_number_does_not() -> None:
    retold = "In April we sell 48 clips."
    assert _figures("We sell 48 clips in April.", retold)["step_f1"] == 1
    assert _figures("We sell 48 clips in April.", retold.replace("48", "47"))["step_f1"] == 0


def test_step_figures_fall_on_spoilt_traces() -> None:
    whole = _figures(_joined(list), _joined(list))
    shuffled = _figures(_joined(list), _joined(lambda steps: Random(0).sample(steps, len(steps))))
    deleted = _figures(_joined(list), _joined(lambda steps: steps[::2]))
    changed = _figures(_joined(list), _joined(lambda steps: [step.replace("2", "9") for step in steps]))
    assert whole["step_f1"] == 1
    assert whole["step_order"] == pytest.approx(1)
    assert shuffled["step_order"] is not None
    assert shuffled["step_order"] < 0.9
    assert shuffled["step_f1"] < 0.9
    assert deleted["step_recall"] < 0.7 < deleted["step_precision"]
    assert changed["step_f1"] < 0.6


def test_an_alignment_is_the_best_in_order_and_not_the_first_that_fits() -> None:
    """A greedy matcher would take the first row's best column and lose two pairs for it."""
    assert align(np.array([[0.6, 0.0, 0.9], [0.0, 0.6, 0.0], [0.0, 0.0, 0.6]])) == [(0, 0), (1, 1), (2, 2)]


def test_alignments_are_as_good_as_trying_them_all() -> None:
    rng = np.random.default_rng(0)
    for _ in range(40):
        scores = np.where(rng.random((4, 5)) < 0.4, rng.random((4, 5)), 0)
        best = max(
            sum(scores[row, column] for row, column in zip(rows, columns, strict=True))
            for size in range(5)
            for rows in itertools.combinations(range(4), size)
            for columns in itertools.combinations(range(5), size)
        )
        pairs = align(scores)
        assert sum(scores[pair] for pair in pairs) == pytest.approx(best)
        assert all(first < second for pair in itertools.pairwise(pairs) for first, second in zip(*pair, strict=True))
        assert len(assign(scores)) >= sum(scores[pair] > 0 for pair in pairs) - 4


def test_order_is_1_forwards_and_minus_1_backwards() -> None:
    same = np.eye(6)
    assert step_figures(Similarity(same))["step_order"] == pytest.approx(1)
    assert step_figures(Similarity(same[::-1]))["step_order"] == pytest.approx(-1)
    assert step_figures(Similarity(np.ones((4, 4))))["step_order"] == pytest.approx(1)
    assert step_figures(Similarity(np.zeros((0, 3))))["step_f1"] == 0
    assert step_figures(Similarity(np.zeros((0, 0))))["step_f1"] is None


def test_prose_has_an_order_only_where_enough_steps_tell_of_it() -> None:
    """Fillers such as `So:` stand anywhere, and two or three steps that happen to be shared are in some order."""
    telling = "Take 3. Take 14. Take 15. Take 92. Take 65."
    fillers = "Wait, let me see. So it goes on. But then again. We shall see it. Now for the rest. That is what it is."
    backwards = " ".join(f"{step}." for step in reversed(telling.rstrip(".").split(". ")))
    assert _figures(telling, telling)["step_order"] == pytest.approx(1)
    assert _figures(telling, backwards)["step_order"] == pytest.approx(-1)
    assert _figures(f"{telling} {fillers}", f"{fillers} {telling}")["step_order"] == pytest.approx(1)
    assert _figures(fillers, fillers)["step_order"] is None
    assert _figures(telling, telling[:30])["step_order"] is None


def test_several_steps_are_aligned_with_one_where_that_is_better_than_one_by_one() -> None:
    table = np.array([[0.6, 0.0], [0.0, 0.0], [0.0, 0.9]])
    assert align(table, {Merge(2, 1): {(0, 0): 1.0}}) == [(0, 0), (1, 0), (2, 1)]
    assert align(table, {Merge(2, 1): {(1, 1): 0.9}}) == [(0, 0), (1, 1), (2, 1)]
    assert align(table.T, {Merge(1, 2): {(0, 0): 1.0}}) == [(0, 0), (0, 1), (1, 2)]
    figures = step_figures(Similarity(table, {Merge(2, 1): {(0, 0): 1.0}}))
    assert (figures["step_precision"], figures["step_recall"], figures["step_f1"]) == (1, 1, 1)


def test_steps_are_assigned_as_well_as_by_one_assignment_of_all() -> None:
    rng = np.random.default_rng(1)
    for _ in range(40):
        scores = np.where(rng.random((7, 9)) < 0.15, rng.random((7, 9)), 0)
        pairs = assign(scores)
        assert sum(scores[pair] for pair in pairs) == pytest.approx(scores[linear_sum_assignment(scores, True)].sum())
        assert pairs == sorted(pairs)


def test_exact_steps_are_alike_only_where_they_are_equal() -> None:
    true_steps, steps = ([Step(text, True) for text in texts] for texts in (["b=1", "c=2"], ["c=2", "c = 2", "b=1"]))
    similarity = step_similarity(true_steps, steps, exact=True)
    assert similarity is not None
    assert similarity.table.tolist() == [[0, 0, 1], [1, 0, 0]]
    empty = step_similarity([], steps, exact=True)
    assert empty is not None
    assert empty.table.shape == (0, 3)


def test_long_traces_are_assigned_in_small_groups() -> None:
    """The time of an assignment grows with the cube of its size, so 4,000 steps must not be assigned at once."""
    steps = _steps("\n".join(f"Add {number % 500} and {number % 7}." for number in range(4_000)))
    similarity = step_similarity(steps, steps, exact=False)
    assert similarity is not None
    assert max(len(here) for here, _ in linked_steps(similarity.table)) <= 2
    assert step_figures(similarity)["step_order"] == pytest.approx(1)


def test_traces_with_too_many_pairs_of_steps_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similarity_module, "MAX_STEP_PAIRS", 5)
    steps = _steps("One. Two. Three.")
    assert step_similarity(steps, steps, exact=False) is None
    assert step_similarity(steps[:2], steps[:2], exact=False) is not None
    assert set(step_figures(None).values()) == {None}
