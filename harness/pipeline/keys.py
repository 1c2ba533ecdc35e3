"""The key of an artifact: a digest of everything that decides what it holds.

A key is made of the stage's kind, its version or its source, its parameters, the contents of its inputs, and the major and
minor versions of the libraries that it names.
"""

import copy
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from inspect import getfile
from pathlib import Path
from typing import Any

from harness.pipeline.store import KEY_LENGTH
from harness.sources import OURS, changed_files, closure, fingerprint
from harness.stages.base import StageKind
from traceinv.digests import digest_json

PYTHON = "python"


def make_key(kind: StageKind, params: Mapping[str, Any], inputs: Mapping[str, str]) -> str:
    """Return the key of an artifact; `inputs` are digests by name."""
    parts = {
        "kind": kind.name,
        "code": kind.version if kind.version is not None else source_fingerprint(kind, params),
        "libraries": {name: library_version(name) for name in kind.libraries},
        "params": decisive(kind, params),
        "inputs": {name: digest for name, digest in inputs.items() if kind.is_keyed(name)},
    }
    if kind.version is not None and has_uncommitted_changes(kind):
        parts["uncommitted"] = source_fingerprint(kind, params)
    return digest_json(parts)[:KEY_LENGTH]


def decisive(kind: StageKind, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with None for those that do not decide what the artifact holds."""
    decisive = copy.deepcopy(dict(params))
    for name in kind.unkeyed:
        *parents, last = name.split(".")
        place = decisive
        for parent in parents:
            place = place.get(parent, {})
        if last in place:
            place[last] = None
    for name in _left_out(kind):
        decisive.pop(name, None)
    return decisive


def _left_out(kind: StageKind) -> set[str]:
    """Return the parameters that decide nothing and are left out at their default: the key never has them."""
    return {name for name in kind.unkeyed if (field := kind.params.model_fields.get(name)) and field.exclude_if}


def source_fingerprint(kind: StageKind, params: Mapping[str, Any]) -> str:
    """Return the digest of a stage's source and of all of ours that it imports, without comments and docstrings."""
    return _fingerprint(kind, tuple(kind.files(params).items()))


@cache
def _fingerprint(kind: StageKind, files: tuple[tuple[str, Path], ...]) -> str:
    return fingerprint(_modules(kind), {**_own_file(kind), **dict(files)})


@cache
def has_uncommitted_changes(kind: StageKind) -> bool:
    """Say whether a file behind the stage means something else than in the last commit.

    Such artifacts get keys of their own, so that half-done edits never read or write official ones.
    """
    changed = changed_files()
    return bool(changed) and not changed.isdisjoint(closure(_modules(kind), _own_file(kind)).values())


def _modules(kind: StageKind) -> list[str]:
    return [kind.module, *kind.uses] if _is_ours(kind) else [*kind.uses]


def _own_file(kind: StageKind) -> dict[str, Path]:
    """Return the file of a stage that comes from another distribution."""
    return {} if _is_ours(kind) else {kind.module: Path(getfile(kind.run))}


def _is_ours(kind: StageKind) -> bool:
    return kind.module.partition(".")[0] in OURS


@cache
def library_version(name: str) -> str:
    """Return the major and minor version of an installed package or of Python; `absent` where it is not installed."""
    if name == PYTHON:
        return ".".join(platform.python_version_tuple()[:2])
    try:
        return ".".join(version(name).split("+")[0].split(".")[:2])
    except PackageNotFoundError:
        return "absent"
