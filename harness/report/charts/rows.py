"""Plots with a row for each name and a panel for each group."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from harness.report.charts.base import (
    GRID,
    INK,
    NARROW,
    PAIR_HEIGHT,
    PAPER,
    ROW_HEIGHT,
    SOFT,
    WIDE,
    Chart,
    by_panel,
    chart_of,
    colour,
    pairs_axis,
    panel_title,
    rows_axis,
    value_axis,
)
from harness.report.charts.marks import Band, Dot, Effect


def dots(items: Sequence[Dot], title: str, width: int, percent: bool = True, marks: Sequence[float] = ()) -> Chart:
    """Draw a row for each name and a panel for each group, with vertical lines at `marks`."""
    x = value_axis(items, title, percent, marks, room=0.16 if width > NARROW else 0.24)
    return _panels(items, width, lambda panel, panel_width, named: _dot_panel(panel, x, panel_width, named, marks))


def bands(items: Sequence[Band], title: str, width: int) -> Chart:
    """Draw dots as `dots` does, each on a band from its floor to its ceiling."""
    return _panels(items, width, lambda panel, panel_width, named: _band_panel(panel, title, panel_width, named))


def forest(items: Sequence[Effect], title: str, width: int) -> Chart:
    """Draw a row for each difference, on a band of what the data could not detect; significant ones have a filled mark."""
    import altair as alt

    ends = [end for item in items for end in (item.low, item.high, item.detectable, -item.detectable)]
    span = max(ends) - min(ends)
    scale = alt.Scale(domain=[min(ends), max(ends) + 0.2 * span], nice=False)
    x = alt.X("low:Q", title=title, axis=alt.Axis(tickCount=5), scale=scale)
    return _panels(items, width, lambda panel, panel_width, named: _effect_panel(panel, x, panel_width, named))


def _effect_panel(items: Sequence[Effect], x: Any, width: int, named: bool) -> Any:
    import altair as alt

    y = pairs_axis(items, named)
    data = [{**asdict(item), "from": -item.detectable, "fill": INK if item.significant else PAPER} for item in items]
    chart = chart_of(data).encode(y=y)
    zero = chart_of([{"x": 0}])
    return alt.layer(
        chart.mark_bar(aria=False, color=GRID, height=18).encode(x=alt.X("from:Q"), x2="detectable:Q"),
        zero.mark_rule(aria=False, stroke=SOFT, strokeDash=[3, 3]).encode(x="x:Q"),
        chart.mark_rule(aria=False, strokeWidth=2, stroke=INK).encode(x=x, x2="high:Q"),
        chart.mark_point(filled=True, size=75, opacity=1, stroke=INK, strokeWidth=1.5).encode(
            x="mean:Q", fill=alt.Fill("fill:N", scale=None, legend=None), description="tooltip:N"
        ),
        chart.mark_text(aria=False, align="left", dx=6, stroke=PAPER, strokeWidth=4, fontSize=11.5).encode(
            x="high:Q", text="label:N"
        ),
        chart.mark_text(aria=False, align="left", dx=6, color=INK, fontSize=11.5).encode(x="high:Q", text="label:N"),
    ).properties(width=width, height=alt.Step(PAIR_HEIGHT), title=panel_title(items))


def _panels(items: Sequence[Dot], width: int, draw: Callable[[Sequence[Any], int, bool], Chart]) -> Chart:
    """Place the panels side by side with the rows named once, or one below the other on a phone.

    `draw` makes a panel of its items, its width, and whether its rows are named.
    """
    import altair as alt

    panels = list(by_panel(items).values())
    if width < WIDE:
        return alt.vconcat(*(draw(panel, width, True) for panel in panels))
    panel_width = (width - 20 * (len(panels) - 1)) // len(panels)
    return alt.hconcat(*(draw(panel, panel_width, number == 0) for number, panel in enumerate(panels)), spacing=20)


def _dot_panel(items: Sequence[Dot], x: Any, width: int, named: bool, marks: Sequence[float]) -> Any:
    import altair as alt

    y = rows_axis(items, named)
    names = list(dict.fromkeys(item.row for item in items))
    series = alt.Color("row:N", scale=alt.Scale(domain=names, range=[colour(name) for name in names]), legend=None)
    chart = chart_of([asdict(item) for item in items]).encode(y=y)
    seeds = chart_of([{"row": item.row, "x": value} for item in items for value in item.points]).encode(y=y)
    layers = [
        seeds.mark_tick(aria=False, thickness=1.5, size=12, opacity=0.55).encode(x="x:Q", color=series),
        chart.mark_rule(aria=False, strokeWidth=2.5).encode(x=x, x2="high:Q", color=series),
        chart.mark_point(filled=True, size=75, opacity=1).encode(x="mean:Q", color=series, description="tooltip:N"),
        # The text is drawn twice: first its outline in the page's colour, so that no line crosses the letters.
        chart.mark_text(aria=False, align="left", dx=6, stroke=PAPER, strokeWidth=4, fontSize=11.5).encode(
            x="high:Q", text="label:N"
        ),
        chart.mark_text(aria=False, align="left", dx=6, color=INK, fontSize=11.5).encode(x="high:Q", text="label:N"),
    ]
    if marks:
        lines = chart_of([{"x": mark} for mark in marks])
        layers.insert(0, lines.mark_rule(aria=False, stroke=SOFT, strokeDash=[3, 3]).encode(x="x:Q"))
    return alt.layer(*layers).properties(width=width, height=alt.Step(ROW_HEIGHT), title=panel_title(items))


def _band_panel(items: Sequence[Band], title: str, width: int, named: bool) -> Any:
    import altair as alt

    y = rows_axis(items, named)
    low = min(0.0, *(value for item in items for value in (item.low, item.floor or 0)))
    high = max(1.0, *(value for item in items for value in (item.high, item.ceiling or 0)))
    room = 0.2 * (high - low) if any(item.label for item in items) else 0
    scale = alt.Scale(domain=[low, high + room], nice=False)
    x = alt.X("mean:Q", title=title, axis=alt.Axis(values=[-1, -0.5, 0, 0.2, 0.4, 0.6, 0.8, 1]), scale=scale)
    data = [asdict(item) for item in items]
    chart = chart_of(data).encode(y=y)
    floors = chart_of([row for row in data if row["floor"] is not None]).encode(y=y)
    tops = chart_of([row for row in data if row["ceiling"] is not None]).encode(y=y)
    both = [row for row in data if row["floor"] is not None and row["ceiling"] is not None]
    spans = chart_of(both).encode(y=y)
    return alt.layer(
        spans.mark_rule(aria=False, stroke=GRID, strokeWidth=12).encode(x="floor:Q", x2="ceiling:Q"),
        floors.mark_tick(aria=False, color=SOFT, thickness=2.5, size=16).encode(x="floor:Q"),
        tops.mark_tick(aria=False, color=INK, thickness=2.5, size=16).encode(x="ceiling:Q"),
        chart.mark_rule(aria=False, strokeWidth=2.5, stroke=colour(items[0].panel)).encode(x="low:Q", x2="high:Q"),
        chart.mark_point(filled=True, size=75, opacity=1, color=colour(items[0].panel)).encode(
            x=x, description="tooltip:N"
        ),
        chart.mark_text(aria=False, align="right", dx=-2, color=INK, fontSize=11.5).encode(
            x=alt.datum(high + room), text="label:N"
        ),
    ).properties(width=width, height=alt.Step(ROW_HEIGHT), title=panel_title(items))
