"""Which run a record is of, and whether a folder holds that run's record already."""

from pathlib import Path
from typing import Any

from harness.pipeline.graph import InputArtifact
from harness.pipeline.plan import Plan
from harness.pipeline.scheduler import Artifacts
from harness.results.files import items_file, read_record
from harness.results.schema import ResultRecord
from harness.sources import fingerprint
from traceinv.digests import digest_json
from traceinv.errors import InputError

ASSEMBLY = "harness.assembly.record"


def record_id(plan: Plan) -> str:
    """Name a run by its recipe, the versions of its stages and the inputs from outside: a refactoring does not change it.

    Where the data lies and how often checkpoints are saved do not count.
    """
    recipe = without_places(without_checkpoints(plan.recipe.model_dump(mode="json")))
    inputs = {
        source.digest for node in plan.graph for source in node.inputs.values() if isinstance(source, InputArtifact)
    }
    identity = digest_json([recipe, stage_versions(plan), sorted(inputs)])[:10]
    return f"{plan.recipe.name}-{len(plan.recipe.seeds)}-seeds-{identity}"


def find_record(plan: Plan, artifacts: Artifacts, folder: Path) -> ResultRecord | None:
    """Return the record of a finished run that was assembled before, from the same artifacts by the same source.

    None where there is none, or where it cannot be read: then it is assembled anew.
    """
    path = folder / f"{record_id(plan)}.json"
    if not path.is_file() or not items_file(path).is_file():
        return None
    try:
        record = read_record(path)
    except InputError:
        return None
    keys = [stage.key for stage in record.provenance.stages]
    same = keys == [artifacts[node.id].key for node in plan.graph]
    return record if same and record.provenance.assembly == assembly_fingerprint() else None


def assembly_fingerprint() -> str:
    """Return the digest of the source that makes records of artifacts."""
    return fingerprint((ASSEMBLY,))


def stage_versions(plan: Plan) -> dict[str, int]:
    """Return the version of every kind of stage that runs a model."""
    return {
        node.kind.name: node.kind.version
        for node in sorted(plan.graph, key=lambda node: node.kind.name)
        if node.kind.version is not None
    }


def without_places(recipe: dict[str, Any]) -> dict[str, Any]:
    """Return a recipe without where its data lies; the contents count, by their digests."""
    recipe.pop("data_dir", None)
    recipe["benchmark"].pop("data_dir")
    recipe["questions"].pop("path", None)
    for model in (*recipe["targets"].values(), *recipe["surrogates"].values()):
        model.pop("path", None)
    return recipe


def without_checkpoints(value: Any) -> Any:
    """Return JSON values of a recipe with None for how often checkpoints are saved, which no weights depend on."""
    if isinstance(value, dict):
        return {key: None if key == "save_every" else without_checkpoints(entry) for key, entry in value.items()}
    return [without_checkpoints(entry) for entry in value] if isinstance(value, list) else value
