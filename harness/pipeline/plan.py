"""The plan of a recipe: its stage graph, and for each cell the nodes that its figures are read from."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.faithfulness.reading import Part
from harness.pipeline.graph import Graph, InputArtifact, Node
from harness.pipeline.nodes import SURROGATE, TARGET, CellNodes
from harness.pipeline.recipe import Recipe
from harness.results.schema import Cell
from traceinv.inversion import Shown
from traceinv.regimes import BASE, REGIMES, inverters, inverts


@dataclass(frozen=True)
class CellPlan:
    """The nodes of one cell that its figures are read from.

    Attributes:
        hidden: the target's transcripts.
        base: the untaught student.
        grades: by row and seed; regimes in the order of the recipe, then target and surrogate where the run has their weights.
            The seed is None where the model is the same for all seeds.
        examples: by seed and regime.
        shared_rows: by seed.
        faithfulness: the calibrated figures, by the regime whose inverted traces they measure.
        likelihood: a node for each seed, by the last part that its model was taught with.
        exact: the exact bits of the hidden traces; None where no regime inverts.
        reading: the reading test, by regime and by the part that is exchanged a node for each seed.
        utility: of the policy's disclosures.
        style: None where the policy discloses no summary, or no regime inverts.
    """

    cell: Cell
    hidden: Node
    base: InputArtifact
    grades: Mapping[str, Mapping[int | None, Node]]
    examples: Mapping[int, Mapping[str, Node]]
    shared_rows: Mapping[int, Node]
    faithfulness: Mapping[str, Node]
    likelihood: Mapping[Shown, list[Node]]
    exact: Node | None
    reading: Mapping[str, Mapping[Part, list[Node]]]
    utility: Node
    style: Node | None


@dataclass(frozen=True)
class Plan:
    """A recipe with its graph and its cells."""

    recipe: Recipe
    graph: Graph
    cells: list[CellPlan]


def plan(recipe: Recipe, absent_ok: bool = False) -> Plan:
    """Plan a recipe: equal nodes are one node, so cells share what they can without planning for it.

    Args:
        absent_ok: for a plan that is only costed: models and data need not be on this machine, and nothing is downloaded.

    Raises:
        InputError: a model or the benchmark's data is not there.
    """
    graph = Graph()
    return Plan(recipe, graph, [_plan_cell(CellNodes(recipe, graph, cell, absent_ok)) for cell in recipe.cells()])


def _plan_cell(nodes: CellNodes) -> CellPlan:
    seeds = nodes.recipe.seeds
    rows: dict[str, list[int | None]] = {name: [None] if name == BASE else [*seeds] for name in nodes.regimes}
    models = {TARGET: nodes.target, SURROGATE: nodes.surrogate}
    rows |= {name: [None] for name, model in models.items() if model.has_weights}
    measured = _measured(nodes)
    return CellPlan(
        cell=nodes.cell,
        hidden=nodes.hidden,
        base=nodes.student_weights,
        grades={row: {seed: nodes.grades(row, seed) for seed in seeds} for row, seeds in rows.items()},
        examples={seed: {regime: nodes.examples(regime, seed) for regime in nodes.trained_regimes} for seed in seeds},
        shared_rows={seed: nodes.shared_rows(seed) for seed in seeds},
        faithfulness={regime: nodes.faithfulness(regime) for regime in measured},
        likelihood=_likelihood(nodes, measured),
        exact=nodes.exact_bits() if measured else None,
        reading={regime: nodes.reading(regime) for regime in measured},
        utility=nodes.utility(),
        style=nodes.style() if any(map(inverts, nodes.regimes)) and nodes.policy.discloses_summary else None,
    )


def _likelihood(nodes: CellNodes, measured: list[str]) -> dict[Shown, list[Node]]:
    """Ask for the bits under the surrogate and one trained inverter a part, each with the prompt that it was taught with."""
    if not measured:
        return {}
    asked: dict[Shown, list[Node]] = {}
    if nodes.surrogate.has_weights:
        asked["question"] = [nodes.likelihood(SURROGATE, None)]
    for regime in (name for name in measured if inverters()[name].trained):
        part = nodes.taught_part(regime)
        if part not in asked:
            asked[part] = [nodes.likelihood(regime, seed) for seed in nodes.seeds_of(inverters()[regime])]
    return asked


def _measured(nodes: CellNodes) -> list[str]:
    """List the inverters to measure: those whose traces a regime is taught, and where there are any the prompted one.

    Where the target's traces are not known, there is nothing to measure inverted ones against.

    In an audit, which has many policies, the prompted one is measured only where a regime is taught its traces.
    """
    if not nodes.target.traces_known or not any(map(inverts, nodes.regimes)):
        return []
    audit = nodes.recipe.policies_together
    taught = [REGIMES[regime].source for regime in nodes.trained_regimes]
    return [name for name, source in inverters().items() if source in taught or not (source.trained or audit)]
