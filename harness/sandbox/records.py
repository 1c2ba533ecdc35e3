"""What is asked of the sandbox, and what it answers."""

from dataclasses import dataclass, replace
from typing import Literal

Verdict = Literal["passed", "failed", "error", "timeout", "memory", "blocked"]

THREADS = 64
OPEN_FILES = 64
FILE_BYTES = 16 * 1024**2


@dataclass(frozen=True)
class Limits:
    """What one program may use.

    Attributes:
        cpu_seconds: of loading, of one call of a function, or of a script; in seconds of the machine that the calibration
            compares with.
        total_cpu_seconds: over all calls; in the same seconds.
        idle_seconds: of the clock, in which neither the program nor its tests computed or waited for a core: what stops a
            program that sleeps, and leaves alone one that is slow because the machine is busy.
        wall_seconds: of the clock; a last resort.
        memory_bytes: of address space.
        output_bytes: of standard output; a program that writes more is stopped.
    """

    cpu_seconds: float = 5.0
    total_cpu_seconds: float = 60.0
    idle_seconds: float = 10.0
    wall_seconds: float = 900.0
    memory_bytes: int = 1024**3
    output_bytes: int = 8 * 1024**2

    def scaled(self, factor: float) -> "Limits":
        """The same limits on a machine that is slower by this factor."""
        return replace(
            self,
            cpu_seconds=self.cpu_seconds * factor,
            total_cpu_seconds=self.total_cpu_seconds * factor,
        )


@dataclass(frozen=True)
class Outcome:
    """What came of a program.

    Attributes:
        verdict: `passed` only where every test ran and held; `failed` where one did not; `error` where the program raised, did
            not load, or ended itself; `blocked` where it failed because it tried what the sandbox forbids, or wrote too much.
            A script that ran to its end has `passed`, and is for the caller to judge by its output.
        by_wall_clock: the program was stopped for the time that passed, not for the CPU seconds it used.
        output: a script's standard output.
    """

    verdict: Verdict
    explanation: str
    cpu_seconds: float = 0.0
    by_wall_clock: bool = False
    output: bytes = b""


@dataclass(frozen=True)
class Checks:
    """A benchmark's tests: Python code that calls the program's functions by their names.

    Attributes:
        code: runs with the program's functions in reach; the data set's own.
        setup: the data set's reference program; it gives the tests their helpers.
        remote: the names that mean the program's, where `Solution.method`, a method of an instance, goes by
            `Solution_method`; None for every name that the tests use and nobody else defines; then of `setup` only the
            imports are run.
        cases: plain data that the tests find as `CASES`.
    """

    code: str
    setup: str = ""
    remote: tuple[str, ...] | None = None
    cases: object = None


class BrokenTests(Exception):
    """The tests themselves do not load, so there is no verdict on any program."""
