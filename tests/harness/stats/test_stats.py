"""Statistics against known answers; test_coverage.py has the simulations."""

from typing import Any

import numpy as np
import pytest

from harness.stats import (
    Scores,
    compare,
    contrast,
    corrected,
    detectable,
    difference,
    estimate,
    holm,
    pass_at_k,
    pool_seeds,
    recovery,
)


def test_with_one_seed_the_interval_is_wilsons() -> None:
    scores = np.array([[1.0] * 8 + [0.0] * 2])
    interval = estimate(scores)
    assert [interval.low, interval.high] == pytest.approx([0.4902, 0.9433], abs=1e-4)
    assert interval.spread is None


def test_seeds_that_agree_add_nothing_but_what_the_questions_leave_open() -> None:
    rng = np.random.default_rng(0)
    questions = (rng.random(400) < 0.5).astype(float)
    interval = estimate(np.stack([questions] * 3))
    standard_error = questions.std(ddof=1) / np.sqrt(400)
    assert (interval.high - interval.low) / 2 == pytest.approx(1.96 * standard_error, rel=0.01)
    assert interval.spread == 0


def test_seeds_that_disagree_widen_the_interval_as_a_t_interval_over_seeds_does() -> None:
    scores = np.stack([np.full(100_000, mean) for mean in (0.48, 0.5, 0.52)])
    interval = estimate(scores)
    assert (interval.high - interval.low) / 2 == pytest.approx(
        4.3027 * 0.02 / np.sqrt(3), rel=5e-3
    )  # t with 2 degrees of freedom
    assert interval.spread == pytest.approx(0.04)


def test_seeds_near_0_have_an_interval_that_is_longer_upwards_and_stays_above_0() -> None:
    scores = np.stack([(np.arange(400) < right).astype(float) for right in (2, 6, 20)])
    interval = estimate(scores)
    assert 0 < interval.low < interval.mean
    assert interval.high - interval.mean > 3 * (interval.mean - interval.low)
    mirrored = estimate(1 - scores)
    assert [mirrored.low, mirrored.high] == pytest.approx([1 - interval.high, 1 - interval.low])


def test_pooled_seeds_replace_a_variance_that_is_0_by_luck() -> None:
    """The seeds of two regimes agree, those of two others do not."""
    rng = np.random.default_rng(0)
    ease = np.linspace(0, 1, 200)
    steady, lucky, *others = (
        np.stack([(ease + rng.normal(0, 0.1, 200) > cut + shift).astype(float) for shift in shifts])
        for cut, shifts in ((0.5, [0] * 3), (0.42, [0] * 3), (0.5, [-0.1, 0, 0.1]), (0.6, [-0.1, 0, 0.1]))
    )
    pooled = pool_seeds((scores, None) for scores in (steady, lucky, *others))
    assert pooled is not None
    assert 7 < pooled.freedom <= 8
    alone, together = compare(lucky, steady), compare(lucky, steady, pooled=pooled)
    assert together.difference.mean == alone.difference.mean
    assert alone.p_pooled is None
    assert together.p_pooled is not None
    assert alone.p_value == together.p_value < 0.05 < together.p_pooled
    assert corrected([together, together]) == [2 * together.p_pooled] * 2


def test_pooled_seeds_vary_less_near_0_than_near_one_half() -> None:
    """Regimes that are all right on 2% of questions say that regimes near one half vary too."""
    order = np.random.default_rng(0).permutation(400)
    near_0, middle = (
        np.stack([(order < 400 * (mean + shift)).astype(float) for shift in shifts])
        for mean, shifts in ((0.02, (-0.01, 0, 0.01)), (0.5, (-0.05, 0, 0.05)))
    )
    pooled = pool_seeds([(near_0, None), (middle, None)])
    ours, theirs = (contrast([scores], [1.0], None, pooled)[1].seeds for scores in (near_0, middle))
    assert 5 * ours < theirs


def test_the_same_run_under_two_names_is_pooled_once_and_a_single_run_not_at_all() -> None:
    scores = np.random.default_rng(0).integers(0, 2, (3, 50)).astype(float)
    assert pool_seeds([(scores, None)]) == pool_seeds([(scores, None), (scores.copy(), None), (scores[:1], None)])
    assert pool_seeds([(scores[:1], None)]) is None


