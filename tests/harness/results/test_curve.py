"""The calibration curve: planted and measured leak by dose, the controls, and what is told from 0."""

from collections.abc import Mapping, Sequence

import pytest
from sample_records import CELL, interval, leak_row, likelihood_row, record, row

from harness.report.curve import curve_svg
from harness.results.curve import CalibrationCurve, calibration_curve
from harness.results.schema import Cell, Interval, ResultRecord
from harness.views.curve import curve_findings, curve_table

DOSES = {"none": 0.0, "some": 0.1, "most": 0.5, "all": 1.0}
PLANTED = {"none": 0.2, "some": 0.5, "most": 0.8, "all": 1.0}
MEASURED = {"none": 0.02, "some": 0.1, "most": 0.3, "all": 0.7}


def cell(policy: str) -> Cell:
    return CELL.model_copy(update={"policy": policy})


def dosed(measured: Mapping[str, float] = MEASURED, planted: Mapping[str, float | None] = PLANTED) -> ResultRecord:
    """A record with a cell for every policy, in no order; intervals are 5 points to each side."""
    policies = ["all", "none", "most", "some"]
    bits = {"question": 4.3, "answer": 2.1, "summary": 0.5}
    return record(
        rows=[
            row(name, cell=cell(policy), runs=[f"{name} {policy}"])
            for policy in policies
            for name in ("base", "inverted")
        ],
        leak=[
            leak_row(
                cell=cell(policy),
                leak=interval(measured[policy]),
                planted=None if (share := planted[policy]) is None else interval(share),
            )
            for policy in policies
        ],
        likelihood=[
            likelihood_row("each as taught", cell=cell(policy).model_copy(update={"student": None})).model_copy(
                update={"exact": bits, "exact_traces": 40}
            )
            for policy in policies
        ],
        recovery=[],
        contrasts=[],
        faithfulness=[],
        reading=[],
        style=[],
    )


def single(identifier: str, leak: Interval | None, gain: Interval | None = None) -> ResultRecord:
    return record(identifier, leak=[leak_row(leak=leak, gain=gain)])


def curve_of(
    dosed_record: ResultRecord, zero: Sequence[ResultRecord] = (), control: ResultRecord | None = None
) -> CalibrationCurve:
    return calibration_curve(dosed_record, DOSES, control or single("shared", None, interval(0.01)), zero)


def test_the_doses_stand_in_rising_order_with_what_was_planted_and_measured() -> None:
    curve = curve_of(dosed())
    assert [dose.p for dose in curve.doses] == [0.0, 0.1, 0.5, 1.0]
    assert [dose.planted.mean for dose in curve.doses if dose.planted] == [0.2, 0.5, 0.8, 1.0]
    assert [dose.measured.mean for dose in curve.doses if dose.measured] == [0.02, 0.1, 0.3, 0.7]
    assert curve.doses[0].exact == {"question": 4.3, "answer": 2.1, "summary": 0.5}
    assert curve.doses[0].bits["summary"].mean == 41
    assert curve.rising == {"planted": 1.0, "measured": 1.0}


def test_the_detection_limit_is_the_dose_from_which_on_every_leak_is_above_0() -> None:
    assert curve_of(dosed()).detection_limit == 0.1
    assert curve_of(dosed(MEASURED | {"most": 0.03})).detection_limit == 1.0
    assert curve_of(dosed(dict.fromkeys(DOSES, 0.0))).detection_limit is None


def test_a_flat_or_unknown_curve_has_no_rank_correlation() -> None:
    assert curve_of(dosed(dict.fromkeys(DOSES, 0.1))).rising["measured"] is None
    few: dict[str, float | None] = {"none": 0.1, "some": None, "most": None, "all": 0.9}
    assert curve_of(dosed(planted=few)).rising["planted"] is None


def test_false_alarms_are_leaks_above_0_or_where_they_are_withheld_gains_above_0() -> None:
    zero = [
        single("a", interval(0.2)),
        single("b", interval(0.01)),
        single("c", None, interval(0.09)),
        single("d", None, interval(0.0)),
        single("e", interval(-0.3)),
    ]
    counted = curve_of(dosed(), zero).zero
    assert (counted.runs, counted.alarms, counted.withheld) == (5, 2, 2)


def test_a_run_without_a_leak_is_refused_by_its_name() -> None:
    with pytest.raises(ValueError, match="the record shared has no leak on math"):
        curve_of(dosed(), control=record("shared", leak=[]))


def test_the_table_and_the_findings_say_what_was_read() -> None:
    curve = curve_of(dosed(), [single("a", interval(0.2)), single("b", interval(0.0))])
    table = curve_table(curve)
    names = [column.name for column in table.columns]
    assert names == ["dose", "planted", "measured", "best attack", "bits, question", "bits, answer", "bits, summary"]
    assert table.rows[1][:4] == ("0.10", "50.0 [45.0, 55.0]", "10.0 [5.0, 15.0]", "inverted")
    assert table.rows[1][4:] == ("100.00 / 4.30", "88.00 / 2.10", "41.00 / 0.50")
    said = "\n".join(curve_findings(curve))
    assert "The measured leak is significant from dose 0.10 on." in said
    assert "False alarms: 1 of 2" in said
    assert "gain in points, its leak is withheld" in said


def test_the_plot_has_both_curves_and_leaves_out_what_is_withheld() -> None:
    marks = [
        curve_svg(curve_of(dosed(planted=planted))).count('aria-roledescription="point"')
        for planted in (PLANTED, PLANTED | {"none": None})
    ]
    assert marks == [8, 7]
