"""What the commands need of a machine and of an environment, and whether it is there."""

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement

from harness.benchmarks.catalog import Benchmark, discover
from harness.benchmarks.folders import CHECKOUT
from harness.benchmarks.local import find_file
from harness.results.provenance import UNKNOWN, source_commit
from traceinv.hub import DEFAULT_ENDPOINT, OFFLINE_VARIABLE, is_offline

State = Literal["ok", "note", "fault"]
PACKAGE = "traceinv"
CONSTRAINTS = "constraints.txt"
PYTHON = (3, 11)
WORKER_BYTES = 1.3e9
"""Memory of a worker in the lab."""
RUN_BYTES = 2e9
"""Disk that a run of the lab takes."""
LISTED = 3


@dataclass(frozen=True)
class Finding:
    """What was found of one thing that commands need.

    Attributes:
        state: `fault` where nothing works without it, `note` where only some commands need it.
        advice: what to do; empty where nothing is to be done.
    """

    name: str
    state: State
    found: str
    advice: str = ""


def examine(data_dir: Path | None = None) -> list[Finding]:
    """Look at everything that the commands need; nothing is changed.

    Args:
        data_dir: a folder with the data of tasks.
    """
    return [
        _python(),
        _package(),
        _requirements(),
        _pinned(),
        _torch(),
        _devices(),
        _sandbox(),
        _hub(),
        _data(data_dir),
        _memory(),
        _disk(Path.cwd()),
    ]


def _python() -> Finding:
    found = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info < PYTHON:
        return Finding("python", "fault", found, f"traceinv needs Python {'.'.join(map(str, PYTHON))} or newer")
    return Finding("python", "ok", found)


def _package() -> Finding:
    """Say which traceinv runs, and from where."""
    installed = _version(PACKAGE)
    if CHECKOUT is None:
        return Finding(PACKAGE, "ok", f"{installed}, an installed package")
    commit = source_commit(CHECKOUT)
    where = f"{installed or 'not installed'}, the checkout {CHECKOUT}"
    if commit.endswith("-dirty"):
        return Finding(
            PACKAGE, "note", f"{where} at {commit}", "uncommitted changes: its artifacts have keys of their own"
        )
    return Finding(PACKAGE, "ok", where if commit == UNKNOWN else f"{where} at {commit}")


def _requirements() -> Finding:
    """Compare what the package requires with what is installed."""
    try:
        wanted = [Requirement(text) for text in requires(PACKAGE) or []]
    except PackageNotFoundError:
        return Finding("packages", "fault", "traceinv is not installed", "run: pip install --editable .")
    wanted = [requirement for requirement in wanted if not requirement.marker or requirement.marker.evaluate()]
    faults = []
    for requirement in wanted:
        found = _version(requirement.name)
        if found is None:
            faults.append(f"{requirement.name} is missing")
        elif not requirement.specifier.contains(found, prereleases=True):
            faults.append(f"{requirement.name} is {found}, expected {requirement.specifier}")
    if faults:
        return Finding("packages", "fault", _some(faults), "run: make setup, or pip install traceinv")
    return Finding("packages", "ok", f"all {len(wanted)} requirements are installed")


def _pinned() -> Finding:
    """Compare the installed packages with the versions that the tests ran with."""
    path = (CHECKOUT or Path(__file__).parent) / CONSTRAINTS
    if not path.is_file():
        return Finding(CONSTRAINTS, "note", f"no {path}")
    pins = dict(line.split("==") for line in path.read_text(encoding="utf-8").splitlines() if "==" in line)
    other = [
        f"{name} {found} ({pin})" for name, pin in pins.items() if (found := _version(name)) and not _same(found, pin)
    ]
    if other:
        return Finding(
            CONSTRAINTS,
            "note",
            f"{len(other)} of {len(pins)} differ: {_some(other)}",
            "results are only known to be repeatable with the pinned versions",
        )
    return Finding(CONSTRAINTS, "ok", f"no package differs from the {len(pins)} versions that the tests ran with")


