"""Plots as SVG text, drawn by Vega-Lite through altair and vl-convert, with nothing to fetch and no script on the page.

Colours are the page's CSS variables, so one drawing serves light and dark. Every mark carries a description, which the page
shows where a pointer rests.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, get_args

from harness.pipeline.recipe import Regime

Chart = Any
"""One of altair's chart classes, which share no base that could be named here."""
Draw = Callable[[int], Chart]
"""Makes a plot whose panels share this width."""
WIDE, NARROW = 740, 210
"""Widths in pixels that the panels of a plot share on a screen and on a phone, the labels beside them not counted."""
INK, SOFT, GRID, PAPER = "var(--ink)", "var(--soft)", "var(--grid)", "var(--paper)"
ORDER = (*get_args(Regime), "target", "surrogate")
SHAPES = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross")
ROW_HEIGHT = 26


@dataclass(frozen=True)
class Dot:
    """A value with its interval on a row of a panel; `points` are single seeds' values, `says` what the mark tells."""

    panel: str
    row: str
    mean: float
    low: float
    high: float
    label: str
    says: str
    points: Sequence[float] = ()


@dataclass(frozen=True)
class Band(Dot):
    """A value between a floor and a ceiling, where these are known."""

    floor: float | None = None
    ceiling: float | None = None


@dataclass(frozen=True)
class Spot:
    """A point in the plane with an interval upwards; `series` names its colour and its line."""

    series: str
    x: float
    mean: float
    low: float
    high: float
    says: str


@dataclass(frozen=True)
class Curve:
    """A line of a panel through `points` (x, y)."""

    panel: str
    series: str
    says: str
    points: Sequence[tuple[float, float]] = field(default=())


def colour(name: str) -> str:
    """The CSS variable of a regime or model; names that are not known share the palette in a fixed way."""
    slot = ORDER.index(name) if name in ORDER else sum(name.encode()) % len(ORDER)
    return f"var(--c{slot})"


def draw_both(draw: Draw) -> tuple[str, str]:
    """The plot as SVG for a screen and for a phone."""
    import vl_convert

    wide, narrow = (vl_convert.vegalite_to_svg(_themed(draw(width)).to_dict()) for width in (WIDE, NARROW))
    return _hidden(wide), _hidden(narrow)


def _hidden(svg: str) -> str:
    """To a screen reader a plot is the one image that its frame describes, not hundreds of marks."""
    return svg.replace("<svg ", '<svg aria-hidden="true" ', 1)


def dots(items: Sequence[Dot], title: str, width: int, percent: bool = True, marks: Sequence[float] = ()) -> Chart:
    """A row for each name, a panel for each group side by side where there is room; lines at `marks`."""
    x = _value_axis(items, title, percent, marks, room=0.16 if width > NARROW else 0.24)
    return _panels(items, width, lambda shown, each, first: _dot_panel(shown, x, each, first, marks))


def bands(items: Sequence[Band], title: str, width: int) -> Chart:
    """As `dots`, each value before the band from its floor to its ceiling."""
    return _panels(items, width, lambda shown, each, first: _band_panel(shown, title, each, first))


def scatter(items: Sequence[Spot], x_title: str, y_title: str, width: int, diagonal: bool) -> Chart:
    """Points with vertical intervals, one colour and shape a name; `diagonal`: both axes are shares, with the line y = x."""
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
        "series:N", scale=alt.Scale(domain=names, range=_shapes(names)), title=None, legend=_legend(width)
    )
    layers: list[Any] = [
        chart.mark_rule(aria=False, strokeWidth=2, opacity=0.6).encode(
            x=x, y=alt.Y("low:Q", title=y_title), y2="high:Q", color=series
        ),
        chart.mark_point(filled=True, size=90, opacity=1).encode(
            x=x, y=y, color=series, shape=shape, description="says:N"
        ),
    ]
    if diagonal:
        limit = _chart([{"x": 0, "y": 0}, {"x": 1, "y": 1}])
        layers.insert(0, limit.mark_line(aria=False, strokeDash=[4, 4], stroke=SOFT).encode(x="x:Q", y="y:Q"))
    else:
        layers.insert(0, chart.mark_line(aria=False, opacity=0.6).encode(x=x, y=y, color=series))
    return alt.layer(*layers).properties(width=width, height=300)


