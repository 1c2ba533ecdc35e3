"""Intervals against known answers."""

import numpy as np
import pytest

from harness.stats import difference, estimate, resample


def test_with_one_seed_the_bootstrap_error_is_the_analytic_standard_error() -> None:
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 2, size=(1, 400)).astype(float)
    analytic = scores.std(ddof=0) / np.sqrt(400)
    assert resample(scores, rng, 20_000).std() == pytest.approx(analytic, rel=0.03)


def test_seeds_that_disagree_widen_the_interval() -> None:
    rng = np.random.default_rng(0)
    draws = rng.random(300)
    agreeing = estimate(np.stack([draws < 0.5] * 3).astype(float), np.random.default_rng(1))
    disagreeing = estimate(np.stack([draws < 0.3, draws < 0.5, draws < 0.7]).astype(float), np.random.default_rng(1))
    assert agreeing.spread == 0
    assert disagreeing.high - disagreeing.low > 2 * (agreeing.high - agreeing.low)


def test_the_same_scores_and_generator_give_the_same_interval() -> None:
    scores = np.eye(3, 50)
    assert estimate(scores, np.random.default_rng(7)) == estimate(scores, np.random.default_rng(7))


def test_a_paired_difference_is_narrower_than_its_parts() -> None:
    rng = np.random.default_rng(0)
    first = rng.integers(0, 2, size=(1, 500)).astype(float)
    second = first.copy()
    second[0, :25] = 0
    found = difference(first, second, np.random.default_rng(1))
    alone = estimate(first, np.random.default_rng(1))
    assert found.mean == pytest.approx(float(first.mean() - second.mean()))
    assert found.high - found.low < 0.5 * (alone.high - alone.low)


def test_one_seed_has_no_spread() -> None:
    assert estimate(np.ones((1, 5)), np.random.default_rng(0)).spread is None


@pytest.mark.parametrize("scores", [np.empty((0, 3)), np.empty((2, 0)), np.array([[np.nan, 1.0]]), np.ones(3)])
def test_no_scores_are_not_a_score(scores: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected a non-empty"):
        estimate(scores, np.random.default_rng(0))


def test_a_difference_needs_the_same_questions() -> None:
    with pytest.raises(ValueError, match="not the same questions"):
        difference(np.ones((1, 3)), np.ones((1, 4)), np.random.default_rng(0))


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """200 simulated runs of 3 seeds x 150 questions; the pigeonhole bootstrap errs to the wide side, never far below 95%."""
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(200):
        ability, skill = rng.normal(0, 0.15, size=150), rng.normal(0, 0.03, size=3)
        chance = np.clip(0.5 + ability[None, :] + skill[:, None], 0, 1)
        found = estimate((rng.random((3, 150)) < chance).astype(float), rng)
        held += found.low <= 0.5 <= found.high
    assert held / 200 >= 0.90
