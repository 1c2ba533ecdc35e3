"""Running a plan: every node whose artifact is missing, as soon as its inputs are there."""

from collections.abc import Mapping
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


def run(graph: Graph, store: Store, executor: Executor, watcher: Watcher) -> dict[str, Artifact]:
    """Compute what is missing; return every node's artifact by the node's id.

    Raises:
        GateError, InputError, StageFailed: as the first failing stage does; what was finished stays in the store.
    """
    with store.in_use():
        for draft in store.sweep():
            watcher.told(f"{draft}: removed; nobody has written to this draft for {DRAFT_DAYS:.0f} days")
        return _run(graph, store, executor, watcher)


def _run(graph: Graph, store: Store, executor: Executor, watcher: Watcher) -> dict[str, Artifact]:
    done: dict[str, Artifact] = {}
    waiting = list(graph)
    running: dict[Future[Artifact], Node] = {}
    while waiting or running:
        for node in sorted((node for node in waiting if _is_ready(node, done)), key=lambda node: -node.cost):
            waiting.remove(node)
            artifact = store.find(node.kind.name, _key(node, done))
            if artifact:
                done[node.id] = artifact
                watcher.cached(node, artifact)
            else:
                watcher.started(node)
                running[executor.submit(make_job(graph, node, done, store))] = node
        if not running:
            continue
        finished, _ = wait(running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
        for node_id, share in executor.reports():
            watcher.advanced(node_id, share)
        for message in executor.messages():
            watcher.told(message)
        for future in finished:
            node = running.pop(future)
            done[node.id] = future.result()
            watcher.finished(node, done[node.id])
    return done


def find_artifacts(graph: Graph, store: Store) -> dict[str, Artifact]:
    """Return the artifacts that are in the store already, by the id of their nodes.

    A node below a missing one counts as missing, although its artifact may turn out to be in the store.
    """
    done: dict[str, Artifact] = {}
    for node in graph:
        artifact = store.find(node.kind.name, key) if (key := known_key(node, done)) else None
        if artifact:
            done[node.id] = artifact
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


def _is_ready(node: Node, done: Artifacts) -> bool:
    return all(isinstance(source, InputArtifact) or source.id in done for source in node.inputs.values())
