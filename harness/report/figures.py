"""All figures of one record, in the order of the page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from harness.pipeline.artifacts import RunArtifacts
from harness.report import effects, leaks, policies, scores
from harness.report.cells import by_cell, covers
from harness.report.figure import Figure
from harness.report.training import training
from harness.results.cells import cell_labels
from harness.results.schema import Cell, Contrast, FaithfulnessRow, ResultRecord, Row

Entries = TypeVar("Entries")


def record_figures(record: ResultRecord, run: RunArtifacts | str) -> list[Figure]:
    """Draw the figures of a record, those of accuracy and leakage once for each cell.

    Args:
        run: the artifacts of the record's run, or why there are none.
    """
    rows, styles = _rows_by_cell(record), by_cell(record.style)

    def draw_differences(_: Cell, entries: Sequence[Contrast]) -> Figure:
        return effects.differences(entries, len(record.contrasts))

    def draw_faithfulness(cell: Cell, entries: Sequence[FaithfulnessRow]) -> Figure:
        return leaks.faithfulness(entries, styles.get(cell, []))

    return [
        *policies.figures(record.policies),
        *_per_cell(rows, lambda _, entries: scores.accuracy(entries)),
        *(_per_cell(by_cell(record.contrasts), draw_differences) or [effects.differences([], 0)]),
        *(_per_cell(by_cell(record.leak), lambda _, entries: scores.leak(entries)) or [scores.leak([])]),
        *(_per_cell(by_cell(record.recovery), lambda _, entries: scores.recovery(entries)) or [scores.recovery([])]),
        *_per_cell(rows, lambda _, entries: scores.finished(entries)),
        *(_per_cell(by_cell(record.faithfulness), draw_faithfulness) or [leaks.faithfulness([], [])]),
        *(_per_cell(by_cell(record.reading), lambda _, entries: leaks.reading(entries)) or [leaks.reading([])]),
        *(_per_cell(by_cell(record.likelihood), lambda _, entries: leaks.bits(entries)) or [leaks.bits([])]),
        training(run),
    ]


def _rows_by_cell(record: ResultRecord) -> dict[Cell, list[Row]]:
    """Group the rows of a record by the cells of its regimes; each cell also gets the references that stand for it."""
    references = [row for row in record.rows if row.kind == "reference"]
    cells = by_cell(row for row in record.rows if row.kind == "regime") or by_cell(references)
    return {
        cell: [*(row for row in rows if row.kind == "regime"), *(row for row in references if covers(row.cell, cell))]
        for cell, rows in cells.items()
    }


def _per_cell(groups: Mapping[Cell, Entries], draw: Callable[[Cell, Entries], Figure]) -> list[Figure]:
    """Draw one figure for each cell; where there are several cells, their names are part of the titles."""
    names = cell_labels(groups)
    figures = [(names[cell], draw(cell, entries)) for cell, entries in groups.items()]
    return [
        replace(figure, key=f"{figure.key}-{number}", title=f"{figure.title}: {name}") if name else figure
        for number, (name, figure) in enumerate(figures, 1)
    ]
