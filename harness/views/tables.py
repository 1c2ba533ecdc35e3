"""Tables as data, and those of a record's accuracies; each is built once and rendered for terminal, Markdown and HTML."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from harness.results.cells import cell_labels
from harness.results.schema import Cell, Contrast, LeakRow, RecoveryRow, Row, TestedDifference
from harness.results.text import number, p_value, percent, percent_interval, plain, points_interval
from harness.results.verdict import excludes_zero, group_name, is_significant
from harness.stats.planning import MAX_QUESTIONS
from traceinv.regimes import ORDER

UNIT = ""
"""Percentages in a table have no unit: its title names it."""


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        kind: `name` is left-aligned, `figure` is right-aligned, and both stay on one line; `words` may be wrapped.
    """

    name: str
    kind: Literal["name", "figure", "words"] = "figure"


@dataclass(frozen=True)
class Table:
    """A table of plain text; nothing in it is markup, and all of it has passed `plain`.

    Attributes:
        rows: one cell a column.
        caption: how to read the table.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""

    def __post_init__(self) -> None:
        columns = tuple(replace(column, name=plain(column.name)) for column in self.columns)
        rows = tuple(tuple(plain(cell) for cell in row) for row in self.rows)
        shown = {"title": plain(self.title), "columns": columns, "rows": rows, "caption": plain(self.caption)}
        for name, value in shown.items():
            object.__setattr__(self, name, value)

    def with_column(self, column: Column, cells: Sequence[str], at: int = 1) -> "Table":
        """Insert a column at a position.

        Raises:
            ValueError: there is not one cell for each row.
        """
        rows = tuple((*row[:at], cell, *row[at:]) for row, cell in zip(self.rows, cells, strict=True))
        return replace(self, columns=(*self.columns[:at], column, *self.columns[at:]), rows=rows)

    def with_notes(self, notes: Sequence[str]) -> "Table":
        """Add sentences to the caption."""
        return replace(self, caption=" ".join(filter(None, (self.caption, *notes))))


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Sort rows as every table shows them."""
    return sorted(rows, key=place)


def place(row: Row) -> tuple[bool, int, str]:
    """Return the sort key of a row: regimes in the registry's order, then models that are only a reference."""
    return row.kind != "regime", ORDER.index(row.name) if row.name in ORDER else len(ORDER), row.name


def labels_of(cells: Sequence[Cell]) -> list[str]:
    """Return the name of each row's cell, by the parts in which the cells differ."""
    labels = cell_labels(cells)
    return [labels[cell] for cell in cells]


def with_cells(table: Table, labels: Sequence[str]) -> Table:
    """Insert a column with the name of each row's cell where there are several cells."""
    return table.with_column(Column("cell", "words"), labels) if any(labels) else table


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


def contrast_table(contrasts: Sequence[Contrast], count: int | None = None) -> Table:
    """Build the table of differences between regimes.

    Args:
        count: the number of comparisons that p-values are corrected for; by default those shown.
    """
    count = len(contrasts) if count is None else count
    table = Table(
        title="Differences between regimes",
        columns=(Column("comparison (A - B)", "words"), Column("on", "name"), *difference_columns("A - B")),
        rows=tuple(
            (f"{contrast.first} - {contrast.second}", group_name(contrast.group), *difference_cells(contrast))
            for contrast in contrasts
        ),
        caption=difference_caption(count, contrasts),
    )
    return with_cells(table, labels_of([contrast.cell for contrast in contrasts]))


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


def row_name(row: Row) -> str:
    """Name a row, and say so where it is only a reference."""
    return row.name if row.kind == "regime" else f"{row.name} (reference)"


def difference_columns(name: str) -> tuple[Column, ...]:
    """Return the columns that `difference_cells` fills."""
    return (
        Column(name),
        Column("p (Holm)"),
        Column("significant"),
        Column("MDE"),
        Column("data needed", "words"),
    )


def difference_cells(difference: TestedDifference) -> tuple[str, ...]:
    """Write a tested difference as the cells of a row."""
    return (
        points_interval(difference.difference),
        "" if difference.one_seed else p_value(difference.p_holm),
        _significant(difference),
        number(100 * difference.detectable, 1),
        "" if is_significant(difference) else data_needed(difference),
    )


def difference_caption(count: int, differences: Iterable[TestedDifference]) -> str:
    """Explain the columns of tested differences.

    Args:
        count: the number of comparisons that p-values are corrected for.
        differences: those of the table.
    """
    one_seed = (
        " '1 seed': interval and test are about these students on other questions, not about other seeds, so no p is shown."
        if any(difference.one_seed for difference in differences)
        else ""
    )
    return (
        f"Differences on the same questions, in percentage points with 95% CI. p-values are corrected for {count} comparisons "
        "(Holm). A difference is significant where its interval excludes 0 and p is below 0.05; 'no (Holm)' marks an interval "
        "that excludes 0 with a corrected p above that. MDE: minimum detectable effect at 80% power, in points. "
        "data needed: how many more questions or seeds would detect the observed difference with 80% power." + one_seed
    )


def data_needed(difference: TestedDifference) -> str:
    """Say how much more data would detect the observed difference; empty where it rounds to no difference."""
    if number(100 * difference.difference.mean, 1) == "0.0":
        return ""
    wanted = ((difference.more_questions, "questions"), (difference.more_seeds, "seeds"))
    ways = [f"{more:,} {what}" for more, what in wanted if more]
    if not ways and any(more == 0 for more, _ in wanted):
        return ""
    return " or ".join(ways) if ways else f"over {MAX_QUESTIONS:,} questions"


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


def _recovered(figures: Mapping[str, RecoveryRow], group: str) -> str:
    if group not in figures:
        return ""
    recovered = figures[group].recovered
    return "not reported" if recovered is None else percent_interval(recovered, UNIT)


def _significant(difference: TestedDifference) -> str:
    answer = "yes" if is_significant(difference) else "no (Holm)" if excludes_zero(difference.difference) else "no"
    return f"{answer}, 1 seed" if difference.one_seed else answer
