"""Find the items that show nothing about a program.

An item's own solution must pass its tests, and a program that does nothing must not. What is found of an item is kept, so that
each of the two programs runs once for all responses.
"""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from harness.grading.base import Grade

T = TypeVar("T")


@dataclass(frozen=True)
class Run:
    """A run of an item's tests against a program.

    Attributes:
        calls: how often the tests called the program, which shows how far it came.
    """

    grade: Grade
    calls: int = 0


@dataclass
class _Once:
    """Results by key. The first to ask for one computes it, and others wait."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    results: dict[str, Future[Any]] = field(default_factory=dict)

    def result(self, key: str, compute: Callable[[], T]) -> T:
        with self.lock:
            known: Future[T] | None = self.results.get(key)
            mine: Future[T] = self.results.setdefault(key, Future())
        if known is not None:
            return known.result()
        try:
            mine.set_result(compute())
        except BaseException as error:
            with self.lock:
                del self.results[key]
            mine.set_exception(error)
            raise
        return mine.result()

    def forget(self) -> None:
        self.lock = threading.Lock()
        self.results = {}


_ONCE = _Once()
os.register_at_fork(after_in_child=_ONCE.forget)


def idle_fault(key: str, judge: Callable[[str], Grade], idle: str) -> str | None:
    """Return why an item's tests show nothing: a program that does nothing passes, or they do not load. None where they do.

    Args:
        key: names the item, its tests and their limits.
        judge: runs the tests against a program.
        idle: a program that does nothing.

    Raises:
        GradingFailed: a program could not be started.
    """
    grade = _ONCE.result(f"idle {key}", lambda: judge(idle))
    if grade.state == "ungradable":
        return grade.explanation
    return "a program that does nothing passes the item's tests" if grade.state == "correct" else None


def solution_fault(key: str, run: Callable[[str], Run], solution: str, failed: Run) -> str | None:
    """Return why a failed run shows nothing about its program: the item's own solution fails too. None where it shows something.

    A program that comes further than the item's own solution has passed the test at which that fails. Then the solution is at
    fault rather than the tests.

    Raises:
        GradingFailed: the solution could not be started.
    """
    own = _ONCE.result(f"own {key}", lambda: run(solution))
    if own.grade.state == "correct" or failed.calls > own.calls:
        return None
    return f"the item's own solution fails: {own.grade.explanation}"


def idle_functions(names: Sequence[str]) -> str:
    """Return a program whose functions do nothing and return None."""
    return "".join(f"def {name}(*args, **kwargs):\n    return None\n" for name in names) or "pass\n"
