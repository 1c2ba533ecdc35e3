"""The folders with tasks: the package's own, those of installed packages, and those that the user names."""

import os
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

from traceinv.errors import InputError

_SHIPPED = Path(__file__).resolve().parents[1] / "tasks"
_REPOSITORY = Path(__file__).resolve().parents[2]
CHECKOUT = None if _SHIPPED.is_dir() else _REPOSITORY
"""The repository's folder; None in an installed package, which has the tasks as its data (setup.py)."""
TASKS = _REPOSITORY / "tasks" if CHECKOUT else _SHIPPED
FOLDERS_VARIABLE = "TRACEINV_TASKS"
"""The environment variable with further folders, joined as in PATH; `include` adds to it, so that worker processes read it."""
ENTRY_POINTS = "traceinv.tasks"
"""The group of entry points of installed packages; each names a package whose folder has tasks."""


def task_folders() -> tuple[Path, ...]:
    """Return all folders with tasks, the package's own first.

    Raises:
        InputError: an entry point names no package, or TRACEINV_TASKS a folder that is not there.
    """
    further = [Path(folder) for folder in os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep) if folder]
    for folder in further:
        if not folder.is_dir():
            raise InputError(f"{FOLDERS_VARIABLE}: no such folder {str(folder)!r}")
    return tuple(dict.fromkeys([TASKS, *installed_folders(), *(folder.resolve() for folder in further)]))


def include(folders: Iterable[Path | str]) -> None:
    """Add folders to the catalogue of this process and of those that it starts.

    Raises:
        InputError: there is no such folder, or its path cannot stand in an environment variable.
    """
    known = [folder for folder in os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep) if folder]
    for folder in folders:
        path = Path(folder).expanduser().resolve()
        if not path.is_dir():
            raise InputError(f"no such folder {str(folder)!r}; expected a folder with the YAML files of tasks")
        if os.pathsep in str(path):
            raise InputError(f"{str(folder)!r}: a folder of tasks cannot have {os.pathsep!r} in its path")
        known.append(str(path))
    if known:
        os.environ[FOLDERS_VARIABLE] = os.pathsep.join(dict.fromkeys(known))


def yaml_files(root: Path) -> Iterator[Path]:
    """Yield the YAML files below a folder, in order; hidden folders are left out."""
    for folder, inner, files in os.walk(root):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(files) if name.endswith(".yaml"))


@cache
def installed_folders() -> tuple[Path, ...]:
    """Return the folders that installed packages name.

    Raises:
        InputError: an entry point names no package.
    """
    return tuple(_package_folder(entry) for entry in entry_points(group=ENTRY_POINTS))


def _package_folder(entry: EntryPoint) -> Path:
    """Return the folder of the package that an entry point names, without importing it; only its parents are imported."""
    try:
        spec = find_spec(entry.module)
    except ImportError:
        spec = None
    if spec is None or not spec.submodule_search_locations:
        owner = entry.dist.name if entry.dist else "an installed package"
        raise InputError(
            f"{owner}: entry point {entry.name!r} of the group {ENTRY_POINTS}: no package {entry.module!r}"
        )
    return Path(next(iter(spec.submodule_search_locations))).resolve()
