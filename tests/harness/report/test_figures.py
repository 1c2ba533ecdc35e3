"""The figures of a record: what each says, and what it does where a record lacks its numbers."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sample_records import (
    CELL,
    contrast,
    faithfulness_row,
    interval,
    likelihood_row,
    record,
    recovery_row,
    row,
    score,
)

from harness.pipeline.artifacts import RunArtifacts, find_artifacts
from harness.report.curve import calibration
from harness.report.effects import differences
from harness.report.figure import Figure
from harness.report.figures import record_figures
from harness.report.leaks import bits, faithfulness
from harness.report.scores import finished, recovery
from harness.report.training import training
from harness.results.curve import CalibrationCurve
from harness.results.files import read_record
from harness.results.schema import ResultRecord
from harness.views.regimes import definition
from traceinv.regimes import ORDER, REGIMES

pytestmark = pytest.mark.usefixtures("undrawn")
MakeRun = Callable[..., Path]
SAMPLE = record()


def _cells(figure: Figure) -> list[str]:
    return [cell for table in figure.tables for row in table.rows for cell in row]


def _figures(sample: ResultRecord) -> dict[str, Figure]:
    return {figure.key: figure for figure in record_figures(sample, "no store")}


def test_accuracy_is_followed_by_the_tested_differences() -> None:
    figures = _figures(SAMPLE)
    assert "inverted, math: 65.0% [60.0, 71.0]" in figures["accuracy"].alt
    assert list(figures).index("differences") == list(figures).index("accuracy") + 1
    assert "inverted - surrogate_trace" in _cells(figures["differences"])


def test_differences_say_what_would_have_been_detected_and_void_ones_are_withheld() -> None:
    void = contrast("inverted", "oracle", -3.17, 3.17, group="all")
    figure = differences([contrast("inverted", "summary", -0.1, 0.2, group="all", p_holm=1.0), void], 2)
    assert "inverted - summary, all tasks: +5.0 points [-10.0, 20.0], not significant; MDE 14.0" in figure.alt
    assert "oracle" not in figure.alt
    assert "withheld: too few questions" in _cells(figure)
    assert (differences([void], 1).missing or "").startswith("No plot")


def test_the_finished_rate_is_drawn_only_where_it_is_not_the_same_for_all() -> None:
    done = [row("base", 0.5), row("inverted", 0.6)]
    everything = {name: score(0.5, finished=1.0) for name in ("math", "all")}
    figure = finished([each.model_copy(update={"scores": everything}) for each in done])
    assert (figure.missing or "").startswith("No plot: at least 99.0%")
    assert finished(done).missing is None


def test_every_regime_has_a_definition() -> None:
    assert [name for name, regime in REGIMES.items() if not regime.teaches] == []
    assert all(" " in definition(name) for name in (*ORDER, "target", "surrogate"))
    assert definition("somebody's own") == "not known to this version"


def test_a_calibration_is_drawn_with_both_leaks() -> None:
    dose = {
        "p": 0.25,
        "planted": interval(0.5),
        "measured": interval(0.4),
        "attack": "inverted",
        "exact": {},
        "bits": {},
    }
    nothing = dose | {"p": 0.0, "planted": None, "measured": None}
    curve = CalibrationCurve.model_validate(
        {
            "group": "math",
            "doses": [nothing, dose],
            "control": None,
            "control_gain": interval(0.0),
            "zero": {"runs": 20, "alarms": 1, "withheld": 2},
            "rising": {"planted": None, "measured": None},
            "detection_limit": 0.25,
            "records": [],
        }
    )
    (figure,) = calibration([curve])
    assert "planted, dose 0.25: 50.0% [45.0, 55.0]; measured, dose 0.25: 40.0% [35.0, 45.0]" in figure.alt
    assert "False alarms: 1 of 20" in figure.caption
    (empty,) = calibration([curve.model_copy(update={"doses": [curve.doses[0]]})])
    assert (empty.missing or "").startswith("No plot")


def test_recovery_is_drawn_where_it_is_reported() -> None:
    figure = recovery([recovery_row("inverted"), recovery_row("inverted", "code", reported=False)])
    assert figure.missing is None
    assert "inverted, math: 79.0% [69.0, 89.0] of the oracle's gain" in figure.alt
    assert "code" not in figure.alt
    assert "not reported" in _cells(figure)


def test_recovery_that_no_regime_has_is_a_table_without_a_plot() -> None:
    figure = recovery([recovery_row("inverted", reported=False)])
    assert figure.missing is not None
    assert figure.tables


def test_faithfulness_shows_floor_ceiling_and_normalised_values() -> None:
    figure = faithfulness([faithfulness_row("inverted")], [])
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
    figure = bits([likelihood_row("inverted")])
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
    other = CELL.model_copy(update={"policy": "half"})
    doubled = {
        part: [*rows, *(row.model_copy(update={"cell": other}) for row in rows)]
        for part in ("rows", "contrasts", "recovery", "faithfulness", "style")
        if (rows := getattr(SAMPLE, part))
    }
    figures = record_figures(SAMPLE.model_copy(update=doubled), RunArtifacts([]))
    titles = [figure.title for figure in figures if figure.key.startswith("accuracy")]
    assert titles == ["Accuracy by regime: policy recap", "Accuracy by regime: policy half"]
    assert len({figure.key for figure in figures}) == len(figures)
    assert _cells(figures[0]) == _cells(_figures(SAMPLE)["accuracy"])


def test_training_curves_are_named_by_role_shown_part_and_regime(make_run: MakeRun) -> None:
    folder = make_run()
    (path,) = folder.glob("*.json")
    run = find_artifacts(read_record(path), folder / "store")
    assert [row[0] for row in training(run).tables[0].rows] == [
        "target",
        "surrogate",
        "inverter shown the summary, seed 0",
        "oracle, seed 0",
        "inverted, seed 0",
    ]


def test_figures_of_one_cell_do_not_name_it() -> None:
    assert _figures(SAMPLE)["accuracy"].title == "Accuracy by regime"
