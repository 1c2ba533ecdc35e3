"""A figure is normalised only where floor and ceiling differ significantly."""

import numpy as np
import pytest

from harness.faithfulness.calibration import calibrate, normalise, normalise_figure
from harness.faithfulness.measure import Measured


def _columns(value: float, floor: float, ceiling: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    noise = np.random.default_rng(0)
    draw = [0.1 * noise.standard_normal(shape) for shape in ((3, 200), (3, 200), (200,))]
    return value + draw[0], floor + draw[1], ceiling + draw[2]


def test_the_normalised_value_is_0_at_the_floor_and_1_at_the_ceiling() -> None:
    for value, where in ((0.3, 0.0), (0.5, 0.5), (0.7, 1.0)):
        estimate = normalise_figure(*_columns(value, floor=0.3, ceiling=0.7), seed=0).estimate
        assert estimate is not None
        assert estimate.low < where < estimate.high
        assert estimate.high - estimate.low < 0.1
        assert estimate.spread is not None


def test_the_bootstrap_interval_is_as_wide_as_theory_says() -> None:
    """With fixed floor and ceiling the normalised value is a mean, whose standard error is known."""
    rng = np.random.default_rng(1)
    value = rng.standard_normal((1, 400))
    estimate = normalise_figure(value, np.zeros((1, 400)), np.ones(400), seed=0).estimate
    assert estimate is not None
    assert estimate.high - estimate.low == pytest.approx(2 * 1.96 * value.std() / 20, rel=0.1)


@pytest.mark.parametrize(
    ("floor", "ceiling", "reason"),
    [(0.5, 0.5, "do not differ significantly"), (0.7, 0.3, "are in the wrong order")],
)
def test_no_value_where_floor_and_ceiling_do_not_differ(floor: float, ceiling: float, reason: str) -> None:
    normalised = normalise_figure(*_columns(0.5, floor, ceiling), seed=0)
    assert normalised.estimate is None
    assert reason in normalised.withheld


def test_undefined_figures_are_left_out_and_too_few_give_no_value() -> None:
    value, floor, ceiling = _columns(0.5, 0.3, 0.7)
    ceiling[:150] = np.nan
    assert normalise_figure(value, floor, ceiling, seed=0).estimate is not None
    ceiling[:195] = np.nan
    assert normalise_figure(value, floor, ceiling, seed=0).withheld == "only 5 questions have value, floor and ceiling"


def test_a_length_ratio_is_not_normalised() -> None:
    one = {"length_ratio": np.ones((1, 20))}
    assert (
        normalise(one, one, {"length_ratio": np.ones(20)}, 0)["length_ratio"].withheld == "not a measure of similarity"
    )


def _measured(ids: list[str], value: float, floor: float | None = None) -> Measured:
    rng = np.random.default_rng(0)

    def figures(mean: float) -> dict[str, list[float | None]]:
        return {"rougeL": [round(mean + 0.01 * rng.standard_normal(), 6) for _ in ids]}

    return Measured(asked=20, ids=ids, by_pair=figures(value), floor_by_pair={} if floor is None else figures(floor))


def test_calibration_is_over_the_questions_that_every_seed_and_the_ceiling_have() -> None:
    ids = [f"q{number}" for number in range(16)]
    seeds = [_measured(ids, 0.5, 0.2), _measured(ids[1:], 0.5, 0.2)]
    row = calibrate(seeds, _measured(ids[:15][::-1], 0.8), seed=0)
    assert (row.asked, row.pairs, row.withheld) == (20, 14, {})
    assert row.inverted["rougeL"].mean == pytest.approx(0.5, abs=0.01)
    assert row.floor["rougeL"].mean == pytest.approx(0.2, abs=0.01)
    assert row.ceiling["rougeL"].mean == pytest.approx(0.8, abs=0.01)
    assert row.normalised["rougeL"].mean == pytest.approx(0.5, abs=0.02)


def test_without_common_questions_there_are_no_figures() -> None:
    row = calibrate([_measured(["a"], 0.5, 0.2)], _measured(["b"], 0.8), seed=0)
    assert (row.pairs, row.inverted, row.normalised, row.withheld) == (0, {}, {}, {})


def test_a_figure_without_a_floor_or_ceiling_is_withheld() -> None:
    ids = [f"q{number}" for number in range(16)]
    seed = _measured(ids, 0.5, 0.2)
    extra = seed.model_copy(update={"by_pair": {**seed.by_pair, "true_equations": [1.0] * 16, "bleu": [0.5] * 16}})
    row = calibrate([extra], _measured(ids, 0.8), seed=0)
    assert row.inverted["bleu"].mean == 0.5
    assert "there is no ceiling" in row.withheld["bleu"]
    assert row.withheld["true_equations"] == "not a measure of similarity"
