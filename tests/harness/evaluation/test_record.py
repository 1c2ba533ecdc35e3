"""The figures of a benchmark run: known answers."""

from itertools import product
from pathlib import Path

import pytest

from harness.evaluation.bench import fingerprint
from harness.evaluation.record import by_subject, figures
from harness.evaluation.responses import Verdict
from harness.grading import State
from traceinv.records import FinishReason


def verdict(
    identifier: str, value: float | None, state: State = "wrong", finish: FinishReason | None = "stop"
) -> Verdict:
    state = "correct" if value == 1 else "ungradable" if value is None else state
    return Verdict(
        id=identifier,
        sample=0,
        finish_reason=finish,
        tokens=10,
        state=state,
        value=value,
        extracted=None,
        explanation="",
    )


def test_an_items_repeats_are_one_observation() -> None:
    result = figures([verdict("a", v) for v in (1, 1, 0, 0)] + [verdict("b", v) for v in (0, 0, 0, 0)])
    assert result.accuracy is not None
    assert result.accuracy.mean == pytest.approx(0.25)
    assert (result.items, result.samples) == (2, 8)
    once = figures([verdict("a", 0.5), verdict("b", 0)])
    assert result.accuracy == once.accuracy


def test_the_bounds_say_what_cut_off_answers_could_have_been() -> None:
    result = figures(
        [
            verdict("a", 1),
            verdict("b", 0, finish="length"),
            verdict("c", 0, state="unfinished"),  # it ended by itself, so more tokens would have changed nothing
            verdict("d", 1, finish="length"),
        ]
    )
    assert (result.if_unfinished_wrong, result.if_unfinished_right) == (0.25, 0.75)
    assert (result.finished, result.unfinished) == (0.5, 0.25)


def test_an_ungradable_item_is_counted_and_not_scored() -> None:
    result = figures([verdict("a", 1), verdict("b", None)])
    assert result.accuracy is not None
    assert (result.accuracy.mean, result.ungradable) == (1.0, 0.5)
    assert figures([verdict("a", None)]).accuracy is None


def test_pass_at_k_is_the_share_of_draws_of_k_that_hold_a_right_one() -> None:
    values = [1, 0, 0, 1, 0, 0]
    result = figures([verdict("a", value) for value in values], "pass")
    ordered = [draw for draw in product(range(6), repeat=5) if len(set(draw)) == 5]
    share = sum(any(values[i] for i in draw) for draw in ordered) / len(ordered)
    assert {k: interval.mean for k, interval in result.pass_at.items()} == pytest.approx({1: 1 / 3, 5: share})


def test_pass_at_k_is_given_only_where_every_item_has_k_samples() -> None:
    many = [verdict("a", 1) for _ in range(10)]
    few = [verdict("b", 0) for _ in range(4)]
    assert set(figures(many, "pass").pass_at) == {1, 5, 10}
    uneven = figures(many + few, "pass")
    assert {k: interval.mean for k, interval in uneven.pass_at.items()} == {1: 0.5}
    assert set(figures([*many, *few, verdict("b", 0)], "pass").pass_at) == {1, 5}
    broken = figures([*many, *(verdict("b", None) for _ in range(4))], "pass")
    assert {k: interval.mean for k, interval in broken.pass_at.items()} == {1: 1.0, 5: 1.0, 10: 1.0}
    assert figures([verdict("a", None)], "pass").pass_at == {}


def test_why_answers_ended_is_not_guessed() -> None:
    assert figures([verdict("a", 1, finish=None), verdict("b", 1)]).finished is None


def test_subjects_are_scored_apart() -> None:
    result = by_subject([verdict("a", 1), verdict("b", 0), verdict("c", 0)], {"a": "algebra", "b": "geometry"})
    assert {name: row.items for name, row in result.items()} == {"algebra": 1, "geometry": 1, "unnamed": 1}


def test_no_response_is_no_score_of_zero() -> None:
    with pytest.raises(ValueError, match="no response"):
        figures([])


def test_a_change_anywhere_in_a_model_is_another_model(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    content = bytearray(3 * 1024**2)
    path.write_bytes(content)
    before = fingerprint(str(tmp_path))
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert fingerprint(str(tmp_path)) != before
    assert fingerprint(str(tmp_path / "none")) is None
