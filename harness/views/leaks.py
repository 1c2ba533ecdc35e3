"""The tables of what leaks: the leak, the regimes that it compares, and recovery."""

from collections.abc import Mapping, Sequence

from harness.results.schema import Cell, LeakRow, RecoveryRow
from harness.results.text import number, percent_interval, points_interval
from harness.results.verdict import group_name
from harness.views.tables import UNIT, Column, Table, labels_of, with_cells


def leak_table(rows: Sequence[LeakRow]) -> Table:
    """Build the table of leak: one line a cell and group of tasks; `planted` only where a row knows it."""
    knows = any(row.planted for row in rows)
    table = Table(
        title="Leak",
        columns=(
            Column("on", "name"),
            Column("gain in points"),
            Column("MDE"),
            Column("leak in %"),
            Column("without summary"),
            *([Column("planted")] if knows else []),
        ),
        rows=tuple(
            (
                group_name(row.group),
                "" if row.gain is None else points_interval(row.gain),
                "" if row.detectable is None else number(100 * row.detectable, 1),
                "not reported" if row.leak is None else percent_interval(row.leak, UNIT),
                "" if row.without_summary is None else percent_interval(row.without_summary, UNIT),
                *([percent_interval(row.planted, UNIT) if row.planted else ""] if knows else []),
            )
            for row in rows
        ),
        caption="gain: best attack - best regime without disclosures, with its 95% CI; an attack teaches with what the target "
        "discloses. MDE: minimum detectable effect at 80% power. leak: the gain over (oracle - best without). The best regime is "
        "chosen on other questions and seeds than its accuracy is read from, so these are not the highest accuracies' difference "
        "and ratio. without summary: the leak of the attacks that use no summary."
        + (" planted: the leak of a perfect inverter, which is what the disclosures give at most." if knows else ""),
    )
    return with_cells(table, labels_of([row.cell for row in rows]))


def leak_sides_table(rows: Sequence[LeakRow]) -> Table:
    """Build the table of the regimes that a leak compares."""
    table = Table(
        title="What the leak compares",
        columns=(
            Column("on", "name"),
            Column("best attack", "name"),
            Column("best without", "name"),
            Column("gap in points"),
        ),
        rows=tuple(
            (
                group_name(row.group),
                row.best_disclosed,
                row.best_undisclosed,
                "no oracle" if row.gap is None else points_interval(row.gap),
            )
            for row in rows
        ),
        caption="The regimes with the highest accuracies of either side. gap: the smallest gain of the oracle over a regime "
        "without disclosures; the leak is not reported where it is not significant.",
    )
    return with_cells(table, labels_of([row.cell for row in rows]))


def recovery_table(rows: Sequence[RecoveryRow]) -> Table:
    """Build the table of recovery: one line a cell and regime, one column a group of tasks."""
    groups = list(dict.fromkeys(row.group for row in rows))
    by_line: dict[tuple[Cell, str], dict[str, RecoveryRow]] = {}
    for row in rows:
        by_line.setdefault((row.cell, row.regime), {})[row.group] = row
    table = Table(
        title="Recovery in %",
        columns=(Column("regime", "name"), *(Column(group_name(group)) for group in groups)),
        rows=tuple(
            (regime, *(_recovered(figures, group) for group in groups)) for (_, regime), figures in by_line.items()
        ),
        caption="(regime - base) / (oracle - base), with its 95% CI; not reported where the oracle's gain over base is not "
        "significant.",
    )
    return with_cells(table, labels_of([cell for cell, _ in by_line]))


def _recovered(figures: Mapping[str, RecoveryRow], group: str) -> str:
    if group not in figures:
        return ""
    recovered = figures[group].recovered
    return "not reported" if recovered is None else percent_interval(recovered, UNIT)
