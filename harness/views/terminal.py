"""Tables, records and comparisons on a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.logs.compare import LogComparison
from harness.results.compare import RecordComparison
from harness.results.ledgers import ledger_notes
from harness.results.schema import ReadingRow, ResultRecord
from harness.results.text import plain
from harness.results.verdict import ONE_SEED, findings_of, headline_group, is_one_seed
from harness.views.accuracies import accuracy_table, ending_table, in_order, task_table
from harness.views.audit import audit_lines, policy_leak_table, policy_value_table, threat_lines
from harness.views.comparison import view_comparison, view_logs
from harness.views.differences import contrast_table
from harness.views.faithfulness import reading_table
from harness.views.fitting import fit, heading
from harness.views.leaks import leak_sides_table, leak_table, recovery_table
from harness.views.tables import Table
from harness.views.targets import target_lines

if TYPE_CHECKING:
    from rich.console import Console

ROOMY = 100
"""Columns from which a table's columns are padded."""
ASCII_HEAD = "    \n    \n -- \n    \n    \n    \n    \n    \n"
"""A line under the heads of a table and no other, in the form that rich reads."""


def print_table(console: "Console", table: Table) -> None:
    """Print a table, in parts where it is wider than the console: a figure is never cut."""
    tight = console.width < ROOMY
    for part in fit(table, console.width, gap=1 if tight else 2, tight=tight):
        _print_part(console, part, tight)


def _print_part(console: "Console", table: Table, tight: bool) -> None:
    from rich.box import SIMPLE_HEAD, Box
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid(
        box=Box(ASCII_HEAD, ascii=True) if console.options.ascii_only else SIMPLE_HEAD,
        padding=(0, 0 if tight else 1, 0, 0),
        show_edge=False,
        pad_edge=False,
    )
    for column in table.columns:
        figure = column.kind == "figure"
        grid.add_column(
            Text(heading(column, tight)), justify="right" if figure else "left", no_wrap=figure, overflow="fold"
        )
    for row in table.rows:
        grid.add_row(*(Text(cell) for cell in row))
    console.print(Text(table.title, style="italic"))  # not the grid's own, which is no wider than the grid
    console.print(grid)
    if table.caption:
        console.print(Text(table.caption, style="dim italic"))
    console.print()


def print_record(console: "Console", record: ResultRecord, note: str = "") -> None:
    """Print the tables of a record, a note on how it was made, and its findings; the last sentence says what leaked."""
    rows = in_order(record.rows)
    group = headline_group(record.rows)
    contrasts = [contrast for contrast in record.contrasts if contrast.group == group]
    tables = (
        accuracy_table(rows).with_notes(ledger_notes(record.ledger)),
        task_table(rows),
        ending_table(rows),
        contrast_table(contrasts, len(record.contrasts)),
        leak_table(record.leak),
        leak_sides_table(record.leak),
        reading_table([_headline_only(row) for row in record.reading]),
        recovery_table(record.recovery),
    )
    for table in tables:
        if table.rows:
            print_table(console, table)
    if len(record.policies) > 1:
        print_table(console, policy_leak_table(record.policies))
    if record.policies:
        print_table(console, policy_value_table(record.policies))
    for line in target_lines(record.targets):
        _print_text(console, line)
    if note:
        console.print(note, highlight=False, markup=False, soft_wrap=True)
        console.print()
    _print_findings(console, record)


def _headline_only(row: ReadingRow) -> ReadingRow:
    """Keep the first figure of a reading test."""
    return row.model_copy(update={"fall": dict(list(row.fall.items())[:1])})


def print_audit(console: "Console", record: ResultRecord, notes: Sequence[str] = ()) -> None:
    """Print the threat model of an audit, its policies ranked by what they leak, notes, and what it found."""
    for line in (*threat_lines(record.threats), *target_lines(record.targets)):
        _print_text(console, line)
    console.print()
    print_table(console, policy_leak_table(record.policies))
    print_table(console, policy_value_table(record.policies))
    for note in notes:
        console.print(note, highlight=False, markup=False, soft_wrap=True)
    if is_one_seed(record.rows):
        _print_text(console, ONE_SEED)
    for line in audit_lines(record):
        _print_text(console, line)


def _print_findings(console: "Console", record: ResultRecord) -> None:
    found = findings_of(record)
    for finding in found:
        console.print(plain(finding.headline), style="bold", highlight=False, markup=False)
        for sentence in finding.details:
            _print_text(console, sentence)
        console.print()
    if is_one_seed(record.rows):
        _print_text(console, ONE_SEED)
    for finding in found:
        _print_text(console, finding.conclusion)


def print_comparison(console: "Console", comparison: RecordComparison | LogComparison) -> None:
    """Print two records or logs side by side."""
    view = view_comparison(comparison) if isinstance(comparison, RecordComparison) else view_logs(comparison)
    _print_text(console, view.title)
    for note in view.notes:
        _print_text(console, note)
    for table in view.tables:
        print_table(console, table)


def _print_text(console: "Console", text: str) -> None:
    console.print(plain(text, lines=True), highlight=False, markup=False)
