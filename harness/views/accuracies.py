"""The tables of accuracies: by regime, by task, and how replies ended."""

from collections.abc import Iterable, Sequence

from harness.results.schema import Contrast, Row
from harness.results.text import number, percent, percent_interval, points, points_interval
from harness.results.verdict import group_name
from harness.views.tables import UNIT, Column, Table, labels_of, with_cells
from traceinv.regimes import BASE, ORDER, REGIMES, reads_hidden_traces, uses_surrogate_alone


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Sort rows as every table shows them."""
    return sorted(rows, key=place)


def place(row: Row) -> tuple[bool, int, str]:
    """Return the sort key of a row: regimes in the registry's order, then models that are only a reference."""
    return row.kind != "regime", ORDER.index(row.name) if row.name in ORDER else len(ORDER), row.name


def accuracy_table(rows: Sequence[Row], labels: Sequence[str] | None = None) -> Table:
    """Build the table of accuracies on groups of tasks, in the order given.

    Args:
        labels: the name of each row's cell; by default what `labels_of` returns.
    """
    groups = _columns(rows, tasks=False)
    table = Table(
        title="Accuracy in %",
        columns=(Column("regime", "name"), *(Column(group_name(group)) for group in groups)),
        rows=tuple((row_name(row), *(_accuracy(row, group) for group in groups)) for row in rows),
        caption=_interval_caption(rows),
    )
    return with_cells(table, labels or labels_of([row.cell for row in rows]))


def regime_table(rows: Sequence[Row], contrasts: Sequence[Contrast], group: str) -> Table:
    """Build the table of one cell for a reader with a minute: at most five columns, from base over the rest to the oracle.

    The last column counts each regime from the students of the surrogate's traces alone, where there are such.

    Args:
        contrasts: those of the record.
        group: the group of tasks of the last column, whose accuracies also order the rows.
    """
    named = _columns(rows, tasks=False)
    groups = [name for name in named if name in (group, *named[:2], *named[-1:])][:3]
    baseline = next((row for row in rows if row.kind == "regime" and uses_surrogate_alone(row.name)), None)
    shown = sorted((row for row in rows if group in row.scores), key=lambda row: _rank(row, group))
    less = [_less(row, baseline, contrasts, group) for row in shown] if baseline else []
    table = Table(
        title="Accuracy in %, by what students learn from",
        columns=(Column("student learns from", "name"), *(Column(group_name(name)) for name in groups)),
        rows=tuple((row_name(row), *(_accuracy(row, name) for name in groups)) for row in shown),
        caption=_interval_caption(rows)
        + (" Last column: in points, on the same questions; without brackets where it was not tested." if less else ""),
    )
    if baseline is None:
        return table
    return table.with_column(Column(f"less {baseline.name} ({group_name(group)})"), less, len(table.columns))


def _rank(row: Row, group: str) -> tuple[int, float]:
    """Return the sort key of a row of `regime_table`: base, regimes by accuracy, oracle, references."""
    place = 0 if row.name == BASE else 2 if row.name in REGIMES and reads_hidden_traces(row.name) else 1
    return 3 if row.kind != "regime" else place, row.scores[group].accuracy.mean


def _less(row: Row, baseline: Row, contrasts: Sequence[Contrast], group: str) -> str:
    if row is baseline or row.kind != "regime":
        return ""
    wanted = (row.name, baseline.name, group, row.cell)
    tested = next((c for c in contrasts if (c.first, c.second, c.group, c.cell) == wanted), None)
    if tested is not None:
        return points_interval(tested.difference)
    return points(row.scores[group].accuracy.mean - baseline.scores[group].accuracy.mean)


def task_table(rows: Sequence[Row], labels: Sequence[str] | None = None) -> Table:
    """Build the table of accuracies on each task; the arguments are those of `accuracy_table`."""
    tasks = _columns(rows, tasks=True)
    table = Table(
        title="Accuracy by task in %",
        columns=(Column("regime", "name"), *(Column(task) for task in tasks)),
        rows=tuple((row_name(row), *(_accuracy(row, task) for task in tasks)) for row in rows),
        caption=_interval_caption(rows),
    )
    return with_cells(table, labels or labels_of([row.cell for row in rows]))


def ending_table(rows: Sequence[Row], labels: Sequence[str] | None = None) -> Table:
    """Build the table of how replies ended, over all tasks; the arguments are those of `accuracy_table`."""
    names = ("finished", "unclosed", "no answer", "bad format", "bounds", "tokens", "spread", "seeds", "items")
    table = Table(
        title="How replies ended, in % of replies to all tasks",
        columns=(Column("regime", "name"), *(Column(name) for name in names)),
        rows=tuple((row_name(row), *_endings(row)) for row in rows),
        caption="finished: ended before the token limit. unclosed: the reasoning was cut off or never closed. bounds: accuracy "
        "if every unclosed reply were wrong, and if every one were right. tokens: mean length of a reply. spread: largest less "
        "smallest accuracy of a seed, in points. items: questions a seed.",
    )
    return with_cells(table, labels or labels_of([row.cell for row in rows]))


def row_name(row: Row) -> str:
    """Name a row, and say so where it is only a reference."""
    return row.name if row.kind == "regime" else f"{row.name} (reference)"


def _interval_caption(rows: Sequence[Row]) -> str:
    """Say what the intervals of accuracies cover."""
    if any(len(row.seeds) > 1 for row in rows):
        return "In brackets: 95% CI over questions and seeds."
    return "In brackets: 95% CI over questions, for these models: they have one seed or none."


def _columns(rows: Sequence[Row], tasks: bool) -> list[str]:
    """List the names of the rows' scores: those of single tasks, or those of groups of tasks."""
    names = dict.fromkeys(name for row in rows for name in row.scores)
    single = {task for row in rows for task in row.comparability.tasks}
    return [name for name in names if (name in single) == tasks]


def _accuracy(row: Row, name: str) -> str:
    return percent_interval(row.scores[name].accuracy, UNIT) if name in row.scores else ""


def _endings(row: Row) -> tuple[str, ...]:
    score = row.scores["all"]
    shares = (score.finished, score.unfinished, score.no_answer, score.bad_format)
    spread = score.accuracy.spread
    return (
        *(percent(share, UNIT) for share in shares),
        f"{percent(score.if_unfinished_wrong, UNIT)} to {percent(score.if_unfinished_right, UNIT)}",
        number(score.mean_tokens, 0),
        "" if spread is None else number(100 * spread, 1),
        str(len(row.seeds) or 1),
        str(score.items),
    )
