"""Find and kill the processes of a run."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path

POLL_SECONDS = 0.02
GONE_SECONDS = 120.0
HANGS_SECONDS = 1200.0
"""After how long a small run is taken to hang; on a slow and busy machine it ends within minutes."""


def has_shared_memory() -> bool:
    """Say whether processes can share what a pool of them needs; a container without /dev/shm has none."""
    try:
        get_context("spawn").Lock()
    except OSError:
        return False
    return True


def descendants(pid: int) -> list[int]:
    """List the processes that a process started, and those that they started."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (parent := _parent(entry)) is not None:
            parents.setdefault(parent, []).append(int(entry.name))
    reached, wanted = [], [pid]
    while wanted:
        children = parents.get(wanted.pop(), [])
        reached += children
        wanted += children
    return reached


def run_to_end(command: Sequence[str], logs: Path, hangs_after: float = HANGS_SECONDS) -> None:
    """Run a command; where it hangs, print the stack of each of its processes and end them.

    Args:
        logs: the folder of the files that its workers write to, stacks included.

    Raises:
        CalledProcessError: it failed.
        TimeoutError: it hung.
    """
    environment = {**os.environ, "PYTHONFAULTHANDLER": "1"}  # a process that is aborted prints its stacks
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    try:
        code = process.wait(hangs_after)
    except subprocess.TimeoutExpired:
        pids = [process.pid, *descendants(process.pid)]
        stuck = [f"{pid} {state[0]} {_command(pid)}" for pid in pids if (state := _stat(Path("/proc") / str(pid)))]
        for pid in reversed(pids):
            _signal(pid, signal.SIGABRT)
        process.wait()
        wait_until_gone(pids)
        texts = [f"{path}:\n{path.read_text(errors='replace')[-8000:]}" for path in sorted(logs.glob("*.log"))]
        raise TimeoutError("\n".join([f"no end after {hangs_after:.0f} s:", *stuck, *texts])) from None
    if code:
        raise subprocess.CalledProcessError(code, command)


def linger() -> None:
    """Keep this process from ending by itself, as a library's thread can."""
    threading.Thread(target=time.sleep, args=(86_400,)).start()


def is_alive(pid: int) -> bool:
    """Say whether a process runs; one that has ended and that nobody has waited for does not."""
    stat = _stat(Path("/proc") / str(pid))
    return stat is not None and stat[0] != "Z"


def kill_tree(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process and all its descendants with SIGKILL, and wait until they are gone.

    Raises:
        TimeoutError: one of them is still there.
    """
    pids = [process.pid, *descendants(process.pid)]
    for pid in pids:
        _signal(pid, signal.SIGKILL)
    process.wait()
    wait_until_gone(pids)


def wait_until_gone(pids: list[int]) -> None:
    """Wait until none of these processes runs.

    Raises:
        TimeoutError: one of them is still there.
    """
    deadline = time.monotonic() + GONE_SECONDS
    while any(is_alive(pid) for pid in pids):
        if time.monotonic() > deadline:
            raise TimeoutError(f"still alive: {[pid for pid in pids if is_alive(pid)]}")
        time.sleep(POLL_SECONDS)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _command(pid: int) -> str:
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:200]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _parent(folder: Path) -> int | None:
    stat = _stat(folder)
    return None if stat is None else int(stat[1])


def _stat(folder: Path) -> list[str] | None:
    """Return the fields of a process after its name: state, parent and so on."""
    try:
        return (folder / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
