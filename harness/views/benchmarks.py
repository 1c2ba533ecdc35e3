"""The display of a benchmark run and of graded responses."""

from collections.abc import Mapping
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from harness.evaluation.record import BenchRecord, Figures
from harness.results.text import plain


class SampleBar:
    """A bar on standard error that counts samples; it is drawn on a terminal only. Call it with the share done."""

    def __init__(self, total: int) -> None:
        console = Console(stderr=True)
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
    """Print accuracy with its interval and bounds beside the shares of failures, one line a row; all in percent."""
    table = Table(
        box=None,
        pad_edge=False,
        padding=(0, 1),
        title="percent; bounds: accuracy if every truncated answer were wrong, or right",
    )
    table.add_column(heading, no_wrap=True)
    for column in ("items", "accuracy", "95%", "bounds", "finished", "unclosed", "no\nanswer", "bad\nformat"):
        table.add_column(column, justify="right", no_wrap=True)
    ungradable = any(row.ungradable for row in rows.values())
    official = any(row.official for row in rows.values())
    for shown, column in ((ungradable, "un-\ngradable"), (official, "official\ngrader")):
        if shown:
            table.add_column(column, justify="right", no_wrap=True)
    for name, row in rows.items():
        more = [_percent(row.ungradable)] * ungradable
        more += [_percent(row.official.mean if row.official else None)] * official
        table.add_row(Text(plain(name)), *_cells(row), *more)
    console.print(table)
    for name, row in rows.items():
        for k, interval in row.pass_at.items():
            if k > 1:
                line = f"{plain(name)}: pass@{k} {_percent(interval.mean)} ({_range(interval.low, interval.high)})"
                console.print(line, highlight=False, markup=False)


def _cells(row: Figures) -> list[str]:
    each = row.samples / row.items
    accuracy = row.accuracy
    shares = (row.finished, row.unfinished, row.no_answer, row.bad_format)
    return [
        f"{row.items}" if each == 1 else f"{row.items} x {each:g}",
        _percent(accuracy.mean if accuracy else None),
        _range(accuracy.low, accuracy.high) if accuracy else "-",
        _range(row.if_unfinished_wrong, row.if_unfinished_right),
        *map(_percent, shares),
    ]


def _range(low: float | None, high: float | None) -> str:
    return f"{_percent(low)} to {_percent(high)}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"
