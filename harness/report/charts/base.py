"""What all plots share: sizes, colours, axes, and how a plot becomes SVG text through altair and vl-convert.

Colours are CSS variables of the page, so that one drawing serves the light and the dark theme. Every mark carries its tooltip as
a description; the page shows it under the pointer.
"""

from collections.abc import Callable, Sequence
from typing import Any

from harness.report.charts.marks import Dot
from harness.results.text import plain_values
from traceinv.regimes import ORDER

Chart = Any
"""One of altair's chart classes; they have no common base class."""
Draw = Callable[[int], Chart]
"""Make a plot whose panels share a width in pixels."""
WIDE, NARROW = 740, 210
"""Widths in pixels that the panels of a plot share on a screen and on a phone, without the labels beside them."""
INK, SOFT, GRID, PAPER = "var(--ink)", "var(--soft)", "var(--grid)", "var(--paper)"
MAIN = (
    "base",
    "answer_only",
    "summary",
    "surrogate_trace",
    "inverted",
    "inverted_without_summary",
    "inverted_mismatched",
    "zero_shot_inverted",
    "ideal_inverted",
    "oracle",
    "target",
    "surrogate",
)
"""The names that most plots have: no two share a colour."""
NAMES = (*MAIN, *(name for name in ORDER if name not in MAIN))
"""The names whose colour is that of their place in this list."""
COLOURS = 12
"""How many colours the palette has."""
DASHES = ((1, 0), (7, 3), (2, 2), (9, 3, 2, 3))
"""Lengths of strokes and gaps, in pixels: with the colour they tell lines apart, also for readers who see few colours."""
SHAPES = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross")
ROW_HEIGHT = 26
PAIR_HEIGHT = 38
"""Height of a row whose name has two lines."""
LONG_NAME = 28
"""Names longer than this have a legend of two columns instead of four."""


def colour(name: str) -> str:
    """Return the CSS variable of a regime or model; an unknown name always gets the same colour of the palette."""
    return f"var(--c{place(name) % COLOURS})"


def place(name: str) -> int:
    """Return the number from which a name's colour, shape and strokes follow."""
    return NAMES.index(name) if name in NAMES else sum(name.encode())


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


def chart_of(rows: Sequence[dict[str, Any]]) -> Chart:
    """Make a chart of rows that stand in it."""
    import altair as alt

    return alt.Chart(alt.InlineData(values=rows))


def by_panel(items: Sequence[Any]) -> dict[str, list[Any]]:
    """Group items by their panel."""
    panels: dict[str, list[Any]] = {}
    for item in items:
        panels.setdefault(item.panel, []).append(item)
    return panels


def rows_axis(items: Sequence[Dot], named: bool) -> Any:
    """Make the axis that names the rows of a panel."""
    import altair as alt

    axis = alt.Axis(labelLimit=190, ticks=False, domain=False, labelPadding=8) if named else None
    return alt.Y("row:N", sort=[item.row for item in items], title=None, axis=axis)


def pairs_axis(items: Sequence[Dot], named: bool) -> Any:
    """Make the axis of rows named by two regimes, `first - second`, on two lines."""
    import altair as alt

    labels = "split(replace(datum.label, ' - ', '\\n- '), '\\n')"
    axis = alt.Axis(labelLimit=230, ticks=False, domain=False, labelPadding=8, labelExpr=labels) if named else None
    return alt.Y("row:N", sort=[item.row for item in items], title=None, axis=axis)


def value_axis(items: Sequence[Dot], title: str, percent: bool, marks: Sequence[float], room: float) -> Any:
    """Make the value axis that all panels share; `room` is the share of it that the labels at the right need."""
    import altair as alt

    values = [value for item in items for value in (item.low, item.high, *item.points)]
    low, high = min(0.0, *marks, *values), max(*marks, *values) or 1.0
    # Shares end at 100%; values relative to a mark may not.
    label = alt.Undefined if marks or not percent else "datum.value > 1 ? '' : datum.label"
    axis = alt.Axis(format="%", tickCount=5, labelExpr=label) if percent else alt.Axis(tickCount=5)
    scale = alt.Scale(domain=[low, high + room * (high - low)], nice=False)
    return alt.X("low:Q", title=title, axis=axis, scale=scale)


def panel_title(items: Sequence[Dot]) -> Any:
    """Return the title of a panel."""
    import altair as alt

    return items[0].panel or alt.Undefined


def series_colour(names: Sequence[str], width: int) -> Any:
    """Colour series by name, with a legend."""
    import altair as alt

    scale = alt.Scale(domain=list(names), range=[colour(name) for name in names])
    return alt.Color("series:N", scale=scale, title=None, legend=legend(names, width))


def shapes_of(names: Sequence[str]) -> list[str]:
    """Give each name a shape."""
    return [SHAPES[place(name) % len(SHAPES)] for name in names]


def dashes_of(names: Sequence[str]) -> list[Sequence[int]]:
    """Give each name a pattern of strokes."""
    return [DASHES[place(name) % len(DASHES)] for name in names]


def legend(names: Sequence[str], width: int) -> Any:
    """Make a legend below the plot."""
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
