"""What the page shows of one topic: a plot with its words and its table, or one line that says why there is none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.report.charts import Dot
from harness.results.schema import Interval


@dataclass(frozen=True)
class Table:
    """The figures behind a plot, as text; the first cell of a row names it."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Figure:
    """One plot.

    Attributes:
        key: unique on the page; part of its address.
        words: what it shows and how to read it, in plain words.
        alt: what a person who cannot see it is told instead; the table says the rest.
        wide, narrow: the plot as SVG, drawn for a screen and for a phone.
        missing: why there is no plot.
    """

    key: str
    title: str
    words: str
    alt: str = ""
    wide: str = ""
    narrow: str = ""
    table: Table | None = None
    missing: str | None = None


def percent(value: float) -> str:
    return f"{100 * value:.1f}%"


def percent_interval(found: Interval) -> str:
    return f"{percent(found.mean)} [{100 * found.low:.1f}, {100 * found.high:.1f}]"


def plain_interval(found: Interval) -> str:
    return f"{found.mean:.3f} [{found.low:.3f}, {found.high:.3f}]"


def describe_dots(what: str, dots: Iterable[Dot]) -> str:
    """What a person who cannot see a plot of dots is told of it."""
    return f"{what}. {'; '.join(dot.says for dot in dots)}."
