"""What a person sees of two records side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.results.cells import cell_labels
from harness.results.compare import RecordComparison, RowComparison, UnmatchedRow
from harness.results.differences import Difference
from harness.results.text import percent
from harness.results.verdict import group_name
from harness.views.tables import (
    Column,
    Table,
    difference_caption,
    difference_cells,
    difference_columns,
    labels_of,
    with_cells,
)


@dataclass(frozen=True)
class ComparisonView:
    """A comparison for people.

    Attributes:
        notes: one statement each.
    """

    title: str
    notes: tuple[str, ...]
    tables: tuple[Table, ...]


def view_comparison(comparison: RecordComparison) -> ComparisonView:
    """Build the notes and tables of a comparison: A is the first record, B the second."""
    tables, notes = [], []
    if comparison.recipe:
        tables.append(_difference_table("Recipes", comparison.recipe))
    else:
        notes.append("recipes: identical")
    settings = _by_settings(comparison.rows)
    for names, differing in settings.items():
        if differing:
            title = "Evaluation settings" if len(settings) == 1 else f"Evaluation settings of {names}"
            tables.append(_difference_table(title, differing))
        else:
            notes.append("evaluation settings: identical" + (f" for {names}" if len(settings) > 1 else ""))
    outcomes = _outcome_table(comparison.rows)
    if outcomes.rows:
        tables.append(outcomes)
    return ComparisonView(
        title=f"A: {comparison.first}, B: {comparison.second}",
        notes=(*notes, *_row_notes(comparison, bool(outcomes.rows))),
        tables=tuple(tables),
    )


def _difference_table(title: str, differing: Sequence[Difference]) -> Table:
    return Table(
        title=title,
        columns=(Column("key", "words"), Column("A", "words"), Column("B", "words")),
        rows=tuple((difference.key, _value(difference.first), _value(difference.second)) for difference in differing),
    )


def _by_settings(rows: Sequence[RowComparison]) -> Mapping[str, list[Difference]]:
    """Return the differing parts of the comparability keys, by the names of the rows that share them."""
    names: dict[str, list[str]] = {}
    differing: dict[str, list[Difference]] = {}
    for row in rows:
        key = repr(row.comparability)
        differing[key] = row.comparability
        names.setdefault(key, []).append(row.row)
    return {", ".join(dict.fromkeys(names[key])): differing[key] for key in names}


def _row_notes(comparison: RecordComparison, any_outcome: bool) -> list[str]:
    same = list(dict.fromkeys(row.row for row in comparison.rows if row.same_run))
    named = (
        ("the same run in both records", same),
        ("only in A", _names(comparison.only_first)),
        ("only in B", _names(comparison.only_second)),
    )
    notes = [f"{words}: {', '.join(names)}" for words, names in named if names]
    if not any_outcome:
        others = [row for row in comparison.rows if not row.same_run]
        why = "they have no common items of the same task version" if others else "no row has different runs"
        notes.append(f"nothing to compare: {why}")
    return notes


def _names(rows: Sequence[UnmatchedRow]) -> list[str]:
    labels = cell_labels(row.cell for row in rows)
    return [f"{row.row} ({labels[row.cell]})" if labels[row.cell] else row.row for row in rows]


def _outcome_table(rows: Sequence[RowComparison]) -> Table:
    lines = [(row, outcome) for row in rows for outcome in row.outcomes]
    table = Table(
        title="Accuracies on the same questions",
        columns=(
            *(Column("regime", "name"), Column("on", "name"), Column("questions"), Column("A"), Column("B")),
            *difference_columns("B - A"),
        ),
        rows=tuple(
            (
                row.row,
                group_name(outcome.group),
                str(outcome.items),
                percent(outcome.first),
                percent(outcome.second),
                *difference_cells(outcome),
            )
            for row, outcome in lines
        ),
        caption=difference_caption(len(lines)),
    )
    return with_cells(table, labels_of([row.first_cell for row, _ in lines]))


def _value(value: object) -> str:
    return "-" if value is None else str(value)
