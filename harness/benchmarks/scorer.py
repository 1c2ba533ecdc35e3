"""How a task grades responses: the `Scorer` that lm-eval calls, and the parts that several tasks share."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from traceback import extract_tb
from typing import Any, TypeVar, get_args

from harness.grading import (
    EXPRESSION_RULE,
    NUMBER_RULE,
    Grade,
    GradingFailed,
    Rule,
    State,
    grade_choice,
    grade_humaneval,
    grade_math,
)
from harness.sandbox import require_isolation
from traceinv.errors import GateError, InputError

Item = Mapping[str, Any]
GradeResponse = Callable[[str, Item], Grade]
T = TypeVar("T")
STATES: tuple[State, ...] = get_args(State)
FAILURES: tuple[State, ...] = ("no_answer", "unfinished", "bad_format")


class Scorer:
    """A task's grader, in the form of lm-eval's `process_results`.

    lm-eval calls the object with an item and its responses; the harness calls `grade` with one response at a time.

    Attributes:
        grade: grades one response to an item.
        reference_answer: writes an item's right answer as a model would after its reasoning; None where the data has no right
            answers.
        wrong_answer: writes a wrong answer to an item; None where another item's right answer serves as one.
        check_ready: raises an error where this machine cannot grade; it is called before a model is loaded.
    """

    def __init__(
        self,
        grade: GradeResponse,
        reference_answer: Callable[[Item], str] | None,
        check_ready: Callable[[], None] = lambda: None,
        wrong_answer: Callable[[Item], str] | None = None,
    ) -> None:
        self.grade = grade
        self.reference_answer = reference_answer
        self.wrong_answer = wrong_answer
        self.check_ready = check_ready

    def __call__(self, item: Item, responses: Sequence[Any]) -> dict[str, float]:
        """Return one item's metrics; see `metrics`."""
        samples = responses[0] if responses and isinstance(responses[0], list) else responses
        return metrics([self.grade(response, item) for response in samples])


def math_scorer(rule: Rule = EXPRESSION_RULE) -> Scorer:
    """Return the scorer of a math task whose items have a `reference`; `rule` says where the answer stands in a response."""
    return Scorer(
        lambda response, item: grade_math(response, item["reference"], rule=rule),
        reference_answer=lambda item: boxed(item["reference"]),
    )


def choice_scorer(options: str = "ABCD") -> Scorer:
    """Return the scorer of a task whose items have one right option: the `reference` is its letter.

    An item may have letters of its own in a field `options`, such as `ABCDE`.
    """

    def options_of(item: Item) -> str:
        return item.get("options") or options

    return Scorer(
        lambda response, item: grade_choice(response, item["reference"], options=options_of(item)),
        reference_answer=lambda item: boxed(item["reference"]),
        wrong_answer=lambda item: boxed(next(letter for letter in options_of(item) if letter not in item["reference"])),
    )


def humaneval_scorer(plus: bool = False) -> Scorer:
    """Return the scorer of a code task whose items have HumanEval's fields; for `plus` see `grade_humaneval`."""
    return Scorer(
        lambda response, item: grade_humaneval(
            response,
            prompt=item["prompt"],
            test=item["test"],
            entry_point=item["entry_point"],
            canonical_solution=item["canonical_solution"],
            plus=plus,
        ),
        reference_answer=lambda item: fenced(item["prompt"] + item["canonical_solution"]),
        check_ready=require_isolation,
    )


score_number = math_scorer(NUMBER_RULE)
"""The `process_results` of a task without Python of its own, whose answers are numbers."""
score_expression = math_scorer()
"""The same for answers that are numbers or expressions."""
score_choice = choice_scorer()
"""The same for answers that are the letter of an option, A to D unless the items say otherwise."""


def grade_all(jobs: Sequence[tuple[GradeResponse, str, Item]]) -> list[Grade]:
    """Grade (grader, response, item) jobs, several at a time; the grades have the order of the jobs.

    Raises:
        GateError: the means of grading failed; no response is scored 0 for it.
    """
    try:
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            return list(pool.map(lambda job: call_task_code("the grader", job[2], job[0], job[1], job[2]), jobs))
    except GradingFailed as error:
        raise GateError(f"grading failed: {error}") from None


def call_task_code(what: str, item: Item, function: Callable[..., T], *arguments: Any) -> T:
    """Call a task's own function; where it fails, name the item and the line of the task's code.

    Args:
        what: the function's name, for the message.
        item: the item that the call is about.

    Raises:
        GradingFailed: the function raised an error that is not one of ours.
    """
    try:
        return function(*arguments)
    except (GradingFailed, GateError, InputError):
        raise
    except Exception as error:
        frame = extract_tb(error.__traceback__)[-1]
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise GradingFailed(
            f"{item['id']}: {what} raised {reason} ({Path(frame.filename).name}, line {frame.lineno})"
        ) from error


def metrics(grades: Sequence[Grade]) -> dict[str, float]:
    """Return one item's metrics over its samples: `acc`, and the rate of each way to get no verdict on an answer.

    `acc` is the mean over the samples that could be graded; it is absent where there is none.
    """
    rates = {state: sum(grade.state == state for grade in grades) / len(grades) for state in (*FAILURES, "ungradable")}
    values = [grade.value for grade in grades if grade.state != "ungradable"]
    return ({"acc": sum(values) / len(values)} if values else {}) | rates


def keep_all(responses: list[list[str]], items: Sequence[Item]) -> list[list[str]]:
    """Keep every sample of every item, as lm-eval's filter; without it lm-eval grades the first sample alone."""
    return responses


def boxed(answer: str) -> str:
    r"""Write an answer in the form that the math tasks ask for."""
    return f"The answer is $\\boxed{{{answer}}}$."


def fenced(program: str) -> str:
    """Write a program in the form that the code tasks ask for."""
    return f"```python\n{program}\n```"
