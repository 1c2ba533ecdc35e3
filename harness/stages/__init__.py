"""The stages of a run, one file a kind: each reads the folders of its inputs and writes one folder, and knows nothing else."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from harness.stages.base import StageKind


@cache
def stage_kinds() -> Mapping[str, StageKind]:
    """Import every module of this package and return the stage kinds in them by name."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    kinds = [value for module in modules for value in vars(module).values() if isinstance(value, StageKind)]
    return {kind.name: kind for kind in sorted(kinds, key=lambda kind: kind.name)}
