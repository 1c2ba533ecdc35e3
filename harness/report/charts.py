"""Draw plots as SVG text with Vega-Lite, through altair and vl-convert. The page needs no script and no network for them.

Colours are CSS variables of the page, so that one drawing serves the light and the dark theme. Every mark carries its tooltip as
a description; the page shows it under the pointer.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from harness.results.text import plain_values
from traceinv.regimes import ORDER

Chart = Any
"""One of altair's chart classes; they have no common base class."""
Draw = Callable[[int], Chart]
"""Make a plot whose panels share a width in pixels."""
WIDE, NARROW = 740, 210
"""Widths in pixels that the panels of a plot share on a screen and on a phone, without the labels beside them."""
INK, SOFT, GRID, PAPER = "var(--ink)", "var(--soft)", "var(--grid)", "var(--paper)"
NAMES = (*ORDER, "target", "surrogate")
"""The names with a colour of their own: that of their place in this list."""
COLOURS = 12
"""How many colours the palette has."""
SHAPES = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross")
ROW_HEIGHT = 26
LONG_NAME = 28
"""Names longer than this have a legend of two columns instead of four."""


@dataclass(frozen=True)
class Dot:
    """A value with its interval on a row of a panel.

    Attributes:
        label: written beside the mark.
        points: values of single seeds, drawn as small ticks.
    """

    panel: str
    row: str
    mean: float
    low: float
    high: float
    label: str
    tooltip: str
    points: Sequence[float] = ()


@dataclass(frozen=True)
class Band(Dot):
    """A value with the floor and the ceiling that are known of it."""

    floor: float | None = None
    ceiling: float | None = None


@dataclass(frozen=True)
class Spot:
    """A point in the plane with a vertical interval; points of one series share colour, shape and line."""

    series: str
    x: float
    mean: float
    low: float
    high: float
    tooltip: str


@dataclass(frozen=True)
class Place:
    """A named point in the plane with an interval in either direction."""

    name: str
    x: float
    x_low: float
    x_high: float
    y: float
    y_low: float
    y_high: float
    tooltip: str


@dataclass(frozen=True)
class Curve:
    """A line of a panel through points (x, y); lines of one series share a colour."""

    panel: str
    series: str
    tooltip: str
    points: Sequence[tuple[float, float]]


def colour(name: str) -> str:
    """Return the CSS variable of a regime or model; an unknown name always gets the same colour of the palette."""
    place = NAMES.index(name) if name in NAMES else sum(name.encode())
    return f"var(--c{place % COLOURS})"


def draw_both(draw: Draw) -> tuple[str, str]:
    """Draw a plot as SVG, for a screen and for a phone."""
    import vl_convert

    wide, narrow = (
        vl_convert.vegalite_to_svg(plain_values(_themed(draw(width)).to_dict())) for width in (WIDE, NARROW)
    )
    return _hidden(wide), _hidden(narrow)


def _hidden(svg: str) -> str:
    """Hide the marks of a plot from screen readers; the element around it describes the whole plot."""
    return svg.replace("<svg ", '<svg aria-hidden="true" ', 1)


def dots(items: Sequence[Dot], title: str, width: int, percent: bool = True, marks: Sequence[float] = ()) -> Chart:
    """Draw a row for each name and a panel for each group, with vertical lines at `marks`."""
    x = _value_axis(items, title, percent, marks, room=0.16 if width > NARROW else 0.24)
    return _panels(items, width, lambda panel, panel_width, named: _dot_panel(panel, x, panel_width, named, marks))


def bands(items: Sequence[Band], title: str, width: int) -> Chart:
    """Draw dots as `dots` does, each on a band from its floor to its ceiling."""
    return _panels(items, width, lambda panel, panel_width, named: _band_panel(panel, title, panel_width, named))


