"""A finished run without models: a plan, and for each of its nodes an artifact with what the record reads of it."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sample_records import REACHED, STYLE, faithfulness_row, utility
from small_recipe import SMALL_RECIPE

from harness.evaluation.record import TaskDescription, write_tasks
from harness.evaluation.responses import SAMPLES, Sample
from harness.pipeline.descriptions import Artifact, Description
from harness.pipeline.graph import Node
from harness.pipeline.plan import Plan, plan
from harness.pipeline.recipe import Recipe
from harness.stages.calibration import FIGURES
from harness.stages.exact_bits import EXACT
from harness.stages.likelihood import LIKELIHOOD
from harness.stages.reading import READING
from harness.stages.style import STYLE as STYLE_FILE
from harness.stages.utility import UTILITY
from traceinv.rows import write_rows

ITEMS = 40
"""Items of each task."""
TRAINED = {"examples": 9, "loss_tokens": 90, "steps": 3, "first_row": "a row", "losses": []}
INTERRUPTIONS = {"resumed": 3, "repeated": 1}
LOGS: dict[str, dict[str, Any]] = {
    "reasoning_model": TRAINED,
    "inverter": TRAINED | {"too_long": 1},
    "student": TRAINED,
    "transcripts": {"questions": 32, "complete": 30, "cut_off": 2, "engine": {"batch_size": 128, "device": "cpu"}},
    "inversions": {"inversions": 30, "finished": 28, "cut_off": 2},
    "examples": {"rows": 28, "too_long": 2},
    "shared_rows": {"asked": 32, "shared": 9},
    "responses": {"responses": 2 * ITEMS, "warnings": []},
}
"""What stages report, by kind."""
BITS = {"question": 100.0, "answer": 90.0, "summary": 40.0}


def planned(**changes: Any) -> Plan:
    """Plan the small recipe with some values changed."""
    return plan(Recipe.model_validate(SMALL_RECIPE | changes))


def fake_artifacts(plan: Plan, folder: Path, log: Mapping[str, Any] | None = None) -> dict[str, Artifact]:
    """Write an artifact for each node; `log` is added to the log of every stage.

    A regime's students answer as many items correctly as in the sample records, the first ones of each task.
    """
    return {node.id: _artifact(node, folder / node.id, log or {}) for node in plan.graph}


def write_contents(node: Node, folder: Path) -> None:
    """Write the files that the record reads of a node's artifact."""
    if node.kind.name in CONTENTS:
        CONTENTS[node.kind.name](node, folder)


def rewrite_samples(artifact: Artifact, task: str, change: Callable[[list[Sample]], list[Sample]]) -> None:
    """Replace the graded responses of a task in an artifact of the stage `grades`."""
    path = artifact.path / SAMPLES / f"{task}.jsonl"
    samples = [Sample.model_validate_json(line) for line in path.read_text().splitlines()]
    write_rows(path, change(samples))


def _artifact(node: Node, folder: Path, log: Mapping[str, Any]) -> Artifact:
    folder.mkdir(parents=True)
    write_contents(node, folder)
    description = Description(
        kind=node.kind.name,
        key=node.id,
        digest=f"digest of {node.id}",
        files={},
        version=node.kind.version,
        fingerprint="fingerprint",
        params=dict(node.params),
        inputs={},
        seconds=1.0,
        log={**LOGS.get(node.kind.name, {}), **log},
    )
    return Artifact(folder, description)


def _write_grades(node: Node, folder: Path) -> None:
    tasks = node.params["benchmark"]["tasks"]
    (folder / SAMPLES).mkdir()
    for task in tasks:
        correct = round(ITEMS * REACHED[str(node.labels["regime"])])
        rows = [_sample(f"{task}/{number:02}", number < correct) for number in range(ITEMS)]
        write_rows(folder / SAMPLES / f"{task}.jsonl", rows)
    write_tasks(folder, [_description(task) for task in tasks])


def _sample(item: str, correct: bool) -> Sample:
    return Sample(
        id=item,
        sample=0,
        prompt_hash="prompt",
        text_hash="text",
        response="",
        finish_reason="stop",
        tokens=5,
        state="correct" if correct else "wrong",
        value=float(correct),
        extracted=None,
        explanation="",
    )


def _description(task: str) -> TaskDescription:
    return TaskDescription(
        name=task,
        task=f"traceinv_{task}",
        form="chat",
        version="1.0",
        grader=None,
        data={},
        prompts="prompts",
        rendered="rendered",
        template="template",
        sampling={"temperature": 0},
        token_limit=8,
        token_limit_asked=8,
        estimator="avg",
    )


def _write_calibration(node: Node, folder: Path) -> None:
    figures = faithfulness_row(str(node.labels["regime"])).model_dump(exclude={"cell", "regime"})
    (folder / FIGURES).write_text(json.dumps(figures))


def _write_likelihood(node: Node, folder: Path) -> None:
    bits = {part: [BITS[part] + trace for trace in range(4)] for part in node.params["shown"]}
    (folder / LIKELIHOOD).write_text(json.dumps({"ids": list("abcd"), "tokens": [50, 60, 70, 80], "bits": bits}))


def _write_reading(node: Node, folder: Path) -> None:
    """Step F1 falls by 0.3 for an exchanged summary and not at all for an exchanged answer."""
    fall = 0.3 if node.labels["exchanged"] == "summary" else 0.0
    own = [0.5 + 0.01 * number for number in range(20)]
    content = {
        "asked": 24,
        "ids": [f"q{number}" for number in range(20)],
        "own": {"step_f1": own, "true_steps": [None] * 20},
        "exchanged": {"step_f1": [value - fall for value in own], "true_steps": [None] * 20},
        "unchanged": [fall == 0] * 20,
    }
    (folder / READING).write_text(json.dumps(content))


def _write_exact_bits(node: Node, folder: Path) -> None:
    bits = {"question": [4.0, 5.0], "answer": [3.0, 4.0], "summary": [1.0, 2.0]}
    (folder / EXACT).write_text(json.dumps(bits))


def _write_style(node: Node, folder: Path) -> None:
    (folder / STYLE_FILE).write_text(json.dumps(STYLE.model_dump(exclude={"cell"})))


def _write_utility(node: Node, folder: Path) -> None:
    (folder / UTILITY).write_text(utility().model_dump_json())


CONTENTS: dict[str, Callable[[Node, Path], None]] = {
    "grades": _write_grades,
    "calibration": _write_calibration,
    "likelihood": _write_likelihood,
    "exact_bits": _write_exact_bits,
    "reading": _write_reading,
    "style": _write_style,
    "utility": _write_utility,
}
"""What writes the files that a record reads, by the kind of stage."""
