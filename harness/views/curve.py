"""The table of a calibration curve."""

from harness.results.curve import CalibrationCurve, Dose
from harness.results.schema import Interval
from harness.results.text import number, percent_interval
from harness.results.verdict import group_name
from harness.views.tables import UNIT, Column, Table
from traceinv.inversion import SHOWN, Shown


def curve_table(curve: CalibrationCurve) -> Table:
    """Build the table: one line a dose."""
    parts = [part for part in SHOWN if any(part in dose.exact for dose in curve.doses)]
    return Table(
        title=f"Planted and measured leak on {group_name(curve.group)}, in %",
        columns=(
            Column("dose"),
            Column("planted"),
            Column("measured"),
            Column("best attack", "name"),
            *(Column(f"bits, {part}") for part in parts),
        ),
        rows=tuple(
            (
                number(dose.p, 2),
                _leak(dose.planted),
                _leak(dose.measured),
                dose.attack,
                *(_bits(dose, p) for p in parts),
            )
            for dose in curve.doses
        ),
        caption="planted: the leak of a perfect inverter; measured: of the best attack. bits: of a true trace given the question "
        "and the parts up to this one, measured / exact.",
    )


def curve_findings(curve: CalibrationCurve) -> list[str]:
    """State in sentences what the curve shows."""
    rising = ", ".join(f"{name} {'not known' if rho is None else number(rho, 2)}" for name, rho in curve.rising.items())
    limit = curve.detection_limit
    control = curve.control or curve.control_gain
    kind = "leak" if curve.control else "gain in points, its leak is withheld"
    return [
        f"Spearman's rank correlation with the dose: {rising}.",
        "No dose has a significant leak."
        if limit is None
        else f"The measured leak is significant from dose {number(limit, 2)} on.",
        f"Negative control: {'not known' if control is None else percent_interval(control, UNIT)} ({kind}).",
        f"False alarms: {curve.zero.alarms} of {curve.zero.runs} runs in which nothing leaks; the leak is withheld in "
        f"{curve.zero.withheld}.",
    ]


def _leak(leak: Interval | None) -> str:
    return "not reported" if leak is None else percent_interval(leak, UNIT)


def _bits(dose: Dose, part: Shown) -> str:
    if part not in dose.bits or part not in dose.exact:
        return ""
    return f"{number(dose.bits[part].mean, 2)} / {number(dose.exact[part], 2)}"