def curves(items: Sequence[Curve], x_title: str, y_title: str, width: int) -> Chart:
    """Thin lines over each other, a panel for each group, its names in its own legend."""
    import altair as alt

    panels = (_curve_panel(shown, x_title, y_title, width) for shown in _by_panel(items).values())
    return alt.vconcat(*panels).resolve_scale(color="independent")


def _curve_panel(items: Sequence[Curve], x_title: str, y_title: str, width: int) -> Chart:
    import altair as alt

    names = list(dict.fromkeys(item.series for item in items))
    rows = [
        {"series": item.series, "line": number, "says": item.says, "x": x, "y": y}
        for number, item in enumerate(items)
        for x, y in item.points
    ]
    encoding = {
        "x": alt.X("x:Q", title=x_title, axis=alt.Axis(format=",d", tickMinStep=1, tickCount=6)),
        "y": alt.Y("y:Q", title=y_title),
        "detail": "line:N",
        "color": _series(names, width),
        "description": "says:N",
    }
    chart = _chart(rows).mark_line(strokeWidth=1.5, opacity=0.8).encode(**encoding)
    return chart.properties(width=width, height=200, title=items[0].panel)


def _chart(rows: Sequence[dict[str, Any]]) -> Chart:
    import altair as alt

    return alt.Chart(alt.InlineData(values=rows))


def _by_panel(items: Sequence[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for item in items:
        found.setdefault(item.panel, []).append(item)
    return found


def _panels(items: Sequence[Dot], width: int, panel: Any) -> Chart:
    """One panel for each group: beside each other with the rows named once, or below each other on a phone."""
    import altair as alt

    groups = list(_by_panel(items).values())
    if width < WIDE:
        return alt.vconcat(*(panel(group, width, True) for group in groups))
    each = (width - 20 * (len(groups) - 1)) // len(groups)
    return alt.hconcat(*(panel(group, each, number == 0) for number, group in enumerate(groups)), spacing=20)


def _rows_axis(items: Sequence[Dot], named: bool) -> Any:
    import altair as alt

    axis = alt.Axis(labelLimit=190, ticks=False, domain=False, labelPadding=8) if named else None
    return alt.Y("row:N", sort=[item.row for item in items], title=None, axis=axis)


def _value_axis(items: Sequence[Dot], title: str, percent: bool, marks: Sequence[float], room: float) -> Any:
    """One scale for all panels, so that they can be compared, with `room` (a share of it) for the labels at the right."""
    import altair as alt

    values = [value for item in items for value in (item.low, item.high, *item.points)]
    low, high = min(0.0, *marks, *values), max(*marks, *values) or 1.0
    # Shares end at 100%; what is relative to something else may not.
    ends = alt.Undefined if marks or not percent else "datum.value > 1 ? '' : datum.label"
    axis = alt.Axis(format="%", tickCount=5, labelExpr=ends) if percent else alt.Axis(tickCount=5)
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
        chart.mark_point(filled=True, size=75, opacity=1).encode(x="mean:Q", color=series, description="says:N"),
        # The same text twice: a rim in the page's colour first, so that lines behind it do not cross the letters.
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
            x=x, description="says:N"
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
    return alt.Color("series:N", scale=scale, title=None, legend=_legend(width))


def _shapes(names: Sequence[str]) -> list[str]:
    return [SHAPES[number % len(SHAPES)] for number in range(len(names))]


def _legend(width: int) -> Any:
    import altair as alt

    return alt.Legend(orient="bottom", columns=4 if width >= WIDE else 1, symbolOpacity=1, labelLimit=230)


def _themed(chart: Chart) -> Chart:
    """The page's colours and sizes; the font is one whose widths vl-convert knows, the page puts its own in its place."""
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
