"""Run one program at a time in a pair of isolated workers: one for the untrusted program, one for its tests."""

import fcntl
import os
import select
import signal
import socket
import time
from contextlib import ExitStack
from dataclasses import asdict, replace
from typing import Any

from harness.sandbox.inside.wire import BadMessage, Channel
from harness.sandbox.records import BrokenTests, Checks, Limits, Outcome, SandboxFailed, Verdict
from harness.sandbox.workers import START_SECONDS, Exit, Worker

CHECKER_MEMORY_BYTES = 4 * 1024**3
VERDICT_BYTES = 64 * 1024
LOOK_SECONDS = 1.0
JOB_BYTES = 256 * 1024**2
_PIPE_READ = 1 << 16
_VERDICTS: dict[str, Verdict] = {"passed": "passed", "failed": "failed", "error": "error"}
_CAUSES: dict[str, Verdict] = {"memory": "memory", "blocked": "blocked"}


class WorkerPair:
    """Two isolated workers that share nothing but a socket for messages.

    Attributes:
        candidate: runs the untrusted program.
        checker: runs the tests, which hold the expected values.
    """

    def __init__(self, slot: int) -> None:
        self.candidate = Worker("candidate", 2 * slot)
        self.checker = Worker("checker", 2 * slot + 1)

    def close(self) -> None:
        """Kill both workers; the next program starts new ones."""
        self.candidate.discard()
        self.checker.discard()

    def check(self, program: str, tests: Checks, limits: Limits) -> Outcome:
        """Run tests against a program. When this returns, no process or thread of the program is left.

        Raises:
            BrokenTests: the tests themselves do not load.
            SandboxFailed: the program was not started.
        """
        try:
            with ExitStack() as ends:
                total, memory = limits.total_cpu_seconds, limits.memory_bytes
                to_program = _begin(ends, self.candidate, ("serve", total, memory), (), limits.cpu_seconds)
                _send(to_program, {"program": program, "cpu_seconds": limits.cpu_seconds})
                job = ("check", total, CHECKER_MEMORY_BYTES)
                verdicts = _begin(ends, self.checker, job, (to_program.end.fileno(),))
                to_program.end.close()
                _send(verdicts, asdict(tests))
                message = _verdict(verdicts, _IdleClock(limits, (self.candidate, self.checker)))
        except BaseException:
            self.close()
            raise
        candidate_exit, checker_exit = self.candidate.end(), self.checker.end()
        outcome = _judge(message, candidate_exit, checker_exit, limits)
        return replace(outcome, calls=int(message[3])) if message else outcome

    def run(self, program: str, stdin: str, limits: Limits) -> Outcome:
        """Run a program as a script. When this returns, no process or thread of the program is left.

        Raises:
            SandboxFailed: the program was not started.
        """
        try:
            with ExitStack() as ends:
                reader, writer = os.pipe()
                os.fchmod(writer, 0o222)  # a program may open its output by name, and runs as another user than this
                ends.callback(os.close, reader)
                with os.fdopen(writer, "wb") as write_end, os.fdopen(_sealed(stdin), "rb") as read_only:
                    fds = (read_only.fileno(), write_end.fileno())
                    job = ("script", limits.cpu_seconds, limits.memory_bytes)
                    channel = _begin(ends, self.candidate, job, fds)
                _send(channel, {"program": program})
                output, why = _read(reader, _IdleClock(limits, (self.candidate,)), limits.output_bytes)
                ended = self.candidate.end()
                return _judge_script(output, why, ended, _read_exception(channel), limits)
        except BaseException:
            self.close()
            raise


class _IdleClock:
    """Measures how long a program has idled: the time that passed, minus the time in which its processes were busy."""

    def __init__(self, limits: Limits, workers: tuple[Worker, ...]) -> None:
        self.limits = limits
        self.workers = workers
        self.started = time.monotonic()

    def run_out(self) -> bool:
        """Return whether the program has idled, or run, for longer than its limits allow."""
        busy = [worker.busy_seconds() for worker in self.workers]
        passed = time.monotonic() - self.started
        if passed > self.limits.wall_seconds:
            return True
        return None not in busy and passed - sum(seconds or 0.0 for seconds in busy) > self.limits.idle_seconds


def _read(reader: int, clock: _IdleClock, limit: int) -> tuple[bytes, str]:
    """Read a script's output; return it and why reading stopped: `ended`, `wall` (idle too long) or `output` (too much)."""
    output = bytearray()
    while len(output) <= limit:
        ready, _, _ = select.select([reader], [], [], LOOK_SECONDS)
        if not ready:
            if clock.run_out():
                return bytes(output), "wall"
            continue
        part = os.read(reader, _PIPE_READ)
        if not part:
            while not clock.workers[0].ended_within(LOOK_SECONDS):
                if clock.run_out():
                    return bytes(output), "wall"
            return bytes(output), "ended"
        output += part
    return bytes(output[:limit]), "output"


