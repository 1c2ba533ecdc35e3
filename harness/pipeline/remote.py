"""A store in a bucket, over a folder of this machine in which stages work and from which they read.

An artifact is its description, `KIND/KEY/artifact.json`, which the server creates only where there is none. Its files were
uploaded before, below a name that no other process shares. So no lock is needed between machines: where two compute the same
artifact, the second finds the first one's description, throws its own files away and uses the first one's.
"""

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import ValidationError

from harness.pipeline.descriptions import META, Artifact, Description, contents_fault, files_of, sealed
from harness.pipeline.drafts import DraftCopier, newest_copy, take_copy
from harness.pipeline.objects import Objects
from harness.pipeline.store import LOGS, PARTIAL, Store
from traceinv.cache import cache_folder
from traceinv.errors import GateError, InputError
from traceinv.schema import Closed, describe

FETCHED = "fetched"
"""The folder of downloads under way; it stands among the drafts."""
DAMAGED = "damaged.json"
"""What is left of the description of an artifact whose files were found damaged."""


class Published(Closed):
    """What an `artifact.json` in a bucket holds.

    Attributes:
        place: the name, beside it, that the artifact's files are below.
    """

    place: str
    description: Description


@dataclass(frozen=True)
class RemoteArtifact(Artifact):
    """An artifact whose files are downloaded by whoever reads them, on its own machine."""

    store: "RemoteStore"
    place: str

    @property
    def path(self) -> Path:
        return self.store.fetch(self)


