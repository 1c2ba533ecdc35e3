"""What an artifact says of itself, and whether it is true: `artifact.json` beside its files.

Whoever damages a file, swaps two or edits a description is noticed before the artifact is used.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from harness.files import read_bytes
from harness.stages.base import ENGINE, MERGED
from traceinv.digests import digest_file, digest_json
from traceinv.errors import InputError
from traceinv.schema import Closed, describe

META = "artifact.json"
MAX_META_BYTES = 64 * 1024**2
SEAL = "seal"
"""The entry of a description that covers all others."""
INTERRUPTIONS = ("resumed", "repeated", "spent", MERGED)
"""Entries of a stage's log: what it took up from a killed run, what it did again, what that cost, how many shards it joined."""


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
    """What an artifact is and how it was computed: its file artifact.json.

    Attributes:
        digest: of the names and bytes of its files; keys of later stages are made of it.
        files: size in bytes by name.
        version: of the kind of stage; None where its source is hashed.
        fingerprint: of the source that computed it; it is no part of the key of a stage with a version.
        seconds: how long it took to compute.
        log: what the stage reported.
        dropped: whether its files were removed after all that reads them was computed; the description still says what they were.
        seal: the digest of all other entries; None where an earlier version of this project wrote the description.
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
    dropped: bool = Field(False, exclude_if=lambda dropped: not dropped)
    seal: str | None = None


@dataclass(frozen=True)
class Artifact:
    """A finished artifact and where it lies.

    Attributes:
        folder: its place in the store's folder on this machine.
    """

    folder: Path
    description: Description = field(repr=False)

    @property
    def path(self) -> Path:
        """The folder of this machine that its files are read from."""
        return self.folder

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
    def dropped(self) -> bool:
        return self.description.dropped

    @property
    def log(self) -> dict[str, Any]:
        return self.description.log


def read_description(folder: Path, kind: str, key: str) -> Description | str:
    """Return an artifact's description, or why the artifact cannot be used."""
    try:
        if not folder.is_dir():
            return "not a folder"
        content = json.loads(read_bytes(folder / META, MAX_META_BYTES))
        description = Description.model_validate(content)
        sizes = {name: _size(folder / name) for name in description.files}
    except ValidationError as error:
        return f"{META}: {describe(error, Description)}"
    except InputError as error:
        return str(error).removeprefix(f"{folder}/").replace(": cannot be read", "")
    except (ValueError, RecursionError) as error:
        return f"{META}: not JSON: {error}"
    except OSError as error:
        return f"{error.filename}: {error.strerror}"
    if description.seal not in (None, _seal(content)):
        return f"{META} is not what was written"
    if (description.kind, description.key) != (kind, key):
        return f"{META} describes {description.kind}/{description.key}"
    for name, size in description.files.items():
        if sizes[name] != size and not description.dropped:
            return f"{name}: {'missing' if sizes[name] is None else f'{sizes[name]} bytes'}, expected {size}"
    return description


def contents_fault(artifact: Artifact) -> str | None:
    """Compare an artifact's files with its description; None where they agree."""
    if link := first_link(artifact.path):
        return f"{link}: is a link, and an artifact holds none"
    try:
        for path in _walk(artifact.path):
            name = path.relative_to(artifact.path).as_posix()
            if name not in artifact.description.files:
                return f"{name}: is none of its files"
        actual = digest_folder(artifact.path)
    except OSError as error:
        return f"{error.filename}: cannot be read: {error.strerror}"
    if actual == artifact.digest:
        return None
    return f"its files have the digest {actual[:12]}, its description says {artifact.digest[:12]}"


def sealed(description: Mapping[str, Any]) -> Description:
    """Return a description that says whether it is changed later."""
    whole = Description.model_validate(description)
    return whole.model_copy(update={SEAL: _seal(json.loads(whole.model_dump_json()))})


def digest_folder(folder: Path) -> str:
    """Return the SHA-256 over the names and bytes of a folder's files, the artifact's own description left out.

    Raises:
        InputError: a link leads back to a folder that holds it.
    """
    total = hashlib.sha256()
    for path in files_of(folder):
        total.update(os.fsencode(path.relative_to(folder)) + f"\0{digest_file(path)}\0".encode())
    return total.hexdigest()


def files_of(folder: Path) -> list[Path]:
    """List a folder's files, those in linked folders too.

    Raises:
        InputError: a link leads back to a folder that holds it.
    """
    return sorted(_walk(folder))


def first_link(folder: Path) -> str | None:
    """Return the name of a link in a folder, None where there is none; the folder itself may be one.

    What a link leads to changes without the folder, may lie anywhere and need not end.
    """
    for parent, folders, names in os.walk(folder):
        for path in (Path(parent, name) for name in sorted((*folders, *names))):
            if path.is_symlink():
                return path.relative_to(folder).as_posix()
    return None


def folder_bytes(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def lasting_log(log: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stage's log without what depends on the machine and on how often it was interrupted."""
    return {key: value for key, value in log.items() if key not in (*INTERRUPTIONS, ENGINE)}


def _seal(content: Mapping[str, Any]) -> str:
    return digest_json({name: value for name, value in content.items() if name != SEAL})


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder, followlinks=True):
        for path in (Path(parent, name) for name in folders):
            if path.is_symlink() and path.resolve() in {above.resolve() for above in path.parents}:
                raise InputError(f"{path}: is a link to a folder that holds it")
        yield from (path for name in names if (path := Path(parent, name)).is_file() and path != folder / META)


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None
