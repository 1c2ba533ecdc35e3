"""What plots are made of: values with their intervals, and where they stand."""

from collections.abc import Sequence
from dataclasses import dataclass


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
class Effect(Dot):
    """A difference with its interval.

    Attributes:
        detectable: the minimum detectable effect; differences between -detectable and detectable would mostly be missed.
    """

    detectable: float = 0.0
    significant: bool = False


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
