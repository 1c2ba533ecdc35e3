"""Find and kill the processes of a run."""

import os
import signal
import subprocess
import time
from pathlib import Path

POLL_SECONDS = 0.02
GONE_SECONDS = 120.0


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
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
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


def _parent(folder: Path) -> int | None:
    stat = _stat(folder)
    return None if stat is None else int(stat[1])


def _stat(folder: Path) -> list[str] | None:
    """Return the fields of a process after its name: state, parent and so on."""
    try:
        return (folder / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
