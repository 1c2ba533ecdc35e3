"""Scoring a model on tasks, through lm-eval."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from harness.grading import State
from traceinv.engines import Completion, Engine
from traceinv.engines.base import Progress
from traceinv.records import FinishReason

TASKS = Path(__file__).parent.parent / "tasks"
GROUPS = {"math": ("lab_chain", "lab_dials"), "code": ("lab_prints", "lab_compose")}
"""Tasks whose mean is reported together."""
FAILURES: tuple[State, ...] = ("no_answer", "unfinished", "bad_format")


class Item(BaseModel):
    """One graded answer.

    Attributes:
        id: the item's own id, such as `lab_chain/17`; answers of two models are compared by it.
        finish_reason: `length` where the answer hit the token limit.
        prompt_hash: lm-eval's hash of the rendered prompt.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    task: str
    state: State
    finish_reason: FinishReason
    tokens: int
    prompt_hash: str
    response: str

    @property
    def correct(self) -> bool:
        return self.state == "correct"


def score_model(
    engine: Engine, tasks: Sequence[str], limit: int | None, progress: Progress | None = None
) -> list[Item]:
    """Ask and grade every item of the tasks, in the tasks' order."""
    from lm_eval.evaluator import simple_evaluate
    from lm_eval.tasks import TaskManager

    from harness.lm import EngineLM

    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    manager = TaskManager(include_path=str(TASKS), include_defaults=False)
    model = EngineLM(engine, progress)
    results = simple_evaluate(
        model,
        tasks=list(tasks),
        limit=limit,
        task_manager=manager,
        apply_chat_template=True,
        bootstrap_iters=0,
        log_samples=True,
    )
    assert results is not None
    return [
        _item(task, sample, model.completions[task, sample["doc_id"], 0])
        for task in tasks
        for sample in sorted(results["samples"][task], key=lambda sample: sample["doc_id"])
    ]


def known_tasks() -> list[str]:
    """The names of the tasks that a recipe can score its students on, the lab's, read without lm-eval."""
    lines = (
        line
        for path in sorted((TASKS / "lab").rglob("*.yaml"))
        for line in path.read_text(encoding="utf-8").splitlines()
    )
    return [line.removeprefix("task:").strip() for line in lines if line.startswith("task:")]


def _item(task: str, sample: dict[str, Any], completion: Completion) -> Item:
    failed: list[State] = [state for state in (*FAILURES, "ungradable") if sample[state]]
    return Item(
        id=sample["doc"]["id"],
        task=task,
        state=failed[0] if failed else "correct" if sample["acc"] else "wrong",
        finish_reason=completion.finish_reason,
        tokens=completion.tokens,
        prompt_hash=sample["prompt_hash"],
        response=completion.text,
    )
