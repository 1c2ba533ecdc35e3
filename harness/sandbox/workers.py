"""One isolated worker, seen from the harness: started once, given one program after another, thrown away at the first oddity."""

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
from harness.sandbox.errors import IsolationMissing, SandboxFailed
from harness.sandbox.inside.worker import BUSY, STOP
from harness.sandbox.records import FILE_BYTES, OPEN_FILES, THREADS

START_SECONDS = 30.0
ANSWER_SECONDS = 20.0
_REPORT_BYTES = 64 * 1024

Role = Literal["candidate", "checker"]


@dataclass(frozen=True)
class Exit:
    """How a child of a worker ended, as the kernel told the worker.

    Attributes:
        code: exit status, or a negative signal number.
        memory_bytes: the most it held.
    """

    code: int
    cpu_seconds: float
    memory_bytes: int


class Worker:
    """A sandbox whose first process forks a child for every job."""

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
        """Start a child for a job; the first descriptor is its channel.

        Args:
            call_seconds: what a single call may use of the CPU seconds; None for a job that is no row of calls.

        Raises:
            IsolationMissing: this machine cannot isolate programs.
            SandboxFailed: the worker was lost, or a new one did not answer.
        """
        if self._control is None:
            self._start()
        assert self._control is not None
        soft = int(cpu_seconds) + 1
        most = THREADS + self._processes_before
        limits = {
            "RLIMIT_CPU": (soft, soft + 1),
            "RLIMIT_AS": (memory_bytes, memory_bytes),
            "RLIMIT_NPROC": (most, most),
            "RLIMIT_FSIZE": (FILE_BYTES, FILE_BYTES),
            "RLIMIT_NOFILE": (OPEN_FILES, OPEN_FILES),
            "RLIMIT_CORE": (0, 0),
        }
        packet = json.dumps({"kind": kind, "limits": limits, "call_seconds": call_seconds}).encode()
        try:
            socket.send_fds(self._control, [packet], list(fds))
        except OSError as error:
            self.discard()
            raise SandboxFailed(f"an isolated worker was lost: {error}") from error

    def busy_seconds(self) -> float | None:
        """How long the child has computed or waited for a core; None once it has ended, or its worker does not answer."""
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
        """Wait for the child to end by itself."""
        if self._control is None or self._report is not None:
            return True
        ready, _, _ = select.select([self._control.fileno()], [], [], max(seconds, 0))
        return bool(ready)

    def end(self) -> Exit | None:
        """Kill the child if it still runs, and say how it ended; None where the worker itself did not survive.

        When this returns, nothing of the program runs any more. A worker that it harmed, or left files in, is thrown away.
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
        """Kill the sandbox and all in it, and wait until it is gone; the next job starts a fresh one."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._control is not None:
            self._wait_until_closed(self._control)
            self._control.close()
        self._process = self._control = self._report = None

    @staticmethod
    def _wait_until_closed(control: socket.socket) -> None:
        """The other end closes when the last process of the sandbox that held it is dead."""
        control.settimeout(ANSWER_SECONDS)
        try:
            while control.recv(_REPORT_BYTES):
                pass
        except OSError:
            return

    def _start(self) -> None:
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


@cache
def _launcher(pid: int) -> ThreadPoolExecutor:
    """The thread that starts workers; a lasting one, since the kernel kills them when the thread that started them ends."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"sandbox-{pid}")