def scatter(items: Sequence[Spot], x_title: str, y_title: str, width: int, diagonal: bool) -> Chart:
    """Draw points with vertical intervals, one colour and shape for each series.

    With `diagonal` both axes are shares and the line y = x is drawn; without it the points of a series are joined by a line.
    """
    import altair as alt

    names = list(dict.fromkeys(item.series for item in items))
    chart = _chart([asdict(item) for item in items])
    scale = alt.Scale(domain=[0, 1]) if diagonal else alt.Scale(zero=False, padding=24)
    axis = (
        alt.Axis(format="%", tickCount=6)
        if diagonal
        else alt.Axis(format=",d", values=sorted({item.x for item in items}))
    )
    x = alt.X("x:Q", title=x_title, scale=scale, axis=axis)
    y = alt.Y("mean:Q", title=y_title, axis=alt.Axis(format="%", tickCount=6), scale=alt.Scale(zero=True))
    series = _series(names, width)
    shape = alt.Shape(
        "series:N", scale=alt.Scale(domain=names, range=_shapes(names)), title=None, legend=_legend(names, width)
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
        limit = _chart([{"x": 0, "y": 0}, {"x": 1, "y": 1}])
        layers.insert(0, limit.mark_line(aria=False, strokeDash=[4, 4], stroke=SOFT).encode(x="x:Q", y="y:Q"))
    else:
        layers.insert(0, chart.mark_line(aria=False, opacity=0.6).encode(x=x, y=y, color=series))
    return alt.layer(*layers).properties(width=width, height=300)


def frontier(items: Sequence[Place], x_title: str, y_title: str, width: int) -> Chart:
    """Draw a named point for each item, with its interval along either axis."""
    import altair as alt

    chart = _chart([asdict(item) for item in items])
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
            x=x, y=y, text="name:N"
        ),
        chart.mark_text(aria=False, align="left", dx=7, dy=-7, color=INK, fontSize=11.5).encode(
            x=x, y=y, text="name:N"
        ),
    ]
    return alt.layer(*layers).properties(width=width, height=320)


def curves(items: Sequence[Curve], x_title: str, y_title: str, width: int) -> Chart:
    """Draw thin lines, a panel with its own legend for each group."""
    import altair as alt

    panels = (_curve_panel(panel, x_title, y_title, width) for panel in _by_panel(items).values())
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
        "color": _series(names, width),
        "description": "tooltip:N",
    }
    chart = _chart(rows).mark_line(strokeWidth=1.5, opacity=0.8).encode(**encoding)
    return chart.properties(width=width, height=200, title=items[0].panel)


def _chart(rows: Sequence[dict[str, Any]]) -> Chart:
    import altair as alt

    return alt.Chart(alt.InlineData(values=rows))


def _by_panel(items: Sequence[Any]) -> dict[str, list[Any]]:
    panels: dict[str, list[Any]] = {}
    for item in items:
        panels.setdefault(item.panel, []).append(item)
    return panels


def _panels(items: Sequence[Dot], width: int, draw: Callable[[Sequence[Any], int, bool], Chart]) -> Chart:
    """Place the panels side by side with the rows named once, or one below the other on a phone.

    `draw` makes a panel of its items, its width, and whether its rows are named.
    """
    import altair as alt

    panels = list(_by_panel(items).values())
    if width < WIDE:
        return alt.vconcat(*(draw(panel, width, True) for panel in panels))
    panel_width = (width - 20 * (len(panels) - 1)) // len(panels)
    return alt.hconcat(*(draw(panel, panel_width, number == 0) for number, panel in enumerate(panels)), spacing=20)


def _rows_axis(items: Sequence[Dot], named: bool) -> Any:
    import altair as alt

    axis = alt.Axis(labelLimit=190, ticks=False, domain=False, labelPadding=8) if named else None
    return alt.Y("row:N", sort=[item.row for item in items], title=None, axis=axis)


