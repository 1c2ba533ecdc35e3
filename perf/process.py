"""Run a command and measure it."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile

TRACEINV = (sys.executable, "-c", "import sys; from harness.cli import main; sys.exit(main())")


@dataclass(frozen=True)
class Measured:
    """What a command took: wall and CPU seconds, the latter with all its children, and the peak memory of one process in MB."""

    wall: float
    cpu: float
    memory: float


def measure(command: Sequence[str]) -> Measured:
    """Run a command to its end.

    Raises:
        SystemExit: it failed; its errors are the message.
    """
    with TemporaryFile("w+", encoding="utf-8") as errors:
        before = time.monotonic()
        started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(started.pid, 0)
        wall = time.monotonic() - before
        started.returncode = os.waitstatus_to_exitcode(status)
        if started.returncode:
            errors.seek(0)
            raise SystemExit(f"{' '.join(command)}: {errors.read()[-2000:]}")
    return Measured(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
