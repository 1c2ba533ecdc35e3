"""The lab's own tasks: a process with limits on time, memory and output, which any laptop can start.

What is covered: the program runs outside the harness's process, in an empty folder, with no environment variables, no site
packages and no inherited files, under limits on CPU time, wall time, memory, processes and size of files, its output among
them; everything it started is killed when the verdict is given. The expected outputs stay outside, so a program can only pass
by giving the right ones.
What is not covered: the program can read the host's files, signal the user's processes and reach the network with the rights of
the user who runs it; a process of its own that leaves the session outlives the verdict; and the limit on processes does not bind
root. The lab's programs come from models of a few million parameters that know no statement but the lab's; programs of
any other model belong in the isolated pool.
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

from harness.sandbox.errors import SandboxFailed

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

Verdict = Literal["ran", "invalid", "timeout", "error"]


@dataclass(frozen=True)
class Run:
    """What came of running a function.

    Attributes:
        verdict: `invalid` where the program does not compile, fails to load, or does not define the function.
        outputs: one a input, None where the call raised or did not return an integer; None altogether unless it ran.
    """

    verdict: Verdict
    outputs: tuple[int | None, ...] | None
    explanation: str


@lru_cache(maxsize=4096)
def run_function(program: str, name: str, inputs: tuple[int, ...]) -> Run:
    """Load an untrusted program in a limited process of its own and call one of its functions on each input.

    A program that outlasts the wall limit is run once more, since the machine may have been busy; time is judged by CPU seconds.

    Raises:
        SandboxFailed: the limits could not be set.
    """
    job = json.dumps([program, name, inputs]).encode("utf-8", "surrogatepass")
    run = _run_once(job, len(inputs))
    return _run_once(job, len(inputs)) if run.verdict == "timeout" else run


def _run_once(job: bytes, count: int) -> Run:
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
            return Run("timeout", None, f"the program ran for more than {WALL_SECONDS} s")
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        output.seek(0)
        stdout = output.read(OUTPUT_BYTES)
    if process.returncode == _NOT_SET_UP:
        raise SandboxFailed("the limits on time and memory could not be set on this machine")
    if process.returncode != 0:
        return Run("error", None, f"the program ended with status {process.returncode}")
    return _read_reply(stdout, count)


def _read_reply(stdout: bytes, count: int) -> Run:
    """Read the runner's last line; whatever the program printed itself can at most spoil its own verdict."""
    lines = stdout.decode("utf-8", "replace").splitlines()
    try:
        reply = json.loads(lines[-1]) if lines else None
    except (ValueError, RecursionError):
        reply = None
    if isinstance(reply, dict) and isinstance(reply.get("invalid"), str):
        return Run("invalid", None, f"the program does not define the function ({reply['invalid'][:40]})")
    outputs = reply.get("outputs") if isinstance(reply, dict) else None
    if not isinstance(outputs, list) or len(outputs) != count:
        return Run("error", None, "the program spoilt its own output")
    return Run("ran", tuple(value if type(value) is int else None for value in outputs), "the program ran")