def _value_axis(items: Sequence[Dot], title: str, percent: bool, marks: Sequence[float], room: float) -> Any:
    """Make the value axis that all panels share; `room` is the share of it that the labels at the right need."""
    import altair as alt

    values = [value for item in items for value in (item.low, item.high, *item.points)]
    low, high = min(0.0, *marks, *values), max(*marks, *values) or 1.0
    # Shares end at 100%; values relative to a mark may not.
    label = alt.Undefined if marks or not percent else "datum.value > 1 ? '' : datum.label"
    axis = alt.Axis(format="%", tickCount=5, labelExpr=label) if percent else alt.Axis(tickCount=5)
    scale = alt.Scale(domain=[low, high + room * (high - low)], nice=False)
    return alt.X("low:Q", title=title, axis=axis, scale=scale)


def _dot_panel(items: Sequence[Dot], x: Any, width: int, named: bool, marks: Sequence[float]) -> Any:
    import altair as alt

    y = _rows_axis(items, named)
    names = list(dict.fromkeys(item.row for item in items))
    series = alt.Color("row:N", scale=alt.Scale(domain=names, range=[colour(name) for name in names]), legend=None)
    chart = _chart([asdict(item) for item in items]).encode(y=y)
    seeds = _chart([{"row": item.row, "x": value} for item in items for value in item.points]).encode(y=y)
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
        lines = _chart([{"x": mark} for mark in marks])
        layers.insert(0, lines.mark_rule(aria=False, stroke=SOFT, strokeDash=[3, 3]).encode(x="x:Q"))
    return alt.layer(*layers).properties(width=width, height=alt.Step(ROW_HEIGHT), title=_panel_title(items))


def _band_panel(items: Sequence[Band], title: str, width: int, named: bool) -> Any:
    import altair as alt

    y = _rows_axis(items, named)
    low = min(0.0, *(value for item in items for value in (item.low, item.floor or 0)))
    high = max(1.0, *(value for item in items for value in (item.high, item.ceiling or 0)))
    room = 0.2 * (high - low) if any(item.label for item in items) else 0
    scale = alt.Scale(domain=[low, high + room], nice=False)
    x = alt.X("mean:Q", title=title, axis=alt.Axis(values=[-1, -0.5, 0, 0.2, 0.4, 0.6, 0.8, 1]), scale=scale)
    data = [asdict(item) for item in items]
    chart = _chart(data).encode(y=y)
    floors = _chart([row for row in data if row["floor"] is not None]).encode(y=y)
    tops = _chart([row for row in data if row["ceiling"] is not None]).encode(y=y)
    both = [row for row in data if row["floor"] is not None and row["ceiling"] is not None]
    spans = _chart(both).encode(y=y)
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
    ).properties(width=width, height=alt.Step(ROW_HEIGHT), title=_panel_title(items))


def _panel_title(items: Sequence[Dot]) -> Any:
    import altair as alt

    return items[0].panel or alt.Undefined


def _series(names: Sequence[str], width: int) -> Any:
    import altair as alt

    scale = alt.Scale(domain=list(names), range=[colour(name) for name in names])
    return alt.Color("series:N", scale=scale, title=None, legend=_legend(names, width))


def _shapes(names: Sequence[str]) -> list[str]:
    return [SHAPES[number % len(SHAPES)] for number in range(len(names))]


def _legend(names: Sequence[str], width: int) -> Any:
    import altair as alt

    columns = 1 if width < WIDE else 2 if max(map(len, names)) > LONG_NAME else 4
    return alt.Legend(orient="bottom", columns=columns, symbolOpacity=1, labelLimit=350)


def _themed(chart: Chart) -> Chart:
    """Set the page's colours and sizes. vl-convert knows the widths of Arial; the page replaces it by its own font."""
    return (
        chart.configure(background="transparent", font="Arial", padding=4)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK, titleColor=SOFT, gridColor=GRID, domainColor=GRID, tickColor=GRID,
            labelFontSize=12, titleFontSize=12, titleFontWeight="normal", labelPadding=5, titlePadding=8, labelFlush=False,
        )
        .configure_legend(labelColor=INK, labelFontSize=12, symbolSize=80)
        .configure_title(color=INK, fontSize=13, anchor="start", offset=8)
    )  # fmt: skip
