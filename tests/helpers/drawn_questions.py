"""Stages that draw questions, for tests of executors that run stages in other processes."""

from pathlib import Path
from typing import Any

import pytest
from stub_stages import Recorder

from harness.pipeline.executors.base import Executor
from harness.pipeline.graph import Graph, InputArtifact, Node
from harness.pipeline.scheduler import run
from harness.pipeline.store import Store
from harness.stages import stage_kinds
from harness.stages.questions import DATA
from traceinv.digests import digest_file
from traceinv.errors import InputError
from traceinv.questions.file import FileQuestions
from traceinv.questions.lab import LabQuestions


def drawing(stages: int) -> Graph:
    """Make a graph of independent stages, each of which draws questions of the lab."""
    graph = Graph()
    for stage in range(stages):
        _draw(graph, LabQuestions(kind="lab", per_family=3 + stage, steps=(2, 3)), {})
    return graph


def digests(executor: Executor, store: Path, stages: int, watcher: Recorder | None = None) -> dict[str, str]:
    """Run such a graph and return the digest of each artifact."""
    artifacts = run(drawing(stages), Store(store), executor, watcher or Recorder())
    return {node: artifact.digest for node, artifact in artifacts.items()}


def error_of_a_stage(executor: Executor, folder: Path) -> str:
    """Run a stage whose file has no question in the form that is expected, and return the message of its error."""
    data = folder / "questions.jsonl"
    data.write_text('{"question": 1}\n')
    graph = Graph()
    _draw(
        graph, FileQuestions(path=str(data), count=1, surrogate_count=1), {DATA: InputArtifact(data, digest_file(data))}
    )
    with pytest.raises(InputError) as caught:
        run(graph, Store(folder / "store"), executor, Recorder())
    return str(caught.value)


def _draw(graph: Graph, source: Any, inputs: dict[str, InputArtifact]) -> Node:
    return graph.add(stage_kinds()["questions"], {"source": source, "role": "target"}, inputs, {"source": source.kind})
