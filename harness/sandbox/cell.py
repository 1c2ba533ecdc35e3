"""A cell runs one program at a time: a worker for the untrusted program, one for the checker that holds the expected values."""

import fcntl
import os
import select
import signal
import socket
import time
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

from harness.sandbox.errors import SandboxFailed
from harness.sandbox.inside.wire import Channel, Spoilt
from harness.sandbox.records import BrokenTests, Checks, Limits, Outcome, Verdict
from harness.sandbox.workers import START_SECONDS, Exit, Worker

CHECKER_MEMORY_BYTES = 4 * 1024**3
VERDICT_BYTES = 64 * 1024
LOOK_SECONDS = 1.0
JOB_BYTES = 256 * 1024**2
_PIPE_READ = 1 << 16
_VERDICTS: dict[str, Verdict] = {"passed": "passed", "failed": "failed", "error": "error"}
_CAUSES: dict[str, Verdict] = {"memory": "memory", "blocked": "blocked"}


class Cell:
    """Two isolated workers, neither of which sees the other; what passes between them is a socket of messages."""

    def __init__(self, slot: int) -> None:
        self.candidate = Worker("candidate", 2 * slot)
        self.checker = Worker("checker", 2 * slot + 1)

    def close(self) -> None:
        self.candidate.discard()
        self.checker.discard()

    def check(self, program: str, tests: Checks, limits: Limits) -> Outcome:
        """Run tests against a program. When this returns, nothing of the program runs any more.

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
                message = _verdict(verdicts, _Clock(limits, (self.candidate, self.checker)))
        except BaseException:
            self.close()
            raise
        candidate_exit, checker_exit = self.candidate.end(), self.checker.end()
        return _judge(message, candidate_exit, checker_exit, limits)

    def run(self, program: str, stdin: str, limits: Limits) -> Outcome:
        """Run a program as a script. When this returns, nothing of the program runs any more.

        Raises:
            SandboxFailed: the program was not started.
        """
        try:
            with ExitStack() as ends:
                reader, writer = os.pipe()
                ends.callback(os.close, reader)
                with os.fdopen(writer, "wb") as write_end, os.fdopen(_sealed(stdin), "rb") as read_only:
                    fds = (read_only.fileno(), write_end.fileno())
                    job = ("script", limits.cpu_seconds, limits.memory_bytes)
                    channel = _begin(ends, self.candidate, job, fds)
                _send(channel, {"program": program})
                output, why = _read(reader, _Clock(limits, (self.candidate,)), limits.output_bytes)
                ended = self.candidate.end()
                return _judge_script(output, why, ended, _last_words(channel), limits)
        except BaseException:
            self.close()
            raise


class _Clock:
    """Says when a program has idled too long, by the clock less the time in which its workers' children were busy."""

    def __init__(self, limits: Limits, workers: tuple[Worker, ...]) -> None:
        self.limits = limits
        self.workers = workers
        self.started = time.monotonic()

    def run_out(self) -> bool:
        busy = [worker.busy_seconds() for worker in self.workers]
        passed = time.monotonic() - self.started
        if passed > self.limits.wall_seconds:
            return True
        return None not in busy and passed - sum(seconds or 0.0 for seconds in busy) > self.limits.idle_seconds


def _read(reader: int, clock: _Clock, most: int) -> tuple[bytes, str]:
    """(output, why reading stopped: `ended`, `wall` or `output`)."""
    output = bytearray()
    while len(output) <= most:
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
    return bytes(output[:most]), "output"


def _begin(
    ends: ExitStack,
    worker: Worker,
    job: tuple[str, float, int],
    fds: tuple[int, ...],
    call_seconds: float | None = None,
) -> Channel:
    """A child that has said that it is ready, before anything untrusted was read by it; a job is (kind, CPU seconds, bytes)."""
    ours, theirs = socket.socketpair()
    ends.enter_context(ours)
    with theirs:
        worker.begin(*job, (theirs.fileno(), *fds), call_seconds)
    channel = Channel(ours, JOB_BYTES)
    ours.settimeout(START_SECONDS)
    try:
        ready = channel.receive()
    except (EOFError, OSError, Spoilt) as error:
        raise SandboxFailed(f"an isolated worker did not start its child: {error}") from error
    if ready != "ready":
        raise SandboxFailed("an isolated worker did not start its child")
    return channel


def _send(channel: Channel, job: Any) -> None:
    try:
        channel.send(job)
    except (OSError, Spoilt) as error:
        raise SandboxFailed(f"a job could not be handed over: {error}") from error


def _verdict(verdicts: Channel, clock: _Clock) -> list[str] | None:
    """The checker's verdict; None where it gave none in time, an empty one where it ended without one."""
    verdicts.limit = VERDICT_BYTES
    while not select.select([verdicts.end], [], [], LOOK_SECONDS)[0]:
        if clock.run_out():
            return None
    try:
        return [str(part) for part in verdicts.receive()]
    except (EOFError, Spoilt, OSError):
        return []


def _judge(message: list[str] | None, candidate: Exit | None, checker: Exit | None, limits: Limits) -> Outcome:
    used = candidate.cpu_seconds if candidate else 0.0
    if message is None:
        return _out_of_time(limits, used)
    if not message:
        how = "" if checker is None else f" ({_ending(checker)})"
        return Outcome("error", f"what the program returned brought the checker down{how}", used)
    verdict, explanation, cause = message
    if verdict == "broken":
        raise BrokenTests(explanation)
    if verdict == "gone":
        return _judge_ending(candidate, explanation, limits)
    return Outcome(
        _CAUSES.get(cause, _VERDICTS[verdict]) if verdict == "error" else _VERDICTS[verdict], explanation, used
    )


def _judge_script(output: bytes, why: str, ended: Exit | None, words: list[str], limits: Limits) -> Outcome:
    used = ended.cpu_seconds if ended else 0.0
    if why == "wall":
        return _out_of_time(limits, used)
    if why == "output":
        return Outcome("blocked", f"the program wrote more than {limits.output_bytes} bytes", used, output=output)
    if ended is not None and ended.code == 0:
        return Outcome("passed", "the program ran to its end", used, output=output)
    if ended is not None and ended.code == 1 and words:
        _, explanation, cause = words
        return Outcome(_CAUSES.get(cause, "error"), explanation, used, output=output)
    return _judge_ending(ended, "the program ended early", limits)


def _judge_ending(ended: Exit | None, explanation: str, limits: Limits) -> Outcome:
    """The verdict on a program that is no more, by what the kernel says of its end."""
    if ended is None:
        return Outcome("blocked", f"{explanation}: it attacked its sandbox")
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


def _last_words(channel: Channel) -> list[str]:
    """What a script that raised said of it: (class, text, cause); nothing where it said nothing of that form."""
    channel.limit = VERDICT_BYTES
    channel.end.settimeout(0.001)
    try:
        message = channel.receive()
    except (EOFError, Spoilt, OSError):
        return []
    return [str(part) for part in message] if isinstance(message, list) and len(message) == 3 else []


def _sealed(text: str) -> int:
    """A file in memory that nobody can write to any more."""
    fd = os.memfd_create("stdin", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with os.fdopen(os.dup(fd), "wb") as file:
        file.write(text.encode("utf-8", "surrogatepass"))
    os.lseek(fd, 0, os.SEEK_SET)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    return fd
