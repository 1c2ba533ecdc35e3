"""Content-addressed artifacts: what was computed once from the same inputs is never computed again.

A stage whose inputs came out the same is not run again, even where something before them has changed. An artifact appears by
one rename, so it is there whole or not at all.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from harness.files import write_atomic
from traceinv.digests import digest_file
from traceinv.schema import Closed, describe

META = "artifact.json"
PARTIAL = "partial"
RESERVED = (PARTIAL, "logs")
"""Folders of a store that hold no artifacts."""
INTERRUPTIONS = ("resumed", "repeated")
"""Entries of a stage's log that say what it took up from a killed run, and what it did again."""


class InputRef(Closed):
    """Where an input of an artifact came from: another artifact of the store, or a path outside it.

    Attributes:
        kind, key: of the artifact; None for a path outside the store.
        path: outside the store; None for an artifact.
    """

    digest: str
    kind: str | None = None
    key: str | None = None
    path: str | None = None


class Adoption(Closed):
    """Why an artifact of another version of its stage stands under this key."""

    key: str
    version: int | None
    because: str


class Description(Closed):
    """An artifact's own description, beside its files.

    Attributes:
        digest: of the names and bytes of its files; keys of later stages are made of it.
        files: size in bytes by name.
        version: of the kind of stage; None where its source is hashed.
        fingerprint: of the source that computed it; it is no part of the key of a stage with a version.
        seconds: how long it took to compute.
        log: what the stage reported.
    """

    kind: str
    key: str
    digest: str
    files: dict[str, int]
    version: int | None
    fingerprint: str
    params: dict[str, Any]
    inputs: dict[str, InputRef]
    seconds: float
    log: dict[str, Any]
    adopted: Adoption | None = None


class Artifact(Closed):
    """A finished artifact and where it lies."""

    path: Path
    description: Description = Field(repr=False)

    @property
    def kind(self) -> str:
        return self.description.kind

    @property
    def key(self) -> str:
        return self.description.key

    @property
    def digest(self) -> str:
        return self.description.digest

    @property
    def seconds(self) -> float:
        return self.description.seconds

    @property
    def log(self) -> dict[str, Any]:
        return self.description.log


class Store:
    """A folder of artifacts, `KIND/KEY/`; several runs may share it.

    Attributes:
        damaged: why an artifact that was looked for cannot be used, by its folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.damaged: dict[Path, str] = {}
        root.mkdir(parents=True, exist_ok=True)

    def path(self, kind: str, key: str) -> Path:
        return self.root / kind / key

    def find(self, kind: str, key: str) -> Artifact | None:
        """Return the artifact with this key; None where there is none, or where its files are missing or short."""
        folder = self.path(kind, key)
        if not folder.is_dir():
            return None
        read = _read_description(folder, kind, key)
        if isinstance(read, str):
            self.damaged[folder] = read
            return None
        return Artifact(path=folder, description=read)

    def artifacts(self) -> Iterator[Artifact]:
        """Go through all artifacts that can be used."""
        for kind in sorted(path for path in self.root.iterdir() if path.is_dir() and path.name not in RESERVED):
            for folder in sorted(path for path in kind.iterdir() if path.is_dir()):
                if artifact := self.find(kind.name, folder.name):
                    yield artifact

    @contextmanager
    def lock(self, kind: str, key: str) -> Iterator[None]:
        """Hold the only right to compute an artifact; another process that wants it waits. A dead process holds nothing."""
        path = self.root / PARTIAL / kind / f"{key}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            with path.open("w") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                if path.exists() and path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                    yield
                    return
            # the file was removed while this process waited, so that another may hold a lock on its successor

    def open_draft(self, kind: str, key: str, resumable: bool) -> Path:
        """Return the folder to compute an artifact in; it holds what a killed run left there if the stage can resume."""
        draft = self.root / PARTIAL / kind / key
        if draft.exists() and not resumable:
            shutil.rmtree(draft)
        draft.mkdir(parents=True, exist_ok=True)
        return draft

    def publish(self, draft: Path, description: Mapping[str, Any]) -> Artifact:
        """Turn a draft into an artifact; `description` lacks only digest and files. The lock must be held."""
        files = {path.relative_to(draft).as_posix(): path.stat().st_size for path in _files(draft)}
        described = Description.model_validate({**description, "digest": digest_folder(draft), "files": files})
        write_atomic(draft / META, described.model_dump_json(indent=1) + "\n")
        final = self.path(described.kind, described.key)
        final.parent.mkdir(parents=True, exist_ok=True)
        if final.exists():  # it was damaged, or it would have been used
            shutil.rmtree(final)
        draft.rename(final)
        self.damaged.pop(final, None)
        return Artifact(path=final, description=described)

    def remove(self, kind: str, key: str) -> None:
        """Remove an artifact or its draft."""
        shutil.rmtree(self.path(kind, key), ignore_errors=True)


def _read_description(folder: Path, kind: str, key: str) -> Description | str:
    """Return an artifact's description, or why the artifact cannot be used."""
    try:
        description = Description.model_validate_json((folder / META).read_bytes())
    except OSError as error:
        return f"{META}: {error.strerror}"
    except ValidationError as error:
        return f"{META}: {describe(error, Description)}"
    if (description.kind, description.key) != (kind, key):
        return f"{META} describes {description.kind}/{description.key}"
    for name, size in description.files.items():
        file = folder / name
        actual = file.stat().st_size if file.is_file() else None
        if actual != size:
            return f"{name}: {'missing' if actual is None else f'{actual} bytes'}, expected {size}"
    return description


def digest_folder(folder: Path) -> str:
    """Return the SHA-256 over the names and bytes of a folder's files, the artifact's own description left out."""
    total = hashlib.sha256()
    for path in _files(folder):
        total.update(f"{path.relative_to(folder).as_posix()}\0{digest_file(path)}\0".encode())
    return total.hexdigest()


def folder_bytes(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def lasting_log(log: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stage's log without what depends on how often it was interrupted."""
    return {key: value for key, value in log.items() if key not in INTERRUPTIONS}


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != META)
