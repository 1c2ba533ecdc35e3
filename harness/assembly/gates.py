"""What the gates of a run measured; a run in which a gate refuses has no record."""

from collections.abc import Sequence
from typing import Any

from harness.assembly.responses import ItemKey
from harness.pipeline.artifacts import TRANSCRIPTS
from harness.pipeline.descriptions import lasting_log
from harness.pipeline.graph import SIDE, Node
from harness.pipeline.plan import CellPlan, Plan
from harness.pipeline.scheduler import Artifacts
from harness.results.schema import Gate, Ledger
from traceinv.regimes import is_partial

TRAINED = ("reasoning_model", "inverter", "student")
WRITING = (*TRANSCRIPTS, "compressions", "inversions", "candidates")
TRAINING_FIGURES = ("examples", "loss_tokens", "steps", "too_long")


def gates(plan: Plan, artifacts: Artifacts, questions: dict[str, int], dropped: Sequence[ItemKey]) -> list[Gate]:
    """Return the figures of each gate.

    Args:
        questions: what the check of the benchmark's questions counted.
        dropped: items that some run could not grade.
    """
    trained, writing = _of_kinds(plan, TRAINED), _of_kinds(plan, WRITING)
    warnings = {
        warning for node in _of_kinds(plan, ("responses",)) for warning in artifacts[node.id].log.get("warnings", [])
    }
    return [
        Gate(name="rendering", figures=_rendering(trained, artifacts)),
        Gate(name="same questions", figures=dict(questions)),
        *_decontamination(plan, artifacts),
        *_code(plan),
        Gate(name="every response graded", figures={"dropped": [f"{task}: {item}" for task, item in dropped]}),
        Gate(
            name="nothing cut in silence",
            figures={"stages": [_entry(node, artifacts) for node in writing], "warnings": sorted(warnings)},
        ),
        Gate(name="training", figures={"models": [_entry(node, artifacts, TRAINING_FIGURES) for node in trained]}),
    ]


def ledger(planned: CellPlan, artifacts: Artifacts, seed: int) -> Ledger:
    """Count what became of the questions of one cell and seed."""
    examples = {regime: artifacts[node.id].log for regime, node in planned.examples[seed].items()}
    rows = artifacts[planned.shared_rows[seed].id].log
    return Ledger(
        cell=planned.cell,
        seed=seed,
        asked=rows["asked"],
        rows={regime: log["rows"] for regime, log in examples.items()},
        too_long={regime: log["too_long"] for regime, log in examples.items()},
        shared=rows["shared"],
        left_out=[regime for regime, log in examples.items() if not log["rows"] and not is_partial(regime)],
    )


def _decontamination(plan: Plan, artifacts: Artifacts) -> list[Gate]:
    """Say what was compared with the benchmarks and dropped; questions that are generated apart from them need no gate."""
    searched = _of_kinds(plan, ("decontaminated",))
    figures = {"questions": [_entry(node, artifacts) for node in searched]}
    return [Gate(name="decontamination", figures=figures)] if searched else []


def _code(plan: Plan) -> list[Gate]:
    """Say of which models the run let Python code run that came with the weights; none needs no gate."""
    models = plan.recipe.running_code()
    return [Gate(name="code that came with models", figures={"run": models})] if models else []


def _rendering(trained: Sequence[Node], artifacts: Artifacts) -> dict[str, Any]:
    """Count the rows that were rendered, decoded and compared, and show the first of each kind of model."""
    first_rows: dict[str, str] = {}
    for node in trained:
        name = str(node.labels.get("regime") or node.labels.get("role") or f"inverter shown {node.labels.get('shown')}")
        first_rows.setdefault(name, artifacts[node.id].log["first_row"])
    return {
        "models": len(trained),
        "rows": sum(artifacts[node.id].log["examples"] for node in trained),
        "first_rows": first_rows,
    }


def _entry(node: Node, artifacts: Artifacts, keys: Sequence[str] | None = None) -> dict[str, Any]:
    log = lasting_log(artifacts[node.id].log)
    labels = {key: value for key, value in node.labels.items() if key != SIDE}
    return {
        "kind": node.kind.name,
        **labels,
        **{key: value for key, value in log.items() if keys is None or key in keys},
    }


def _of_kinds(plan: Plan, kinds: Sequence[str]) -> list[Node]:
    return [node for node in plan.graph if node.kind.name in kinds and not node.is_shard]
