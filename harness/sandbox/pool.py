"""A pool of worker pairs: runs as many programs at a time as there are cores, with time limits scaled to the machine's speed."""

import atexit
import os
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache

from harness.sandbox.pair import WorkerPair
from harness.sandbox.records import Checks, Limits, Outcome, SandboxFailed

REFERENCE_CPU_SECONDS = 0.12
MAX_SLOWNESS = 10.0
MEMORY_BESIDE_OTHERS = 2 * 1024**3
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

Job = Callable[[WorkerPair, Limits], Outcome]


class Pool:
    """Runs isolated programs, from any thread; a caller waits for a free pair of workers.

    A program that was stopped because it idled is run once more with no other program beside it, because the machine may have
    been busy. So is one that needs more memory than `MEMORY_BESIDE_OTHERS`, where its limits grant it more.

    Attributes:
        size: how many programs run at a time.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._free: queue.LifoQueue[WorkerPair] = queue.LifoQueue()
        self._pairs = [WorkerPair(slot) for slot in range(size)]
        self._entry = threading.Lock()
        self._owner = os.getpid()
        for pair in reversed(self._pairs):
            self._free.put(pair)

    def check(self, program: str, tests: Checks, limits: Limits) -> Outcome:
        """Run tests against an untrusted program.

        Raises:
            BrokenTests: the tests themselves do not load.
            IsolationMissing: this machine cannot isolate programs.
            SandboxFailed: the program was not started, twice.
        """
        return self._judge(lambda pair, scaled: pair.check(program, tests, scaled), limits.scaled(self.slowness))

    def run(self, program: str, stdin: str, limits: Limits) -> Outcome:
        """Run an untrusted program as a script.

        Raises:
            IsolationMissing: this machine cannot isolate programs.
            SandboxFailed: the program was not started, twice.
        """
        return self._judge(lambda pair, scaled: pair.run(program, stdin, scaled), limits.scaled(self.slowness))

    def close(self) -> None:
        """Kill all workers. No program may be running. In a fork of the process that made the pool, this does nothing."""
        if os.getpid() != self._owner:
            return
        for pair in self._pairs:
            pair.close()

    @property
    def slowness(self) -> float:
        """The CPU seconds of a fixed program on this machine, divided by those on the reference machine; from 1 to 10.

        It is measured once, isolated, by the fastest of three runs.

        Raises:
            IsolationMissing: this machine cannot isolate programs.
            SandboxFailed: the program did not run.
        """
        if self._slowness is None:
            self._slowness = self._calibrate()
        return self._slowness

    _slowness: float | None = None

    def _calibrate(self) -> float:
        outcomes = [
            self._judge(lambda pair, limits: pair.run(_WORKLOAD, "", limits), Limits())
            for _ in range(_CALIBRATION_RUNS)
        ]
        failed = next((o for o in outcomes if o.verdict != "passed"), None)
        if failed is not None:
            raise SandboxFailed(f"the program that calibrates the time limits did not run: {failed.explanation}")
        return min(max(min(o.cpu_seconds for o in outcomes) / REFERENCE_CPU_SECONDS, 1.0), MAX_SLOWNESS)

    def _judge(self, job: Job, limits: Limits) -> Outcome:
        beside_others = replace(limits, memory_bytes=min(limits.memory_bytes, MEMORY_BESIDE_OTHERS))
        with self._pair() as pair:
            outcome = _try_twice(pair, job, beside_others)
        if not outcome.by_wall_clock and (outcome.verdict != "memory" or limits == beside_others):
            return outcome
        with self._only_pair() as pair:
            return _try_twice(pair, job, limits)

    @contextmanager
    def _pair(self) -> Iterator[WorkerPair]:
        with self._entry:
            pair = self._free.get()
        try:
            yield pair
        finally:
            self._free.put(pair)

    @contextmanager
    def _only_pair(self) -> Iterator[WorkerPair]:
        """Take all pairs and give one, so that no other program runs; other callers wait."""
        with self._entry:
            pairs = [self._free.get() for _ in range(self.size)]
            try:
                yield pairs[0]
            finally:
                for pair in pairs:
                    self._free.put(pair)


def _try_twice(pair: WorkerPair, job: Job, limits: Limits) -> Outcome:
    """Run a job, and once more with new workers where the old ones were lost before the program started."""
    try:
        return job(pair, limits)
    except SandboxFailed:
        pair.close()
        return job(pair, limits)


@cache
def shared_pool() -> Pool:
    """Return the pool that all graders of this process use; its workers start with the first program."""
    pool = Pool(len(os.sched_getaffinity(0)))
    atexit.register(pool.close)
    return pool


os.register_at_fork(after_in_child=shared_pool.cache_clear)


def require_isolation() -> None:
    """Check that this machine can run code tasks; call it before a model is loaded.

    Raises:
        IsolationMissing: it cannot; the message ends with the command that fixes it.
        SandboxFailed: a worker did not answer, or the calibrating program did not run.
    """
    _ = shared_pool().slowness
