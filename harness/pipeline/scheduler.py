"""Running a plan: every node whose artifact is missing, as soon as its inputs are there."""

from collections.abc import Collection, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace
from typing import Protocol

from harness.pipeline.descriptions import Artifact, InputRef
from harness.pipeline.executors.base import Executor, Job, JobInput, Report, StageFailed, WorkerDied, needs
from harness.pipeline.graph import Graph, InputArtifact, Node
from harness.pipeline.keys import make_key
from harness.pipeline.store import DRAFT_DAYS, Store
from harness.stages.base import SHARD
from traceinv.errors import GateError, InputError

POLL_SECONDS = 0.2
Artifacts = Mapping[str, Artifact]
"""The artifacts of a run, by the id of their nodes."""


class Watcher(Protocol):
    """Receives what happens in a run."""

    def cached(self, node: Node, artifact: Artifact) -> None: ...

    def started(self, node: Node) -> None: ...

    def advanced(self, report: Report) -> None: ...

    def finished(self, node: Node, artifact: Artifact) -> None: ...

    def failed(self, node: Node, why: str) -> None: ...

    def told(self, message: str) -> None: ...


def run(
    graph: Graph,
    store: Store,
    executor: Executor,
    watcher: Watcher,
    dropped: Collection[str] = (),
    models: int | None = None,
    retry_failed: bool = False,
) -> dict[str, Artifact]:
    """Compute what is missing; return every node's artifact by the node's id.

    Args:
        dropped: kinds of stages whose files are removed once all of the graph that reads them is computed.
        models: how many stages that run a model may run at a time; None for as many as the executor has workers.
        retry_failed: go on past a failing stage with all that does not need it, then try what failed once more.

    Raises:
        GateError, InputError, StageFailed: as the first failing stage does; what was finished stays in the store.
        StageFailed: with `retry_failed`, some stages failed twice.
    """
    with store.in_use():
        for draft in store.sweep():
            watcher.told(f"{draft}: removed; nobody has written to this draft for {DRAFT_DAYS:.0f} days")
        return _Run(graph, store, executor, watcher, dropped, models, retry_failed).go()


