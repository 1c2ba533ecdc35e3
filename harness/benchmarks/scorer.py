"""A grader as lm-eval's `process_results`, and what tasks and harness both need of it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from traceback import extract_tb
from typing import Any, TypeVar, get_args

from harness.grading import Grade, GradingFailed, State
from traceinv.errors import GateError, InputError

Item = Mapping[str, Any]
T = TypeVar("T")
STATES: tuple[State, ...] = get_args(State)
FAILURES: tuple[State, ...] = ("no_answer", "unfinished", "bad_format")


class Scorer:
    """Grades one item's responses, each a sample, as lm-eval asks for it.

    lm-eval calls it with an item and its responses; the harness calls `grade` for single ones.

    Attributes:
        solve: writes the item's right answer as a model would after its reasoning; `traceinv tasks check` grades it. None where
            the data has no right answers.
        spoil: writes a wrong answer to the item, likewise; None where another item's right answer is one.
        check_ready: raises where nothing can be graded on this machine, so that no model is asked in vain.
    """

    def __init__(
        self,
        grade: Callable[[str, Item], Grade],
        solve: Callable[[Item], str] | None,
        check_ready: Callable[[], None] = lambda: None,
        spoil: Callable[[Item], str] | None = None,
    ) -> None:
        self.grade = grade
        self.solve = solve
        self.spoil = spoil
        self.check_ready = check_ready

    def __call__(self, item: Item, responses: Sequence[Any]) -> dict[str, float]:
        """The item's metrics: `acc` is the mean over its samples, left out where none could be graded."""
        samples = responses[0] if responses and isinstance(responses[0], list) else responses
        return metrics([self.grade(response, item) for response in samples])


def named(what: str, item: Item, function: Callable[..., T], *arguments: Any) -> T:
    """What a task's own function gives; where it fails, the item and the line are named, since hundreds of items are graded.

    Raises:
        GradingFailed: it raised something that it did not mean for the user.
    """
    try:
        return function(*arguments)
    except (GradingFailed, GateError, InputError):
        raise
    except Exception as error:
        at = extract_tb(error.__traceback__)[-1]
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise GradingFailed(
            f"{item['id']}: {what} raised {reason} ({Path(at.filename).name}, line {at.lineno})"
        ) from error


def metrics(grades: Sequence[Grade]) -> dict[str, float]:
    """One item's means over its samples; `acc` is over those that could be graded, and absent where there is none."""
    rates = {state: sum(grade.state == state for grade in grades) / len(grades) for state in (*FAILURES, "ungradable")}
    values = [grade.value for grade in grades if grade.state != "ungradable"]
    return ({"acc": sum(values) / len(values)} if values else {}) | rates


def keep_all(responses: list[list[str]], items: Sequence[Item]) -> list[list[str]]:
    """lm-eval's filter for tasks with repeats: every sample is graded, not the first alone."""
    return responses


def boxed(answer: str) -> str:
    r"""An answer as the math tasks ask for it."""
    return f"The answer is $\\boxed{{{answer}}}$."


def fenced(program: str) -> str:
    """A program as the code tasks ask for it."""
    return f"```python\n{program}\n```"
