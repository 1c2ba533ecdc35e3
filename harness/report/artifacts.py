"""What a record's run left in its store: found by the names and keys of the stages that the record lists."""

import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from harness.pipeline.plan import Experiment, External, Stage, plan
from harness.pipeline.recipe import Recipe
from harness.pipeline.store import Artifact, Store
from harness.results.schema import ResultRecord
from traceinv.schema import describe

KEY = re.compile("[0-9a-f]+")


@dataclass(frozen=True)
class RunArtifacts:
    """A run's stages, and the artifacts of those that the store still has, by the stage's name."""

    experiment: Experiment
    found: dict[str, Artifact]

    def of(self, stage: Stage | External) -> Artifact | None:
        return self.found.get(stage.name) if isinstance(stage, Stage) else None


def find_artifacts(record: ResultRecord, store: Path) -> RunArtifacts | str:
    """The artifacts of a record's run, or one line that says why there are none."""
    if not store.is_dir():
        return f"the run's store is not at {store}"
    try:
        recipe = Recipe.model_validate(record.recipe)
    except ValidationError as error:
        return f"the record's recipe is not one of this version ({describe(error, Recipe)})"
    experiment = plan(recipe, External(Path(), ""))
    # A record may come from anyone, and a key is part of a path.
    keys = {stage.name: stage.key for stage in record.provenance.stages if KEY.fullmatch(stage.key)}
    shelf = Store(store)
    found = {
        stage.name: artifact
        for stage in experiment.stages
        if stage.name in keys and (artifact := shelf.find(stage.kind, keys[stage.name]))
    }
    return RunArtifacts(experiment, found) if found else f"the store {store} has no artifact of this run"
