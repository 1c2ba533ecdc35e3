"""The plot of a calibration curve, as an SVG file that stands by itself."""

from harness.results.curve import CalibrationCurve
from harness.results.verdict import group_name

COLOURS = {"planted": "#0e7490", "measured": "#b45309"}
INK, GRID = "#1b2330", "#dde1e7"


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
