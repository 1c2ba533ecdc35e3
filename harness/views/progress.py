"""The progress of a run, for a person."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Column

from harness.pipeline.descriptions import Artifact
from harness.pipeline.executors.base import Report
from harness.pipeline.graph import Graph, Node
from harness.results.text import plain
from harness.views.terminal import ROOMY

REFRESH_SECONDS = 0.1
BAR = 24
"""Columns of a bar on a wide terminal."""
FIGURES = 26
"""Columns of all that stands beside a stage's name and its bar, gaps included."""
logger = logging.getLogger(__name__)


@contextmanager
def working(console: Console, what: str) -> Iterator[None]:
    """Show on a terminal that something is being done, which cannot say how far it is, and how long it has taken."""
    columns = (spinner(console), TextColumn("{task.description}"), BarColumn(bar_width=BAR), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        progress.add_task(what, total=None)
        yield


def spinner(console: Console) -> SpinnerColumn:
    """Return a spinner of characters that the console can show."""
    return SpinnerColumn("line" if console.options.ascii_only else "dots")


def elapsed(seconds: float) -> str:
    """Write a time as hours, minutes and seconds: `0:01:23`."""
    return f"{int(seconds) // 3600}:{int(seconds) // 60 % 60:02}:{int(seconds) % 60:02}"


class RunDisplay:
    """A live display on a terminal; elsewhere, and beside a log, one line a finished stage, with the time since the run began.

    The bars are drawn by a thread of this class and not by rich's own, which may draw while a line is being printed: the cursor
    then stands elsewhere than the printed line assumes, so that a line is lost or half a bar stays.

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
        self.begun = time.monotonic()
        self.live = console.is_terminal and not logger.isEnabledFor(logging.INFO)
        bar = BAR if console.width >= ROOMY else BAR // 2
        self.progress = Progress(
            spinner(console),
            TextColumn(
                "{task.description}", table_column=Column(no_wrap=True, max_width=max(1, console.width - bar - FIGURES))
            ),
            BarColumn(bar_width=bar),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console,
            transient=True,
            auto_refresh=False,
            speed_estimate_period=300,
            disable=not self.live,
        )
        self.overall = self.progress.add_task("[bold]all stages", total=self.total)
        self._drawing = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._draw, daemon=True)

    def __enter__(self) -> "RunDisplay":
        self.progress.start()
        if self.live:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
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

    def advanced(self, report: Report) -> None:
        """Show the share of a stage that is done."""
        node_id, share, _ = report
        if self.shares.get(node_id, 1.0) >= 1.0:  # a report that arrives after its stage has finished
            return
        if node_id not in self.tasks:
            with self._drawing:
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
        clock = "" if self.live else f"  {elapsed(time.monotonic() - self.begun)}"
        share = f"{100 * self._done() / self.total:3.0f}%"
        line = f"{count} {share}{clock}  {self.graph.name(node)}  ({artifact.seconds:.0f} s{note})"
        self._print(line)

    def failed(self, node: Node, why: str) -> None:
        """Take a stage's bar away; the run says why it failed."""
        logger.info("failed %s: %s", self.graph.name(node), why)
        self.shares.pop(node.id, None)
        if node.id in self.tasks:
            self.progress.remove_task(self.tasks.pop(node.id))
        self.progress.update(self.overall, completed=self._done())

    def told(self, message: str) -> None:
        """Print a line that is about no finished stage, such as that a worker died."""
        self._print(plain(f"traceinv: {message}"))

    def _print(self, line: str) -> None:
        with self._drawing:
            self.console.print(line, highlight=False, markup=False, soft_wrap=True)

    def _draw(self) -> None:
        while not self._ended.wait(REFRESH_SECONDS):
            with self._drawing:
                self.progress.refresh()

    def _done(self) -> float:
        return sum(share * self.costs[node_id] for node_id, share in self.shares.items())
