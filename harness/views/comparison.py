"""What a person sees of two records or logs side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.logs.compare import ComparedRow, LogComparison, SideDescription
from harness.results.cells import cell_labels
from harness.results.compare import RecordComparison, RowComparison, UnmatchedRow
from harness.results.differences import Difference
from harness.results.outcomes import Outcome
from harness.results.schema import Cell
from harness.results.text import percent
from harness.results.verdict import group_name
from harness.views.differences import difference_caption, difference_cells, difference_columns
from harness.views.tables import Column, Table, labels_of, with_cells


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
    outcomes = _outcome_table([(row.row, row.first_cell, of) for row in comparison.rows for of in row.outcomes])
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


def view_logs(comparison: LogComparison) -> ComparisonView:
    """Build the notes and the table of two logs, or of a log and a record: A is the first, B the second."""
    lines = [(_row_name(row), row.first_cell or row.second_cell, of) for row in comparison.rows for of in row.outcomes]
    notes = [_side_note("A", comparison.first), _side_note("B", comparison.second)]
    notes += [note for row in comparison.rows if (note := _pairing_note(row))]
    if comparison.other_versions:
        notes.append(f"left out, since the versions differ: {', '.join(comparison.other_versions)}")
    return ComparisonView(
        title=f"A: {comparison.first.name}, B: {comparison.second.name}",
        notes=tuple(dict.fromkeys(notes)),
        tables=(_outcome_table(lines),),
    )


def _side_note(name: str, side: SideDescription) -> str:
    model = f" of {side.model}" if side.model else ""
    others = f" (also there: {', '.join(side.other_scores)}; --metric or --filter chooses)" if side.other_scores else ""
    return f"{name}: {side.format}{model}, scored by {side.scored_by}{others}"


def _pairing_note(row: ComparedRow) -> str:
    name = _row_name(row)
    ways = [
        f"{count} by {way}" for count, way in ((row.by_id, "id"), (row.by_text, "the text of the question")) if count
    ]
    note = f"{name + ': ' if name else ''}items paired: {' and '.join(ways)}"
    if row.other_question:
        note += f"; {row.other_question} ids stand for another question on the other side"
    left_out = max(outcome.left_out for outcome in row.outcomes)
    return f"{note}; {left_out} items left out, which one side lacks or has no score for" if left_out else note


def _row_name(row: ComparedRow) -> str:
    return " and ".join(dict.fromkeys(name for name in (row.first_row, row.second_row) if name))


def _outcome_table(lines: Sequence[tuple[str, Cell | None, Outcome]]) -> Table:
    """Build the table of compared accuracies from the name of each row, its cell, and the outcome."""
    named = any(name for name, *_ in lines) or not lines
    table = Table(
        title="Accuracies on the same questions",
        columns=(
            *((Column("regime", "name"),) if named else ()),
            *(Column("on", "name"), Column("questions"), Column("A"), Column("B")),
            *difference_columns("B - A"),
        ),
        rows=tuple(
            (
                *((name,) if named else ()),
                group_name(outcome.group),
                str(outcome.items),
                percent(outcome.first),
                percent(outcome.second),
                *difference_cells(outcome),
            )
            for name, _, outcome in lines
        ),
        caption=difference_caption(len(lines), [outcome for *_, outcome in lines]),
    )
    cells = [cell for _, cell, _ in lines if cell is not None]
    return with_cells(table, labels_of(cells)) if len(cells) == len(lines) else table


def _value(value: object) -> str:
    """Write a value of a recipe: a list by its entries, a pair such as two contrasted regimes as a difference."""
    if isinstance(value, list):
        return "; ".join(" - ".join(map(str, each)) if isinstance(each, list) else str(each) for each in value)
    return "-" if value is None else str(value)
