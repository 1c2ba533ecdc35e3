"""A recipe's students on its benchmark: the way of `traceinv bench`, with what a comparison of students asks for beside it.

Imports lm-eval: import it late.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.evaluation.ask import STREAM, Part, Prepared, Report, ask, prepare
from harness.evaluation.models import LocalModel
from harness.evaluation.responses import Sample
from harness.evaluation.settings import Settings
from traceinv.errors import GateError
from traceinv.formatting import check_prompt
from traceinv.progress import Progress

TASKS_FILE = "tasks.json"


class _Log(Report):
    """Warnings for the stage's log, and the share done for who watches."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.warnings: list[str] = []

    def warn(self, message: str) -> None:
        self.warnings.append(message)

    def advance(self, done: int, total: int) -> None:
        self.progress(done / total)


def score_student(
    params: Mapping[str, Any], model: Path, data: Path | None, out: Path, progress: Progress
) -> dict[str, Any]:
    """Ask and grade; `out` gets a file of samples a task, and `tasks.json`, what each task was.

    Args:
        params: a recipe's `Benchmark`.
        model: the student's folder.
        data: a folder with a mirror of the tasks' data.
        out: an empty folder.
        progress: told the share done.

    Raises:
        InputError: a task's data is not to be had.
        GateError: the first prompt does not pass the render gate, or nothing can be graded here.
    """
    log = _Log(progress)
    prepared = prepare(_settings(params, model), out, str(data) if data else None, log)
    _check(prepared)
    ask(prepared.parts, prepared.model, log)
    samples = [sample for part in prepared.parts for sample in _ordered(part)]
    (out / TASKS_FILE).write_text(json.dumps(prepared.descriptions, indent=1) + "\n")
    (out / STREAM).unlink(missing_ok=True)
    return {"samples": len(samples), "warnings": log.warnings}


def _settings(params: Mapping[str, Any], model: Path) -> Settings:
    limit = params["max_tokens"]
    return Settings(
        model=str(model),
        engine=params["engine"],
        form="chat",
        tasks=tuple(params["tasks"]),
        samples=params["samples"],
        limit=params["limit"],
        seed=params["seed"],
        batch_size=params["batch_size"],
        model_args={"add_bos_token": False},  # special tokens are the template's own, as when the student was taught
        generation={} if limit is None else {"max_gen_toks": limit},
        parameters=params["parameters"],
    )


def _check(prepared: Prepared) -> None:
    if not isinstance(prepared.model, LocalModel):
        raise GateError("render gate: the student must be a local model, whose tokens can be looked at")
    check_prompt(prepared.model.lm.tokenizer, prepared.parts[0].asks[0].prompt)


def _ordered(part: Part) -> list[Sample]:
    return part.file.order([ask.key for ask in part.asks])
