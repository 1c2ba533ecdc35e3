"""The items of a record: what the file must hold, and how two rows are paired."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from harness.results.items import ItemFile, RunStates, pair, scores_of
from harness.results.schema import Cell

CELL = Cell(target="r1", surrogate="small", policy="recap", student="qwen")
OTHER = CELL.model_copy(update={"policy": "silent"})


def _items(
    runs: dict[tuple[str, Cell, int | None], str], ids: tuple[str, ...] = ("a", "b"), repeats: int = 1
) -> ItemFile:
    return ItemFile(
        ids={"sums": list(ids)},
        repeats={"sums": repeats},
        runs=[
            RunStates(row=row, cell=cell, seed=seed, states={"sums": letters})
            for (row, cell, seed), letters in runs.items()
        ],
    )


def test_a_row_is_found_by_name_and_cell() -> None:
    items = _items({("oracle", CELL, 0): "cw", ("oracle", CELL, 1): "cc", ("oracle", OTHER, 0): "ww"})
    assert [run.seed for run in items.runs_of("oracle", CELL)] == [0, 1]
    assert items.letters_by_item("oracle", CELL, ["sums"]) == {("sums", "a"): ["c", "c"], ("sums", "b"): ["w", "c"]}
    assert items.letters_by_item("oracle", OTHER, ["sums", "absent"]) == {("sums", "a"): ["w"], ("sums", "b"): ["w"]}
    assert items.letters_by_item("inverted", CELL, ["sums"]) == {}


def test_rows_are_paired_by_item_and_ungradable_items_are_left_out() -> None:
    first = _items({("x", CELL, None): "cwx"}, ("a", "b", "c")).letters_by_item("x", CELL, ["sums"])
    second = _items({("y", OTHER, 0): "wcc"}, ("b", "a", "d")).letters_by_item("y", OTHER, ["sums"])
    pairs = pair(scores_of(first), scores_of(second))
    assert pairs is not None
    np.testing.assert_array_equal(pairs.first, [[1.0, 0.0]])
    np.testing.assert_array_equal(pairs.second, [[1.0, 0.0]])
    assert (pairs.strata, pairs.left_out) == (["sums", "sums"], 2)


def test_several_samples_of_an_item_count_as_their_share_of_correct_ones() -> None:
    letters = _items({("x", CELL, 0): "cwcc"}, repeats=2).letters_by_item("x", CELL, ["sums"])
    pairs = pair(scores_of(letters), scores_of(letters))
    assert pairs is not None
    np.testing.assert_array_equal(pairs.first, [[0.5, 1.0]])


def test_partial_credit_counts_as_it_is() -> None:
    pairs = pair({("sums", "a"): [[0.25, 0.75], [1.0]]}, {("sums", "a"): [[0.5]], ("sums", "b"): [[None]]})
    assert pairs is not None
    np.testing.assert_array_equal(pairs.first, [[0.5], [1.0]])
    assert pairs.left_out == 1


def test_rows_without_a_common_item_are_not_paired() -> None:
    assert pair({("sums", "a"): [[1.0]]}, {("sums", "b"): [[1.0]]}) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ids": {"sums": ["a", "a"]}}, "ids.sums: an id stands twice"),
        ({"letters": {}}, "letters: expected"),
        ({"states": "c"}, r"runs\.0\.states\.sums: 1 states, expected 2"),
        ({"states": "cq"}, r"runs\.0\.states\.sums: a letter that is none of"),
        ({"twice": True}, r"runs\.1: row 'base' and seed None stand twice in one cell"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(changes: dict[str, Any], message: str) -> None:
    run = {"row": "base", "cell": CELL, "seed": None, "states": {"sums": changes.pop("states", "cw")}}
    runs = [run, run] if changes.pop("twice", False) else [run]
    with pytest.raises(ValidationError, match=message):
        ItemFile.model_validate({"ids": {"sums": ["a", "b"]}, "runs": runs, **changes})
