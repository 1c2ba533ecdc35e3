"""The comparability key of a cell: what two rows must share before their accuracies may stand in one table."""

from typing import Any

from harness.assembly.identity import without_checkpoints
from harness.assembly.responses import ModelRun
from harness.pipeline.graph import InputArtifact, Node
from harness.pipeline.keys import decisive
from harness.pipeline.plan import CellPlan, Plan
from harness.pipeline.scheduler import Artifacts
from harness.results.schema import Comparability
from harness.stages import stage_kinds
from traceinv.digests import digest_json

SHOWN = 12
"""Characters of a digest that a record shows."""
ROW_STAGES = (
    *("reasoning_model", "transcripts", "compressions", "inverter", "inversions", "candidates"),
    *("student", "responses"),
)
"""The stages that run a model and that accuracies depend on. All stand in every key: a regime more or less, and with it a stage,
leaves the other rows of two recipes comparable."""


def comparability(plan: Plan, planned: CellPlan, artifacts: Artifacts, run: ModelRun) -> Comparability:
    """Return the key of a cell, by content: the same recipe on another machine may give another target."""

    def digest(source: Node | InputArtifact) -> str:
        return source.digest if isinstance(source, InputArtifact) else artifacts[source.id].digest

    hidden = planned.hidden
    keyed = {name: source for name, source in hidden.inputs.items() if hidden.kind.is_keyed(name)}
    parts: list[Any] = [digest(source) for name, source in sorted(keyed.items()) if name != "questions"]
    parts.append(decisive(hidden.kind, hidden.params))
    if hidden.kind.name not in ROW_STAGES:
        parts.append([hidden.kind.name, hidden.kind.version])
    student = plan.recipe.students[planned.cell.student or ""]
    taught: list[Any] = [planned.base.digest, without_checkpoints(student.training.model_dump(mode="json"))]
    if student.dialect:
        taught.append(student.dialect.model_dump(mode="json"))
    if student.trust_remote_code:
        taught.append({"trust_remote_code": True})
    return Comparability(
        target=digest_json(parts)[:SHOWN],
        student=digest_json(taught)[:SHOWN],
        questions=digest(hidden.inputs["questions"])[:SHOWN],
        tasks={task.name: task.version for task in run.tasks},
        prompts=digest_json([task.prompts for task in run.tasks])[:SHOWN],
        sampling={task.name: task.sampling for task in run.tasks},
        stages=row_versions(),
    )


def row_versions() -> dict[str, int]:
    """Return the versions of the stages that accuracies depend on, whether or not the recipe has a use for each."""
    versions = {name: stage_kinds()[name].version for name in ROW_STAGES}
    return {name: version for name, version in versions.items() if version is not None}
