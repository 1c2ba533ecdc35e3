"""The calibration curve: the leaks that runs measure beside those that were planted."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from harness.results.files import read_as
from harness.results.schema import Interval, LeakRow, ResultRecord
from harness.results.verdict import headline_group
from traceinv.inversion import Shown
from traceinv.schema import Closed


class Dose(Closed):
    """One dose of what a policy gives away, and what was read of it.

    Attributes:
        p: the dose, from 0 to 1.
        planted: the leak of a perfect inverter; None where it is withheld.
        measured: the leak of the best attack; None where it is withheld.
        attack: the attack with the highest accuracy.
        exact: bits of a true trace for a perfect reader, by the last part that is shown.
        bits: the same as measured, each by an inverter that was taught with these parts.
    """

    p: float = Field(ge=0, le=1)
    planted: Interval | None
    measured: Interval | None
    attack: str
    exact: dict[Shown, float]
    bits: dict[Shown, Interval]


class ZeroLeaks(Closed):
    """Runs in which nothing leaks.

    Attributes:
        runs: how many there were.
        alarms: in how many the leak's interval, or where the leak is withheld the gain's, is above 0.
        withheld: in how many the leak is withheld.
    """

    runs: int
    alarms: int
    withheld: int


class CalibrationCurve(Closed):
    """Planted and measured leak by dose, with the controls.

    Attributes:
        group: the tasks that all figures are about.
        doses: in rising order.
        control: the leak of the run in which target and surrogate share every skill; None where it is withheld.
        control_gain: what its disclosures give beyond what the surrogate gives, from -1 to 1.
        rising: Spearman's rank correlation of the dose with the planted and with the measured leak; None where it has no value.
        detection_limit: the smallest dose from which on every measured leak's interval is above 0; None where there is none.
        records: ids of the records that the figures are read from.
    """

    schema_version: Literal[1] = 1
    group: str
    doses: list[Dose] = Field(min_length=1)
    control: Interval | None
    control_gain: Interval | None
    zero: ZeroLeaks
    rising: dict[Literal["planted", "measured"], float | None]
    detection_limit: float | None
    records: list[str]


def read_curve(path: Path) -> CalibrationCurve:
    """Read a curve that `traceinv lab calibrate` wrote.

    Raises:
        InputError: it is not one; the message names file and field.
    """
    return read_as(path, CalibrationCurve)


def calibration_curve(
    record: ResultRecord, doses: Mapping[str, float], control: ResultRecord, zero: Sequence[ResultRecord]
) -> CalibrationCurve:
    """Read the curve off finished runs.

    Args:
        record: has a cell for every policy in `doses`.
        doses: the dose of each policy, by its name.
        control: a run in which target and surrogate share every skill.
        zero: runs in which disclosures give nothing.

    Raises:
        ValueError: a run has no leak, since it lacks a regime with or without disclosures.
    """
    group = headline_group(record.rows)
    rows = sorted((doses[row.cell.policy], row) for row in record.leak if row.group == group)
    read = [_dose(record, p, row) for p, row in rows]
    limit = next((dose.p for n, dose in enumerate(read) if all(map(_detected, read[n:]))), None)
    controlled = _leak(control)
    return CalibrationCurve(
        group=group,
        doses=read,
        control=controlled.leak,
        control_gain=controlled.gain,
        zero=_zero([_leak(run) for run in zero]),
        rising={
            "planted": _spearman([(dose.p, dose.planted) for dose in read]),
            "measured": _spearman([(dose.p, dose.measured) for dose in read]),
        },
        detection_limit=limit,
        records=[run.id for run in (record, control, *zero)],
    )


def _dose(record: ResultRecord, p: float, row: LeakRow) -> Dose:
    cell = row.cell.model_copy(update={"student": None})
    bits = next((each for each in record.likelihood if each.cell == cell and each.exact), None)
    return Dose(
        p=p,
        planted=row.planted,
        measured=row.leak,
        attack=row.best_disclosed,
        exact=bits.exact if bits else {},
        bits=bits.bits if bits else {},
    )


def _leak(record: ResultRecord) -> LeakRow:
    group = headline_group(record.rows)
    found = next((row for row in record.leak if row.group == group), None)
    if found is None:
        raise ValueError(f"the record {record.id} has no leak on {group}")
    return found


def _zero(rows: Sequence[LeakRow]) -> ZeroLeaks:
    read = [row.leak or row.gain for row in rows]
    return ZeroLeaks(
        runs=len(rows),
        alarms=sum(interval is not None and interval.low > 0 for interval in read),
        withheld=sum(row.leak is None for row in rows),
    )


def _detected(dose: Dose) -> bool:
    return dose.measured is not None and dose.measured.low > 0


def _spearman(points: Sequence[tuple[float, Interval | None]]) -> float | None:
    """Return Spearman's rank correlation over the points that have a leak; None for fewer than three, or equal ones."""
    from scipy.stats import spearmanr

    known = [(p, leak.mean) for p, leak in points if leak is not None]
    if len(known) < 3 or len({leak for _, leak in known}) == 1:
        return None
    return round(float(spearmanr(*zip(*known, strict=True)).statistic), 4)
