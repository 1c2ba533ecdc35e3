"""The stage graph of a recipe: nodes with labels, and what each is computed from."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.results.schema import Label
from harness.stages.base import SHARD, StageKind, shards_in
from traceinv.digests import digest_json

SIDE = "side"
"""The label that says on which side of the barrier a node is; it is no part of a name."""


@dataclass(frozen=True)
class InputArtifact:
    """An input that no stage makes: a file or folder with its digest, such as a base model.

    Attributes:
        here: whether it is on this machine; a plan that is only costed may name what is not.
    """

    path: Path
    digest: str
    here: bool = True


@dataclass(frozen=True, eq=False)
class Node:
    """One stage of a run.

    Attributes:
        id: a digest of kind, parameters and the ids of its inputs: equal nodes are one node.
        params: validated, as JSON values.
        inputs: by the name that the stage's function knows them by.
        labels: what the node belongs to, such as `regime` and `seed`; a node that several ask for keeps the labels they share.
        cost: how long it takes relative to the others; for the order and the display alone.
    """

    id: str
    kind: StageKind
    params: Mapping[str, Any]
    inputs: Mapping[str, "Node | InputArtifact"]
    labels: dict[str, Label] = field(default_factory=dict)
    cost: float = 1.0

    @property
    def is_shard(self) -> bool:
        """Whether it is a part of a stage that is split."""
        return SHARD in self.params

    @property
    def is_merge(self) -> bool:
        """Whether it puts shards together."""
        return bool(shards_in(self.inputs))


class Graph:
    """The nodes of a run, each after its inputs."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._telling: set[str] | None = None

    def __iter__(self) -> Iterator[Node]:
        return iter(self._nodes.values())

    def __len__(self) -> int:
        return len(self._nodes)

    def add(
        self,
        kind: StageKind,
        params: Mapping[str, Any],
        inputs: Mapping[str, Node | InputArtifact],
        labels: Mapping[str, Label],
        cost: float = 1.0,
    ) -> Node:
        """Add a node, or return the one that computes the same; labels on which the two disagree are dropped.

        Raises:
            ValidationError: the parameters are not those of the kind.
        """
        given = json.loads(kind.params.model_validate(dict(params)).model_dump_json())
        sources = {name: source.id if isinstance(source, Node) else source.digest for name, source in inputs.items()}
        identity = digest_json([kind.name, given, sources])[:16]
        self._telling = None
        known = self._nodes.get(identity)
        if known is None:
            known = self._nodes[identity] = Node(identity, kind, given, dict(inputs), dict(labels), cost)
        else:
            for key in [key for key, value in known.labels.items() if labels.get(key) != value]:
                del known.labels[key]
        return known

    def lacks_inputs(self) -> bool:
        """Say whether a file or folder that the graph starts from is not on this machine."""
        sources = (source for node in self for source in node.inputs.values())
        return any(isinstance(source, InputArtifact) and not source.here for source in sources)

    def select(self, kind: StageKind | None = None, **labels: Label) -> list[Node]:
        """List the nodes of a kind that carry all of these labels."""
        return [node for node in self if (kind is None or node.kind == kind) and labels.items() <= node.labels.items()]

    def name(self, node: Node) -> str:
        """Name a node for a person, such as `student (regime inverted, seed 1)`.

        Labels that have one value in all nodes are left out.
        """
        if self._telling is None:
            self._telling = self._telling_labels()
        labels = ", ".join(f"{key} {value}" for key, value in node.labels.items() if key in self._telling)
        words = node.kind.name.replace("_", " ")
        return f"{words} ({labels})" if labels else words

    def _telling_labels(self) -> set[str]:
        values: dict[str, set[Label]] = {}
        for node in self:
            for key, value in node.labels.items():
                values.setdefault(key, set()).add(value)
        return {key for key, different in values.items() if len(different) > 1} - {SIDE}