class RemoteStore(Store):
    """A store in a bucket; its root is a folder of this machine."""

    def __init__(self, url: str) -> None:
        """Open the store; nothing is asked of its server yet.

        Raises:
            InputError: the address is wrong, or the library of its protocol is not installed.
        """
        self._objects = Objects(url)
        super().__init__(copies_folder(self._objects.url))
        self._copies = Store(self.root)

    def __reduce__(self) -> tuple[Callable[[str], "RemoteStore"], tuple[str]]:
        """Travel to another machine as the address alone: its folder and its credentials are its own."""
        return RemoteStore, (self._objects.url,)

    @property
    def address(self) -> str:
        return self._objects.url

    def anywhere(self) -> "RemoteStore":
        return self

    def check(self) -> None:
        self._objects.check()

    def check_writable(self) -> None:
        self._objects.check_writable()

    def find(self, kind: str, key: str, even_dropped: bool = False) -> Artifact | None:
        """Return the artifact with this key by its description and the sizes of its files; who fetches them checks the rest."""
        artifact = self.describe(kind, key)
        return artifact if artifact and (even_dropped or not artifact.dropped) else None

    def describe(self, kind: str, key: str) -> RemoteArtifact | None:
        content = self._objects.read(f"{kind}/{key}/{META}")
        if content is None:
            return None
        read = _read(content, kind, key)
        if isinstance(read, Published) and not read.description.dropped:
            read = self._size_fault(read) or read
        if isinstance(read, str):
            self.damaged[self.path(kind, key)] = read
            return None
        return RemoteArtifact(self.path(kind, key), read.description, self, read.place)

    def fault(self, artifact: Artifact) -> str | None:
        if artifact.dropped or self._is_here(artifact):
            return None
        return self._download(artifact) if isinstance(artifact, RemoteArtifact) else "is of another store"

    def fetch(self, artifact: RemoteArtifact) -> Path:
        """Return the folder of an artifact's files, which are downloaded where they are not here and whole.

        Raises:
            GateError: they are not what was computed; the artifact is set aside, so that the next run computes it again.
        """
        if artifact.dropped or self._is_here(artifact):
            return self.path(artifact.kind, artifact.key)
        if fault := self._download(artifact) and self._download(artifact):  # once more: the way here may be at fault
            name = f"{artifact.kind}/{artifact.key}"
            self._objects.write(f"{name}/{DAMAGED}", self._objects.read(f"{name}/{META}") or b"")
            self._objects.remove(f"{name}/{META}")
            raise GateError(f"{self.address}/{name}: not used: {fault}; the same command computes it again")
        return self.path(artifact.kind, artifact.key)

    def local(self, kind: str, key: str) -> Path:
        artifact = self.describe(kind, key)
        if artifact is None or artifact.dropped:
            reason = self.damaged.get(self.path(kind, key), "is not there any more")
            raise GateError(f"{self.address}/{kind}/{key}: {reason}; the same command computes it again")
        return artifact.path

    def folders(self) -> Iterator[tuple[str, str]]:
        for kind in (name for name in self._objects.folders("") if name not in (PARTIAL, LOGS)):
            for key in self._objects.folders(kind):
                if self._objects.read(f"{kind}/{key}/{META}") is not None:
                    yield kind, key

    def size(self, kind: str, key: str) -> int:
        return sum(self._objects.sizes(f"{kind}/{key}").values())

    def is_used(self) -> bool:
        return False

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Refuse: whether a run of another machine uses the bucket cannot be told.

        Raises:
            InputError: always.
        """
        raise InputError(
            f"--store {self.address}: whether another machine uses a bucket cannot be told; remove the listed prefixes "
            "with the tools of the object store when no run is"
        )
        yield

    def open_draft(self, kind: str, key: str, resumable: bool) -> Path:
        """Return the folder to compute an artifact in; a resumable stage goes on from the copy that changed last."""
        draft = self.root / PARTIAL / kind / key
        # a process was killed while it uploaded what it had finished
        if resumable and not draft.exists() and self._copies.find(kind, key):
            draft.parent.mkdir(parents=True, exist_ok=True)
            self.path(kind, key).rename(draft)
        draft = super().open_draft(kind, key, resumable)
        if resumable:
            self._take_copy(kind, key, draft)
        return draft

    def keeping(self, draft: Path, resumable: bool) -> AbstractContextManager[None]:
        if not resumable:
            return nullcontext()
        return DraftCopier(draft, self._objects, draft.relative_to(self.root).as_posix())

    def publish(self, draft: Path, description: Mapping[str, Any]) -> Artifact:
        artifact = super().publish(draft, description)
        kind, key = artifact.kind, artifact.key
        place = uuid4().hex
        try:
            for name in artifact.description.files:
                self._objects.upload(artifact.folder / name, f"{kind}/{key}/{place}/{name}")
            published = self._create(Published(place=place, description=artifact.description))
        except BaseException:  # what was computed stays a draft
            artifact.folder.rename(draft)
            raise
        if published.place != place:
            self._objects.remove(f"{kind}/{key}/{place}")
        self._objects.remove(f"{PARTIAL}/{kind}/{key}")
        return published

    def drop(self, artifact: Artifact) -> Artifact:
        kind, key = artifact.kind, artifact.key
        described = sealed({**artifact.description.model_dump(), "dropped": True})
        dropped = Published(place="", description=described)
        self._objects.write(f"{kind}/{key}/{META}", dropped.model_dump_json().encode())
        for name in self._objects.folders(f"{kind}/{key}"):
            self._objects.remove(f"{kind}/{key}/{name}")
        self._copies.remove(kind, key)
        return RemoteArtifact(self.path(kind, key), described, self, "")

    def remove(self, kind: str, key: str) -> None:
        self._objects.remove(f"{kind}/{key}/{META}")
        self._objects.remove(f"{kind}/{key}")
        self._copies.remove(kind, key)

    def _create(self, published: Published) -> RemoteArtifact:
        """Create a description; return the artifact that stands, which is another process's where that was first."""
        kind, key = published.description.kind, published.description.key
        content = published.model_dump_json().encode()
        while not self._objects.create(f"{kind}/{key}/{META}", content):
            first = self.describe(kind, key)
            if first is not None and not first.dropped:
                return first
            self._objects.remove(f"{kind}/{key}/{META}")  # damaged or dropped, or the artifact would have been used
        self.damaged.pop(self.path(kind, key), None)
        return RemoteArtifact(self.path(kind, key), published.description, self, published.place)

    def _take_copy(self, kind: str, key: str, draft: Path) -> None:
        """Replace a draft by a copy that is whole and changed later; the clocks of machines are taken to agree."""
        newest = newest_copy(self._objects, f"{PARTIAL}/{kind}/{key}")
        if newest is None or newest[1].changed <= max((path.stat().st_mtime for path in files_of(draft)), default=0.0):
            return
        taken = self.root / PARTIAL / FETCHED / uuid4().hex
        taken.mkdir(parents=True)
        if take_copy(self._objects, *newest, taken):
            shutil.rmtree(draft)
            taken.rename(draft)
        else:
            shutil.rmtree(taken)

    def _is_here(self, artifact: Artifact) -> bool:
        copy = self._copies.find(artifact.kind, artifact.key)
        return copy is not None and copy.digest == artifact.digest

    def _download(self, artifact: RemoteArtifact) -> str | None:
        """Download an artifact's files; return why they are not what was computed, None where they are and now lie here."""
        with self.lock(FETCHED, f"{artifact.kind}-{artifact.key}"):
            if self._is_here(artifact):
                return None
            taken = self.root / PARTIAL / FETCHED / uuid4().hex
            taken.mkdir(parents=True)
            try:
                for name in artifact.description.files:
                    there = f"{artifact.kind}/{artifact.key}/{artifact.place}/{name}"
                    if not self._objects.download(there, taken / name):
                        return f"{name}: missing"
                if fault := contents_fault(Artifact(taken, artifact.description)):
                    return fault
                (taken / META).write_text(artifact.description.model_dump_json(indent=1) + "\n", encoding="utf-8")
                self._copies.remove(artifact.kind, artifact.key)
                here = self.path(artifact.kind, artifact.key)  # the artifact may have come from another machine
                here.parent.mkdir(parents=True, exist_ok=True)
                taken.rename(here)
            finally:
                shutil.rmtree(taken, ignore_errors=True)
        return None

    def _size_fault(self, published: Published) -> str | None:
        described = published.description
        sizes = self._objects.sizes(f"{described.kind}/{described.key}/{published.place}")
        for name, size in described.files.items():
            if sizes.get(name) != size:
                return f"{name}: {f'{sizes[name]} bytes' if name in sizes else 'missing'}, expected {size}"
        return None