def test_a_perfect_score_is_not_a_certain_one() -> None:
    interval = estimate(np.ones((3, 50)))
    assert 0.9 < interval.low < 0.95


def test_a_paired_difference_is_narrower_than_its_parts() -> None:
    rng = np.random.default_rng(0)
    first = rng.integers(0, 2, size=(1, 500)).astype(float)
    second = first.copy()
    second[0, :25] = 0
    paired, alone = difference(first, second), estimate(first)
    assert paired.mean == pytest.approx(float(first.mean() - second.mean()))
    assert paired.high - paired.low < 0.5 * (alone.high - alone.low)


@pytest.mark.parametrize("scores", [np.empty((0, 3)), np.empty((2, 0)), np.array([[np.nan, 1.0]]), np.ones(3)])
def test_no_scores_are_not_a_score(scores: Any) -> None:
    with pytest.raises(ValueError, match="expected a non-empty"):
        estimate(scores)


def test_a_difference_needs_the_same_questions() -> None:
    with pytest.raises(ValueError, match="expected the same questions"):
        difference(np.ones((1, 3)), np.ones((1, 4)))


def test_tasks_that_differ_do_not_widen_the_interval_since_they_are_not_drawn() -> None:
    rng = np.random.default_rng(0)
    scores = (rng.random((3, 400)) < np.repeat((0.1, 0.9), 200)).astype(float)
    apart, together = estimate(scores, ["a"] * 200 + ["b"] * 200), estimate(scores)
    assert apart.mean == together.mean
    assert apart.high - apart.low < 0.8 * (together.high - together.low)


def test_scores_beyond_0_and_1_have_an_interval_beyond_them_too() -> None:
    interval = estimate(np.array([[-1.0, 0.0, 3.0, 2.0]]))
    assert interval.low < 0
    assert interval.high > 1


def test_regimes_that_agree_on_every_question_are_not_surely_the_same() -> None:
    scores = np.ones((1, 200))
    interval = difference(scores, scores)
    assert interval.mean == 0
    assert 0.005 < interval.high < 0.02


def _single_runs(both: int, only_first: int, only_second: int, neither: int) -> tuple[Scores, Scores]:
    first = [1.0] * (both + only_first) + [0.0] * (only_second + neither)
    second = [1.0] * both + [0.0] * only_first + [1.0] * only_second + [0.0] * neither
    return np.array([first]), np.array([second])


def test_single_runs_have_mcnemars_exact_test() -> None:
    comparison = compare(*_single_runs(40, 10, 2, 48))
    assert comparison.difference.mean == pytest.approx(0.08)
    assert comparison.p_mcnemar == comparison.p_value == pytest.approx(0.0386, abs=1e-4)
    assert comparison.p_permutation == pytest.approx(0.0386, abs=0.01)
    assert comparison.one_seed
    assert compare(*_single_runs(50, 0, 0, 50)).p_value == 1


def test_several_runs_have_no_mcnemar_but_the_test_that_belongs_to_their_interval() -> None:
    rng = np.random.default_rng(0)
    for gain in (0.0, 0.03, 0.05, 0.1):
        first = (rng.random((3, 200)) < 0.5 + gain).astype(float)
        comparison = compare(first, (rng.random((3, 200)) < 0.5).astype(float))
        assert comparison.p_mcnemar is None
        assert not comparison.one_seed
        assert (comparison.p_value < 0.05) == (comparison.difference.low * comparison.difference.high > 0)


def test_the_permutation_test_knows_nothing_of_seeds() -> None:
    """Two sets of students differ on average only because of one seed."""
    second = np.tile(np.arange(200) % 2.0, (3, 1))
    first = second.copy()
    first[0] = 1.0
    comparison = compare(first, second)
    assert comparison.p_permutation < 0.001
    assert comparison.p_value > 0.05


