"""Run a program in a process with limits on time, memory and output. It needs no sandbox and works on any machine.

Covered: the program runs outside the harness's process, in an empty folder, without environment variables, site packages or
inherited files. CPU time, wall time, memory, processes and the size of files (output included) are limited, and everything that
the program started in its session is killed at the end. The program never sees the expected outputs.

Not covered: with the rights of the user who runs it, the program can read the host's files, signal other processes and reach the
network. A process that leaves the session survives. The limit on processes does not bind root. Use this only for programs of
tiny models that know no harmful statement; programs of any other model belong in the isolated pool.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from harness.sandbox.records import SandboxFailed

WALL_SECONDS = 10
CPU_SECONDS = 2
MEMORY_BYTES = 512 * 1024**2
OUTPUT_BYTES = 64 * 1024

_NOT_SET_UP = 77
_RUNNER = """
import json, resource, sys
try:
    for limit, value in json.loads(sys.argv[1]).items():
        resource.setrlimit(getattr(resource, limit), (value, value))
    program, name, inputs = json.loads(sys.stdin.read())
except Exception as error:
    sys.stderr.write(repr(error))
    sys.exit(77)
scope = {"__name__": "candidate"}
try:
    exec(compile(program, "<candidate>", "exec"), scope)
    function = scope[name]
except BaseException as error:
    print(json.dumps({"invalid": type(error).__name__}))
    sys.exit(0)
outputs = []
for value in inputs:
    try:
        result = function(value)
        outputs.append(result if type(result) is int else None)
    except Exception:
        outputs.append(None)
print(json.dumps({"outputs": outputs}))
"""
_LIMITS = json.dumps(
    {
        "RLIMIT_CPU": CPU_SECONDS,
        "RLIMIT_AS": MEMORY_BYTES,
        "RLIMIT_FSIZE": OUTPUT_BYTES,
        "RLIMIT_NOFILE": 64,
        "RLIMIT_NPROC": 0,
        "RLIMIT_CORE": 0,
    }
)

RunVerdict = Literal["ran", "invalid", "timeout", "error"]


@dataclass(frozen=True)
class FunctionRun:
    """The result of running a function.

    Attributes:
        verdict: `invalid` where the program does not compile, does not load, or does not define the function.
        outputs: one for each input, None where the call raised or did not return an integer; None unless the function ran.
        explanation: the reason for the verdict.
    """

    verdict: RunVerdict
    outputs: tuple[int | None, ...] | None
    explanation: str


@lru_cache(maxsize=4096)
def run_function(program: str, name: str, inputs: tuple[int, ...]) -> FunctionRun:
    """Load an untrusted program in a limited process and call one of its functions on each input.

    A program that reaches the limit on wall time is run once more, because the machine may have been busy.

    Raises:
        SandboxFailed: the limits could not be set.
    """
    job = json.dumps([program, name, inputs]).encode("utf-8", "surrogatepass")
    run = _run_once(job, len(inputs))
    return _run_once(job, len(inputs)) if run.verdict == "timeout" else run


def _run_once(job: bytes, count: int) -> FunctionRun:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _RUNNER, _LIMITS],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={},
            start_new_session=True,
        )
        try:
            process.communicate(job, timeout=WALL_SECONDS)
        except subprocess.TimeoutExpired:
            return FunctionRun("timeout", None, f"the program ran for more than {WALL_SECONDS} s")
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        output.seek(0)
        stdout = output.read(OUTPUT_BYTES)
    if process.returncode == _NOT_SET_UP:
        raise SandboxFailed("the limits on time and memory could not be set on this machine")
    if process.returncode != 0:
        return FunctionRun("error", None, f"the program ended with status {process.returncode}")
    return _read_reply(stdout, count)


def _read_reply(stdout: bytes, count: int) -> FunctionRun:
    """Read the runner's last line. Other output of the program can at most make its own verdict worse."""
    lines = stdout.decode("utf-8", "replace").splitlines()
    try:
        reply = json.loads(lines[-1]) if lines else None
    except (ValueError, RecursionError):
        reply = None
    if isinstance(reply, dict) and isinstance(reply.get("invalid"), str):
        return FunctionRun("invalid", None, f"the program does not define the function ({reply['invalid'][:40]})")
    outputs = reply.get("outputs") if isinstance(reply, dict) else None
    if not isinstance(outputs, list) or len(outputs) != count:
        return FunctionRun("error", None, "the program's own output hides its results")
    return FunctionRun("ran", tuple(value if type(value) is int else None for value in outputs), "the program ran")