def open_store(place: Path | str) -> Store:
    """Open a store: a folder, or an address of a bucket, whose server must answer.

    Raises:
        InputError: the address is wrong, its library is missing, or the bucket does not answer.
    """
    if isinstance(place, Path):
        return Store(place)
    store = RemoteStore(place)
    store.check()
    return store


def copies_folder(url: str) -> Path:
    """Return this machine's folder for a bucket's store."""
    readable = re.sub("[^A-Za-z0-9.]+", "-", url)[:60]
    return cache_folder() / "stores" / f"{readable}-{hashlib.sha256(url.encode()).hexdigest()[:12]}"


def _read(content: bytes, kind: str, key: str) -> Published | str:
    """Read a description; return why it cannot be used where it cannot."""
    try:
        published = Published.model_validate_json(content)
    except ValidationError as error:
        return f"{META}: {describe(error, Published)}"
    described = published.description
    if described.seal != sealed(described.model_dump(exclude={"seal"})).seal:
        return f"{META} is not what was written"
    if (described.kind, described.key) != (kind, key):
        return f"{META} describes {described.kind}/{described.key}"
    unsafe = [name for name in described.files if Path(name).is_absolute() or ".." in Path(name).parts]
    return f"{META}: {unsafe[0]}: leads out of the artifact" if unsafe else published
