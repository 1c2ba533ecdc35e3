"""Checks of a task: it loads, its prompts render, and its grader tells right answers from wrong ones.

Import this module late: it imports lm-eval.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.benchmarks.catalog import Benchmark
from harness.benchmarks.loading import LoadedTask, load
from harness.benchmarks.scorer import Item, call_task_code, grade_all
from harness.grading import GradingFailed
from traceinv.errors import GateError
from traceinv.reasoning import OPEN, wrap_reply

PROMPTS_SHOWN = 3
ITEMS_GRADED = 5


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes:
        name: the statement that was checked.
        passed: whether it holds.
        detail: what was checked; where it does not hold, the item and the grader's explanation.
    """

    name: str
    passed: bool
    detail: str


def check(
    benchmark: Benchmark, data_dir: str | None, parameters: Mapping[str, Any], *, all_items: bool = False
) -> tuple[list[Finding], list[str]]:
    """Check a task; return the findings and its first prompts.

    Args:
        all_items: whether the reference answer of every item is graded, rather than those of the first `ITEMS_GRADED`.

    Raises:
        InputError: its data is not available, or it cannot be loaded.
        GateError: its responses cannot be graded on this machine.
    """
    loaded = load(benchmark, data_dir, parameters)
    loaded.scorer.check_ready()
    prompts = [str(loaded.task.doc_to_text(item)) for item in loaded.items[:PROMPTS_SHOWN]]
    empty = [item["id"] for item, prompt in zip(loaded.items, prompts, strict=False) if not prompt.strip()]
    try:
        graded = list(_check_grader(loaded, all_items))
    except GradingFailed as error:
        raise GateError(f"grading failed: {error}") from None
    findings = [
        Finding("loads", True, f"{len(loaded.items)} items"),
        Finding(
            "prompts render", not empty, f"{empty[0]} has an empty prompt" if empty else f"{len(prompts)} rendered"
        ),
        Finding("has a version", benchmark.version != "none", f"version {benchmark.version}"),
        *graded,
    ]
    return findings, prompts


def _check_grader(loaded: LoadedTask, all_items: bool) -> Iterator[Finding]:
    checked = loaded.items if all_items else loaded.items[:ITEMS_GRADED]
    reasons = _ungradable(loaded, checked)
    listed = "; ".join(f"{identifier}: {reason}" for identifier, reason in reasons.items())
    yield Finding("every item can be graded", not reasons, listed or f"{len(checked)} items")
    checked = [item for item in checked if item["id"] not in reasons]
    items = checked[:ITEMS_GRADED]
    yield _expect(loaded, "an empty answer scores 0", [(item, "") for item in items], 0.0)
    reference_answer = loaded.scorer.reference_answer
    if reference_answer is None:
        yield Finding("the reference answer scores 1", True, "not checked: the data has no right answers")
        return
    right = [(item, call_task_code("reference_answer", item, reference_answer, item)) for item in checked]
    responses = [(item, wrap_reply("Let me see.", answer)) for item, answer in right]
    if not loaded.benchmark.metadata.get("thinks"):
        responses += right[:ITEMS_GRADED]
    yield _expect(loaded, "the reference answer scores 1", responses, 1.0)
    truncated = [(item, f"{OPEN}\nThe end may be this: {answer}") for item, answer in right[:ITEMS_GRADED]]
    yield _expect(loaded, "a truncated trace scores 0", truncated, 0.0)
    wrong = [
        (item, wrap_reply("Let me see.", answer))
        for item in items
        if (answer := _wrong_answer(loaded, item, reference_answer)) is not None
    ]
    if wrong:
        yield _expect(loaded, "a wrong answer scores 0", wrong, 0.0)
    else:
        missing = "all items have the same answer; give the Scorer a `wrong_answer`"
        yield Finding("a wrong answer scores 0", False, missing)


def _ungradable(loaded: LoadedTask, items: list[Item]) -> dict[str, str]:
    """Return the reason for each item that no response can be graded by, by the item's id."""
    grades = grade_all([(loaded.scorer.grade, "", item) for item in items])
    return {
        item["id"]: grade.explanation for item, grade in zip(items, grades, strict=True) if grade.state == "ungradable"
    }


def _wrong_answer(loaded: LoadedTask, item: Item, reference_answer: Callable[[Item], str]) -> str | None:
    """Write a wrong answer to an item: the task's own, or else the first right answer to another item that differs."""
    if loaded.scorer.wrong_answer is not None:
        return call_task_code("wrong_answer", item, loaded.scorer.wrong_answer, item)
    right = reference_answer(item)
    answers = (call_task_code("reference_answer", other, reference_answer, other) for other in loaded.items)
    return next((answer for answer in answers if answer != right), None)


def _expect(loaded: LoadedTask, name: str, responses: list[tuple[Item, str]], value: float) -> Finding:
    """Check that every response gets a value; where some do not, the first of them is named, and how many there are."""
    grades = grade_all([(loaded.scorer.grade, response, item) for item, response in responses])
    others = [
        f"{item['id']}: {grade.state}, {grade.explanation}"
        for (item, _), grade in zip(responses, grades, strict=True)
        if grade.state == "ungradable" or grade.value != value
    ]
    if not others:
        return Finding(name, True, f"{len(responses)} responses")
    more = f", and {len(others) - 1} more of {len(responses)} responses" if len(others) > 1 else ""
    return Finding(name, False, f"{others[0]}{more}")
