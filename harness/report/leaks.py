"""The plots of what leaks: how close inverted traces come to the true ones, and what each disclosed part gives away."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from harness.report import charts
from harness.report.charts import Band, Dot
from harness.report.figure import Figure, Table, describe_dots, plain_interval
from harness.results import FaithfulnessRow, Interval, ResultRecord

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
    bands = [_band(row, name) for row in record.faithfulness for name in row.inverted if name != LENGTH]
    wide, narrow = charts.draw_both(lambda width: charts.bands(bands, "0: nothing shared, 1: the same", width))
    return Figure(
        key="faithfulness",
        title=title,
        words=words,
        alt=describe_dots("Dot plot of faithfulness figures between floor and ceiling", bands),
        wide=wide,
        narrow=narrow,
        table=Table(
            ("figure", "inverter of", "inverted", "floor", "ceiling", "place between them", "pairs"),
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
    rows: Sequence[Any] = getattr(record, "likelihood", ())
    dots = [_bits_dot(row, part, found) for row in rows for part, found in row.leaked.items()]
    if not dots:
        return Figure("bits", title, words, missing="No plot: this record has no likelihood of the hidden traces.")
    draw_order = sorted(dots, key=lambda dot: [d.panel for d in dots].index(dot.panel))
    wide, narrow = charts.draw_both(
        lambda width: charts.dots(draw_order, "bits a trace", width, percent=False, marks=(0,))
    )
    parts = list(dict.fromkeys(part for row in rows for part in row.bits))
    return Figure(
        key="bits",
        title=title,
        words=words,
        alt=describe_dots("Dot plot of bits leaked", dots),
        wide=wide,
        narrow=narrow,
        table=Table(
            (
                "model",
                *(f"bits, shown up to {part}" for part in parts),
                *(f"leaked by {part}" for part in parts[1:]),
                "tokens",
            ),
            [
                (
                    row.inverter,
                    *(_bits_cell(row.bits, part) for part in parts),
                    *(_bits_cell(row.leaked, part) for part in parts[1:]),
                    f"{row.tokens:.0f}",
                )
                for row in rows
            ],
        ),
    )


def _band(row: FaithfulnessRow, name: str) -> Band:
    found, floor = row.inverted[name], row.floor[name].mean
    ceiling, place = (_of(row, part).get(name) for part in ("ceiling", "normalised"))
    says = f"{_label(name)}, {row.regime}: {plain_interval(found)}, floor {floor:.3f}"
    says += f", ceiling {ceiling.mean:.3f}" if ceiling else ""
    label = f"{100 * place.mean:.0f}%" if place else ""
    return Band(
        row.regime,
        _label(name),
        found.mean,
        found.low,
        found.high,
        label,
        says,
        floor=floor,
        ceiling=ceiling.mean if ceiling else None,
    )


def _faithfulness_cells(row: FaithfulnessRow, name: str) -> tuple[str, ...]:
    ceiling, place = (_of(row, part).get(name) for part in ("ceiling", "normalised"))
    withheld: Mapping[str, str] = getattr(row, "withheld", {})
    return (
        _label(name),
        row.regime,
        plain_interval(row.inverted[name]),
        plain_interval(row.floor[name]),
        plain_interval(ceiling) if ceiling else "not measured",
        plain_interval(place) if place else withheld.get(name, "not measured"),
        str(row.pairs),
    )


def _of(row: FaithfulnessRow, part: str) -> Mapping[str, Interval]:
    found: Mapping[str, Interval] = getattr(row, part, {})
    return found


def _label(name: str) -> str:
    """`rougeL` is ROUGE-L, `token_f1` is token F1."""
    name = re.sub(r"^rouge(\w+)", r"ROUGE-\1", name).replace("bleu", "BLEU").replace("_f1", "_F1")
    return name.replace("_", " ")


def _bits_dot(row: Any, part: str, found: Interval) -> Dot:
    says = f"{part}, {row.inverter}: {_bits_text(found)} bits a trace"
    return Dot(f"the {part}", row.inverter, found.mean, found.low, found.high, f"{found.mean:.1f}", says)


def _bits_cell(bits: Mapping[str, Interval], part: str) -> str:
    return _bits_text(bits[part]) if part in bits else "not measured"


def _bits_text(found: Interval) -> str:
    return f"{found.mean:.1f} [{found.low:.1f}, {found.high:.1f}]"
