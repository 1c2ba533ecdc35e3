"""What an export says of one model: its score on each task, and its responses to the items.

A record has one such model for each row and cell (the students of all seeds together), a benchmark run has one.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.evaluation.record import BenchRecord, TaskRecord
from harness.export.items import STATES, read_task
from harness.results.cells import cell_labels
from harness.results.items import ItemFile
from harness.results.schema import Interval, Provenance, ResultRecord, Row
from traceinv.digests import digest_text
from traceinv.records import FinishReason

HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True)
class TaskScore:
    """A model's score on a task.

    Attributes:
        accuracy: None where no item could be graded.
        sampling: how the model was asked.
        details: further figures, by name.
    """

    task: str
    version: str
    accuracy: Interval | None
    items: int
    sampling: Mapping[str, Any]
    details: Mapping[str, Any]


@dataclass(frozen=True)
class ItemResponse:
    """A response to an item.

    Attributes:
        sample: its number among all responses of all seeds to the item.
        score: None where the item is ungradable.
        text: None where it is not known.
    """

    task: str
    id: str
    sample: int
    seed: int | None
    state: str
    score: float | None
    text: str | None = None
    extracted: str | None = None
    explanation: str | None = None
    finish_reason: FinishReason | None = None


@dataclass(frozen=True)
class ExportedModel:
    """A model with its scores and responses.

    Attributes:
        collection: what the export is a part of: the record's id, or `traceinv-bench`.
        id: `DEVELOPER/MODEL`.
        details: what else is known of the model, by name.
    """

    collection: str
    id: str
    name: str
    details: Mapping[str, Any]
    provenance: Provenance
    scores: Sequence[TaskScore]
    responses: Sequence[ItemResponse] = field(repr=False)


def models_of_record(record: ResultRecord, items: ItemFile) -> Iterator[ExportedModel]:
    """Yield a model for each row and cell of a record whose items are there."""
    labels = cell_labels(row.cell for row in record.rows)
    for row in record.rows:
        responses = list(_row_responses(row, items))
        if responses:
            name = f"{row.name} ({labels[row.cell]})" if labels[row.cell] else row.name
            details = {"row": row.name, "kind": row.kind, "seeds": row.seeds, "runs": row.runs, **row.cell.model_dump()}
            yield ExportedModel(
                collection=record.id,
                id=f"traceinv/{record.id}-{slug(name)}",
                name=name,
                details=details,
                provenance=record.provenance,
                scores=[_row_score(row, task) for task in row.comparability.tasks if task in row.scores],
                responses=responses,
            )


def model_of_bench(folder: Path, record: BenchRecord) -> ExportedModel:
    """Return the model of a benchmark run.

    Raises:
        InputError: the samples of a task are missing or bad.
    """
    name = str(record.model["name"])
    is_hub = HUB_NAME.fullmatch(name) and not Path(name).exists()
    return ExportedModel(
        collection="traceinv-bench",
        id=name if is_hub else f"local/{slug(Path(name).name) or digest_text(name)[:12]}",
        name=name,
        details={key: value for key, value in record.model.items() if key != "name"},
        provenance=record.provenance,
        scores=[_bench_score(task) for task in record.tasks],
        responses=[response for task in record.tasks for response in _bench_responses(folder, task.name)],
    )


def slug(text: str) -> str:
    """Return a text with nothing but letters, digits, dots, underscores and dashes."""
    return re.sub(r"[^\w.-]+", "-", text, flags=re.ASCII).strip("-.")


def as_text(value: Any) -> str:
    """Return a value as text: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _row_score(row: Row, task: str) -> TaskScore:
    score = row.scores[task]
    return TaskScore(
        task=task,
        version=row.comparability.tasks[task],
        accuracy=score.accuracy,
        items=score.items,
        sampling=row.comparability.sampling.get(task, {}),
        details=score.model_dump(exclude={"accuracy", "items"}) | {"spread": score.accuracy.spread},
    )


def _row_responses(row: Row, items: ItemFile) -> Iterator[ItemResponse]:
    for task in row.comparability.tasks:
        repeats = items.repeats.get(task, 1)
        for place, run in enumerate(items.runs_of(row.name, row.cell)):
            for number, letter in enumerate(run.states.get(task, "")):
                state = STATES[letter]
                yield ItemResponse(
                    task=task,
                    id=items.ids[task][number // repeats],
                    sample=place * repeats + number % repeats,
                    seed=run.seed,
                    state=state,
                    score=None if state == "ungradable" else float(state == "correct"),
                )


def _bench_score(task: TaskRecord) -> TaskScore:
    figures = task.figures
    return TaskScore(
        task=task.name,
        version=task.version,
        accuracy=figures.accuracy,
        items=figures.items,
        sampling=task.sampling,
        details=figures.model_dump(mode="json", exclude={"accuracy", "items"})
        | {"grader": task.grader, "form": task.form, "data": task.data, "prompts": task.prompts},
    )


def _bench_responses(folder: Path, task: str) -> Iterator[ItemResponse]:
    for sample in read_task(folder, task):
        yield ItemResponse(
            task=task,
            id=sample.id,
            sample=sample.sample,
            seed=None,
            state=sample.state,
            score=sample.value,
            text=sample.response,
            extracted=sample.extracted,
            explanation=sample.explanation,
            finish_reason=sample.finish_reason,
        )
