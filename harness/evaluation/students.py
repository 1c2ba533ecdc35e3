"""A recipe's benchmark: what it asks, a model's responses to it, and their grades. Each can be made without the others."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.benchmarks.loading import LoadedTask
from harness.evaluation.ask import ask, to_response
from harness.evaluation.grade import grade_batch
from harness.evaluation.plan import describe_data, digest_texts, load_tasks, make_plan
from harness.evaluation.record import TASKS_FILE, TaskDescription, read_tasks, write_tasks
from harness.evaluation.requests import build_requests
from harness.evaluation.responses import (
    RESPONSES,
    SAMPLES,
    Response,
    Sample,
    open_responses,
    read_responses,
    remove_leftovers,
)
from harness.evaluation.settings import BenchSettings, EvalConfig
from harness.files import write_atomic
from traceinv.digests import digest_text
from traceinv.engines.base import Message
from traceinv.errors import GateError
from traceinv.progress import Progress
from traceinv.rows import write_rows

ITEMS_FILE = "items.json"
CHUNK = 256
"""Responses graded between two progress reports."""


def describe_items(config: EvalConfig, data: Path | None, out: Path) -> dict[str, Any]:
    """Write `items.json`: all that a model's responses depend on besides the model, and nothing of how they are graded.

    Args:
        config: what to ask.
        data: a folder with a mirror of the tasks' data; the hub without one.
        out: folder to write to.

    Returns:
        The stage's log: the number of `items`.

    Raises:
        InputError: a task's data cannot be loaded.
    """
    settings = _bench_settings(config, Path())
    rows = []
    for task in load_tasks(config.tasks, "chat", _text(data), config.parameters):
        samples = settings.samples or int(task.task.config.repeats)
        requests = build_requests(task, _render_as_json, 1, settings.limit, settings.generation, settings.seed)
        rows.append(
            {
                "name": task.benchmark.name,
                "items": len(requests),
                "messages": digest_texts([request.prompt for request in requests]),
                "prompts": digest_texts([request.text for request in requests]),
                "sampling": requests[0].arguments | {"samples": samples},
            }
        )
    write_atomic(out / ITEMS_FILE, json.dumps(rows, indent=1, sort_keys=True) + "\n")
    return {"items": sum(row["items"] for row in rows)}


def collect_responses(
    config: EvalConfig,
    model: Path,
    data: Path | None,
    out: Path,
    progress: Progress,
    trust_remote_code: bool = False,
) -> dict[str, Any]:
    """Ask a model the items of a recipe's tasks as `traceinv bench` does, without grading.

    Writes `responses/TASK.jsonl` and `tasks.json`, nothing else. Responses that a killed run left in `out` are kept.

    Args:
        config: what to ask.
        model: the model's folder.
        data: a folder with a mirror of the tasks' data; the hub without one.
        out: folder to write to; it may hold what a killed run with the same arguments left.
        progress: receives the share done.
        trust_remote_code: whether Python code in the model's folder may be run.

    Returns:
        The stage's log: all `responses`; those `resumed` from a killed run; those `repeated`, which were asked again
        although they were stored; `warnings`; and the `engine`.

    Raises:
        InputError: a task's data or the model cannot be loaded.
        GateError: the model does not read the rendered prompts as they are, or this machine cannot grade the responses.
    """
    plan = make_plan(_bench_settings(config, model, trust_remote_code), out, _text(data), check_prompts=True)
    files = {run.name: open_responses(out, run.name) for run in plan.runs}
    ask(plan, files, lambda batch: [to_response(answered) for answered in batch], progress)
    responses = [row for run in plan.runs for row in files[run.name].finish(run.response_keys)]
    write_tasks(out, plan.descriptions)
    remove_leftovers(out, RESPONSES, list(files), [TASKS_FILE])
    return {
        "responses": len(responses),
        "resumed": sum(file.resumed for file in files.values()),
        "repeated": sum(file.repeated for file in files.values()),
        "warnings": plan.warnings,
        "engine": plan.engine.describe(),
    }


def grade_responses(
    config: EvalConfig, responses: Path, data: Path | None, out: Path, progress: Progress
) -> dict[str, Any]:
    """Grade the responses that `collect_responses` stored; no model is loaded.

    Writes `samples/TASK.jsonl`, and `tasks.json` with the version, grader and data of the task as it grades now.

    Args:
        config: the one that the responses were collected with.
        responses: folder of the responses.
        data: a folder with a mirror of the tasks' data; the hub without one.
        out: folder to write to; what it holds is replaced.
        progress: receives the share done.

    Returns:
        The stage's log: `graded` responses, and those of them that are `ungradable`.

    Raises:
        InputError: a task's data cannot be loaded, or a row is not a response.
        GateError: a task does not ask what was asked, responses are missing, or the means of grading failed.
    """
    descriptions = read_tasks(responses)
    tasks = {task.benchmark.name: task for task in load_tasks(config.tasks, "chat", _text(data), config.parameters)}
    rows = {name: read_responses(responses, name) for name in tasks}
    total = sum(map(len, rows.values()))
    (out / SAMPLES).mkdir(parents=True, exist_ok=True)
    graded: list[Sample] = []
    for name, task in tasks.items():
        _check_same_text(task, rows[name])
        for start in range(0, len(rows[name]), CHUNK):
            chunk = rows[name][start : start + CHUNK]
            graded += grade_batch(chunk, [task] * len(chunk))
            progress(len(graded) / total)
        write_rows(out / SAMPLES / f"{name}.jsonl", graded[len(graded) - len(rows[name]) :])
    write_tasks(out, [_as_graded(description, tasks[description.name]) for description in descriptions])
    remove_leftovers(out, SAMPLES, list(rows), [TASKS_FILE])
    return {"graded": len(graded), "ungradable": sum(sample.value is None for sample in graded)}


def _bench_settings(config: EvalConfig, model: Path, trust_remote_code: bool = False) -> BenchSettings:
    loading: dict[str, Any] = {"trust_remote_code": True} if trust_remote_code and config.engine != "mock" else {}
    return BenchSettings(
        model=str(model),
        engine=config.engine,
        form="chat",
        tasks=tuple(config.tasks),
        samples=config.samples,
        limit=config.limit,
        seed=config.seed,
        batch_size=config.batch_size,
        model_args=loading,
        generation={} if config.max_tokens is None else {"max_gen_toks": config.max_tokens},
        parameters=config.parameters,
    )


def _text(data: Path | None) -> str | None:
    return None if data is None else str(data)


def _render_as_json(messages: Sequence[Message], add_generation_prompt: bool = True) -> str:
    return json.dumps([list(messages), add_generation_prompt])


def _check_same_text(task: LoadedTask, responses: Sequence[Response]) -> None:
    """Check that the task asks what was asked: its grader may have changed since, its text may not.

    Raises:
        GateError: an item is missing or has another text, or there is no response.
    """
    name = task.benchmark.name
    if not responses:
        raise GateError(f"{name}: there is no response to grade")
    for response in responses:
        item = task.by_id.get(response.id)
        if item is None or digest_text(task.text_of(item)) != response.text_hash:
            raise GateError(
                f"{name}: item {response.id} is not the question that was asked; collect the responses again"
            )


def _as_graded(description: TaskDescription, task: LoadedTask) -> TaskDescription:
    """Return a description with what depends on the grading, taken from the task as it is now."""
    metadata: Mapping[str, Any] = task.benchmark.metadata
    changes = {
        "version": task.benchmark.version,
        "grader": metadata.get("grader"),
        "data": describe_data(task),
        "estimator": metadata.get("estimator", "avg"),
    }
    return description.model_copy(update=changes)
