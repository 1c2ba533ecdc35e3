"""Files and folders that a graph starts from, and their digests.

A plan that is only costed need not have them on this machine (`absent_ok`): what is made of an absent one is in no store.
"""

from functools import cache
from pathlib import Path

from harness.pipeline.descriptions import digest_folder
from harness.pipeline.graph import InputArtifact
from traceinv.digests import digest_file
from traceinv.errors import InputError
from traceinv.models import HUB_ID, SHIPPED_MODEL, locate


@cache
def weights_folder(where: str, model: str, trust_remote_code: bool = False, absent_ok: bool = False) -> InputArtifact:
    """Return the folder of a model; a model of the hub is downloaded, unless it may be absent."""
    if absent_ok and model != SHIPPED_MODEL and not Path(model).is_dir() and HUB_ID.fullmatch(model):
        cached = _cached(model)
        if cached is None:
            return _absent(Path(model))
        model = str(cached)
    try:
        folder = locate(model, trust_remote_code)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    return _artifact(folder.resolve())


@cache
def benchmark_folder(folder: str) -> InputArtifact:
    if not Path(folder).is_dir():
        raise InputError(f"benchmark.data_dir: no such folder {folder!r}")
    return _artifact(Path(folder).resolve())


def checked_path(where: str, path: Path, absent_ok: bool = False) -> InputArtifact:
    """Return a file or folder of data."""
    if path.exists():
        return _read_file(path.resolve())
    if absent_ok:
        return _absent(path)
    raise InputError(f"{where}: no such file or folder {str(path)!r}")


def _cached(model: str) -> Path | None:
    """Return the folder of a repository in the hub's cache; None where it is not there."""
    from huggingface_hub import try_to_load_from_cache

    name = HUB_ID.fullmatch(model)
    found = name and try_to_load_from_cache(name["repository"], "config.json", revision=name["revision"])
    return Path(found).parent if isinstance(found, str) else None


def _absent(path: Path) -> InputArtifact:
    return InputArtifact(path, f"absent: {path}", here=False)


@cache
def _read_file(path: Path) -> InputArtifact:
    return _artifact(path) if path.is_dir() else InputArtifact(path, digest_file(path))


@cache
def _artifact(folder: Path) -> InputArtifact:
    return InputArtifact(folder, digest_folder(folder))
