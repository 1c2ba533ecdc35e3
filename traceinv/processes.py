"""Processes of our own: they end with the one that started them, and print to a file."""

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from pathlib import Path

POLL_SECONDS = 0.5
PR_SET_PDEATHSIG = 1
"""The option of prctl(2) for the signal that a process gets when its parent ends."""


def end_with_parent(parent: int) -> None:
    """End this process as soon as its parent is gone; nobody would wait for what it makes.

    On Linux the kernel kills it at once, also where it is stopped. Elsewhere it looks for its parent now and then.

    Args:
        parent: the process that started this one, which may have ended since.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_die_with, args=(parent,), daemon=True).start()


def print_to(path: Path) -> None:
    """Point standard output and error, the file descriptors themselves, at a file.

    Raises:
        OSError: it cannot be written.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)


def _die_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    os._exit(1)
