"""The display of a benchmark run and of graded responses."""

from collections.abc import Mapping
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from harness.evaluation.record import BenchRecord, Figures
from harness.results.text import percent, percent_interval, plain
from harness.views.console import make_console
from harness.views.tables import UNIT, Column, Table
from harness.views.terminal import print_table

NONE = "-"
"""What stands for a figure that there is not."""


class SampleBar:
    """A bar on standard error that counts samples; it is drawn on a terminal only. Call it with the share done."""

    def __init__(self, total: int) -> None:
        console = make_console(stderr=True)
        columns = (TextColumn("samples"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        self.total = total
        self.progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self.bar = self.progress.add_task("samples", total=total)

    def __enter__(self) -> "SampleBar":
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def __call__(self, share: float) -> None:
        """Show the share done, from 0 to 1."""
        self.progress.update(self.bar, completed=round(share * self.total))


def print_record(console: Console, record: BenchRecord) -> None:
    """Print the figures of each task in one line."""
    print_figures(console, {task.name: task.figures for task in record.tasks}, "task")


def print_figures(console: Console, rows: Mapping[str, Figures], heading: str) -> None:
    """Print accuracies with their intervals, then how replies ended, one line a row each; all in percent."""
    print_table(console, accuracy_table(rows, heading))
    print_table(console, ending_table(rows, heading))
    for name, row in rows.items():
        for k, interval in row.pass_at.items():
            if k > 1:
                line = f"{plain(name)}: pass@{k} {percent_interval(interval)}"
                console.print(line, highlight=False, markup=False)


def accuracy_table(rows: Mapping[str, Figures], heading: str) -> Table:
    """Build the table of accuracies, with the score of the official grader where one was computed.

    Args:
        heading: of the column of names.
    """
    official = any(row.official for row in rows.values())
    return Table(
        title="Accuracy in %",
        columns=(
            *(Column(heading, "name"), Column("items"), Column("accuracy")),
            *([Column("official grader")] if official else []),
        ),
        rows=tuple(
            (
                name,
                f"{row.items}" if row.samples == row.items else f"{row.items} x {row.samples / row.items:g}",
                percent_interval(row.accuracy, UNIT) if row.accuracy else NONE,
                *([percent(row.official.mean, UNIT) if row.official else NONE] if official else []),
            )
            for name, row in rows.items()
        ),
        caption="In brackets: 95% CI over items. items: questions, x samples of each.",
    )


def ending_table(rows: Mapping[str, Figures], heading: str) -> Table:
    """Build the table of how replies ended; the arguments are those of `accuracy_table`."""
    ungradable = any(row.ungradable for row in rows.values())
    names = ("finished", "unclosed", "no answer", "bad format", *(["ungradable"] if ungradable else []), "bounds")
    return Table(
        title="How replies ended, in % of replies",
        columns=(Column(heading, "name"), *map(Column, names)),
        rows=tuple(
            (
                name,
                *map(_percent, (row.finished, row.unfinished, row.no_answer, row.bad_format)),
                *([_percent(row.ungradable)] if ungradable else []),
                f"{_percent(row.if_unfinished_wrong)} to {_percent(row.if_unfinished_right)}",
            )
            for name, row in rows.items()
        ),
        caption="finished: ended before the token limit. unclosed: the reasoning never closed. bounds: accuracy if every "
        "reply that was cut off or unclosed were wrong, and if every one were right.",
    )


def _percent(share: float | None) -> str:
    return NONE if share is None else percent(share, UNIT)
