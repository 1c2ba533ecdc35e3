"""What all nodes of a cell have in common: the recipe, the graph, the labels, and the weights that models start from."""

from collections.abc import Mapping
from functools import cached_property
from math import ceil
from typing import Any

from harness.pipeline.graph import SIDE, Graph, InputArtifact, Node
from harness.pipeline.nodes.inputs import benchmark_folder, weights_folder
from harness.pipeline.recipe import Recipe
from harness.pipeline.settings import LearningModel
from harness.results.schema import Cell, Label
from harness.stages import stage_kinds
from harness.stages.base import SHARD
from harness.stages.questions import DATA
from traceinv.engines import batch_size
from traceinv.policies.prompted import Prompted
from traceinv.questions import Role
from traceinv.regimes import BASE
from traceinv.targets.base import ModelWithWeights, ReasoningModel

TARGET: Role = "target"
SURROGATE: Role = "surrogate"
SECOND = "second"
"""The role of the target's second transcripts, which are the ceiling of faithfulness."""
HIDDEN, TESTER, JUDGE = "hidden", "tester", "judge"
"""Sides of the barrier: what only the judge may read, what a tester could have made, and what measures."""
Inputs = Mapping[str, Node | InputArtifact]
CELL_PARTS = tuple(Cell.model_fields)
OF_TARGET, OF_SURROGATE, OF_STUDENT = ("target",), ("surrogate",), ("student",)
OF_DISCLOSURES = ("target", "policy", "budget")
OF_INVERTER = ("surrogate", "policy")
OF_INVERSION = ("target", "surrogate", "policy", "budget")
"""The parts of a cell that a node belongs to."""


class BaseNodes:
    """The recipe, the graph and the cell, and how a node is added.

    Each property and method of this class and of those built on it adds a node to the graph, and the nodes that it is computed
    from. Equal nodes are one, so asking for a node twice, or for the same node of another cell, adds nothing.
    """

    def __init__(self, recipe: Recipe, graph: Graph, cell: Cell, absent_ok: bool = False) -> None:
        """Start from the inputs of a recipe; `absent_ok` is for a plan that is only costed."""
        self.absent_ok = absent_ok
        self.recipe = recipe
        self.graph = graph
        self.cell = cell
        self.policy = recipe.policies[cell.policy]
        self.student_model = recipe.students[cell.student or ""]
        self.target, self.surrogate = recipe.targets[cell.target], recipe.surrogates[cell.surrogate]
        self.regimes = recipe.regimes_of(cell.policy, cell.target)
        self.trained_regimes = [regime for regime in self.regimes if regime != BASE]

    @cached_property
    def base(self) -> Node | InputArtifact:
        """Return the untaught student."""
        return self._stated(self.student_weights, self.student_model)

    @cached_property
    def student_weights(self) -> InputArtifact:
        """Return the folder that the student's weights lie in."""
        return self._weights(f"students.{self.cell.student}", self.student_model)

    def _weights(self, where: str, model: LearningModel | ModelWithWeights | Prompted) -> InputArtifact:
        """Return the folder of the weights of a model that stands at `where` in the recipe."""
        return weights_folder(f"{where}.model", model.model, model.trust_remote_code, self.absent_ok)

    def _stated(self, weights: InputArtifact, model: LearningModel | ModelWithWeights) -> Node | InputArtifact:
        """Return weights with what is stated about their dialect."""
        if model.dialect is None:
            return weights
        params = {"dialect": model.dialect, "trust_remote_code": model.trust_remote_code}
        return self._add("stated_model", params, {"base": weights}, TESTER, of=(), cost=1)

    def _model_of(self, role: Role) -> ReasoningModel:
        return self.target if role == TARGET else self.surrogate

    def _trusts(self, role: Role) -> bool:
        """Return whether Python code that comes with the weights of target or surrogate may be run."""
        model = self._model_of(role)
        return isinstance(model, ModelWithWeights) and model.trust_remote_code

    @property
    def benchmark_data(self) -> Inputs:
        """Return the folder of the benchmarks' data, where the recipe names one."""
        folder = self.recipe.benchmark.data_dir
        return {DATA: benchmark_folder(folder)} if folder else {}

    def _training_cost(self, epochs: float) -> float:
        return 0.017 * self.recipe.questions.size() * epochs

    def _add(
        self,
        kind: str,
        params: Mapping[str, Any],
        inputs: Inputs,
        side: str,
        of: tuple[str, ...] = CELL_PARTS,
        cost: float = 1.0,
        **labels: Label | None,
    ) -> Node:
        """Add a node, labelled with the parts of the cell that it belongs to and with others; a label of None is left out."""
        every = {part: getattr(self.cell, part) for part in of} | labels | {SIDE: side}
        kept = {key: value for key, value in every.items() if value is not None}
        return self.graph.add(stage_kinds()[kind], params, inputs, kept, cost)

    def _write(
        self,
        kind: str,
        params: Mapping[str, Any],
        inputs: Inputs,
        side: str,
        of: tuple[str, ...],
        replies: int,
        **labels: Label | None,
    ) -> Node:
        """Add a node in which a model writes replies; where the recipe has shards, one for each of them, and their whole.

        Args:
            replies: at most so many; no shard has less than one batch of them.
        """
        params = {**params, "engine": self.recipe.engine, "tensor_parallel": self.recipe.tensor_parallel}
        cost, shards = writing_cost(replies), min(self.recipe.shards, ceil(replies / batch_size(self.recipe.engine)))
        if shards < 2:
            return self._add(kind, params, inputs, side, of, cost, **labels)
        parts = {}
        for index in range(shards):
            asked = {**params, SHARD: {"index": index, "count": shards}}
            parts[f"{SHARD} {index}"] = self._add(kind, asked, inputs, side, of, cost / shards, **labels, shard=index)
        return self._add(kind, params, {**inputs, **parts}, side, of, 0.1, **labels)


def writing_cost(texts: int) -> float:
    """Return the relative cost of writing texts."""
    return 0.03 * texts
