"""Stages without models, for tests of the scheduler and the store."""

from pathlib import Path

import pytest

from harness.pipeline import upkeep
from harness.pipeline.descriptions import Artifact
from harness.pipeline.executors import base
from harness.pipeline.graph import Graph, Node
from harness.stages.base import Inputs, Log, StageKind, stage
from traceinv.progress import Progress
from traceinv.schema import Closed

MODEL_STAGES = {
    "candidates",
    "compressions",
    "reasoning_model",
    "transcripts",
    "endpoint",
    "inverter",
    "inversions",
    "student",
    "responses",
    "likelihood",
}
"""The kinds of stages that run a model, and so have a version."""


class Params(Closed):
    """A number, and whether the stage fails."""

    number: int = 0
    fails: bool = False


@stage(Params, version=1)
def make(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write a number."""
    if params.fails:
        raise ValueError("told to fail")
    (out / "number.txt").write_text(str(params.number))
    return {"number": params.number}


@stage(Params, version=1)
def add(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write the sum of the inputs and a number."""
    total = params.number + sum(int((path / "number.txt").read_text()) for path in inputs.values())
    (out / "number.txt").write_text(str(total))
    progress(1.0)
    return {"number": total}


def use(monkeypatch: pytest.MonkeyPatch, *kinds: StageKind) -> None:
    """Let executors and upkeep know these kinds alone."""
    known = {kind.name: kind for kind in kinds or (make, add)}
    for module in (base, upkeep):
        monkeypatch.setattr(module, "stage_kinds", lambda: known)


def sum_graph(*numbers: int) -> Graph:
    """Return a graph that makes some numbers and adds them up."""
    graph = Graph()
    nodes = {str(i): graph.add(make, {"number": n}, {}, {"place": i}) for i, n in enumerate(numbers)}
    graph.add(add, {}, nodes, {})
    return graph


class Recorder:
    """A watcher that remembers what happened."""

    def __init__(self) -> None:
        self.computed: list[str] = []
        self.cached_nodes: list[str] = []
        self.messages: list[str] = []
        self.failures: list[str] = []

    def cached(self, node: Node, artifact: Artifact) -> None:
        self.cached_nodes.append(node.kind.name)

    def started(self, node: Node) -> None: ...

    def advanced(self, report: base.Report) -> None: ...

    def finished(self, node: Node, artifact: Artifact) -> None:
        self.computed.append(node.kind.name)

    def failed(self, node: Node, why: str) -> None:
        self.failures.append(why)

    def told(self, message: str) -> None:
        self.messages.append(message)
