"""The display of a benchmark run and of graded responses."""

import time
from collections.abc import Callable, Mapping
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from harness.evaluation.record import BenchRecord, Figures
from harness.results.text import percent, percent_interval, plain
from harness.views.console import make_console
from harness.views.progress import elapsed
from harness.views.tables import UNIT, Column, Table
from harness.views.terminal import print_table
from traceinv.engines.base import NEUTRAL

NONE = "-"
"""What stands for a figure that there is not."""
EVERY_SECONDS = 60
"""How often a run whose standard error is no terminal says how far it is."""


class SampleBar:
    """A bar on standard error that counts samples; where that is no terminal, a line a minute. Call it with the share done."""

    def __init__(self, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.console = make_console(stderr=True)
        count = TextColumn("{task.fields[done]}/{task.total}")
        columns = (TextColumn("samples"), BarColumn(), count, TimeElapsedColumn(), TimeRemainingColumn())
        self.total, self.clock = total, clock
        self.begun = self.said = clock()
        self.at_start: float | None = None
        self.live = self.console.is_terminal
        self.progress = Progress(*columns, console=self.console, transient=True, disable=not self.live)
        self.bar = self.progress.add_task("samples", total=total, done=0)

    def __enter__(self) -> "SampleBar":
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def __call__(self, share: float) -> None:
        """Show the share done, from 0 to 1; the tokens of replies under way are a part of it."""
        if self.at_start is None:
            self.at_start = share
        done = share * self.total
        self.progress.update(self.bar, completed=done, done=int(done + 1e-9))
        if not self.live and self.clock() - self.said >= EVERY_SECONDS:
            self.said = self.clock()
            self.console.print(self._line(share, self.at_start), highlight=False, soft_wrap=True)

    def _line(self, share: float, at_start: float) -> str:
        gone = self.clock() - self.begun
        rest = f", about {elapsed(round(gone * (1 - share) / (share - at_start)))} left" if share > at_start else ""
        return f"samples {int(share * self.total + 1e-9)}/{self.total}, {percent(share)}, {elapsed(gone)}{rest}"


def print_record(console: Console, record: BenchRecord) -> None:
    """Print the figures of each task in one line, and what else than the tasks' own sampling shaped the replies."""
    limits = {task.name: task.token_limit for task in record.tasks}
    print_figures(console, {task.name: task.figures for task in record.tasks}, "task", limits)
    if note := sampling_note(record):
        console.print(note, highlight=False, markup=False)


def sampling_note(record: BenchRecord) -> str:
    """Name in one sentence the checkpoint's own settings that changed the replies; return an empty text where none did."""
    sampled = any(task.sampling.get("do_sample") for task in record.tasks)
    own = {
        name: record.model.get(name, neutral)
        for name, neutral in NEUTRAL.items()
        if (sampled or name != "top_k") and not all(name in task.sampling for task in record.tasks)
    }
    named = [f"{name} {plain(str(value))}" for name, value in own.items() if value != NEUTRAL[name]]
    if not named:
        return ""
    own_words = "no task sets them, so they are the checkpoint's, or transformers' own"
    return f"Replies were also shaped by {' and '.join(named)}: {own_words}."


def print_figures(
    console: Console, rows: Mapping[str, Figures], heading: str, limits: Mapping[str, int] | None = None
) -> None:
    """Print accuracies with their intervals, then how replies ended, one line a row each; all but tokens in percent.

    Args:
        heading: of the column of names.
        limits: the token limit of each row's replies, where it is known.
    """
    print_table(console, accuracy_table(rows, heading))
    print_table(console, ending_table(rows, heading, limits))
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


def ending_table(rows: Mapping[str, Figures], heading: str, limits: Mapping[str, int] | None = None) -> Table:
    """Build the table of how replies ended; the arguments are those of `print_figures`."""
    limits = limits or {}
    ungradable = any(row.ungradable for row in rows.values())
    counted = any(row.mean_tokens is not None for row in rows.values())
    names = (
        *("finished", "unclosed", "no answer", "bad format"),
        *(["ungradable"] if ungradable else []),
        "bounds",
        *(["mean tokens"] if counted else []),
        *(["token limit"] if limits else []),
    )
    return Table(
        title="How replies ended, in % of replies",
        columns=(Column(heading, "name"), *map(Column, names)),
        rows=tuple(
            (
                name,
                *map(_percent, (row.finished, row.unfinished, row.no_answer, row.bad_format)),
                *([_percent(row.ungradable)] if ungradable else []),
                f"{_percent(row.if_unfinished_wrong)} to {_percent(row.if_unfinished_right)}",
                *([NONE if row.mean_tokens is None else f"{row.mean_tokens:,.0f}"] if counted else []),
                *([f"{limits[name]:,}" if name in limits else NONE] if limits else []),
            )
            for name, row in rows.items()
        ),
        caption="finished: ended before the token limit. unclosed: the reasoning never closed. bounds: accuracy if every "
        "reply that was cut off or unclosed were wrong, and if every one were right.",
    )


def _percent(share: float | None) -> str:
    return NONE if share is None else percent(share, UNIT)
