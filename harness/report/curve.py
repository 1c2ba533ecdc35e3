"""The plot of a calibration curve: as a figure of the page, and as an SVG file that stands by itself."""

from collections.abc import Sequence
from dataclasses import replace

from harness.report import charts
from harness.report.charts import Spot
from harness.report.figure import Figure
from harness.results.curve import CalibrationCurve, Dose
from harness.results.schema import Interval
from harness.results.text import number, percent_interval
from harness.results.verdict import group_name
from harness.views.curve import curve_findings, curve_table

COLOURS = {"planted": "#0e7490", "measured": "#b45309"}
INK, GRID = "#1b2330", "#dde1e7"


def calibration(curves: Sequence[CalibrationCurve]) -> list[Figure]:
    """Draw a figure for each calibration curve."""
    return [_figure(number, curve) for number, curve in enumerate(curves, 1)]


def _figure(place: int, curve: CalibrationCurve) -> Figure:
    spots = [
        spot
        for dose in curve.doses
        for name, leak in (("planted", dose.planted), ("measured", dose.measured))
        if leak is not None
        for spot in (_spot(name, dose, leak),)
    ]
    caption = "In the lab it is known what leaks. The dose is the probability with which a step of the target's own is shown. "
    figure = Figure(
        key=f"curve-{place}",
        title=f"Measured and planted leak by dose, {group_name(curve.group)}",
        caption=caption + " ".join(curve_findings(curve)),
        tables=(curve_table(curve),),
        missing=None if spots else "No plot: no dose has a leak that is reported.",
    )
    if not spots:
        return figure
    y_title = f"leak on {group_name(curve.group)}"
    wide, narrow = charts.draw_both(lambda width: charts.scatter(spots, "dose", y_title, width, diagonal=False))
    alt = f"Line plot of leak over dose. {'; '.join(spot.tooltip for spot in spots)}."
    return replace(figure, alt=alt, wide=wide, narrow=narrow)


def _spot(name: str, dose: Dose, leak: Interval) -> Spot:
    tooltip = f"{name}, dose {number(dose.p, 2)}: {percent_interval(leak)}"
    return Spot(name, dose.p, leak.mean, leak.low, leak.high, tooltip)


def curve_svg(curve: CalibrationCurve) -> str:
    """Draw planted and measured leak by dose, with their intervals."""
    import altair as alt
    import vl_convert

    rows = [
        {"leak": name, "dose": dose.p, "mean": leak.mean, "low": leak.low, "high": leak.high}
        for dose in curve.doses
        for name, leak in (("planted", dose.planted), ("measured", dose.measured))
        if leak is not None
    ]
    x = alt.X("dose:Q", title="probability with which a private step is shown", scale=alt.Scale(domain=[0, 1]))
    title = f"leak on {group_name(curve.group)}"
    scale = alt.Scale(domain=list(COLOURS), range=list(COLOURS.values()))
    colour = alt.Color("leak:N", title=None, scale=scale, legend=alt.Legend(orient="bottom", symbolOpacity=1))
    chart = alt.Chart(alt.InlineData(values=rows)).encode(x=x, color=colour)
    mean = alt.Y("mean:Q", title=title, axis=alt.Axis(format="%", tickCount=6))
    layers = alt.layer(
        chart.mark_line(opacity=0.6).encode(y=mean),
        chart.mark_rule(strokeWidth=2, opacity=0.6).encode(y=alt.Y("low:Q", title=title), y2="high:Q"),
        chart.mark_point(filled=True, size=80, opacity=1).encode(y=mean),
    )
    themed = (
        layers.properties(width=560, height=280)
        .configure(background="#ffffff", font="Arial", padding=8)
        .configure_view(stroke=None)
        .configure_axis(labelColor=INK, titleColor=INK, gridColor=GRID, titleFontWeight="normal")
        .configure_legend(labelColor=INK)
    )
    return str(vl_convert.vegalite_to_svg(themed.to_dict()))
