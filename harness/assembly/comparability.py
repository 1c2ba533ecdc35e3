"""What two rows must share before their accuracies may stand in one table."""

import json
from collections.abc import Mapping

from harness.evaluation.students import TASKS_FILE
from harness.pipeline.plan import Experiment, External, Stage
from harness.pipeline.store import Artifact, digest_json
from harness.results.schema import Conditions

SHOWN = 12


def conditions(experiment: Experiment, artifacts: Mapping[str, Artifact]) -> Conditions:
    """Of a finished run, by content: the same recipe on another machine may give another target."""
    asked = next(
        stage for stage in experiment.stages if stage.kind == "transcripts" and stage.name.startswith("target ")
    )
    student = experiment.models["target", None].inputs["base"]
    scored = artifacts[next(iter(experiment.scores.values())).name].path
    tasks = json.loads((scored / TASKS_FILE).read_text(encoding="utf-8"))

    def digest(source: Stage | External) -> str:
        return source.digest if isinstance(source, External) else artifacts[source.name].digest

    return Conditions(
        target=digest_json([digest(asked.inputs["model"]), dict(asked.params)])[:SHOWN],
        student=digest_json([digest(student), experiment.recipe.student.model_dump(mode="json")])[:SHOWN],
        data=digest(asked.inputs["questions"])[:SHOWN],
        tasks={task["name"]: task["version"] for task in tasks},
        prompts=digest_json([task["prompts"] for task in tasks])[:SHOWN],
        sampling={task["name"]: task["sampling"] for task in tasks},
    )
