"""The figures of a record: what each says, and what it does where a record lacks its numbers."""

import pytest
from sample_records import record

from harness.report.artifacts import RunArtifacts
from harness.report.figure import Figure
from harness.report.figures import record_figures
from harness.report.leaks import bits, faithfulness
from harness.report.scores import recovery
from harness.results.schema import Interval, LikelihoodRow, ResultRecord

pytestmark = pytest.mark.usefixtures("undrawn")
SAMPLE = record()
(CELL,) = SAMPLE.cells()


def _cells(figure: Figure) -> list[str]:
    return [cell for table in figure.tables for row in table.rows for cell in row]


def _figures(sample: ResultRecord) -> dict[str, Figure]:
    return {figure.key: figure for figure in record_figures(sample, "no store")}


def _interval(mean: float, half: float) -> Interval:
    return Interval(mean=mean, low=mean - half, high=mean + half, spread=None)


def test_accuracy_stands_beside_the_tested_differences() -> None:
    figure = _figures(SAMPLE)["accuracy"]
    assert "inverted, all tasks: 40.0% [35.0, 45.0]" in figure.alt
    assert {table.title for table in figure.tables} >= {"Differences between regimes"}
    assert "inverted - surrogate_trace" in _cells(figure)


def test_recovery_is_drawn_where_it_is_reported() -> None:
    figure = recovery(SAMPLE.recovery)
    assert figure.missing is None
    assert "inverted" in figure.alt
    assert "summary" not in figure.alt
    assert "not reported" in _cells(figure)


def test_recovery_that_no_regime_has_is_a_table_without_a_plot() -> None:
    withheld = [row.model_copy(update={"recovered": None}) for row in SAMPLE.recovery]
    figure = recovery(withheld)
    assert figure.missing is not None
    assert figure.tables


def test_faithfulness_shows_floor_ceiling_and_normalised_values() -> None:
    (row,) = SAMPLE.faithfulness
    levels = {
        "inverted": {"token_f1": _interval(0.62, 0.04), "length_ratio": _interval(1.02, 0.1)},
        "floor": {"token_f1": _interval(0.372, 0.04)},
        "ceiling": {"token_f1": _interval(0.837, 0.04)},
        "normalised": {"token_f1": _interval(0.5, 0.1)},
        "withheld": {"length_ratio": "not a measure of likeness"},
    }
    figure = faithfulness([row.model_copy(update=levels)], [])
    assert "token F1, inverted: 0.620 [0.580, 0.660], floor 0.372, ceiling 0.837" in figure.alt
    assert "length ratio" not in figure.alt
    assert {"length ratio", "0.500 [0.400, 0.600]"} <= set(_cells(figure))
    assert "not a measure of likeness" in figure.tables[0].caption


def test_style_has_a_table_of_its_own_beside_faithfulness() -> None:
    titles = [table.title for table in _figures(SAMPLE)["faithfulness"].tables]
    assert "Style of the summaries" in titles
    unstyled = _figures(SAMPLE.model_copy(update={"style": []}))["faithfulness"]
    assert "Style of the summaries" not in [table.title for table in unstyled.tables]


def test_bits_are_shown_by_part() -> None:
    nats = {"question": _interval(100, 4), "answer": _interval(88, 4), "summary": _interval(41, 3)}
    leaked = {"answer": _interval(12, 2), "summary": _interval(47, 3)}
    row = LikelihoodRow(
        cell=CELL,
        inverter="inverted",
        taught=["summary"],
        traces=96,
        tokens=61.2,
        bits=nats,
        bits_per_token=nats,
        leaked=leaked,
        leaked_per_token=leaked,
    )
    figure = bits([row])
    assert (
        "answer, inverted: 12.0 [10.0, 14.0] bits a trace; summary, inverted: 47.0 [44.0, 50.0] bits a trace"
        in figure.alt
    )
    assert "41.0 [38.0, 44.0]" in _cells(figure)


def test_a_figure_that_a_record_lacks_is_one_line() -> None:
    bare = SAMPLE.model_copy(update={"recovery": [], "likelihood": [], "faithfulness": []})
    figures = _figures(bare)
    for key in ("recovery", "bits", "faithfulness"):
        assert (figures[key].missing or "").startswith("No plot: ")
        assert figures[key].caption


def test_models_of_several_cells_have_a_figure_for_each_cell() -> None:
    other = CELL.model_copy(update={"policy": "recap"})
    doubled = {
        part: [*rows, *(row.model_copy(update={"cell": other}) for row in rows)]
        for part in ("rows", "contrasts", "recovery", "faithfulness", "style")
        if (rows := getattr(SAMPLE, part))
    }
    figures = record_figures(SAMPLE.model_copy(update=doubled), RunArtifacts([]))
    titles = [figure.title for figure in figures if figure.key.startswith("accuracy")]
    assert titles == [f"Accuracy by regime: policy {CELL.policy}", "Accuracy by regime: policy recap"]
    assert len({figure.key for figure in figures}) == len(figures)
    assert _cells(figures[0]) == _cells(_figures(SAMPLE)["accuracy"])


def test_figures_of_one_cell_do_not_name_it() -> None:
    assert _figures(SAMPLE)["accuracy"].title == "Accuracy by regime"
