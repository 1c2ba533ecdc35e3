"""Steps of prose: split at sentences and displays, aligned in order, and told apart by their numbers."""

import itertools
import time
from random import Random

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from harness.faithfulness.file import score_pair
from harness.faithfulness.metrics.align import align, assign, step_figures
from harness.faithfulness.metrics.prose import similarity, split_steps
from harness.faithfulness.metrics.text import Text
from harness.faithfulness.pairs import Pair

TRACE = r"""We sell 48 clips in April. In May we sell half as many, which is 24.
Adding both months gives
\[ 48 + 24 = 72 \\ 72 - 10 = 62 \]
Then 5 boxes of 6 are packed, so 30 clips are gone. That leaves 32 of them. The answer is 32."""
OTHER = r"""Let the sides be 9 and 13. By Pythagoras the diagonal squared is 250. $$ 81 + 169 = 250 $$ Take the root of 250.
It is about 15.8. Round it to 16."""


def _figures(truth: str, inverted: str) -> dict[str, float | None]:
    return step_figures(similarity(Text(truth).steps, Text(inverted).steps))


def _joined(change: object, trace: str = TRACE) -> str:
    sentences = [" ".join(step.words) for step in split_steps(trace)]
    assert callable(change)
    return "\n".join(change(sentences))


def test_sentences_and_rows_of_displays_are_steps() -> None:
    steps = split_steps("We have $3$ eggs. Then\n\\[ x = 3 \\\\ y &= 4 \\] So $$z^2$$ ends. !! \\[ never closed")
    assert [" ".join(step.words) for step in steps] == [
        "we have $ 3 $ eggs .",
        "then",
        "x = 3",
        "y = 4",
        "so",
        "z ^ 2",
        "ends .",
        "\\ [ never closed",
    ]
    assert split_steps("") == split_steps(" \n.\n\\[\\]") == []


@pytest.mark.parametrize(
    "hostile", ["\\[" * 50_000, "$$" * 50_001, "\\begin{align}" * 20_000, "a" * 300_000, ". " * 20_000]
)
def test_hostile_texts_take_no_more_than_linear_time(hostile: str) -> None:
    split_steps(hostile)


def test_the_same_steps_match_and_those_of_another_question_do_not() -> None:
    assert _figures(TRACE, TRACE) == {
        name: pytest.approx(1) for name in ("step_precision", "step_recall", "step_f1", "step_order")
    }
    other = _figures(TRACE, OTHER)
    assert other["step_f1"] == 0
    assert other["step_order"] is None


def test_a_step_in_other_words_matches_and_one_with_another_number_does_not() -> None:
    told = "In April we sell 48 clips."
    assert _figures("We sell 48 clips in April.", told)["step_f1"] == 1
    assert _figures("We sell 48 clips in April.", told.replace("48", "47"))["step_f1"] == 0


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


def test_order_is_1_as_told_and_minus_1_backwards() -> None:
    same = np.eye(6)
    assert step_figures(same)["step_order"] == pytest.approx(1)
    assert step_figures(same[::-1])["step_order"] == pytest.approx(-1)
    assert step_figures(np.ones((4, 4)))["step_order"] == pytest.approx(1)
    assert step_figures(np.zeros((0, 3)))["step_f1"] == 0


def test_steps_are_assigned_as_well_as_by_one_assignment_of_all() -> None:
    rng = np.random.default_rng(1)
    for _ in range(40):
        scores = np.where(rng.random((7, 9)) < 0.15, rng.random((7, 9)), 0)
        pairs = assign(scores)
        assert sum(scores[pair] for pair in pairs) == pytest.approx(scores[linear_sum_assignment(scores, True)].sum())
        assert pairs == sorted(pairs)


def test_traces_of_thousands_of_steps_are_compared_in_seconds_and_of_more_not_at_all() -> None:
    long = "\n".join(f"Add {number % 500} and {number % 7}." for number in range(4_000))
    start = time.process_time()
    assert _figures(long, long)["step_order"] == pytest.approx(1)
    assert time.process_time() - start < 20
    endless = score_pair(Pair(truth="Wait 1.\n" * 6_000, inverted="Wait 1.\n" * 6_000), [], 1.0).figures
    assert endless["step_f1"] is endless["step_order"] is None
    assert endless["rougeL"] == 1
