"""Draw what leaks: how close inverted traces come to the true ones, and how many bits each disclosed part gives away."""

from collections.abc import Sequence

from harness.report import charts
from harness.report.charts import Band, Dot
from harness.report.figure import Figure, describe_dots
from harness.results.schema import FaithfulnessRow, Interval, LikelihoodRow, ReadingRow, StyleRow
from harness.results.text import interval, number
from harness.views.faithfulness import FIGURES, bits_table, faithfulness_table, reading_table, style_table
from traceinv.inversion import Shown

LENGTH = "length_ratio"
"""The one figure that does not grow with similarity, so it has no place on the plot's scale from 0 to 1."""


def faithfulness(rows: Sequence[FaithfulnessRow], styles: Sequence[StyleRow]) -> Figure:
    """Draw how close the inverted traces of a cell are to the true ones, between floor and ceiling.

    Args:
        styles: the style distance of the cell; empty where there is none.
    """
    title = "Faithfulness, with its floor and ceiling"
    caption = (
        "How close the inverted traces are to the hidden true ones. Every figure has a floor and a ceiling. The floor (left "
        "tick) compares each true trace with the inverted trace of another question: text of the right form and length scores "
        "well above 0. The ceiling (right tick, where it was measured) compares it with a second trace of the target for the "
        "same question. The percentage is the position between the two. Only what lies above the floor can come from the "
        "disclosure."
    )
    if not rows:
        return Figure("faithfulness", title, caption, missing="No plot: no regime of this run inverts traces.")
    bands = [_band(row, name) for row in rows for name in FIGURES if name in row.inverted and name != LENGTH]
    wide, narrow = charts.draw_both(lambda width: charts.bands(bands, "0: nothing in common, 1: equal", width))
    return Figure(
        key="faithfulness",
        title=title,
        caption=caption,
        alt=describe_dots("Dot plot of faithfulness figures between floor and ceiling", bands),
        wide=wide,
        narrow=narrow,
        tables=(faithfulness_table(rows), *((style_table(styles),) if styles else ())),
    )


def reading(rows: Sequence[ReadingRow]) -> Figure:
    """Draw by how much faithfulness falls where one part of the disclosure is another question's."""
    title = "Reading test"
    caption = (
        "An inverter that reads a part of the disclosure must do worse where that part is another question's. The fall is that "
        "of the first figure of the table. Where it is 0, the inverter computes its traces from the rest, and its students show "
        "nothing of what that part leaks."
    )
    dots = [_reading_dot(row, figure) for row in rows for figure in list(row.fall)[:1]]
    if not dots:
        return Figure("reading", title, caption, missing="No plot: this record has no reading test.")
    wide, narrow = charts.draw_both(lambda width: charts.dots(dots, "fall of faithfulness", width, False, marks=(0,)))
    alt = describe_dots("Dot plot of the reading test", dots)
    return Figure("reading", title, caption, alt, wide, narrow, (reading_table(rows),))


def bits(rows: Sequence[LikelihoodRow]) -> Figure:
    """Draw by how many bits each disclosed part lowers the NLL of the hidden traces."""
    title = "Bits leaked by each disclosed part"
    caption = (
        "By how many bits a model's negative log-likelihood of the hidden trace falls when one more part of the disclosure is "
        "shown to it. One bit halves the number of traces that remain likely. A model that was not trained with a part also pays "
        "for the unfamiliar prompt, so its figure can be below 0."
    )
    dots = [_bits_dot(row, part, saved) for row in rows for part, saved in row.leaked.items()]
    if not dots:
        return Figure("bits", title, caption, missing="No plot: this record has no likelihood of the hidden traces.")
    panels = list(dict.fromkeys(dot.panel for dot in dots))
    dots.sort(key=lambda dot: panels.index(dot.panel))
    wide, narrow = charts.draw_both(lambda width: charts.dots(dots, "bits a trace", width, percent=False, marks=(0,)))
    alt = describe_dots("Dot plot of bits leaked", dots)
    return Figure("bits", title, caption, alt, wide, narrow, (bits_table(rows),))


def _band(row: FaithfulnessRow, name: str) -> Band:
    value = row.inverted[name]
    floor, ceiling, normalised = (part.get(name) for part in (row.floor, row.ceiling, row.normalised))
    ends = {"floor": floor, "ceiling": ceiling}
    tooltip = f"{FIGURES[name]}, {row.regime}: {interval(value)}" + "".join(
        f", {end} {number(level.mean, 3)}" for end, level in ends.items() if level
    )
    return Band(
        panel=row.regime,
        row=FIGURES[name],
        mean=value.mean,
        low=value.low,
        high=value.high,
        label=f"{number(100 * normalised.mean, 0)}%" if normalised else "",
        tooltip=tooltip,
        floor=floor.mean if floor else None,
        ceiling=ceiling.mean if ceiling else None,
    )


def _reading_dot(row: ReadingRow, figure: str) -> Dot:
    fall = row.fall[figure]
    tooltip = f"{row.inverter}, another question's {row.part}: {FIGURES.get(figure, figure)} falls by {interval(fall)}"
    panel = f"another question's {row.part}"
    return Dot(panel, row.inverter, fall.mean, fall.low, fall.high, number(fall.mean, 2), tooltip)


def _bits_dot(row: LikelihoodRow, part: Shown, saved: Interval) -> Dot:
    tooltip = f"{part}, {row.inverter}: {interval(saved, 1)} bits a trace"
    return Dot(f"the {part}", row.inverter, saved.mean, saved.low, saved.high, number(saved.mean, 1), tooltip)
