"""The leak against known answers; test_leak_coverage.py has the simulations."""

import numpy as np
import pytest

from harness.stats import Scores, gain, leak


def _regime(right: int, seeds: int = 3, questions: int = 400) -> Scores:
    """Return scores that are right on every question whose number, spread over both halves, is below `right`."""
    order = np.random.default_rng(0).permutation(questions)
    return np.tile((order < right).astype(float), (seeds, 1))


BASE, ORACLE = _regime(80, seeds=1), _regime(320)


def test_the_leak_is_the_share_of_the_gap_that_only_disclosures_close() -> None:
    result = leak(
        {"summary": _regime(180), "inverted": _regime(240)}, {"base": BASE, "surrogate": _regime(160)}, ORACLE
    )
    assert (result.best_disclosed, result.best_undisclosed) == ("inverted", "surrogate")
    assert result.gap.mean == pytest.approx(0.4)
    assert result.withheld is None
    assert result.leak is not None
    assert result.leak.mean == pytest.approx((240 - 160) / (320 - 160))
    assert 0.3 < result.leak.low < 0.5 < result.leak.high < 0.7


def test_disclosures_that_help_less_than_the_surrogate_leak_nothing() -> None:
    result = leak({"summary": _regime(120)}, {"base": BASE, "surrogate": _regime(160)}, ORACLE)
    assert result.leak is not None
    assert result.leak.mean == pytest.approx(-0.25)
    assert result.leak.high < 0


def test_the_gain_is_the_numerator_of_the_leak_and_leaves_zero_where_the_leak_does() -> None:
    disclosed, undisclosed = {"summary": _regime(180), "inverted": _regime(240)}, {"base": BASE, "one": _regime(160)}
    result, share = gain(disclosed, undisclosed), leak(disclosed, undisclosed, ORACLE)
    assert (result.best_disclosed, result.best_undisclosed) == ("inverted", "one")
    assert result.gain.mean == pytest.approx((240 - 160) / 400)
    assert 0 < result.gain.low < 0.2 < result.gain.high
    assert 0 < result.detectable < 0.2
    assert not result.one_seed
    assert share.leak is not None
    for less in (160, 164, 168, 176, 200):
        few = {"inverted": _regime(less)}
        both = gain(few, undisclosed).gain.low, leak(few, undisclosed, ORACLE).leak
        assert both[1] is not None
        assert (both[0] > 0) == (both[1].low > 0)


def test_a_higher_confidence_gives_a_wider_leak() -> None:
    sides = {"inverted": _regime(240)}, {"base": BASE, "one": _regime(160)}, ORACLE
    narrow, wide = leak(*sides).leak, leak(*sides, confidence=0.99).leak
    assert narrow is not None
    assert wide is not None
    assert wide.low < narrow.low < narrow.high < wide.high


def test_the_leak_is_withheld_where_the_oracle_gains_nothing_over_a_regime_without_disclosures() -> None:
    result = leak({"summary": _regime(180)}, {"base": BASE, "surrogate": _regime(318)}, ORACLE)
    assert result.leak is None
    assert result.withheld == "the oracle's gain over a regime without disclosures is not significant"


def test_equal_regimes_with_lucky_seeds_do_not_raise_the_leak() -> None:
    """The best of eight equal regimes, each of which has one lucky seed, is no better than the others."""
    rng = np.random.default_rng(1)
    estimates, largest = [], []
    for _ in range(200):
        ease = rng.random(200)

        def students(accuracy: float, seeds: int = 3, deviation: float = 0.05, ease: Scores = ease) -> Scores:
            return (ease + rng.normal(0, 0.1, (seeds, 200)) < accuracy + rng.normal(0, deviation, (seeds, 1))).astype(
                float
            )

        base, oracle = students(0.3, 1, 0.0), students(0.7, deviation=0.0)
        regimes = {str(number): students(0.5) for number in range(8)}
        result = leak(regimes, {"base": base}, oracle)
        assert result.leak is not None
        estimates.append(result.leak.mean)
        best = float(regimes[result.best_disclosed].mean())
        largest.append((best - float(base.mean())) / float(oracle.mean() - base.mean()))
    assert np.mean(largest) > 0.58
    assert np.mean(estimates) == pytest.approx(0.5, abs=0.02)


def test_one_seed_and_one_question_a_task_have_a_leak_over_questions() -> None:
    result = leak(
        {"summary": _regime(180, seeds=1)}, {"base": BASE}, _regime(320, seeds=1), [str(n) for n in range(400)]
    )
    assert result.leak is not None
    assert result.leak.mean == pytest.approx(100 / 240)
    assert result.leak.low < result.leak.mean < result.leak.high


def test_a_leak_needs_regimes_of_both_kinds() -> None:
    with pytest.raises(ValueError, match="one without"):
        leak({"summary": _regime(180)}, {}, ORACLE)
