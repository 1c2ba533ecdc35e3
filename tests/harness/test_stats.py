"""Intervals against known answers."""

from typing import Any

import numpy as np
import pytest

from harness.stats import difference, estimate


def test_with_one_seed_the_interval_is_wilsons() -> None:
    scores = np.array([[1.0] * 8 + [0.0] * 2])
    found = estimate(scores)
    assert (found.low, found.high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))
    assert found.spread is None


def test_seeds_that_agree_add_nothing_but_what_the_questions_leave_open() -> None:
    rng = np.random.default_rng(0)
    questions = (rng.random(400) < 0.5).astype(float)
    found = estimate(np.stack([questions] * 3))
    standard_error = questions.std(ddof=1) / np.sqrt(400)
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * standard_error, rel=0.01)
    assert found.spread == 0


def test_seeds_that_disagree_widen_the_interval_as_a_t_interval_over_seeds_does() -> None:
    scores = np.stack([np.full(1000, mean) for mean in (0.3, 0.5, 0.7)])
    found = estimate(scores)
    assert (found.high - found.low) / 2 == pytest.approx(
        4.3027 * 0.2 / np.sqrt(3), rel=5e-3
    )  # t with 2 degrees of freedom
    assert found.spread == pytest.approx(0.4)


def test_a_perfect_score_is_not_a_certain_one() -> None:
    found = estimate(np.ones((3, 50)))
    assert 0.9 < found.low < 0.95


def test_a_paired_difference_is_narrower_than_its_parts() -> None:
    rng = np.random.default_rng(0)
    first = rng.integers(0, 2, size=(1, 500)).astype(float)
    second = first.copy()
    second[0, :25] = 0
    found, alone = difference(first, second), estimate(first)
    assert found.mean == pytest.approx(float(first.mean() - second.mean()))
    assert found.high - found.low < 0.5 * (alone.high - alone.low)


@pytest.mark.parametrize("scores", [np.empty((0, 3)), np.empty((2, 0)), np.array([[np.nan, 1.0]]), np.ones(3)])
def test_no_scores_are_not_a_score(scores: Any) -> None:
    with pytest.raises(ValueError, match="expected a non-empty"):
        estimate(scores)


def test_a_difference_needs_the_same_questions() -> None:
    with pytest.raises(ValueError, match="not the same questions"):
        difference(np.ones((1, 3)), np.ones((1, 4)))


@pytest.mark.parametrize(("seed_deviation", "least"), [(0.0, 0.93), (0.02, 0.93), (0.05, 0.92), (0.1, 0.88)])
@pytest.mark.parametrize("paired", [False, True])
def test_intervals_hold_the_truth_as_often_as_they_say(seed_deviation: float, least: float, paired: bool) -> None:
    """1,000 simulated runs of 3 seeds x 200 questions. Where seeds hardly differ it errs to the wide side.

    Where three seeds differ by as much as the questions do, Satterthwaite's approximation holds the truth in about 90%.
    """
    rng = np.random.default_rng(0)

    def draw(ability: Any) -> Any:
        skill = rng.normal(0, seed_deviation, size=(3, 1))
        return (rng.random((3, 200)) < np.clip(0.5 + ability + skill, 0, 1)).astype(float)

    held = 0
    for _ in range(1000):
        ability = rng.normal(0, 0.2, size=(1, 200))
        found = difference(draw(ability), draw(ability)) if paired else estimate(draw(ability))
        held += found.low <= (0.0 if paired else 0.5) <= found.high
    assert least <= held / 1000 <= 0.995
