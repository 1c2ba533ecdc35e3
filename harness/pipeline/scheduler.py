"""Running a plan: every node whose artifact is missing, as soon as its inputs are there."""

from collections.abc import Collection, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Protocol

from harness.pipeline.descriptions import Artifact, InputRef
from harness.pipeline.executors.base import Executor, Job, JobInput
from harness.pipeline.graph import Graph, InputArtifact, Node
from harness.pipeline.keys import make_key
from harness.pipeline.store import DRAFT_DAYS, Store

POLL_SECONDS = 0.2
Artifacts = Mapping[str, Artifact]
"""The artifacts of a run, by the id of their nodes."""


class Watcher(Protocol):
    """Receives what happens in a run."""

    def cached(self, node: Node, artifact: Artifact) -> None: ...

    def started(self, node: Node) -> None: ...

    def advanced(self, node_id: str, share: float) -> None: ...

    def finished(self, node: Node, artifact: Artifact) -> None: ...

    def told(self, message: str) -> None: ...


def run(
    graph: Graph,
    store: Store,
    executor: Executor,
    watcher: Watcher,
    dropped: Collection[str] = (),
    models: int | None = None,
) -> dict[str, Artifact]:
    """Compute what is missing; return every node's artifact by the node's id.

    Args:
        dropped: kinds of stages whose files are removed once all of the graph that reads them is computed.
        models: how many stages that run a model may run at a time; None for as many as the executor has workers.

    Raises:
        GateError, InputError, StageFailed: as the first failing stage does; what was finished stays in the store.
    """
    with store.in_use():
        for draft in store.sweep():
            watcher.told(f"{draft}: removed; nobody has written to this draft for {DRAFT_DAYS:.0f} days")
        return _Run(graph, store, executor, watcher, dropped, models).go()


class _Run:
    """One run of a graph.

    Attributes:
        done: the artifacts of finished nodes, by id.
        wanted: nodes whose files were dropped in an earlier run and are read again now.
        told: nodes that the watcher knows the end of.
    """

    def __init__(
        self,
        graph: Graph,
        store: Store,
        executor: Executor,
        watcher: Watcher,
        dropped: Collection[str],
        models: int | None,
    ) -> None:
        self.graph, self.store, self.executor, self.watcher, self.dropped = graph, store, executor, watcher, dropped
        self.models = models
        self.readers = _readers(graph)
        self.done: dict[str, Artifact] = {}
        self.waiting = list(graph)
        self.running: dict[Future[Artifact], Node] = {}
        self.wanted: set[str] = set()
        self.told: set[str] = set()

    def go(self) -> dict[str, Artifact]:
        """Compute what is missing."""
        while self.waiting or self.running:
            ready = [node for node in self.waiting if _is_ready(node, self.done)]
            for node in sorted(ready, key=lambda node: -node.cost):
                if _is_ready(node, self.done):  # unless an input of it is computed again by now
                    self._begin(node)
            if self.running:
                self._wait()
        for node in self.graph:
            if node.id not in self.told:
                self.watcher.cached(node, self.done[node.id])
        return self.done

    def _begin(self, node: Node) -> None:
        """Take a node's artifact from the store, or start to compute it, or else the inputs whose files were dropped."""
        artifact = self.store.find(node.kind.name, _key(node, self.done), even_dropped=node.id not in self.wanted)
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
        """Say whether a node runs a model and as many run already as may."""
        if self.models is None or not node.kind.resources.gpus:
            return False
        return sum(bool(running.kind.resources.gpus) for running in self.running.values()) >= self.models

    def _wait(self) -> None:
        """Wait a moment for running nodes, and tell the watcher what they report."""
        finished, _ = wait(self.running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
        for node_id, share in self.executor.reports():
            self.watcher.advanced(node_id, share)
        for message in self.executor.messages():
            self.watcher.told(message)
        for future in finished:
            node = self.running.pop(future)
            artifact = future.result()
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
        key = known_key(node, done)
        artifact = store.find(node.kind.name, key, even_dropped=True) if key else None
        if artifact:
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
    return Job(node.id, graph.name(node), node.kind.name, _key(node, done), node.params, inputs, store.root)


def _key(node: Node, done: Artifacts) -> str:
    return make_key(node.kind, node.params, {name: _digest(source, done) for name, source in node.inputs.items()})


def _input(source: Node | InputArtifact, done: Artifacts) -> JobInput:
    if isinstance(source, InputArtifact):
        return JobInput(source.path, InputRef(digest=source.digest, path=str(source.path)))
    artifact = done[source.id]
    return JobInput(artifact.path, InputRef(digest=artifact.digest, kind=artifact.kind, key=artifact.key))


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


def _is_ready(node: Node, done: Artifacts) -> bool:
    return all(isinstance(source, InputArtifact) or source.id in done for source in node.inputs.values())
