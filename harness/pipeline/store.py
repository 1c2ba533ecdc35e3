"""Content-addressed artifacts: what was computed once from the same inputs is never computed again.

A stage whose inputs came out the same is not run again, even where something before them has changed. An artifact appears by
one rename, so it is there whole or not at all.
"""

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from pydantic import Field, ValidationError

from harness.files import remove_torn_files, write_atomic
from traceinv.digests import digest_file
from traceinv.errors import GateError
from traceinv.schema import Closed, describe

META = "artifact.json"
PARTIAL, LOGS = "partial", "logs"
"""Folders of a store that hold no artifacts: drafts with their locks, and what failed stages printed."""
KEY_LENGTH = 24
KEY = re.compile(f"[0-9a-f]{{{KEY_LENGTH}}}")
USE = ".in-use"
"""The file that runs lock for as long as they use a store."""
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

    def folders(self) -> Iterator[tuple[str, str]]:
        """Go through kind and key of all artifacts, damaged ones too; other folders are passed over."""
        kinds = sorted(self.root.iterdir()) if self.root.is_dir() else []
        for kind in (path for path in kinds if path.is_dir() and path.name not in (PARTIAL, LOGS)):
            for folder in sorted(kind.iterdir()):
                if KEY.fullmatch(folder.name) or (folder / META).is_file():
                    yield kind.name, folder.name

    def drafts(self) -> list[Path]:
        """List the folders of unfinished stages."""
        return sorted(path for path in (self.root / PARTIAL).glob("*/*") if path.is_dir())

    def artifacts(self) -> Iterator[Artifact]:
        """Go through all artifacts that can be used."""
        for kind, key in self.folders():
            if artifact := self.find(kind, key):
                yield artifact

    def is_used(self) -> bool:
        """Say whether a run has ever used the folder as a store."""
        return (self.root / USE).is_file()

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep others from tidying the store; several processes may use it at once."""
        try:
            file = (self.root / USE).open("a")
        except OSError:  # whoever cannot lock a store cannot tidy it either, or it does not exist yet
            yield
            return
        with file:
            fcntl.flock(file, fcntl.LOCK_SH)
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep others from using the store.

        Raises:
            GateError: somebody uses it.
        """
        with (self.root / USE).open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise GateError(f"{self.root}: a run is using it; nothing was deleted") from None
            yield

    @contextmanager
    def lock(self, kind: str, key: str) -> Iterator[None]:
        """Hold the only right to compute an artifact; another process that wants it waits. A dead process holds nothing."""
        path = self.root / PARTIAL / kind / f"{key}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            with path.open("w") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                if _is_still(path, file):
                    try:
                        yield
                    finally:
                        path.unlink(missing_ok=True)
                    return
            # its holder removed the file when it was done; another process may have a lock on a new one

    def open_draft(self, kind: str, key: str, resumable: bool) -> Path:
        """Return the folder to compute an artifact in; it holds what a killed run left there if the stage can resume."""
        draft = self.root / PARTIAL / kind / key
        if draft.exists() and not resumable:
            shutil.rmtree(draft)
        draft.mkdir(parents=True, exist_ok=True)
        remove_torn_files(draft)
        return draft

    def publish(self, draft: Path, description: Mapping[str, Any]) -> Artifact:
        """Turn a draft into an artifact; `description` lacks only digest and files. The lock must be held."""
        files = {path.relative_to(draft).as_posix(): path.stat().st_size for path in _files(draft)}
        described = Description.model_validate({**description, "digest": digest_folder(draft), "files": files})
        write_atomic(draft / META, described.model_dump_json(indent=1) + "\n")
        final = self.path(described.kind, described.key)
        final.parent.mkdir(parents=True, exist_ok=True)
        _remove(final)  # what stands there is damaged, or it would have been used
        draft.rename(final)
        self.damaged.pop(final, None)
        return Artifact(path=final, description=described)

    def remove(self, kind: str, key: str) -> None:
        """Remove an artifact."""
        _remove(self.path(kind, key))


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
        total.update(os.fsencode(path.relative_to(folder)) + f"\0{digest_file(path)}\0".encode())
    return total.hexdigest()


def folder_bytes(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def lasting_log(log: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stage's log without what depends on how often it was interrupted."""
    return {key: value for key, value in log.items() if key not in INTERRUPTIONS}


def _files(folder: Path) -> list[Path]:
    """List a folder's files, those in linked folders too."""
    names = [Path(parent, name) for parent, _, names in os.walk(folder, followlinks=True) for name in names]
    return sorted(path for path in names if path.is_file() and path != folder / META)


def _is_still(path: Path, file: TextIO) -> bool:
    """Say whether an open file is the one that has the path now."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _remove(path: Path) -> None:
    """Remove a folder, a file or a link; it may be absent."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