class _Run:
    """One run of a graph.

    Attributes:
        done: the artifacts of finished nodes, by id.
        wanted: nodes whose files were dropped in an earlier run and are read again now.
        told: nodes that the watcher knows the end of.
        failed: nodes that failed, and how, in a run that goes on past them.
    """

    def __init__(
        self,
        graph: Graph,
        store: Store,
        executor: Executor,
        watcher: Watcher,
        dropped: Collection[str],
        models: int | None,
        retry_failed: bool,
    ) -> None:
        self.graph, self.store, self.executor, self.watcher, self.dropped = graph, store, executor, watcher, dropped
        self.models, self.retry_failed = models, retry_failed
        self.readers = _readers(graph)
        self.done: dict[str, Artifact] = {}
        self.waiting = list(graph)
        self.running: dict[Future[Artifact], Node] = {}
        self.wanted: set[str] = set()
        self.told: set[str] = set()
        self.failed: dict[Node, Exception] = {}

    def go(self) -> dict[str, Artifact]:
        """Compute what is missing; try once more what failed where the run goes on past it."""
        self._compute()
        if self.failed:
            self._try_again()
        if self.failed:
            raise self._failure()
        for node in self.graph:
            if node.id not in self.told:
                self.watcher.cached(node, self.done[node.id])
        return self.done

    def _compute(self) -> None:
        """Compute all that is missing, except what a failed stage keeps from starting."""
        while self.running or any(_is_ready(node, self.done) for node in self.waiting):
            ready = [node for node in self.waiting if _is_ready(node, self.done)]
            for node in sorted(ready, key=lambda node: -node.cost):
                if _is_ready(node, self.done):  # unless an input of it is computed again by now
                    self._begin(node)
            if self.running:
                self._wait()

    def _try_again(self) -> None:
        """Compute what failed once more, and what needs it.

        Stages whose worker died come one after another: one that takes too much memory kills those beside it.
        """
        lost = [node for node, error in self.failed.items() if isinstance(error, WorkerDied)]
        others = [node for node in self.failed if node not in lost]
        self.watcher.told(f"{_counted(len(self.failed))} failed and will be tried again")
        self.failed = {}
        for nodes in (others, *([node] for node in lost)):
            self.waiting += nodes
            self._compute()

    def _failure(self) -> StageFailed:
        """Say what failed twice, and how much was not begun for want of it."""
        reasons = "; ".join(str(error) for error in self.failed.values())
        others = f", and {_counted(len(self.waiting))} could not begin without what failed" if self.waiting else ""
        return StageFailed(f"{_counted(len(self.failed))} of {len(self.graph)} failed twice{others}: {reasons}")

    def _begin(self, node: Node) -> None:
        """Take a node's artifact from the store, or start to compute it, or else the inputs whose files were dropped."""
        artifact = _stored(self.store, node, self.done, even_dropped=node.id not in self.wanted)
        if artifact is None and (lost := _lost_inputs(node, self.done)):
            for source in lost:
                del self.done[source.id]
            self.wanted |= {source.id for source in lost}
            self.waiting += lost
            return
        if artifact is None and self._must_wait(node):
            return
        self.waiting.remove(node)
        if artifact is None:
            self.watcher.started(node)
            job = make_job(self.graph, node, self.done, self.store)
            self.running[self.executor.submit(job)] = node
            return
        if not artifact.dropped:
            self.told.add(node.id)
            self.watcher.cached(node, artifact)
        self._finish(node, artifact)

    def _must_wait(self, node: Node) -> bool:
        """Say whether a node runs a model and as many run already as may; one that uses several GPUs runs alone."""
        wanted = _gpus(node)
        if self.models is None or not wanted:
            return False
        taken = [gpus for running in self.running.values() if (gpus := _gpus(running))]
        return len(taken) >= self.models or (bool(taken) and max(wanted, *taken) > 1)

    def _wait(self) -> None:
        """Wait a moment for running nodes, and tell the watcher what they report."""
        finished, _ = wait(self.running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
        for report in self.executor.reports():
            self.watcher.advanced(report)
        for message in self.executor.messages():
            self.watcher.told(message)
        for future in finished:
            node = self.running.pop(future)
            try:
                artifact = future.result()
            except (GateError, InputError, StageFailed) as error:
                self.watcher.failed(node, str(error))
                if not self.retry_failed:
                    raise
                self.watcher.told(f"{error}; going on with what does not need it")
                self.failed[node] = error
                continue
            self.told.add(node.id)
            self.watcher.finished(node, artifact)
            self._finish(node, artifact)

    def _finish(self, node: Node, artifact: Artifact) -> None:
        """Keep a node's artifact, and drop the files of inputs that nothing else of the graph reads."""
        self.done[node.id] = artifact
        for source in node.inputs.values():
            if not isinstance(source, Node) or source.kind.name not in self.dropped or source.id not in self.done:
                continue
            if not self.done[source.id].dropped and all(r.id in self.done for r in self.readers[source.id]):
                self.done[source.id] = self.store.drop(self.done[source.id])


def find_artifacts(graph: Graph, store: Store) -> dict[str, Artifact]:
    """Return the artifacts that are in the store already, by the id of their nodes.

    A node below a missing one counts as missing, although its artifact may turn out to be in the store. So does one whose files
    were dropped where something that reads them is missing.
    """
    done: dict[str, Artifact] = {}
    for node in graph:
        if _is_ready(node, done) and (artifact := _stored(store, node, done)):
            done[node.id] = artifact
    readers = _readers(graph)
    for node in reversed(list(graph)):
        if node.id in done and done[node.id].dropped and any(reader.id not in done for reader in readers[node.id]):
            del done[node.id]
    return done


def known_key(node: Node, done: Artifacts) -> str | None:
    """Return the key of a node's artifact; None where an input is missing, so that it cannot be known yet."""
    return _key(node, done) if _is_ready(node, done) else None


def make_job(graph: Graph, node: Node, done: Artifacts, store: Store) -> Job:
    """Return the job that computes a node, once its inputs are there."""
    inputs = {name: _input(source, done) for name, source in node.inputs.items()}
    return Job(node.id, graph.name(node), node.kind.name, _key(node, done), node.params, inputs, store)


def _stored(store: Store, node: Node, done: Artifacts, even_dropped: bool = True) -> Artifact | None:
    """Return a node's artifact from the store; for a shard that is not there, the whole, which holds its rows."""
    artifact = store.find(node.kind.name, _key(node, done), even_dropped)
    if artifact is None and node.is_shard:
        whole = {name: value for name, value in node.params.items() if name != SHARD}
        return store.find(node.kind.name, _key(replace(node, params=whole), done), even_dropped)
    return artifact


def _key(node: Node, done: Artifacts) -> str:
    return make_key(node.kind, node.params, {name: _digest(source, done) for name, source in node.inputs.items()})


def _input(source: Node | InputArtifact, done: Artifacts) -> JobInput:
    if isinstance(source, InputArtifact):
        return JobInput(source.path, InputRef(digest=source.digest, path=str(source.path)))
    artifact = done[source.id]
    return JobInput(None, InputRef(digest=artifact.digest, kind=artifact.kind, key=artifact.key))


def _digest(source: Node | InputArtifact, done: Artifacts) -> str:
    return source.digest if isinstance(source, InputArtifact) else done[source.id].digest


def _readers(graph: Graph) -> dict[str, list[Node]]:
    """Return the nodes that read each node, by its id."""
    readers: dict[str, list[Node]] = {node.id: [] for node in graph}
    for node in graph:
        for source in node.inputs.values():
            if isinstance(source, Node):
                readers[source.id].append(node)
    return readers


def _lost_inputs(node: Node, done: Artifacts) -> list[Node]:
    """List the inputs of a node whose files were dropped."""
    nodes = (source for source in node.inputs.values() if isinstance(source, Node))
    return [source for source in dict.fromkeys(nodes) if done[source.id].dropped]


def _gpus(node: Node) -> int:
    return needs(node.kind, node.params, node.inputs).gpus


def _counted(stages: int) -> str:
    return f"{stages} {'stage' if stages == 1 else 'stages'}"


def _is_ready(node: Node, done: Artifacts) -> bool:
    return all(isinstance(source, InputArtifact) or source.id in done for source in node.inputs.values())
