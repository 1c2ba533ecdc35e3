"""Files and folders that a graph starts from, and their digests."""

from functools import cache
from pathlib import Path

from harness.pipeline.descriptions import digest_folder
from harness.pipeline.graph import InputArtifact
from traceinv.digests import digest_file
from traceinv.errors import InputError
from traceinv.models import locate


@cache
def weights_folder(where: str, model: str) -> InputArtifact:
    try:
        folder = locate(model)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    return _artifact(folder.resolve())


@cache
def benchmark_folder(folder: str) -> InputArtifact:
    if not Path(folder).is_dir():
        raise InputError(f"benchmark.data_dir: no such folder {folder!r}")
    return _artifact(Path(folder).resolve())


def checked_path(where: str, path: Path) -> InputArtifact:
    if not path.exists():
        raise InputError(f"{where}: no such file or folder {str(path)!r}")
    return _read_file(path.resolve())


@cache
def _read_file(path: Path) -> InputArtifact:
    return _artifact(path) if path.is_dir() else InputArtifact(path, digest_file(path))


@cache
def _artifact(folder: Path) -> InputArtifact:
    return InputArtifact(folder, digest_folder(folder))
