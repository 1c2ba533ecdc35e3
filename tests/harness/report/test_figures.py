"""Plots of figures that only some records have."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.report.figure import Figure
from harness.report.leaks import bits, faithfulness
from harness.report.scores import recovery
from harness.results import Interval, ResultRecord, read_record

MakeRun = Callable[..., Path]
pytestmark = pytest.mark.usefixtures("undrawn")


@pytest.fixture
def record(make_run: MakeRun) -> ResultRecord:
    (path,) = make_run().glob("*.json")
    return read_record(path)


def _interval(mean: float) -> Interval:
    return Interval(mean=mean, low=mean - 1, high=mean + 1, spread=None)


def _cells(figure: Figure) -> list[str]:
    assert figure.table is not None
    return [cell for row in figure.table.rows for cell in row]


def test_recovery_is_drawn_where_it_is_known_and_said_to_be_withheld_where_not(record: ResultRecord) -> None:
    rows = [
        SimpleNamespace(regime="inverted", group="math", gap=_interval(0.6), recovered=_interval(0.8)),
        SimpleNamespace(regime="summary", group="code", gap=_interval(0.0), recovered=None),
    ]
    found = recovery(record.model_copy(update={"recovery": rows}))
    assert found.missing is None
    assert "80.0% [-20.0, 180.0]" in _cells(found)
    assert "withheld: the gain may be nothing" in _cells(found)
    withheld = recovery(record.model_copy(update={"recovery": rows[1:]}))
    assert withheld.missing is not None
    assert withheld.table is not None


def test_faithfulness_shows_its_ceiling_and_its_place_below_it(record: ResultRecord) -> None:
    (row,) = record.faithfulness
    calibrated = row.model_copy(
        update={
            "ceiling": {name: _interval(0.9) for name in row.inverted},
            "normalised": {"token_f1": _interval(0.5)},
            "withheld": {"rouge1": "floor and ceiling cannot be told apart"},
        }
    )
    found = faithfulness(record.model_copy(update={"faithfulness": [calibrated]}))
    assert "ceiling 0.900" in found.alt
    assert {"0.500 [-0.500, 1.500]", "floor and ceiling cannot be told apart"} <= set(_cells(found))


def test_bits_are_shown_by_part(record: ResultRecord) -> None:
    rows = [
        SimpleNamespace(
            inverter="inverted",
            tokens=61.0,
            bits={"question": _interval(100), "answer": _interval(88)},
            leaked={"answer": _interval(12)},
        )
    ]
    found = bits(record.model_copy(update={"likelihood": rows}))
    assert found.alt == "Dot plot of bits leaked. answer, inverted: 12.0 [11.0, 13.0] bits a trace."
    assert "12.0 [11.0, 13.0]" in _cells(found)


def test_a_figure_that_a_record_lacks_is_left_out_in_one_line(record: ResultRecord) -> None:
    bare = record.model_copy(update={"recovery": [], "likelihood": [], "faithfulness": []})
    for figure in (recovery(bare), bits(bare), faithfulness(bare)):
        assert figure.missing is not None
        assert figure.missing.startswith("No plot: ")
        assert figure.words
