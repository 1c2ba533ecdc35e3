"""The progress of a run, for a person."""

import logging
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from harness.pipeline.descriptions import Artifact
from harness.pipeline.graph import Graph, Node
from harness.results.text import plain

logger = logging.getLogger(__name__)


class RunDisplay:
    """A live display on a terminal; elsewhere one line a finished stage.

    Attributes:
        computed: how many stages this run computed.
    """

    def __init__(self, console: Console, graph: Graph) -> None:
        self.console = console
        self.graph = graph
        self.nodes = {node.id: node for node in graph}
        self.costs = {node.id: node.cost for node in graph}
        self.total = sum(self.costs.values())
        self.shares: dict[str, float] = {}
        self.tasks: dict[str, TaskID] = {}
        self.computed = 0
        self.settled = 0
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

    def cached(self, node: Node, artifact: Artifact) -> None:
        """Exclude a cached stage from the total, so that it does not distort the time left."""
        logger.info("reused %s: %s/%s", self.graph.name(node), artifact.kind, artifact.key)
        self.settled += 1
        self.total -= self.costs.pop(node.id)
        self.progress.update(self.overall, total=self.total)

    def started(self, node: Node) -> None:
        """Count a stage as begun."""
        logger.info("started %s", self.graph.name(node))
        self.shares[node.id] = 0.0

    def advanced(self, node_id: str, share: float) -> None:
        """Show the share of a stage that is done."""
        if self.shares.get(node_id, 1.0) >= 1.0:  # a report that arrives after its stage has finished
            return
        if node_id not in self.tasks:
            self.tasks[node_id] = self.progress.add_task(escape(self.graph.name(self.nodes[node_id])), total=1.0)
        self.shares[node_id] = share
        self.progress.update(self.tasks[node_id], completed=share)
        self.progress.update(self.overall, completed=self._done())

    def finished(self, node: Node, artifact: Artifact) -> None:
        """Print a line for a computed stage."""
        logger.info("finished %s: %s/%s", self.graph.name(node), artifact.kind, artifact.key)
        self.shares[node.id] = 1.0
        self.computed += 1
        self.settled += 1
        if node.id in self.tasks:
            self.progress.remove_task(self.tasks.pop(node.id))
        self.progress.update(self.overall, completed=self._done())
        resumed = artifact.log.get("resumed")
        note = f", resumed at {resumed}" if resumed else ""
        count = f"[{self.settled:>{len(str(len(self.graph)))}}/{len(self.graph)}]"
        line = f"{count} {100 * self._done() / self.total:3.0f}%  {self.graph.name(node)}  ({artifact.seconds:.0f} s{note})"
        self.console.print(line, highlight=False, markup=False, soft_wrap=True)

    def told(self, message: str) -> None:
        """Print a line that is about no finished stage, such as that a worker died."""
        self.console.print(plain(f"traceinv: {message}"), highlight=False, markup=False, soft_wrap=True)

    def _done(self) -> float:
        return sum(share * self.costs[node_id] for node_id, share in self.shares.items())
