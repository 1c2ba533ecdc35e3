"""The lock of a benchmark run's folder: its settings stay, but limit and number of samples may be raised."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from harness.evaluation.plan import BenchPlan, TaskRun
from harness.evaluation.record import TaskDescription
from harness.evaluation.settings import (
    BenchSettings,
    before_raise,
    check_lock,
    lock_settings,
    lowered,
    read_lock,
    write_lock,
)
from traceinv.errors import InputError

ONE_STREAM = ("transformers",)
"""Engines that draw all samples of a run from one stream of random numbers; the others seed every request by itself."""


def lock_run(plan: BenchPlan, out: Path, model: Mapping[str, Any], stored: int, notify: Callable[[str], None]) -> None:
    """Lock a folder to a run; a folder that is locked already must hold this run, or a part of it.

    A part has the first items of each task, or fewer samples of each. Its responses are kept.

    Args:
        plan: the run.
        out: the folder.
        model: the description of the model that results depend on.
        stored: how many responses the folder holds.
        notify: called with a note where the folder holds a part.

    Raises:
        InputError: the folder holds another run, or a part whose responses are not those of the whole run.
    """
    content = _content(plan.settings, model, plan.descriptions)
    before = before_raise(out, plan.settings)
    locked = read_lock(out)
    if locked is None or before == plan.settings:
        lock_settings(out, content)
        return
    parts = [_part(run, out, before.limit, locked) for run in plan.runs]
    check_lock(out, _content(before, model, parts))
    if stored:
        notify(_check_kept(plan, out, stored))
    write_lock(out, content)


def _content(
    settings: BenchSettings, model: Mapping[str, Any], descriptions: Iterable[TaskDescription]
) -> dict[str, Any]:
    tasks = {description.name: description.model_dump(mode="json") for description in descriptions}
    return {"settings": settings.decisive(), "model": model, "tasks": tasks}


def _part(run: TaskRun, out: Path, limit: int | None, locked: Mapping[str, Any]) -> TaskDescription:
    """Describe the part of a task's run that the folder holds.

    Raises:
        InputError: the folder has more samples than the run.
    """
    now: int = run.description.sampling["samples"]
    before: int = locked["tasks"].get(run.name, {}).get("sampling", {}).get("samples", now)
    if now < before:
        raise lowered(out, "samples", before, now)
    return run.describe_part(limit, before)


def _check_kept(plan: BenchPlan, out: Path, stored: int) -> str:
    """Check that stored responses are those that the whole run would have given; return a note that they are kept.

    Raises:
        InputError: they are not.
    """
    sampled = any(request.sampling.temperature > 0 for request in plan.requests)
    if plan.settings.engine not in ONE_STREAM:
        return f"{out} holds {stored} of {len(plan.requests)} responses; they are kept"
    if sampled:
        raise InputError(
            f"--out {out}: limit and samples cannot be raised for sampled responses of the engine {plan.settings.engine}:"
            " all are drawn from one stream of random numbers, so a larger run from the start would have others;"
            " choose another folder, or another engine"
        )
    return (
        f"{out} holds {stored} of {len(plan.requests)} responses; they are kept. Greedy replies of the engine"
        f" {plan.settings.engine} depend on the other prompts of their batch through rounding alone"
    )
