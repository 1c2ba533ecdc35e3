"""Floors are drawn from texts of like length, and a figure is placed only where floor and ceiling differ."""

import numpy as np
import pytest

from harness.faithfulness.calibration import length_matched, place, places


def test_others_are_different_of_the_same_group_and_of_like_length() -> None:
    lengths = [10 * (number % 50) for number in range(200)]
    groups = ["even" if number % 2 == 0 else "odd" for number in range(200)]
    others = length_matched(lengths, groups, draws=3, seed=0)
    for index, chosen in enumerate(others):
        assert len(set(chosen) - {index}) == 3
        assert all(groups[other] == groups[index] for other in chosen)
        assert all(abs(lengths[other] - lengths[index]) <= 40 for other in chosen)
    assert length_matched(lengths, groups, 3, seed=0) == others
    assert length_matched(lengths, groups, 3, seed=1) != others


def test_a_text_alone_has_no_other_and_few_texts_give_what_they_have() -> None:
    assert length_matched([5, 6, 7], ["a", "b", "b"], draws=3, seed=0) == [[], [2], [1]]


def test_samples_of_one_question_do_not_crowd_out_the_others() -> None:
    """Ten samples of each question, of equal length: the nearest are all its own, and the floor is drawn beyond them."""
    questions = [index // 10 for index in range(200)]
    others = length_matched([100 * number for number in questions], [""] * 200, 3, 0, questions)
    for index, chosen in enumerate(others):
        assert len(set(chosen)) == 3
        assert all(1 <= abs(questions[other] - questions[index]) <= 2 for other in chosen)
    assert length_matched([1, 2, 3], [""] * 3, 3, 0, [0, 0, 0]) == [[], [], []]


def _columns(value: float, floor: float, ceiling: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    noise = np.random.default_rng(0)
    draw = [0.1 * noise.standard_normal(shape) for shape in ((3, 200), (3, 200), (200,))]
    return value + draw[0], floor + draw[1], ceiling + draw[2]


def test_the_place_is_0_at_the_floor_and_1_at_the_ceiling() -> None:
    for value, where in ((0.3, 0.0), (0.5, 0.5), (0.7, 1.0)):
        found = place(*_columns(value, floor=0.3, ceiling=0.7), seed=0).normalised
        assert found is not None
        assert found.low < where < found.high
        assert found.high - found.low < 0.1
        assert found.spread is not None


def test_the_bootstrap_interval_is_as_wide_as_theory_says() -> None:
    """With fixed floor and ceiling the place is a mean, whose standard error is known."""
    rng = np.random.default_rng(1)
    value = rng.standard_normal((1, 400))
    found = place(value, np.zeros((1, 400)), np.ones(400), seed=0).normalised
    assert found is not None
    assert found.high - found.low == pytest.approx(2 * 1.96 * value.std() / 20, rel=0.1)


@pytest.mark.parametrize(
    ("floor", "ceiling", "reason"),
    [(0.5, 0.5, "cannot be told apart"), (0.7, 0.3, "the ceiling lies below the floor")],
)
def test_no_place_where_floor_and_ceiling_cannot_be_told_apart(floor: float, ceiling: float, reason: str) -> None:
    found = place(*_columns(0.5, floor, ceiling), seed=0)
    assert found.normalised is None
    assert reason in (found.withheld or "")


def test_undefined_figures_are_left_out_and_too_few_give_no_place() -> None:
    value, floor, ceiling = _columns(0.5, 0.3, 0.7)
    ceiling[:150] = np.nan
    assert place(value, floor, ceiling, seed=0).normalised is not None
    ceiling[:195] = np.nan
    assert place(value, floor, ceiling, seed=0).withheld == "only 5 questions have value, floor and ceiling"


def test_a_length_ratio_has_no_place() -> None:
    one = {"length_ratio": np.ones((1, 20))}
    assert places(one, one, {"length_ratio": np.ones(20)}, 0)["length_ratio"].withheld == "not a measure of likeness"
