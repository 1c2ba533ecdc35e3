"""The first process of an isolated worker: forks one child a program, and reports how each ended.

It cannot be read or traced by its children (it is not dumpable, and their system calls are filtered), and trusts nothing that
they say: what it reports is what the kernel told it. As the first process of its namespace it is out of reach of their signals.
"""

import contextlib
import ctypes
import gc
import json
import os
import resource
import select
import signal
import site
import socket
import sys
from pathlib import Path
from typing import Any

from harness.sandbox.inside import candidate, checker
from harness.sandbox.inside.wire import Channel

_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 4, 22, 2
STOP, BUSY = b"stop", b"busy"
_WRITABLE = ("/tmp", "/dev/shm")  # noqa: S108
_libc = ctypes.CDLL(None, use_errno=True)


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def main(control_fd: int, filter_path: str, role: str) -> None:
    """Answer jobs from the control socket until it closes; each is one JSON packet with its descriptors."""
    _prctl(_PR_SET_DUMPABLE, 0)
    sys.path[:] = [path for path in sys.path if path != "/sandbox"]
    child_filter = Path(filter_path).read_bytes()
    preloaded = checker.preload() if role == "checker" else []
    control = socket.socket(fileno=control_fd)
    control.send(json.dumps({"python": sys.version.split()[0], "preloaded": preloaded}).encode())
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), 2)
    site.setquit()  # programs use `exit()`, which -S leaves out
    gc.collect()
    gc.freeze()
    while True:
        packet, fds, _, _ = socket.recv_fds(control, 64 * 1024, 4)
        if not packet:
            return
        if packet in (STOP, BUSY):  # it crossed the report of a child that had ended by itself
            continue
        child = os.fork()
        if child == 0:
            control.close()
            _be_the_child(json.loads(packet), fds, child_filter)
        for fd in fds:
            os.close(fd)
        control.send(json.dumps(_wait(child, control)).encode())


def _wait(child: int, control: socket.socket) -> dict[str, Any]:
    """Wait for the child's end, or bring it about when the other side says so or is gone."""
    watch = os.pidfd_open(child)
    while True:
        ready, _, _ = select.select([watch, control.fileno()], [], [])
        if watch in ready or control.recv(len(BUSY)) != BUSY:
            break
        control.send(json.dumps({"busy": _busy_seconds(child)}).encode())
    os.kill(child, signal.SIGKILL)
    os.close(watch)
    _, status, usage = os.wait4(child, 0)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "memory_bytes": usage.ru_maxrss * 1024,
        "clean": not any(os.listdir(folder) for folder in _WRITABLE),
    }


def _busy_seconds(child: int) -> float:
    """How long a child's threads have computed, or waited for a core to compute on: what is left of the clock it spent idle.

    0 where the kernel does not count it.
    """
    total = 0
    for thread in Path(f"/proc/{child}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError):
            computing, waiting, _ = thread.read_text().split()
            total += int(computing) + int(waiting)
    return total / 1e9


def _be_the_child(job: dict[str, Any], fds: list[int], child_filter: bytes) -> None:
    """Run one job under its limits, and never return. "ready" goes out before anything untrusted is read."""
    code = 1
    try:
        channel = _channel(fds[0])
        if job["kind"] == "script":
            os.dup2(fds[1], 0)
            os.dup2(fds[2], 1)
            os.close(fds[1])
            os.close(fds[2])
        _limit(job["limits"])
        _filter(child_filter)
        _prctl(_PR_SET_DUMPABLE, 1)
        channel.send("ready")
        if job["kind"] == "script":
            candidate.run_script(channel)
        elif job["kind"] == "serve":
            candidate.serve(channel)
        else:
            checker.check(channel, _channel(fds[1]))
        code = 0
    except EOFError:
        code = 0
    finally:
        os._exit(code)


def _channel(fd: int) -> Channel:
    """The other side's timeouts made the socket non-blocking, for all who share it."""
    end = socket.socket(fileno=fd)
    end.setblocking(True)
    return Channel(end)


def _limit(limits: dict[str, list[int]]) -> None:
    for name, (soft, hard) in limits.items():
        resource.setrlimit(getattr(resource, name), (soft, hard))


def _filter(instructions: bytes) -> None:
    program = _FilterProgram(len(instructions) // 8, instructions)
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program))


def _prctl(option: int, *arguments: Any) -> None:
    if _libc.prctl(option, *arguments, *[ctypes.c_ulong(0)] * (4 - len(arguments))) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option})")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
