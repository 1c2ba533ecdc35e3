"""A figure of the page: a plot with its caption and its tables, or one line that says why there is no plot."""

from collections.abc import Iterable
from dataclasses import dataclass

from harness.report.charts import Dot
from harness.results.schema import Interval
from harness.results.text import percent, percent_interval
from harness.views.tables import Table


@dataclass(frozen=True)
class Figure:
    """One plot of the page.

    Attributes:
        key: unique within its section of the page; part of its address.
        caption: what the plot shows and how to read it.
        alt: a description of the plot for screen readers; the tables hold the rest.
        wide, narrow: the plot as SVG, drawn for a screen and for a phone.
        tables: the figures behind the plot.
        missing: why there is no plot.
    """

    key: str
    title: str
    caption: str
    alt: str = ""
    wide: str = ""
    narrow: str = ""
    tables: tuple[Table, ...] = ()
    missing: str | None = None


def describe_dots(title: str, dots: Iterable[Dot]) -> str:
    """Describe a plot of dots for screen readers."""
    return f"{title}. {'; '.join(dot.tooltip for dot in dots)}."


def share_dots(panels: Iterable[tuple[str, str, Interval | None]]) -> list[Dot]:
    """Make a dot of each known share: its panel, its row, and the share with its interval."""
    return [
        Dot(
            panel,
            row,
            share.mean,
            share.low,
            share.high,
            percent(share.mean),
            f"{row}, {panel}: {percent_interval(share)}",
        )
        for panel, row, share in panels
        if share is not None
    ]
