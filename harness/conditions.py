"""What two rows must share before their accuracies may stand in one table."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.bench import TASKS, Item
from harness.experiment import Experiment, External, Stage
from harness.results import Conditions
from harness.store import Artifact, digest_json

SHOWN = 12


def conditions(experiment: Experiment, artifacts: Mapping[str, Artifact], items: Sequence[Item]) -> Conditions:
    """Of a finished run, by content: the same recipe on another machine may give another target."""
    asked = next(
        stage for stage in experiment.stages if stage.kind == "transcripts" and stage.name.startswith("target ")
    )
    student = experiment.models["target", None].inputs["base"]
    tasks = {task: _read_task(task) for task in experiment.recipe.benchmark.tasks}

    def digest(source: Stage | External) -> str:
        return source.digest if isinstance(source, External) else artifacts[source.name].digest

    return Conditions(
        target=digest_json([digest(asked.inputs["model"]), dict(asked.params)])[:SHOWN],
        student=digest_json([digest(student), experiment.recipe.student.model_dump(mode="json")])[:SHOWN],
        data=digest(asked.inputs["questions"])[:SHOWN],
        tasks={name: str(task.get("metadata", {}).get("version", "none")) for name, task in tasks.items()},
        prompts=digest_json(sorted({(item.id, item.prompt_hash) for item in items}))[:SHOWN],
        sampling={name: task.get("generation_kwargs", {}) for name, task in tasks.items()},
    )


def _read_task(name: str) -> dict[str, Any]:
    """The task's YAML with what it includes."""
    from lm_eval.tasks._yaml_loader import load_yaml

    for path in sorted(TASKS.rglob("*.yaml")):
        if f"task: {name}" in path.read_text(encoding="utf-8").splitlines():
            return dict(load_yaml(Path(path), resolve_func=False))
    raise ValueError(f"no YAML in {TASKS} defines the task {name!r}")
