"""The sandbox's inputs, outcomes and errors."""

from dataclasses import dataclass, replace
from typing import Literal

from traceinv.errors import InputError

Verdict = Literal["passed", "failed", "error", "timeout", "memory", "blocked"]

THREADS = 64
OPEN_FILES = 64
FILE_BYTES = 16 * 1024**2


@dataclass(frozen=True)
class Limits:
    """The limits on one program.

    CPU seconds are those of the reference machine of `Pool.slowness`.

    Attributes:
        cpu_seconds: the CPU time of loading the program, of one call of a function, or of a script.
        total_cpu_seconds: the CPU time of all calls together.
        idle_seconds: the wall time in which neither the program nor its tests compute or wait for a core. It stops a program
            that sleeps, and does not stop one that is slow because the machine is busy.
        wall_seconds: the wall time of the whole run; a last resort.
        memory_bytes: the size of the address space.
        output_bytes: the size of standard output; a program that writes more is stopped.
    """

    cpu_seconds: float = 5.0
    total_cpu_seconds: float = 60.0
    idle_seconds: float = 10.0
    wall_seconds: float = 900.0
    memory_bytes: int = 1024**3
    output_bytes: int = 8 * 1024**2

    def scaled(self, factor: float) -> "Limits":
        """Return the limits for a machine that is slower by a factor."""
        return replace(
            self,
            cpu_seconds=self.cpu_seconds * factor,
            total_cpu_seconds=self.total_cpu_seconds * factor,
        )


@dataclass(frozen=True)
class Outcome:
    """The outcome of a program.

    Attributes:
        verdict: `passed` where every test ran and held; `failed` where a test did not hold; `error` where the program raised,
            did not load, or ended itself; `timeout` and `memory` where it exceeded a limit; `blocked` where it did what the
            sandbox forbids, or wrote too much. A script that ended by itself has `passed`; the caller judges its output.
        explanation: the reason for the verdict.
        by_wall_clock: whether the program was stopped because it idled, rather than for the CPU seconds it used.
        output: a script's standard output.
        calls: how often the tests called the program.
    """

    verdict: Verdict
    explanation: str
    cpu_seconds: float = 0.0
    by_wall_clock: bool = False
    output: bytes = b""
    calls: int = 0


@dataclass(frozen=True)
class Checks:
    """A benchmark's tests: Python code that calls the program's functions by their names.

    Attributes:
        code: the data set's test code.
        setup: the data set's reference program, from which the tests take their helpers.
        remote: the names that refer to the program under test. A method `Solution.method` is called `Solution_method` in the
            tests. None stands for every name that the tests use and nothing else defines; then only the imports of `setup` run.
        cases: plain data that the tests can read as `CASES`.
    """

    code: str
    setup: str = ""
    remote: tuple[str, ...] | None = None
    cases: object = None


class BrokenTests(Exception):
    """The tests themselves do not load, so that no program can be judged by them."""


class SandboxFailed(Exception):
    """The program was never started, so that there is no verdict on it."""


class IsolationMissing(InputError):
    """This machine cannot isolate programs as it is set up; the message ends with the command that fixes it."""