@pytest.mark.parametrize(("questions", "points"), [(500, 0.063), (164, 0.11)])
def test_the_smallest_detectable_difference_is_that_of_the_textbook(questions: int, points: float) -> None:
    """It is (1.96 + 0.84) * sqrt(0.25 / questions), with a quarter of the pairs discordant."""
    differ = questions // 8
    comparison = compare(*_single_runs(questions // 4, differ, differ, questions - questions // 4 - 2 * differ))
    assert comparison.detectable == pytest.approx(points, rel=0.02)


def test_a_difference_is_detected_as_often_as_the_power_says() -> None:
    rng = np.random.default_rng(0)
    noise = contrast([np.zeros((1, 300)), np.zeros((1, 300))], [1.0, -1.0])[1]
    assert detectable(noise) == 0

    def draw(gain: float) -> tuple[Scores, Scores]:
        ease = rng.normal(0.4, 0.15, (1, 300))
        return tuple((rng.random((1, 300)) < ease + shift).astype(float) for shift in (gain, 0.0))  # type: ignore[return-value]

    least = float(np.mean([detectable(contrast(draw(0.11), [1.0, -1.0])[1]) for _ in range(50)]))
    seen = sum(difference(*draw(least)).low > 0 for _ in range(1000))
    assert 0.76 < seen / 1000 < 0.84


def test_as_many_more_questions_as_it_says_make_the_difference_detectable() -> None:
    comparison = compare(*_single_runs(200, 70, 55, 175))
    assert comparison.difference.mean == pytest.approx(0.03)
    assert comparison.more_questions == pytest.approx((2.8 * 0.5 / 0.03) ** 2 - 500, rel=0.03)
    assert comparison.more_seeds is None
    large = compare(*_single_runs(10, 490, 0, 0))
    assert large.more_questions == 0


def test_where_seeds_are_the_doubt_more_questions_do_not_help_and_more_seeds_do() -> None:
    second = np.tile(np.arange(1000) % 2.0, (3, 1))
    first = np.stack([np.where(np.arange(1000) < shift, 1.0, second[0]) for shift in (20, 100, 180)])
    comparison = compare(first, second)
    assert comparison.difference.low < 0 < comparison.difference.mean
    assert comparison.more_questions is None
    assert comparison.more_seeds is not None
    assert 1 <= comparison.more_seeds <= 30


def test_holm_corrects_for_how_many_there_are() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


def test_recovery_is_the_share_of_the_gap() -> None:
    base, oracle = np.zeros((1, 400)), np.ones((2, 400))
    base[0, :80] = 1
    regime = np.tile((np.arange(400) < 240).astype(float), (2, 1))
    result = recovery(regime, base, oracle)
    assert result.gap.mean == pytest.approx(0.8)
    assert result.recovered is not None
    assert result.recovered.mean == pytest.approx(0.5)
    assert 0.4 < result.recovered.low < 0.5 < result.recovered.high < 0.6


def test_a_regime_that_is_the_oracle_recovers_all_and_its_interval_says_so() -> None:
    rng = np.random.default_rng(0)
    base, oracle = ((rng.random((3, 200)) < mean).astype(float) for mean in (0.2, 0.6))
    result = recovery(oracle, base, oracle)
    assert result.recovered is not None
    assert result.recovered.mean == pytest.approx(1)
    assert result.recovered.low < 1 < result.recovered.high


@pytest.mark.parametrize("gain", [0.0, -0.3])
def test_recovery_is_withheld_where_the_oracle_gained_nothing(gain: float) -> None:
    rng = np.random.default_rng(0)
    base, oracle = ((rng.random((3, 200)) < mean).astype(float) for mean in (0.5, 0.5 + gain))
    assert recovery(base, base, oracle).recovered is None


def test_pass_at_k_is_the_unbiased_one() -> None:
    assert pass_at_k([2, 0, 5], [5, 5, 5], 2) == pytest.approx([0.7, 0, 1])
    assert pass_at_k([2, 1], [5, 4], 1) == pytest.approx([2 / 5, 1 / 4])
    rng = np.random.default_rng(0)
    chances = rng.random(2000)
    estimates = pass_at_k(rng.binomial(10, chances), np.full(2000, 10), 4)
    assert estimates.mean() == pytest.approx((1 - (1 - chances) ** 4).mean(), abs=0.01)


@pytest.mark.parametrize(
    ("correct", "samples", "k", "message"),
    [
        ([1], [2], 3, "expected 1 to 2"),
        ([1], [2], 0, "expected 1 to 2"),
        ([3], [2], 1, "0 to n right answers"),
        ([0], [0], 1, "at least one sample"),
        ([1, 2], [2], 1, "as many counts"),
        ([], [], 1, "as many counts"),
    ],
)
def test_impossible_counts_of_samples_are_refused(correct: Any, samples: Any, k: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pass_at_k(correct, samples, k)
