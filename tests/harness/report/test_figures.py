"""Plots of figures that only some records have."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sample_records import STYLE

from harness.report.figure import Figure
from harness.report.leaks import bits, faithfulness
from harness.report.scores import recovery
from harness.results.files import read_record
from harness.results.schema import ResultRecord

MakeRun = Callable[..., Path]
pytestmark = pytest.mark.usefixtures("undrawn")


@pytest.fixture
def record(make_run: MakeRun) -> ResultRecord:
    (path,) = make_run().glob("*.json")
    return read_record(path)


def _cells(figure: Figure) -> list[str]:
    assert figure.table is not None
    return [cell for row in figure.table.rows for cell in row]


def test_recovery_is_drawn_where_it_is_known_and_said_to_be_withheld_where_not(record: ResultRecord) -> None:
    found = recovery(record)
    assert found.missing is None
    assert "inverted, math: 79.0% [69.0, 89.0] of the oracle's gain" in found.alt
    assert "code" not in found.alt
    assert "withheld: the gain may be nothing" in _cells(found)
    withheld = recovery(record.model_copy(update={"recovery": [row for row in record.recovery if row.group == "code"]}))
    assert withheld.missing is not None
    assert withheld.table is not None


def test_faithfulness_shows_its_ends_and_its_place_between_them(record: ResultRecord) -> None:
    found = faithfulness(record)
    assert "token F1, inverted: 0.620 [0.580, 0.660], floor 0.372, ceiling 0.837" in found.alt
    assert "length ratio" not in found.alt
    assert {"length ratio", "0.500 [0.400, 0.600]", "withheld: not a measure of likeness"} <= set(_cells(found))


def test_style_stands_beside_faithfulness_where_it_was_measured(record: ResultRecord) -> None:
    assert "Style" not in faithfulness(record).words
    styled = faithfulness(record.model_copy(update={"style": STYLE}))
    assert "a classifier of words cannot tell the surrogate's summaries" in styled.words


def test_bits_are_shown_by_part(record: ResultRecord) -> None:
    found = bits(record)
    assert (
        "answer, inverted: 12.0 [10.0, 14.0] bits a trace; summary, inverted: 47.0 [44.0, 50.0] bits a trace"
        in found.alt
    )
    assert "41.0 [38.0, 44.0]" in _cells(found)


def test_a_figure_that_a_record_lacks_is_left_out_in_one_line(record: ResultRecord) -> None:
    bare = record.model_copy(update={"recovery": [], "likelihood": [], "faithfulness": []})
    for figure in (recovery(bare), bits(bare), faithfulness(bare)):
        assert figure.missing is not None
        assert figure.missing.startswith("No plot: ")
        assert figure.words
