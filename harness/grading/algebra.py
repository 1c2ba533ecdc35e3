"""Compare and evaluate expressions by computer algebra, in a process of its own.

The process runs `worker.py` and is kept between comparisons. A comparison that uses up its CPU time ends the process; the next
one starts a new process.
"""

import atexit
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from harness.grading.base import GradingFailed

CPU_SECONDS = 3.0
WALL_SECONDS = 30.0  # on a machine so busy that the CPU seconds take this long
START_SECONDS = 120.0

Verdict = Literal["equal", "different", "bad_answer", "bad_reference", "undecided"]


@dataclass(frozen=True)
class Equality:
    """Whether an answer equals its reference.

    Attributes:
        verdict: `bad_answer` where the answer cannot be read, `bad_reference` where the reference cannot, `undecided` where the
            comparison took too long.
        reason: the reason, in a few words.
    """

    verdict: Verdict
    reason: str


def compare_expressions(answer: str, reference: str, rounded: list[int] | None) -> Equality:
    """Compare two canonical expressions.

    Args:
        rounded: [numerator, denominator, step's denominator] of the decimal, where one of the two is a decimal that may be a
            rounding of the other.

    Raises:
        GradingFailed: the process could not be started, or was killed.
    """
    return _WORKER.ask({"answer": answer, "reference": reference, "rounded": rounded})


def evaluate_expression(expression: str) -> str | None:
    """Return the value of a canonical expression as a decimal; None where it has none.

    Raises:
        GradingFailed: as `compare_expressions`.
    """
    reply = _WORKER.ask({"answer": expression, "reference": None})
    return reply.reason if reply.verdict == "equal" else None


class _Worker:
    """The process that runs `worker.py`. It is started at the first request, and again after a request that ended it."""

    def __init__(self) -> None:
        self.forget()
        # a fork of the harness inherits the pipes to its parent's process, and must not write to them
        os.register_at_fork(after_in_child=self.forget)
        atexit.register(self.stop)

    def ask(self, request: dict[str, Any]) -> Equality:
        """Send a request and return the reply, or the reason why there is none."""
        with self._lock:
            process = self._running()
            try:
                _write(process, {**request, "seconds": CPU_SECONDS})
                reply = _read(process, WALL_SECONDS)
            except BrokenPipeError:
                reply = None
            if reply is None:
                return self._explain_silence(process)
            return Equality(cast(Verdict, reply["verdict"]), reply["reason"])

    def forget(self) -> None:
        """Forget the process without ending it."""
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def stop(self) -> None:
        """End the process; the next request starts a new one."""
        process, self._process = self._process, None
        if process is not None:
            _end(process)

    def _explain_silence(self, process: subprocess.Popen[str]) -> Equality:
        """End a process that did not reply, and return the reason.

        Raises:
            GradingFailed: the process was killed from outside, so that nothing is known about the answer.
        """
        with suppress(subprocess.TimeoutExpired):
            process.wait(1)
        status = process.returncode
        self.stop()
        if status == -signal.SIGKILL:
            raise GradingFailed("the process that compares expressions was killed, perhaps because memory ran out")
        limit = f"{WALL_SECONDS:.0f} s" if status is None else f"{CPU_SECONDS:.0f} s of CPU time"
        return Equality("undecided", f"the comparison took more than {limit}")

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._process = _start()
        return self._process


def _start() -> subprocess.Popen[str]:
    """Start a process and wait until it is ready.

    Raises:
        GradingFailed: it ended or hung before it was ready.
    """
    process = subprocess.Popen(
        [sys.executable, "-P", "-s", str(Path(__file__).with_name("worker.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        text=True,
        encoding="utf-8",
    )
    if _read(process, START_SECONDS) is None:
        _end(process)
        raise GradingFailed(
            "the process that compares expressions did not start; `python -c 'import math_verify'` shows why"
        )
    return process


def _end(process: subprocess.Popen[str]) -> None:
    """Kill a process and close its pipes."""
    with suppress(ProcessLookupError):
        process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        with suppress(BrokenPipeError):
            pipe.close()  # type: ignore[union-attr]


def _write(process: subprocess.Popen[str], request: dict[str, Any]) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()


def _read(process: subprocess.Popen[str], seconds: float) -> dict[str, Any] | None:
    """Read the next reply; return None where the process ended or did not reply in time.

    A reply is written in one piece, so that waiting for its first byte is enough.
    """
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        if not selector.select(seconds):
            return None
    line = process.stdout.readline()
    return json.loads(line) if line.endswith("\n") else None


_WORKER = _Worker()
