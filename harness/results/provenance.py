"""Where and from what a record was made."""

import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from harness.pipeline.keys import PACKAGES, package_version
from harness.results import schema as results


def provenance(
    command: str, stages: Sequence[results.StageTime] = (), packages: Sequence[str] = PACKAGES
) -> results.Provenance:
    """The command, the checkout's commit, the packages' versions and the machine."""
    return results.Provenance(
        command=command,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=_commit(),
        packages={name: package_version(name) for name in ("traceinv", *packages)},
        hardware={
            "machine": platform.machine(),
            "processor": _processor(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        },
        stages=list(stages),
    )


def _commit() -> str:
    """The checkout's commit, `-dirty` behind it where files differ, or `unknown`."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        found = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    return found.stdout.strip() or "unknown"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
