"""The stage graph: equal nodes are one, and names are rendered from labels."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from harness.pipeline.graph import Graph, InputArtifact
from harness.stages.base import Inputs, Log, stage
from traceinv.progress import Progress
from traceinv.schema import Closed


class Params(Closed):
    number: int


@stage(Params)
def first(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    return {}


@stage(Params)
def second_kind(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    return {}


def test_equal_nodes_are_one_and_keep_the_labels_that_all_share() -> None:
    graph = Graph()
    node = graph.add(first, {"number": 1}, {}, {"target": "lab", "seed": 0})
    assert graph.add(first, {"number": 1}, {}, {"target": "lab", "seed": 1}) is node
    assert node.labels == {"target": "lab"}
    assert len(graph) == 1


@pytest.mark.parametrize("change", ["kind", "params", "input"])
def test_nodes_that_compute_something_else_are_apart(change: str, tmp_path: Path) -> None:
    graph = Graph()
    one, other = InputArtifact(tmp_path, "one"), InputArtifact(tmp_path, "other")
    node = graph.add(first, {"number": 1}, {"in": one}, {})
    kind = second_kind if change == "kind" else first
    source = other if change == "input" else one
    assert graph.add(kind, {"number": 2 if change == "params" else 1}, {"in": source}, {}) is not node


def test_an_input_of_another_node_counts_by_that_node() -> None:
    graph = Graph()
    sources = [graph.add(first, {"number": number}, {}, {}) for number in (1, 2)]
    readers = [graph.add(second_kind, {"number": 1}, {"in": source}, {}) for source in sources]
    assert readers[0] is not readers[1]
    assert graph.add(second_kind, {"number": 1}, {"in": sources[0]}, {}) is readers[0]


def test_nodes_are_selected_by_kind_and_labels() -> None:
    graph = Graph()
    one = graph.add(first, {"number": 1}, {}, {"regime": "inverted", "seed": 0})
    graph.add(first, {"number": 2}, {}, {"regime": "inverted", "seed": 1})
    graph.add(second_kind, {"number": 1}, {}, {"regime": "inverted", "seed": 0})
    assert graph.select(first, seed=0) == [one]
    assert len(graph.select(regime="inverted")) == 3


def test_a_name_tells_what_differs_between_nodes_and_nothing_else() -> None:
    graph = Graph()
    node = graph.add(second_kind, {"number": 1}, {}, {"target": "lab", "seed": 0, "side": "hidden"})
    graph.add(second_kind, {"number": 2}, {}, {"target": "lab", "seed": 1, "side": "tester"})
    assert graph.name(node) == "second kind (seed 0)"


def test_parameters_are_checked_when_a_node_is_added() -> None:
    with pytest.raises(ValidationError):
        Graph().add(first, {"nubmer": 1}, {}, {})
