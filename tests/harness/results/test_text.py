"""How figures are written."""

import pytest
from sample_records import interval

from harness.results.text import (
    confidence,
    listed,
    number,
    p_value,
    percent,
    percent_interval,
    plain,
    plain_values,
    points,
    points_interval,
    policy_words,
)
from harness.results.text import interval as written


def test_intervals() -> None:
    estimate = interval(0.8236, 0.0507)
    assert written(estimate) == "0.824 [0.773, 0.874]"
    assert written(estimate, 1) == "0.8 [0.8, 0.9]"
    assert percent_interval(estimate) == "82.4% [77.3, 87.4]"
    assert percent_interval(estimate, "") == "82.4 [77.3, 87.4]"
    assert points_interval(interval(0.034, 0.047)) == "+3.4 [-1.3, 8.1]"
    assert confidence(interval(0.034, 0.047)) == "95% CI [-1.3, 8.1]"


@pytest.mark.parametrize(("value", "written"), [(0.034, "+3.4"), (-0.034, "-3.4"), (0.0, "0.0"), (-0.0004, "0.0")])
def test_a_difference_has_its_sign_unless_it_rounds_to_zero(value: float, written: str) -> None:
    assert points(value) == written


def test_a_number_that_rounds_to_zero_is_not_negative() -> None:
    assert number(-0.0001, 1) == "0.0"
    assert percent(-0.0001) == "0.0%"


@pytest.mark.parametrize(("p", "written"), [(0.0, "<0.001"), (0.00099, "<0.001"), (0.001, "0.001"), (1.0, "1.000")])
def test_small_p_values_are_bounded(p: float, written: str) -> None:
    assert p_value(p) == written


def test_a_policy_is_named_by_its_kind_and_its_values() -> None:
    assert policy_words({"kind": "every_kth_step", "k": 2}) == "every_kth_step, k 2"
    assert policy_words({"kind": "answer_and_metadata", "rounded": False}) == "answer_and_metadata"
    assert policy_words({"kind": "answer_and_metadata", "rounded": True}) == "answer_and_metadata, rounded"


def test_names_are_joined() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"


def test_no_control_or_invisible_character_is_left() -> None:
    assert plain("a\x1b[31m\x07\x00b") == "a\\x1b[31m\\x07\\x00b"
    assert (
        plain("\u202ea\u2028\u200b\ufeff\ud800\ufffe\U0001ffff")
        == "\\u202ea\\u2028\\u200b\\ufeff\\ud800\\ufffe\\U0001ffff"
    )
    assert plain("a\nb\tc") == "a\\x0ab\\x09c"
    assert plain("a\nb\tc", lines=True) == "a\nb\tc"


def test_visible_text_of_any_language_stays() -> None:
    for text in ("Müller & Söhne <x> | \\", "数学 שלום مرحبا", "x² ≤ 5 ∑ 🎉"):
        assert plain(text) == text


def test_all_texts_of_a_json_value_are_made_plain() -> None:
    value = {"a\x1b": ["b\x00", {"c": "d\n", "e": 1.5}], "f": None}
    assert plain_values(value) == {"a\\x1b": ["b\\x00", {"c": "d\n", "e": 1.5}], "f": None}
