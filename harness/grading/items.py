"""Find the items that show nothing about a program.

An item's own solution must pass its tests, and a program that does nothing must not.
"""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from harness.grading.base import Grade

Trial = Callable[[str], Grade]
"""Runs a program against an item's tests and returns its grade."""


@dataclass
class _Faults:
    """The faults of the items of this process by key. The first to ask for one finds it, and others wait."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    found: dict[str, Future[str | None]] = field(default_factory=dict)

    def once(self, key: str, find: Callable[[], str | None]) -> str | None:
        with self.lock:
            known = self.found.get(key)
            mine = self.found.setdefault(key, Future())
        if known is not None:
            return known.result()
        try:
            mine.set_result(find())
        except BaseException as error:
            with self.lock:
                del self.found[key]
            mine.set_exception(error)
            raise
        return mine.result()

    def forget(self) -> None:
        self.lock = threading.Lock()
        self.found = {}


_FAULTS = _Faults()
os.register_at_fork(after_in_child=_FAULTS.forget)


def fault_of(key: str, trial: Trial, solution: str | None, idle: str) -> str | None:
    """Return why an item can grade no program; None where it can. It is found once for each item.

    Args:
        key: names the item, its tests and their limits.
        solution: the item's own solution; None where the data has none.
        idle: a program that does nothing.

    Raises:
        GradingFailed: a program could not be started.
    """
    return _FAULTS.once(key, lambda: _find_fault(trial, solution, idle))


def idle_functions(names: Sequence[str]) -> str:
    """Return a program whose functions do nothing and return None."""
    return "".join(f"def {name}(*args, **kwargs):\n    return None\n" for name in names) or "pass\n"


def _find_fault(trial: Trial, solution: str | None, idle: str) -> str | None:
    nothing = trial(idle)
    if nothing.state == "ungradable":
        return nothing.explanation
    if nothing.state == "correct":
        return "a program that does nothing passes the item's tests"
    own = None if solution is None else trial(solution)
    if own is None or own.state == "correct":
        return None
    return own.explanation if own.state == "ungradable" else f"the item's own solution fails: {own.explanation}"
