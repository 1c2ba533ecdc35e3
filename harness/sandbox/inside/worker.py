"""The first process of an isolated worker. It forks a child for each program, and reports how the child ended.

Its children can neither read nor trace it, because it is not dumpable and their system calls are filtered. As the first process
of its namespace it is out of reach of their signals. It reports what the kernel says about a child, never what the child says.
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
_LEEWAY = 2.0  # seconds over the limit on a call: one for rounding, one for differences between clocks
_WRITABLE = ("/tmp", "/dev/shm")  # noqa: S108
_libc = ctypes.CDLL(None, use_errno=True)


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def main(control_fd: int, filter_path: str, role: str) -> None:
    """Run jobs from the control socket until it closes; a job is one JSON packet with its descriptors."""
    _prctl(_PR_SET_DUMPABLE, 0)
    sys.path[:] = [path for path in sys.path if path != "/sandbox"]
    child_filter = Path(filter_path).read_bytes()
    preloaded = checker.preload() if role == "checker" else []
    control = socket.socket(fileno=control_fd)
    control.send(json.dumps({"python": sys.version.split()[0], "preloaded": preloaded}).encode())
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), 2)
    site.setquit()  # the option -S removes `exit()`, which programs use
    gc.collect()
    gc.freeze()
    while True:
        packet, fds, _, _ = socket.recv_fds(control, 64 * 1024, 4)
        if not packet:
            return
        if packet in (STOP, BUSY):  # sent before the harness had the report of a child that ended by itself
            continue
        child = os.fork()
        if child == 0:
            control.close()
            _be_the_child(json.loads(packet), fds, child_filter)
        for fd in fds:
            os.close(fd)
        control.send(json.dumps(_wait(child, control, json.loads(packet)["call_seconds"])).encode())


def _wait(child: int, control: socket.socket, call_seconds: float | None) -> dict[str, Any]:
    """Wait for a child to end and report how it did.

    The child is killed where the harness says so or is gone, or where the child has removed its limit on CPU time.
    """
    watch = os.pidfd_open(child)
    busy = 0.0
    while True:
        ready, _, _ = select.select([watch, control.fileno()], [], [])
        if watch in ready or control.recv(len(BUSY)) != BUSY or _undid_its_limit(child, call_seconds):
            break
        busy = max(busy, _busy_seconds(child))  # the kernel no longer counts threads that have ended
        control.send(json.dumps({"busy": busy}).encode())
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
    """Return how long a child's threads have computed or waited for a core; 0 where the kernel does not count it."""
    total = 0
    for thread in Path(f"/proc/{child}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError):
            computing, waiting, _ = thread.read_text().split()
            total += int(computing) + int(waiting)
    return total / 1e9


def _undid_its_limit(child: int, call_seconds: float | None) -> bool:
    """Return whether the limit on the CPU time of one call no longer binds the child.

    The child sets this limit itself before each call, so that a program could raise it, or ignore its signal, and use more time.
    A job without calls (None) has a hard limit, which a program cannot remove.
    """
    if call_seconds is None:
        return False
    try:
        status = dict(line.split(":", 1) for line in Path(f"/proc/{child}/status").read_text().splitlines())
        limits = Path(f"/proc/{child}/limits").read_text().splitlines()
        soft = next(line.split()[3] for line in limits if line.startswith("Max cpu time"))
        used = sum(map(int, Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[11:13]))
    except (OSError, ValueError, StopIteration):
        return False
    deaf = any(int(status[name], 16) >> (signal.SIGXCPU - 1) & 1 for name in ("SigIgn", "SigCgt", "ShdPnd"))
    return deaf or soft == "unlimited" or int(soft) > used / os.sysconf("SC_CLK_TCK") + call_seconds + _LEEWAY


def _be_the_child(job: dict[str, Any], fds: list[int], child_filter: bytes) -> None:
    """Run one job under its limits and never return. The child sends "ready" before it reads anything untrusted."""
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
    """Open a channel; a timeout at the other end has made the shared socket non-blocking, which is undone here."""
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
