"""Where and from what a record was made."""

import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from harness.results.schema import Provenance, StageEntry

UNKNOWN = "unknown"


def provenance(
    command: str, packages: Iterable[str], stages: Sequence[StageEntry] = (), assembly: str | None = None
) -> Provenance:
    """Collect the commit of the source, the versions of packages, and the machine.

    Args:
        command: the command line that makes the record.
        packages: those whose versions the record states, besides this one.
        assembly: digest of the source that makes the record of the stages' artifacts.
    """
    return Provenance(
        command=command,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=source_commit(Path(__file__).parents[2]),
        packages={name: package_version(name) for name in ("traceinv", *packages)},
        hardware={
            "machine": platform.machine(),
            "processor": _processor(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        },
        stages=list(stages),
        assembly=assembly,
    )


def package_version(package: str) -> str:
    """Return a package's version, or `absent`."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def source_commit(root: Path) -> str:
    """Return the commit of the checkout whose top folder is `root`, with `-dirty` where files differ from it.

    Return `unknown` where `root` is no checkout's top folder, such as the site-packages of an environment inside a repository.
    """
    top = _git(root, "rev-parse", "--show-toplevel")
    if not top or Path(top).resolve() != root.resolve():
        return UNKNOWN
    return _git(root, "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*") or UNKNOWN


def _git(folder: Path, *arguments: str) -> str:
    """Return what a git command prints, or nothing where it fails."""
    try:
        return subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), UNKNOWN)
