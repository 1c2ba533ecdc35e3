"""Accuracies that may be compared, across the records that share them, and what they share."""

from collections.abc import Sequence

from harness.leaderboard.groups import WORDS, ComparableTable
from harness.results.cells import cell_labels
from harness.results.schema import Comparability
from harness.results.text import listed
from harness.views.accuracies import accuracy_table, ending_table, task_table
from harness.views.markdown import folded, render_table, text
from harness.views.tables import Column, Table


def section(table: ComparableTable, earlier: Sequence[ComparableTable]) -> str:
    """Render a table that several records share, folded."""
    ids = ", ".join(record.id for record in table.records)
    return f"## {text(f'Comparable accuracies: {ids}')}\n\n{folded('Accuracies', body(table, earlier))}\n"


def body(table: ComparableTable, earlier: Sequence[ComparableTable]) -> str:
    """Render the accuracies of a table by group and task, how replies ended, and what its rows share."""
    key = [_shared(table.comparability), *(_recipe_note(table, record) for record in table.differing_recipes())]
    return "\n\n".join([*map(render_table, _row_tables(table)), *key, *_apart(table, earlier)])


def _apart(table: ComparableTable, earlier: Sequence[ComparableTable]) -> list[str]:
    """Say why a table stands apart from the earlier ones; only the one that differs least is named."""
    unlike = [(parts, other) for other in earlier if (parts := table.differing_parts(other))]
    if not unlike:
        return []
    parts, nearest = min(unlike, key=lambda entry: len(entry[0]))
    ids = ", ".join(record.id for record in nearest.records)
    more = f" Nor with {len(unlike) - 1} other tables above, which differ as much or more." if len(unlike) > 1 else ""
    return [f"Not comparable with the table of {text(ids)}: other {text(', '.join(parts))}.{more}"]


def _row_tables(table: ComparableTable) -> list[Table]:
    """Build the tables of accuracies; where records share the table, a column names the records of each row."""
    rows = [entry.row for entry in table.entries]
    names = cell_labels(cell for entry in table.entries for cell in entry.cells)
    labels = ["; ".join(dict.fromkeys(names[cell] for cell in entry.cells)) for entry in table.entries]
    tables = [build(rows, labels) for build in (accuracy_table, task_table, ending_table)]
    if len(table.records) > 1:
        records = [", ".join(entry.records) for entry in table.entries]
        tables = [part.with_column(Column("record", "words"), records, len(part.columns)) for part in tables]
    return tables


def _shared(comparability: Comparability) -> str:
    """Say in a sentence what the rows of a table have in common: the parts of their comparability key."""
    versions = ", ".join(f"{task} {version}" for task, version in comparability.tasks.items())
    stages = ", ".join(f"{kind} {version}" for kind, version in comparability.stages.items())
    parts = [
        *(f"{WORDS[part]} {getattr(comparability, part)}" for part in ("target", "student", "questions", "prompts")),
        f"the task versions ({versions})",
        f"the sampling ({_sampling(comparability)})",
        *([f"the stage versions ({stages})"] if stages else []),
    ]
    return text(f"All rows share {listed(parts)}.")


def _sampling(comparability: Comparability) -> str:
    """State how students answer: once where it is the same for all tasks."""
    by_task = {
        task: ", ".join(f"{key} {value}" for key, value in sampling.items())
        for task, sampling in comparability.sampling.items()
    }
    if len(set(by_task.values())) == 1:
        return next(iter(by_task.values()))
    return "; ".join(f"{task}: {sampling}" for task, sampling in by_task.items())


def _recipe_note(table: ComparableTable, record: str) -> str:
    differing = ", ".join(f"{d.key} ({d.first} / {d.second})" for d in table.differing_recipes()[record])
    return text(f"The recipe of {record} differs from that of {table.records[0].id} in {differing}.")