def _begin(
    ends: ExitStack,
    worker: Worker,
    job: tuple[str, float, int],
    fds: tuple[int, ...],
    call_seconds: float | None = None,
) -> Channel:
    """Start a child for a job and wait until it is ready; it has read nothing untrusted by then.

    Args:
        ends: closes our end of the channel.
        job: (kind, CPU seconds, bytes of memory).
        fds: descriptors that the child inherits beside its channel.
        call_seconds: the limit on the CPU seconds of one call.

    Raises:
        SandboxFailed: the child did not start.
    """
    ours, theirs = socket.socketpair()
    ends.enter_context(ours)
    with theirs:
        worker.begin(*job, (theirs.fileno(), *fds), call_seconds)
    channel = Channel(ours, JOB_BYTES)
    ours.settimeout(START_SECONDS)
    try:
        ready = channel.receive()
    except (EOFError, OSError, BadMessage) as error:
        raise SandboxFailed(f"an isolated worker did not start its child: {error}") from error
    if ready != "ready":
        raise SandboxFailed("an isolated worker did not start its child")
    return channel


def _send(channel: Channel, job: Any) -> None:
    try:
        channel.send(job)
    except (OSError, BadMessage) as error:
        raise SandboxFailed(f"a job could not be sent to an isolated worker: {error}") from error


def _verdict(verdicts: Channel, clock: _IdleClock) -> list[str] | None:
    """Wait for the checker's verdict; return None where the program idled too long, an empty list where the checker ended."""
    verdicts.limit = VERDICT_BYTES
    while not select.select([verdicts.end], [], [], LOOK_SECONDS)[0]:
        if clock.run_out():
            return None
    try:
        return [str(part) for part in verdicts.receive()]
    except (EOFError, BadMessage, OSError):
        return []


def _judge(message: list[str] | None, candidate: Exit | None, checker: Exit | None, limits: Limits) -> Outcome:
    used = candidate.cpu_seconds if candidate else 0.0
    if message is None:
        return _out_of_time(limits, used)
    if not message:
        how = "" if checker is None else f" ({_ending(checker)})"
        return Outcome("error", f"a value that the program returned ended the process of its tests{how}", used)
    verdict, explanation, cause, _ = message
    if verdict == "broken":
        raise BrokenTests(explanation)
    if verdict == "gone" and cause == "blocked":
        return Outcome("blocked", explanation, used)
    if verdict == "gone":
        return _judge_ending(candidate, explanation, limits)
    return Outcome(
        _CAUSES.get(cause, _VERDICTS[verdict]) if verdict == "error" else _VERDICTS[verdict], explanation, used
    )


def _judge_script(output: bytes, why: str, ended: Exit | None, exception: list[str], limits: Limits) -> Outcome:
    used = ended.cpu_seconds if ended else 0.0
    if why == "wall":
        return _out_of_time(limits, used)
    if why == "output":
        return Outcome("blocked", f"the program wrote more than {limits.output_bytes} bytes", used, output=output)
    if ended is not None and ended.code == 0:
        return Outcome("passed", "the program ended by itself", used, output=output)
    if ended is not None and ended.code == 1 and exception:
        _, explanation, cause = exception
        return Outcome(_CAUSES.get(cause, "error"), explanation, used, output=output)
    return _judge_ending(ended, "the program ended early", limits)


def _judge_ending(ended: Exit | None, explanation: str, limits: Limits) -> Outcome:
    """Judge a program that ended early, by what the kernel reports of its end."""
    if ended is None:
        return Outcome("blocked", f"{explanation}: it brought down its sandbox")
    used = ended.cpu_seconds
    if ended.code == -signal.SIGXCPU or (ended.code == -signal.SIGKILL and used >= limits.cpu_seconds):
        return Outcome("timeout", f"the program used {used:.1f} CPU seconds", used)
    if ended.code == -signal.SIGKILL and ended.memory_bytes > limits.memory_bytes // 2:
        return Outcome("memory", f"the program was killed holding {ended.memory_bytes} bytes", used)
    return Outcome("error", f"{explanation} ({_ending(ended)})", used)


def _out_of_time(limits: Limits, used: float) -> Outcome:
    explanation = f"the program idled for {limits.idle_seconds:.0f} s, after {used:.1f} CPU seconds"
    return Outcome("timeout", explanation, used, by_wall_clock=True)


def _ending(ended: Exit) -> str:
    return f"signal {-ended.code}" if ended.code < 0 else f"exit status {ended.code}"


def _read_exception(channel: Channel) -> list[str]:
    """Read the report of a script that raised: (class, text, cause); empty where there is none in this form."""
    channel.limit = VERDICT_BYTES
    channel.end.settimeout(0.001)
    try:
        message = channel.receive()
    except (EOFError, BadMessage, OSError):
        return []
    return [str(part) for part in message] if isinstance(message, list) and len(message) == 3 else []


def _sealed(text: str) -> int:
    """Return the descriptor of a file in memory that can only be read."""
    fd = os.memfd_create("stdin", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with os.fdopen(os.dup(fd), "wb") as file:
        file.write(text.encode("utf-8", "surrogatepass"))
    os.lseek(fd, 0, os.SEEK_SET)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    return fd
