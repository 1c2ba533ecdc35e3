"""Plots with two axes: points, named points and curves."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from harness.report.charts.base import (
    INK,
    PAPER,
    SOFT,
    Chart,
    by_panel,
    chart_of,
    colour,
    dashes_of,
    legend,
    series_colour,
    shapes_of,
)
from harness.report.charts.marks import Curve, Place, Spot


def scatter(items: Sequence[Spot], x_title: str, y_title: str, width: int, diagonal: bool) -> Chart:
    """Draw points with vertical intervals, one colour and shape for each series.

    With `diagonal` both axes are shares and the line y = x is drawn; without it the points of a series are joined by a line.
    """
    import altair as alt

    names = list(dict.fromkeys(item.series for item in items))
    chart = chart_of([asdict(item) for item in items])
    scale = alt.Scale(domain=[0, 1]) if diagonal else alt.Scale(zero=False, padding=24)
    axis = (
        alt.Axis(format="%", tickCount=6)
        if diagonal
        else alt.Axis(format=",.2~f", values=sorted({item.x for item in items}))
    )
    x = alt.X("x:Q", title=x_title, scale=scale, axis=axis)
    y = alt.Y("mean:Q", title=y_title, axis=alt.Axis(format="%", tickCount=6), scale=alt.Scale(zero=True))
    series = series_colour(names, width)
    shape = alt.Shape(
        "series:N", scale=alt.Scale(domain=names, range=shapes_of(names)), title=None, legend=legend(names, width)
    )
    layers: list[Any] = [
        chart.mark_rule(aria=False, strokeWidth=2, opacity=0.6).encode(
            x=x, y=alt.Y("low:Q", title=y_title), y2="high:Q", color=series
        ),
        chart.mark_point(filled=True, size=90, opacity=1).encode(
            x=x, y=y, color=series, shape=shape, description="tooltip:N"
        ),
    ]
    if diagonal:
        limit = chart_of([{"x": 0, "y": 0}, {"x": 1, "y": 1}])
        layers.insert(0, limit.mark_line(aria=False, strokeDash=[4, 4], stroke=SOFT).encode(x="x:Q", y="y:Q"))
    else:
        layers.insert(0, chart.mark_line(aria=False, opacity=0.6).encode(x=x, y=y, color=series))
    return alt.layer(*layers).properties(width=width, height=300)


def frontier(items: Sequence[Place], x_title: str, y_title: str, width: int) -> Chart:
    """Draw a named point for each item, with its interval along either axis; items at one place have one label."""
    import altair as alt

    labels = _labels(items)
    chart = chart_of([{**asdict(item), "label": labels.get(item.name, "")} for item in items])
    names = [item.name for item in items]
    x = alt.X("x:Q", title=x_title, axis=alt.Axis(format="%", tickCount=6), scale=alt.Scale(zero=True, padding=30))
    y = alt.Y("y:Q", title=y_title, axis=alt.Axis(tickCount=6), scale=alt.Scale(zero=True, padding=12))
    series = alt.Color("name:N", scale=alt.Scale(domain=names, range=[colour(name) for name in names]), legend=None)
    layers = [
        chart.mark_rule(aria=False, strokeWidth=1.5, opacity=0.5).encode(
            x=alt.X("x_low:Q", title=x_title), x2="x_high:Q", y=y, color=series
        ),
        chart.mark_rule(aria=False, strokeWidth=1.5, opacity=0.5).encode(
            x=x, y=alt.Y("y_low:Q", title=y_title), y2="y_high:Q", color=series
        ),
        chart.mark_point(filled=True, size=90, opacity=1).encode(x=x, y=y, color=series, description="tooltip:N"),
        chart.mark_text(aria=False, align="left", dx=7, dy=-7, stroke=PAPER, strokeWidth=4, fontSize=11.5).encode(
            x=x, y=y, text="label:N"
        ),
        chart.mark_text(aria=False, align="left", dx=7, dy=-7, color=INK, fontSize=11.5).encode(
            x=x, y=y, text="label:N"
        ),
    ]
    return alt.layer(*layers).properties(width=width, height=320)


def _labels(items: Sequence[Place]) -> dict[str, str]:
    """Label places by the names of all items there; the label stands at the first of them."""
    together: dict[tuple[float, float], list[str]] = {}
    for item in items:
        together.setdefault((round(item.x, 2), round(item.y, 2)), []).append(item.name)
    return {names[0]: ", ".join(names) for names in together.values()}


def curves(items: Sequence[Curve], x_title: str, y_title: str, width: int) -> Chart:
    """Draw thin lines, a panel with its own legend for each group."""
    import altair as alt

    panels = (_curve_panel(panel, x_title, y_title, width) for panel in by_panel(items).values())
    return alt.vconcat(*panels).resolve_scale(color="independent")


def _curve_panel(items: Sequence[Curve], x_title: str, y_title: str, width: int) -> Chart:
    import altair as alt

    names = list(dict.fromkeys(item.series for item in items))
    rows = [
        {"series": item.series, "line": number, "tooltip": item.tooltip, "x": x, "y": y}
        for number, item in enumerate(items)
        for x, y in item.points
    ]
    encoding = {
        "x": alt.X("x:Q", title=x_title, axis=alt.Axis(format=",d", tickMinStep=1, tickCount=6)),
        "y": alt.Y("y:Q", title=y_title),
        "detail": "line:N",
        "color": series_colour(names, width),
        "strokeDash": alt.StrokeDash(
            "series:N",
            scale=alt.Scale(domain=names, range=dashes_of(names)),
            title=None,
            legend=legend(names, width),
        ),
        "description": "tooltip:N",
    }
    chart = chart_of(rows).mark_line(strokeWidth=1.5, opacity=0.8).encode(**encoding)
    return chart.properties(width=width, height=200, title=items[0].panel)
