"""Draw plots as SVG text with Vega-Lite. The page needs no script and no network for them."""

from harness.report.charts.base import colour, draw_both
from harness.report.charts.marks import Band, Curve, Dot, Effect, Place, Spot
from harness.report.charts.planes import curves, frontier, scatter
from harness.report.charts.rows import bands, dots, forest

__all__ = [
    "Band",
    "Curve",
    "Dot",
    "Effect",
    "Place",
    "Spot",
    "bands",
    "colour",
    "curves",
    "dots",
    "draw_both",
    "forest",
    "frontier",
    "scatter",
]
