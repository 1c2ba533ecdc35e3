"""Whether a task is sound: it loads, its prompts render, its grader tells right from wrong. Imports lm-eval: import it late."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.benchmarks.catalog import Benchmark
from harness.benchmarks.loading import LoadedTask, load
from harness.benchmarks.scorer import Item, named
from harness.evaluation.ask import grade_all
from harness.grading import GradingFailed
from traceinv.errors import GateError
from traceinv.reasoning import OPEN, wrap_reply

SHOWN = 3
GRADED = 5
"""So many items are rendered, and have answers of each kind graded."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        detail: what was found; for a fault, the item and what the grader said of it.
    """

    name: str
    passed: bool
    detail: str


def check(benchmark: Benchmark, data_dir: str | None, parameters: Mapping[str, Any]) -> tuple[list[Finding], list[str]]:
    """The findings on a task, and its first prompts.

    Raises:
        InputError: its data is not to be had, or it cannot be loaded.
        GateError: nothing can be graded here.
    """
    loaded = load(benchmark, data_dir, parameters)
    loaded.scorer.check_ready()
    prompts = [str(loaded.task.doc_to_text(item)) for item in loaded.items[:SHOWN]]
    empty = [item["id"] for item, prompt in zip(loaded.items, prompts, strict=False) if not prompt.strip()]
    try:
        graded = list(_grader(loaded))
    except GradingFailed as error:
        raise GateError(f"grading failed: {error}") from None
    findings = [
        Finding("loads", True, f"{len(loaded.items)} items"),
        Finding("prompts render", not empty, f"{empty[0]} has an empty prompt" if empty else f"{len(prompts)} shown"),
        Finding("says its version", benchmark.version != "none", f"version {benchmark.version}"),
        *graded,
    ]
    return findings, prompts


def _grader(loaded: LoadedTask) -> Iterator[Finding]:
    scorer = loaded.scorer
    items = loaded.items[:GRADED]
    yield _expect(loaded, "an empty answer scores 0", [(item, "") for item in items], 0.0)
    if scorer.solve is None:
        yield Finding("the reference answer scores 1", True, "not checked: the data has no right answers")
        return
    right = [(item, named("solve", item, scorer.solve, item)) for item in items]
    reasoned = [(item, wrap_reply("Let me see.", answer)) for item, answer in right]
    if not loaded.benchmark.metadata.get("thinks"):
        reasoned += right
    yield _expect(loaded, "the reference answer scores 1", reasoned, 1.0)
    cut = [(item, f"{OPEN}\nThe end may be this: {answer}") for item, answer in right]
    yield _expect(loaded, "a truncated trace scores 0", cut, 0.0)
    wrong = [(item, answer) for item in items if (answer := _wrong_answer(loaded, item)) is not None]
    if wrong:
        yield _expect(
            loaded, "a wrong answer scores 0", [(item, wrap_reply("Let me see.", a)) for item, a in wrong], 0.0
        )
    else:
        yield Finding(
            "a wrong answer scores 0", False, "no two items have different answers; give the Scorer a `spoil`"
        )


def _wrong_answer(loaded: LoadedTask, item: Item) -> str | None:
    """What `spoil` writes, else the right answer of the first item whose own is another."""
    scorer = loaded.scorer
    if scorer.spoil is not None:
        return named("spoil", item, scorer.spoil, item)
    assert scorer.solve is not None
    own = scorer.solve(item)
    answers = (named("solve", other, scorer.solve, other) for other in loaded.items)
    return next((answer for answer in answers if answer != own), None)


def _expect(loaded: LoadedTask, name: str, answers: list[tuple[Item, str]], value: float) -> Finding:
    grades = grade_all([(loaded.scorer.grade, answer, item) for item, answer in answers])
    for (item, _), grade in zip(answers, grades, strict=True):
        if grade.state == "ungradable" or grade.value != value:
            return Finding(name, False, f"{item['id']}: {grade.state}, {grade.explanation}")
    return Finding(name, True, f"{len(answers)} answers")
