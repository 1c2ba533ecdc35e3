"""Content-addressed artifacts: what was computed once from the same inputs is never computed again.

A stage whose inputs came out the same is not run again, even where something before them has changed. An artifact appears by
one rename, so it is there whole or not at all.
"""

import fcntl
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, TextIO

from harness.files import remove_torn_files, write_atomic
from harness.pipeline.descriptions import (
    META,
    Artifact,
    contents_fault,
    digest_folder,
    files_of,
    first_link,
    folder_bytes,
    read_description,
    sealed,
)
from traceinv.errors import GateError

PARTIAL, LOGS = "partial", "logs"
"""Folders of a store that hold no artifacts: drafts with their locks, and what failed stages printed."""
DRAFT_DAYS = 30.0
"""A draft that nobody has written to for so long is removed; its run was on another machine, or is not resumed."""
KEY_LENGTH = 24
KEY = re.compile(f"[0-9a-f]{{{KEY_LENGTH}}}")
USE = ".in-use"
"""The file that runs lock for as long as they use a store."""


class Store:
    """A folder of artifacts, `KIND/KEY/`; several runs may share it.

    Attributes:
        damaged: why an artifact that was looked for cannot be used, by its folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.damaged: dict[Path, str] = {}
        self._verified: dict[Path, str] = {}

    def __reduce__(self) -> tuple[Callable[..., "Store"], tuple[Any, ...]]:
        """Travel to another process as the folder alone: what this one has read, the other has not."""
        return Store, (self.root,)

    @property
    def address(self) -> str:
        """What `--store` names it by."""
        return str(self.root)

    def anywhere(self) -> "Store":
        """Return the same store with an absolute path."""
        return Store(self.root.resolve())

    def check_writable(self) -> None:
        """Check what the folder's own permissions do not say of whether artifacts can be published."""

    def path(self, kind: str, key: str) -> Path:
        return self.root / kind / key

    def local(self, kind: str, key: str) -> Path:
        """Return the folder to read an artifact's files from, which the store is known to have."""
        return self.path(kind, key)

    def fault(self, artifact: Artifact) -> str | None:
        """Say what is wrong with the files of an artifact that was found; `find` has read them already."""
        return None

    def size(self, kind: str, key: str) -> int:
        """Return the bytes of an artifact's files."""
        return folder_bytes(self.path(kind, key))

    def keeping(self, draft: Path, resumable: bool) -> AbstractContextManager[None]:
        """Keep what a stage writes to a draft where other machines find it; a folder is where they find it."""
        return nullcontext()

    def find(self, kind: str, key: str, even_dropped: bool = False) -> Artifact | None:
        """Return the artifact with this key; None where there is none, or where its files are not those that were computed.

        The files are read once for each store that was opened, those of artifacts that it published not at all.

        Args:
            even_dropped: whether an artifact counts whose files were dropped.
        """
        artifact = self.describe(kind, key)
        if artifact is not None and artifact.dropped:
            return artifact if even_dropped else None
        if artifact is None or self._verified.get(artifact.path) == artifact.digest:
            return artifact
        if fault := contents_fault(artifact):
            self.damaged[artifact.path] = fault
            return None
        self._verified[artifact.path] = artifact.digest
        return artifact

    def describe(self, kind: str, key: str) -> Artifact | None:
        """Return the artifact with this key by its description alone; None where its files are missing or short."""
        folder = self.path(kind, key)
        if not os.path.lexists(folder):
            return None
        read = read_description(folder, kind, key)
        if isinstance(read, str):
            self.damaged[folder] = read
            return None
        return Artifact(folder, read)

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
        """Go through all artifacts with a description; whether it is true of their files is not looked at."""
        for kind, key in self.folders():
            if artifact := self.describe(kind, key):
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
        """Turn a draft into an artifact; `description` lacks only digest and files. The lock must be held.

        Raises:
            GateError: the draft holds a link.
        """
        if link := first_link(draft):
            raise GateError(f"{draft / link}: is a link; a stage must leave files")
        files = {path.relative_to(draft).as_posix(): path.stat().st_size for path in files_of(draft)}
        described = sealed({**description, "digest": digest_folder(draft), "files": files})
        write_atomic(draft / META, described.model_dump_json(indent=1) + "\n")
        final = self.path(described.kind, described.key)
        final.parent.mkdir(parents=True, exist_ok=True)
        _remove(final)  # what stands there is damaged, or it would have been used
        draft.rename(final)
        self.damaged.pop(final, None)
        self._verified[final] = described.digest
        return Artifact(final, described)

    def drop(self, artifact: Artifact) -> Artifact:
        """Remove an artifact's files and keep its description, so that what was computed from it is still found."""
        described = sealed({**artifact.description.model_dump(), "dropped": True})
        with self.lock(artifact.kind, artifact.key):
            write_atomic(artifact.path / META, described.model_dump_json(indent=1) + "\n")
            for path in artifact.path.iterdir():
                if path.name != META:
                    _remove(path)
        return Artifact(artifact.path, described)

    def remove(self, kind: str, key: str) -> None:
        """Remove an artifact."""
        _remove(self.path(kind, key))

    def sweep(self, days: float = DRAFT_DAYS) -> list[Path]:
        """Remove drafts that nobody works on and that nobody has written to for so many days; return their folders."""
        swept = []
        for draft in self.drafts():
            if time.time() - _last_change(draft) < days * 86_400:
                continue
            lock = draft.with_name(f"{draft.name}.lock")
            with lock.open("w") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                shutil.rmtree(draft, ignore_errors=True)
                lock.unlink(missing_ok=True)
            swept.append(draft)
        return swept


def _last_change(folder: Path) -> float:
    """Return the time of the last change in a folder, in seconds since the epoch."""
    return max(path.lstat().st_mtime for path in (folder, *folder.rglob("*")))


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
