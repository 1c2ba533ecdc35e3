"""The tables of a record that describe inverted traces: faithfulness, bits of the hidden traces, and style."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from harness.results.schema import (
    FaithfulnessRow,
    Interval,
    LikelihoodRow,
    ReadingRow,
    StyleDistance,
    StyleRow,
    StyleStats,
)
from harness.results.text import interval, number, percent
from harness.views.tables import Column, Table, labels_of, with_cells
from traceinv.inversion import SHOWN, Shown

FIGURES = {
    "step_f1": "step F1",
    "rougeL": "ROUGE-L",
    "true_steps": "true steps",
    "true_equations": "true equations",
    "concludes": "concludes",
    "length_ratio": "length ratio",
    "step_precision": "step precision",
    "token_f1": "token F1",
    "bleu_sacrebleu": "BLEU (sacrebleu)",
    "rouge1": "ROUGE-1",
    "rouge2": "ROUGE-2",
    "step_order": "step order",
}
"""The figures that a table shows, with their names: the headline first, then what sees the mistakes that it does not see."""
SIMILAR_LENGTH = (0.5, 2.0)
"""Length ratios beyond which F-figures say more of the length than of the content."""


def faithfulness_table(rows: Sequence[FaithfulnessRow]) -> Table:
    """Build the table of faithfulness: one line an inverter and figure."""
    lines = [(row, figure) for row in rows for figure in _measured(rows)]
    levels = ("inverted", "floor", "ceiling", "normalised")
    table = Table(
        title="Faithfulness of the inverted traces",
        columns=(Column("inverter of", "name"), Column("figure", "name"), *(Column(level) for level in levels)),
        rows=tuple((row.regime, FIGURES[figure], *_levels(row, figure)) for row, figure in lines),
        caption=_faithfulness_caption(rows),
    )
    return with_cells(table, labels_of([row.cell for row, _ in lines]))


def length_note(name: str, ratio: float) -> str:
    """Say what much shorter or longer traces do to the figures; "" where the lengths are similar."""
    if SIMILAR_LENGTH[0] <= ratio <= SIMILAR_LENGTH[1]:
        return ""
    return (
        f"{name}: {ratio:.2f} times as long as the true traces, so that F1, BLEU and ROUGE are low whatever the traces hold; "
        "see step precision and its floor."
    )


def bits_table(rows: Sequence[LikelihoodRow]) -> Table:
    """Build the table of bits: the cross-entropy of the hidden traces by what the inverter is shown."""
    parts = [part for part in SHOWN if any(part in row.bits for row in rows)]
    rows = sorted(rows, key=lambda row: set(row.bits) != set(row.taught))
    table = Table(
        title="Bits of a hidden trace",
        columns=(
            *(Column("inverter of", "name"), Column("unfamiliar prompt", "words")),
            *(Column(part if part == "question" else f"+ {part}") for part in parts),
            *(Column(f"{part} saves") for part in parts[1:]),
            *(Column("tokens"), Column("traces")),
        ),
        rows=tuple(line for row in rows for line in _bits_lines(row, parts)),
        caption="Cross-entropy of a hidden trace in bits, with 95% CI, given the question, then the answer as well, then the "
        "summary as well, and the bits that each part saves over the part before it. Each condition is measured under the model "
        "that was taught with it. In older records one inverter also stands for conditions that it was not taught with: they are "
        "an unfamiliar prompt, whose cost the bits include, so that a part can save less than 0. exact: for a perfect reader, "
        "from all traces that a question can have. tokens: mean length of a trace." + _skipped_traces(rows),
    )
    return with_cells(table, labels_of([row.cell for row in rows for _ in _bits_lines(row, parts)]))


def reading_table(rows: Sequence[ReadingRow]) -> Table:
    """Build the table of the reading test: one line an inverter, part and figure."""
    lines = [(row, figure) for row in rows for figure in row.fall]
    table = Table(
        title="Reading test",
        columns=(
            *(Column("inverter of", "name"), Column("exchanged", "name"), Column("figure", "name")),
            *(Column(name) for name in ("right", "exchanged", "fall", "same", "questions")),
        ),
        rows=tuple(
            (
                *(row.inverter, row.part, FIGURES.get(figure, figure)),
                *(interval(side[figure], 2) for side in (row.own, row.exchanged, row.fall)),
                percent(row.unchanged),
                str(row.pairs),
            )
            for row, figure in lines
        ),
        caption="Faithfulness of traces that are inverted from the right disclosure, and from one in which a part is another "
        "question's, of the same kind and of similar length; fall: the difference, with its 95% CI. A fall of 0 means that the "
        "inverter does not read the part. same: share of traces that do not change at all. questions: those for which "
        "every seed finished both traces.",
    )
    return with_cells(table, labels_of([row.cell for row, _ in lines]))


def style_table(rows: Sequence[StyleRow]) -> Table:
    """Build the table of style: the surrogate's summaries, which inverters are trained on, and the target's."""
    lines = [(row, name, stats) for row in rows for name, stats in _sides(row)]
    table = Table(
        title="Style of the summaries",
        columns=(
            Column("summaries", "name"),
            *(Column(name) for name in ("texts", "median words", "headings", "first person", "LaTeX", "AUC")),
        ),
        rows=tuple((name, *_stats(stats), interval(row.auc)) for row, name, stats in lines),
        caption="Headings, first person and LaTeX: share of texts. AUC: area under the ROC curve of a word classifier that "
        "separates the two sets of summaries, with its 95% CI; 0.5 means indistinguishable, 1 means always distinguishable.",
    )
    return with_cells(table, labels_of([row.cell for row, *_ in lines]))


def style_line(distance: StyleDistance) -> str:
    """State in a sentence whether a classifier can distinguish the two sets of summaries."""
    can = "can" if distance.auc.low > 0.5 else "cannot"
    return (
        f"A word classifier {can} distinguish the surrogate's summaries, which inverters are trained on, from the target's: area "
        f"under the ROC curve {interval(distance.auc)}, where 0.5 is chance."
    )


def _sides(distance: StyleDistance) -> tuple[tuple[str, StyleStats], tuple[str, StyleStats]]:
    return ("surrogate's (trained on)", distance.taught), ("target's (used on)", distance.used)


def _stats(stats: StyleStats) -> tuple[str, ...]:
    shares = (stats.headings, stats.first_person, stats.latex)
    return str(stats.texts), f"{stats.median_words:g}", *(percent(share) for share in shares)


def _measured(rows: Sequence[FaithfulnessRow]) -> list[str]:
    """List the figures that some row has."""
    names = {name for row in rows for level in (row.inverted, row.ceiling, row.withheld) for name in level}
    return [figure for figure in FIGURES if figure in names]


def _levels(row: FaithfulnessRow, figure: str) -> list[str]:
    levels = (row.inverted, row.floor, row.ceiling, row.normalised)
    cells = [interval(level[figure]) if figure in level else "" for level in levels]
    return cells if cells[-1] else [*cells[:-1], "withheld"]


def _faithfulness_caption(rows: Sequence[FaithfulnessRow]) -> str:
    counts = ", ".join(f"{row.regime} {row.pairs} of {row.asked}" for row in rows)
    withheld = "; ".join(f"{', '.join(names)}: {reason}" for reason, names in _withheld(rows).items())
    return (
        "Similarity of inverted and true traces, with 95% CI. floor: each true trace against the inverted trace of another "
        "question of similar length. ceiling: against the target's second trace for the same question. normalised: "
        "(inverted - floor) / (ceiling - floor), with a bootstrap interval over questions. Questions with a finished trace in "
        f"every seed and a second trace: {counts}."
        + (f" Withheld: {withheld}." if withheld else "")
        + "".join(
            f" {note}"
            for row in rows
            if "length_ratio" in row.inverted and (note := length_note(row.regime, row.inverted["length_ratio"].mean))
        )
    )


def _withheld(rows: Sequence[FaithfulnessRow]) -> Mapping[str, list[str]]:
    """Return the figures without a normalised value by the reason; a figure that some rows have is named with its regime."""
    reasons: dict[str, list[str]] = {}
    for figure in _measured(rows):
        name = FIGURES[figure]
        lacking = {row.regime: row.withheld.get(figure, "not measured") for row in rows if figure not in row.normalised}
        if len(lacking) == len(rows) and len(set(lacking.values())) == 1:
            lacking = {"": next(iter(lacking.values()))}
        for regime, reason in lacking.items():
            reasons.setdefault(reason, []).append(f"{name} of {regime}" if regime else name)
    return reasons


def _bits_lines(row: LikelihoodRow, parts: Sequence[Shown]) -> list[tuple[str, ...]]:
    """Write the measured bits of a row, and below them the exact ones where they are known."""
    measured = (
        row.inverter,
        ", ".join(part for part in row.bits if part not in row.taught),
        *(_bits(row.bits, part) for part in parts),
        *(_bits(row.leaked, part) for part in parts[1:]),
        number(row.tokens, 0),
        str(row.traces),
    )
    if not row.exact:
        return [measured]
    shown = [part for part in parts if part in row.exact]
    saved = {part: row.exact[before] - row.exact[part] for before, part in pairwise(shown)}
    exact = [
        number(side[part], 1) if part in side else ""
        for side, of in ((row.exact, parts), (saved, parts[1:]))
        for part in of
    ]
    return [measured, ("exact", "", *exact, "", str(row.exact_traces))]


def _skipped_traces(rows: Sequence[LikelihoodRow]) -> str:
    skipped = sum(row.skipped for row in rows)
    return f" Not measured, because a model has no room for them: {skipped} traces." if skipped else ""


def _bits(figures: Mapping[Shown, Interval], part: Shown) -> str:
    return interval(figures[part], 1) if part in figures else ""
