"""The progress of a run."""

from collections.abc import Sequence
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from harness.pipeline.plan import Stage
from harness.pipeline.store import Artifact


class RunDisplay:
    """A live display on a terminal, one line a finished stage elsewhere."""

    def __init__(self, console: Console, stages: Sequence[Stage]) -> None:
        self.console = console
        self.costs = {stage.name: stage.cost for stage in stages}
        self.total = sum(self.costs.values())
        self.shares: dict[str, float] = {}
        self.tasks: dict[str, TaskID] = {}
        self.computed = 0
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console,
            transient=True,
            speed_estimate_period=300,
            disable=not console.is_terminal,
        )
        self.overall = self.progress.add_task("[bold]all stages", total=self.total)

    def __enter__(self) -> "RunDisplay":
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def found(self, stage: Stage, artifact: Artifact) -> None:
        # What was there already says nothing about how fast this run is, so it shortens the way instead of counting as done.
        self.total -= self.costs.pop(stage.name)
        self.progress.update(self.overall, total=self.total)

    def started(self, stage: Stage) -> None:
        self.shares[stage.name] = 0.0

    def advanced(self, name: str, share: float) -> None:
        if self.shares.get(name, 1.0) >= 1.0:  # a report that comes after its stage has finished
            return
        if name not in self.tasks:
            self.tasks[name] = self.progress.add_task(escape(name), total=1.0)
        self.shares[name] = share
        self.progress.update(self.tasks[name], completed=share)
        self._update()

    def finished(self, stage: Stage, artifact: Artifact) -> None:
        self.shares[stage.name] = 1.0
        self.computed += 1
        if stage.name in self.tasks:
            self.progress.remove_task(self.tasks.pop(stage.name))
        self._update()
        done = sum(share * self.costs[name] for name, share in self.shares.items())
        line = f"{100 * done / self.total:3.0f}%  {stage.name}  ({artifact.seconds:.0f} s)"
        self.console.print(line, highlight=False, markup=False)

    def _update(self) -> None:
        done = sum(share * self.costs[name] for name, share in self.shares.items())
        self.progress.update(self.overall, completed=done)
