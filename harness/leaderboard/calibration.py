"""Render the calibration curve: the measured leaks beside the planted ones."""

from harness.results.curve import CalibrationCurve
from harness.results.verdict import group_name
from harness.views.curve import curve_findings, curve_table
from harness.views.markdown import link, render_table, text


def curve_section(curve: CalibrationCurve, place: str) -> str:
    """Render the plot, the table and the findings of a curve.

    Args:
        place: where its file lies; the plot lies beside it.
    """
    plot = place.removesuffix(".json") + ".svg"
    paragraphs = (
        "## Calibration",
        f"The measured leak beside the planted one on {text(group_name(curve.group))}, in the lab, where it is known what leaks.",
        f"![Measured and planted leak by dose]({plot})",
        render_table(curve_table(curve)),
        text(" ".join(curve_findings(curve))),
        f"From {link('the curve', place)}, which lists the records that it was read from.",
    )
    return "\n\n".join(paragraphs) + "\n"
