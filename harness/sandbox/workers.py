"""An isolated worker as the harness sees it.

A worker runs one program after another. Where a program harmed it or left files in it, it is discarded and a new one is started.
"""

import json
import os
import select
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from harness.sandbox import launch
from harness.sandbox.inside.worker import BUSY, STOP
from harness.sandbox.records import FILE_BYTES, OPEN_FILES, THREADS, IsolationMissing, SandboxFailed

START_SECONDS = 30.0
ANSWER_SECONDS = 20.0
_REPORT_BYTES = 64 * 1024

Role = Literal["candidate", "checker"]


@dataclass(frozen=True)
class Exit:
    """How a child of a worker ended, by the kernel's account.

    Attributes:
        code: the exit status, or the negative number of the signal that ended it.
        cpu_seconds: the CPU time that it used.
        memory_bytes: its peak memory.
    """

    code: int
    cpu_seconds: float
    memory_bytes: int


class Worker:
    """A sandbox whose first process forks a child for every job.

    Attributes:
        role: whether its jobs are programs or their tests.
        slot: its number in this process.
        facts: what it reported when it started: the version of Python, and the packages that it loaded.
    """

    def __init__(self, role: Role, slot: int) -> None:
        self.role = role
        self.slot = slot
        self.facts: dict[str, Any] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._report: dict[str, Any] | None = None
        self._processes_before = 0

    def begin(
        self, kind: str, cpu_seconds: float, memory_bytes: int, fds: Sequence[int], call_seconds: float | None = None
    ) -> None:
        """Start a child for a job.

        Args:
            kind: `serve`, `script` or `check`.
            fds: the descriptors that the child inherits; the first is its channel.
            call_seconds: the limit on the CPU seconds of one call; None where the job does not consist of calls.

        Raises:
            IsolationMissing: this machine cannot isolate programs.
            SandboxFailed: the worker was lost, or a new one did not answer.
        """
        control = self._control or self._start()
        soft = int(cpu_seconds) + 1
        threads = THREADS + self._processes_before
        limits = {
            "RLIMIT_CPU": (soft, soft + 1),
            "RLIMIT_AS": (memory_bytes, memory_bytes),
            "RLIMIT_NPROC": (threads, threads),
            "RLIMIT_FSIZE": (FILE_BYTES, FILE_BYTES),
            "RLIMIT_NOFILE": (OPEN_FILES, OPEN_FILES),
            "RLIMIT_CORE": (0, 0),
        }
        packet = json.dumps({"kind": kind, "limits": limits, "call_seconds": call_seconds}).encode()
        try:
            socket.send_fds(control, [packet], list(fds))
        except OSError as error:
            self.discard()
            raise SandboxFailed(f"an isolated worker was lost: {error}") from error

    def busy_seconds(self) -> float | None:
        """Return how long the child has computed or waited for a core; None where it has ended, or its worker does not answer."""
        if self._control is None or self._report is not None:
            return None
        try:
            self._control.settimeout(ANSWER_SECONDS)
            self._control.send(BUSY)
            answer = json.loads(self._control.recv(_REPORT_BYTES))
        except (OSError, ValueError):
            self.discard()
            return None
        if "busy" in answer:
            return float(answer["busy"])
        self._report = answer
        return None

    def ended_within(self, seconds: float) -> bool:
        """Wait for the child to end by itself; return whether it did."""
        if self._control is None or self._report is not None:
            return True
        ready, _, _ = select.select([self._control.fileno()], [], [], max(seconds, 0))
        return bool(ready)

    def end(self) -> Exit | None:
        """Kill the child if it still runs, and return how it ended; None where the worker itself did not survive.

        When this returns, no process or thread of the child is left. A worker in which it left files is discarded.
        """
        if self._control is None:
            return None
        report, self._report = self._report, None
        try:
            if report is None:
                self._control.settimeout(ANSWER_SECONDS)
                self._control.send(STOP)
                report = json.loads(self._control.recv(_REPORT_BYTES))
        except (OSError, ValueError):
            self.discard()
            return None
        if not report["clean"]:
            self.discard()
        return Exit(report["code"], report["cpu_seconds"], report["memory_bytes"])

    def discard(self) -> None:
        """Kill the sandbox with all its processes and wait until they are gone; the next job starts a new one."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._control is not None:
            self._wait_until_closed(self._control)
            self._control.close()
        self._process = self._control = self._report = None

    @staticmethod
    def _wait_until_closed(control: socket.socket) -> None:
        """Wait until the last process of the sandbox is dead; its end of the socket closes then."""
        control.settimeout(ANSWER_SECONDS)
        try:
            while control.recv(_REPORT_BYTES):
                pass
        except OSError:
            return

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, tempfile.TemporaryFile() as errors:
            try:
                start = _launcher(os.getpid()).submit(launch.start, self.role, self.slot, theirs, errors.fileno())
                self._process = start.result()
            except IsolationMissing:
                ours.close()
                raise
            theirs.close()
            ours.settimeout(START_SECONDS)
            try:
                hello = ours.recv(_REPORT_BYTES)
            except OSError:
                hello = b""
            if not hello:
                self.discard()
                ours.close()
                errors.seek(0)
                complaint = errors.read(2000).decode(errors="replace").strip()
                if complaint:
                    raise IsolationMissing(launch.explain(complaint))
                raise SandboxFailed(f"a new isolated worker did not answer within {START_SECONDS:.0f} s")
        ours.settimeout(None)
        self.facts = json.loads(hello)
        self._control = ours
        self._processes_before = launch.processes_of_user()
        return ours


@cache
def _launcher(pid: int) -> ThreadPoolExecutor:
    """Return the thread that starts workers. It lasts, because the kernel kills a worker when the thread that started it ends."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"sandbox-{pid}")
