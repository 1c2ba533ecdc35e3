"""The cells of this process: as many programs at a time as there are cores, and the limits on time fitted to the machine."""

import atexit
import os
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from harness.sandbox.cell import Cell
from harness.sandbox.errors import SandboxFailed
from harness.sandbox.records import Checks, Limits, Outcome

REFERENCE_CPU_SECONDS = 0.12
MOST_SLOWNESS = 10.0
_CALIBRATION_RUNS = 3
_WORKLOAD = """
table = {}
for i in range(240_000):
    key = (i * 2654435761) % 65_537
    table[key] = table.get(key, 0) + len(str(i)) % 7
ordered = sorted(table.items(), key=lambda pair: (pair[1], pair[0]))
text = ",".join(f"{key}:{count}" for key, count in ordered)
assert len(text.split(",")) == len(table)
"""


class Pool:
    """Runs programs in isolated cells, from any thread; a caller waits for a free cell.

    A program that the wall clock stopped is run once more with no other program beside it, since the machine may have been busy.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._free: queue.LifoQueue[Cell] = queue.LifoQueue()
        self._cells = [Cell(slot) for slot in range(size)]
        self._entry = threading.Lock()
        self._owner = os.getpid()
        for cell in reversed(self._cells):
            self._free.put(cell)

    def check(self, program: str, tests: Checks, limits: Limits) -> Outcome:
        """Run tests against an untrusted program.

        Raises:
            BrokenTests: the tests themselves do not load.
            IsolationMissing: this machine cannot isolate programs.
            SandboxFailed: the program was not started, twice.
        """
        scaled = limits.scaled(self.slowness)
        return self._judge(lambda cell: cell.check(program, tests, scaled))

    def run(self, program: str, stdin: str, limits: Limits) -> Outcome:
        """Run an untrusted program as a script.

        Raises:
            IsolationMissing: this machine cannot isolate programs.
            SandboxFailed: the program was not started, twice.
        """
        scaled = limits.scaled(self.slowness)
        return self._judge(lambda cell: cell.run(program, stdin, scaled))

    def close(self) -> None:
        """Kill all workers; not to be called while a program runs. In a fork of the process that made the pool, do nothing."""
        if os.getpid() != self._owner:
            return
        for cell in self._cells:
            cell.close()

    @property
    def slowness(self) -> float:
        """How many times as long as on the reference machine a program takes here, in CPU seconds; at least 1.

        Measured once, in a cell, by the fastest of a few runs of a fixed program.
        """
        if self._slowness is None:
            self._slowness = self._calibrate()
        return self._slowness

    _slowness: float | None = None

    def _calibrate(self) -> float:
        outcomes = [self._judge(lambda cell: cell.run(_WORKLOAD, "", Limits())) for _ in range(_CALIBRATION_RUNS)]
        failed = next((o for o in outcomes if o.verdict != "passed"), None)
        if failed is not None:
            raise SandboxFailed(f"the calibrating program did not run: {failed.explanation}")
        return min(max(min(o.cpu_seconds for o in outcomes) / REFERENCE_CPU_SECONDS, 1.0), MOST_SLOWNESS)

    def _judge(self, job: Callable[[Cell], Outcome]) -> Outcome:
        with self._cell() as cell:
            outcome = _try_twice(cell, job)
        if not outcome.by_wall_clock:
            return outcome
        with self._only_cell() as cell:
            return _try_twice(cell, job)

    @contextmanager
    def _cell(self) -> Iterator[Cell]:
        with self._entry:
            cell = self._free.get()
        try:
            yield cell
        finally:
            self._free.put(cell)

    @contextmanager
    def _only_cell(self) -> Iterator[Cell]:
        """A cell while all others rest; who comes meanwhile waits at the entry."""
        with self._entry:
            cells = [self._free.get() for _ in range(self.size)]
            try:
                yield cells[0]
            finally:
                for cell in cells:
                    self._free.put(cell)


def _try_twice(cell: Cell, job: Callable[[Cell], Outcome]) -> Outcome:
    """A worker that was lost between programs says nothing about this one."""
    try:
        return job(cell)
    except SandboxFailed:
        cell.close()
        return job(cell)


@cache
def shared_pool() -> Pool:
    """The pool that all graders of this process use.

    Raises:
        IsolationMissing: this machine cannot isolate programs.
    """
    pool = Pool(len(os.sched_getaffinity(0)))
    atexit.register(pool.close)
    return pool


os.register_at_fork(after_in_child=shared_pool.cache_clear)


def require_isolation() -> None:
    """Make sure, before any model is loaded, that code tasks can run here.

    Raises:
        IsolationMissing: they cannot; the message ends with the command that mends it.
        SandboxFailed: a worker did not answer, or the calibrating program did not run.
    """
    _ = shared_pool().slowness