def _torch() -> Finding:
    try:
        import torch
    except (ImportError, OSError) as error:  # OSError: a library of the system is missing
        return Finding("torch", "fault", f"cannot be imported: {error}", "run: pip install torch")
    return Finding("torch", "ok", f"{torch.__version__}, {torch.get_num_threads()} threads")


def _devices() -> Finding:
    try:
        import torch
    except (ImportError, OSError):
        return Finding("devices", "note", "unknown without torch")
    if not torch.cuda.is_available():
        return Finding("devices", "note", "no GPU", "the lab needs none; models of 1B parameters or more do")
    names = [torch.cuda.get_device_properties(number) for number in range(torch.cuda.device_count())]
    return Finding("devices", "ok", "; ".join(f"{one.name}, {_size(one.total_memory)}" for one in names))


def _sandbox() -> Finding:
    """Start an isolated worker and let it run a program."""
    from harness.sandbox import IsolationMissing, SandboxFailed, require_isolation

    try:
        require_isolation()
    except (IsolationMissing, SandboxFailed) as error:
        return Finding("sandbox", "note", "programs cannot be isolated here", str(error))
    return Finding("sandbox", "ok", f"programs run isolated by {shutil.which('bwrap')}")


def _hub() -> Finding:
    endpoint = os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT
    before = os.environ.get(OFFLINE_VARIABLE)
    if not is_offline():
        return Finding("hub", "ok", f"{endpoint} can be reached")
    found = f"{OFFLINE_VARIABLE}={before}" if before else f"{endpoint} does not answer"
    return Finding("hub", "note", found, "models and data must be in the hub's cache, or given as folders")


def _data(folder: Path | None) -> Finding:
    """Count the tasks whose items are at hand."""
    tasks = {benchmark.name: benchmark for benchmark in discover()}
    there = [name for name, benchmark in tasks.items() if _has_data(benchmark, folder)]
    found = f"{len(there)} of {len(tasks)} tasks have their items {f'here or in {folder}' if folder else 'here'}"
    if len(there) == len(tasks):
        return Finding("data", "ok", found)
    missing = _some([name for name in tasks if name not in there])
    advice = "they load from the hub; look in a folder with --data-dir" if folder is None else "they load from the hub"
    return Finding("data", "note", f"{found}; not {missing}", advice)


def _has_data(benchmark: Benchmark, folder: Path | None) -> bool:
    folders = [benchmark.path.parent, *([folder] if folder else [])]
    return not benchmark.data or find_file(benchmark.data, folders) is not None


def _memory() -> Finding:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    cores = os.cpu_count() or 1
    found = f"{_size(total)} for {cores} cores"
    if total < cores * WORKER_BYTES:
        workers = max(1, int(total / WORKER_BYTES))
        return Finding("memory", "note", found, f"run with --workers {workers}: the lab takes 1.3 GB a worker")
    return Finding("memory", "ok", found)


def _disk(folder: Path) -> Finding:
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding("disk", "note", f"{folder}: {error.strerror}")
    found = f"{_size(free)} free in {folder}"
    if not os.access(folder, os.W_OK):
        return Finding(
            "disk", "note", f"{folder} cannot be written to", "run in another folder, or with --out and --store"
        )
    if free < RUN_BYTES:
        return Finding("disk", "note", found, f"a run of the lab takes about {_size(RUN_BYTES)}")
    return Finding("disk", "ok", found)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _same(found: str, pinned: str) -> bool:
    """Compare versions without a local part, such as torch's `+cpu`."""
    return found.partition("+")[0] == pinned.partition("+")[0]


def _some(names: list[str]) -> str:
    return ", ".join(names[:LISTED]) + (f" and {len(names) - LISTED} more" if len(names) > LISTED else "")


def _size(size: float) -> str:
    return f"{size / 1e9:.1f} GB"
