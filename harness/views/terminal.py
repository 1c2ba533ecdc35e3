"""What a person sees of a run: progress, then a table and one sentence."""

from collections.abc import Sequence
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from harness.pipeline.plan import Stage
from harness.pipeline.store import Artifact
from harness.results.compare import RecordComparison
from harness.results.schema import ResultRecord, Row, Score
from harness.results.verdict import GROUP, is_significant, points, told_apart


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


def print_record(console: Console, record: ResultRecord) -> None:
    """The table of a run, regimes by tasks, and its verdict."""
    columns = list(record.rows[0].scores)
    table = Table(title=f"{record.recipe['name']}: accuracy in % (spread over {len(record.seeds)} seeds)")
    table.add_column("regime", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right")
    table.add_column("finished", justify="right")
    for row in record.rows:
        table.add_row(*_cells(row, columns), style="dim" if row.kind == "reference" else None)
    console.print(table)
    for part in (_comparisons(record), _recovered(record)):
        if part.row_count:
            console.print(part)
    console.print(record.verdict, highlight=False, markup=False)


def _comparisons(record: ResultRecord) -> Table:
    """The pairs compared on the verdict's group; beside each, the smallest difference that would have shown."""
    table = Table(title=f"on {GROUP}, differences in points (Holm over {len(record.contrasts)} comparisons)")
    table.add_column("regime, less the other", overflow="fold")
    for column in ("difference", "p (Holm)", "told apart", "would show"):
        table.add_column(column, justify="right", no_wrap=True)
    for each in (each for each in record.contrasts if each.group == GROUP):
        told = "yes" if is_significant(each) else "no"
        figures = (points(each.difference), f"{each.p_holm:.3f}", told, f"{100 * each.detectable:.1f}")
        table.add_row(f"{each.first}, {each.second}", *figures)
    return table


def _recovered(record: ResultRecord) -> Table:
    table = Table(title="recovery in % of the gain from base to oracle")
    table.add_column("regime")
    groups = list(dict.fromkeys(row.group for row in record.recovery))
    for group in groups:
        table.add_column(group, justify="right")
    found = {(row.regime, row.group): row.recovered for row in record.recovery}
    for regime in dict.fromkeys(row.regime for row in record.recovery):
        shares = [found.get((regime, group)) for group in groups]
        table.add_row(regime, *("withheld" if share is None else points(share) for share in shares))
    return table


def _cells(row: Row, columns: Sequence[str]) -> list[str]:
    return [row.name, *(_cell(row.scores[column]) for column in columns), f"{100 * row.scores['all'].finished:.1f}"]


def _cell(score: Score) -> str:
    spread = "" if score.accuracy.spread is None else f" ({100 * score.accuracy.spread:.1f})"
    return f"{100 * score.accuracy.mean:.1f}{spread}"


def print_comparison(console: Console, found: RecordComparison) -> None:
    """What differs between two records; model names and values in them are text, never markup."""
    console.print(f"{found.second} less {found.first}", style="bold", highlight=False, markup=False)
    for title, values in (("recipe", found.recipe), ("what scores depend on", found.conditions)):
        if not values:
            console.print(f"{title}: the same", highlight=False)
            continue
        table = Table(title=title, title_justify="left")
        for column in ("key", found.first, found.second):
            table.add_column(escape(column), overflow="fold")
        for value in values:
            table.add_row(*(escape(str(cell)) for cell in (value.key, value.first, value.second)))
        console.print(table)
    for words, names in (
        ("the same runs in both", found.same_runs),
        (f"only in {found.first}", found.only_first),
        (f"only in {found.second}", found.only_second),
        ("tasks whose versions differ, so that their questions may, not compared", found.other_versions),
    ):
        if names:
            console.print(f"{words}: {', '.join(names)}", highlight=False, markup=False)
    console.print(_outcomes(found) if found.outcomes else "no row has questions that both were asked")


def _outcomes(found: RecordComparison) -> Table:
    table = Table(title=f"outcome in points, on the same questions (Holm over {len(found.outcomes)} comparisons)")
    table.add_column("row")
    table.add_column("on")
    for column in ("questions", "accuracies", "difference", "p (Holm)"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("told apart")
    for each in found.outcomes:
        accuracies = f"{100 * each.first:.1f} to {100 * each.second:.1f}"
        told = told_apart(each, len(found.outcomes))
        figures = (str(each.questions), accuracies, points(each.difference), f"{each.p_holm:.3f}")
        table.add_row(escape(each.row), each.group, *figures, told)
    return table
