"""The plots of what leaks: how close inverted traces come to the true ones, and what each disclosed part gives away."""

from collections.abc import Mapping, Sequence

from harness.report import charts
from harness.report.charts import Band, Dot
from harness.report.figure import Figure, Table, describe_dots, plain_interval
from harness.results.schema import FaithfulnessRow, Interval, LikelihoodRow, ResultRecord
from harness.views.faithfulness import FIGURES, style_line
from traceinv.inversion import SHOWN, Shown

LENGTH = "length_ratio"
"""The one figure that does not grow with likeness, so it has no place in a plot from nothing shared to all shared."""


def faithfulness(record: ResultRecord) -> Figure:
    """How close inverted traces are to the true ones, between floor and ceiling."""
    title = "Faithfulness, with its floor and ceiling"
    words = (
        "How close the inverted traces are to the hidden true ones, on several scales. A figure means nothing by itself: text of "
        "the right form and length scores well above 0. The left tick is that floor, the trace of another question held "
        "against the truth; the right tick, where it was measured, is the ceiling, the target's own second trace. Only what "
        "lies above the floor can have leaked; the percentage is the place between the two."
    )
    if not record.faithfulness:
        return Figure("faithfulness", title, words, missing="No plot: no regime of this run inverts traces.")
    if record.style:
        words = f"{words} {style_line(record.style)}"
    bands = [
        _band(row, name) for row in record.faithfulness for name in FIGURES if name in row.inverted and name != LENGTH
    ]
    wide, narrow = charts.draw_both(lambda width: charts.bands(bands, "0: nothing shared, 1: the same", width))
    return Figure(
        key="faithfulness",
        title=title,
        words=words,
        alt=describe_dots("Dot plot of faithfulness figures between floor and ceiling", bands),
        wide=wide,
        narrow=narrow,
        table=Table(
            ("figure", "inverter of", "inverted", "floor", "ceiling", "place between them", "questions"),
            [_faithfulness_cells(row, name) for row in record.faithfulness for name in row.inverted],
        ),
    )


def bits(record: ResultRecord) -> Figure:
    """Bits of the hidden trace that each disclosed part gives away."""
    title = "Bits leaked by each disclosed part"
    words = (
        "How much less surprising the hidden trace becomes to a model once it is shown one more part of the disclosure. Each bit "
        "halves the number of traces that are still likely. A model that was not taught with a part finds it strange, and its "
        "figure can be below 0."
    )
    rows = record.likelihood
    dots = [_bits_dot(row, part, found) for row in rows for part, found in row.leaked.items()]
    if not dots:
        return Figure("bits", title, words, missing="No plot: this record has no likelihood of the hidden traces.")
    draw_order = sorted(dots, key=lambda dot: [d.panel for d in dots].index(dot.panel))
    wide, narrow = charts.draw_both(
        lambda width: charts.dots(draw_order, "bits a trace", width, percent=False, marks=(0,))
    )
    return Figure("bits", title, words, describe_dots("Dot plot of bits leaked", dots), wide, narrow, _bits_table(rows))


def _bits_table(rows: Sequence[LikelihoodRow]) -> Table:
    parts = [part for part in SHOWN if any(part in row.bits for row in rows)]
    columns = [*(f"bits, shown up to the {part}" for part in parts), *(f"leaked by the {part}" for part in parts[1:])]
    return Table(
        ("inverter of", "taught with", *columns, "tokens a trace", "traces"),
        [
            (
                row.inverter,
                ", ".join(row.taught) or "only prompted",
                *(_bits_cell(row.bits, part) for part in parts),
                *(_bits_cell(row.leaked, part) for part in parts[1:]),
                f"{row.tokens:.0f}",
                str(row.traces),
            )
            for row in rows
        ],
    )


def _band(row: FaithfulnessRow, name: str) -> Band:
    found = row.inverted[name]
    floor, ceiling, place = (part.get(name) for part in (row.floor, row.ceiling, row.normalised))
    says = f"{_label(name)}, {row.regime}: {plain_interval(found)}"
    says += "".join(f", {what} {end.mean:.3f}" for what, end in (("floor", floor), ("ceiling", ceiling)) if end)
    return Band(
        panel=row.regime,
        row=_label(name),
        mean=found.mean,
        low=found.low,
        high=found.high,
        label=f"{100 * place.mean:.0f}%" if place else "",
        says=says,
        floor=floor.mean if floor else None,
        ceiling=ceiling.mean if ceiling else None,
    )


def _faithfulness_cells(row: FaithfulnessRow, name: str) -> tuple[str, ...]:
    place = row.normalised.get(name)
    return (
        _label(name),
        row.regime,
        *(
            plain_interval(part[name]) if name in part else "undefined"
            for part in (row.inverted, row.floor, row.ceiling)
        ),
        plain_interval(place) if place else f"withheld: {row.withheld.get(name, 'not measured')}",
        f"{row.pairs} of {row.asked}",
    )


def _label(name: str) -> str:
    return FIGURES.get(name, name.replace("_", " "))


def _bits_dot(row: LikelihoodRow, part: Shown, found: Interval) -> Dot:
    says = f"{part}, {row.inverter}: {_bits_text(found)} bits a trace"
    return Dot(f"the {part}", row.inverter, found.mean, found.low, found.high, f"{found.mean:.1f}", says)


def _bits_cell(bits: Mapping[Shown, Interval], part: Shown) -> str:
    return _bits_text(bits[part]) if part in bits else "not measured"


def _bits_text(found: Interval) -> str:
    return f"{found.mean:.1f} [{found.low:.1f}, {found.high:.1f}]"
