"""Upkeep of a store: check it, measure it, remove what nothing reaches, adopt artifacts of another version."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from harness.pipeline.keys import make_key, source_fingerprint
from harness.pipeline.store import (
    PARTIAL,
    Adoption,
    Artifact,
    Description,
    InputRef,
    Store,
    digest_folder,
    folder_bytes,
)
from harness.stages import stage_kinds
from traceinv.errors import GateError, InputError, nearest
from traceinv.progress import silent


@dataclass(frozen=True)
class Fault:
    """An artifact that is not what its description says."""

    kind: str
    key: str
    reason: str


def check_digests(store: Store) -> Iterator[tuple[Artifact, Fault | None]]:
    """Compare the contents of every artifact with its description."""
    for artifact in store.artifacts():
        actual = digest_folder(artifact.path)
        wrong = actual != artifact.digest
        reason = f"its files have the digest {actual[:12]}, its description says {artifact.digest[:12]}"
        yield artifact, Fault(artifact.kind, artifact.key, reason) if wrong else None


def sample_artifacts(store: Store, count: int, seed: int = 0) -> list[Artifact]:
    """Draw artifacts that can be recomputed here: same version and source, and all inputs at hand."""
    candidates = [artifact for artifact in store.artifacts() if _input_folders(store, artifact.description) is not None]
    return Random(seed).sample(candidates, min(count, len(candidates)))


def recompute(store: Store, artifact: Artifact) -> Fault | None:
    """Compute an artifact again in a temporary folder and compare the contents."""
    description = artifact.description
    folders = _input_folders(store, description)
    if folders is None:
        raise InputError(f"{artifact.kind}/{artifact.key}: an input is missing, or it is of another version")
    kind = stage_kinds()[artifact.kind]
    with tempfile.TemporaryDirectory(prefix="verify-", dir=store.root) as folder:
        kind.run(kind.params.model_validate(description.params), folders, Path(folder), silent)
        digest = digest_folder(Path(folder))
    if digest == artifact.digest:
        return None
    return Fault(
        artifact.kind, artifact.key, f"computed again it has the digest {digest[:12]}, expected {artifact.digest[:12]}"
    )


def sizes(store: Store) -> dict[str, tuple[int, int]]:
    """Return by kind the number of artifacts and their bytes; `partial` is what unfinished stages left."""
    totals: dict[str, tuple[int, int]] = {}
    for artifact in store.artifacts():
        count, size = totals.get(artifact.kind, (0, 0))
        totals[artifact.kind] = count + 1, size + folder_bytes(artifact.path)
    partial = store.root / PARTIAL
    if partial.is_dir():
        drafts = [path for path in partial.glob("*/*") if path.is_dir()]
        totals[PARTIAL] = len(drafts), folder_bytes(partial)
    return totals


def unreached(store: Store, reached: Iterable[tuple[str, str]]) -> list[Artifact]:
    """List the artifacts that are not reached: neither named (as kind and key) nor an input of one that is."""
    by_name = {(artifact.kind, artifact.key): artifact for artifact in store.artifacts()}
    kept: set[tuple[str, str]] = set()
    wanted = list(reached)
    while wanted:
        name = wanted.pop()
        if name in kept or name not in by_name:
            continue
        kept.add(name)
        inputs = by_name[name].description.inputs.values()
        wanted += [(source.kind, source.key) for source in inputs if source.kind and source.key]
    return [artifact for name, artifact in by_name.items() if name not in kept]


def adopt(store: Store, key: str, because: str) -> Artifact:
    """Accept an artifact of another version of its stage under the key that it would have today.

    The reason is kept with the artifact and stands in the record of every run that uses it.

    Raises:
        InputError: there is no artifact with this key, it needs no adoption, or no reason is given.
        GateError: its stage no longer exists.
    """
    if not because.strip():
        raise InputError("--because: expected a reason; it stands in the record")
    old = _by_key(store, key)
    kind = stage_kinds().get(old.kind)
    if kind is None:
        raise GateError(f"{old.kind}/{old.key}: there is no stage of this kind any more")
    description = old.description
    digests = {name: source.digest for name, source in description.inputs.items()}
    new_key = make_key(kind, description.params, digests)
    if new_key == old.key:
        raise InputError(f"{old.kind}/{old.key}: has the key of today's version already, so there is nothing to adopt")
    with store.lock(old.kind, new_key):
        known = store.find(old.kind, new_key)
        if known:
            raise InputError(
                f"{old.kind}/{new_key}: today's version was computed already, so there is nothing to adopt"
            )
        draft = store.open_draft(old.kind, new_key, resumable=False)
        for name in description.files:
            (draft / name).parent.mkdir(parents=True, exist_ok=True)
            os.link(old.path / name, draft / name)
        adoption = Adoption(key=old.key, version=description.version, because=because)
        adopted = description.model_copy(update={"key": new_key, "version": kind.version, "adopted": adoption})
        return store.publish(draft, adopted.model_dump())


def _by_key(store: Store, key: str) -> Artifact:
    artifacts = {artifact.key: artifact for artifact in store.artifacts()}
    if key not in artifacts:
        raise InputError(
            f"{store.root}: no artifact with the key {key!r}{nearest(key, artifacts) if artifacts else ''}"
        )
    return artifacts[key]


def _input_folders(store: Store, description: Description) -> dict[str, Path] | None:
    """Return the folders of an artifact's inputs; None where it cannot be recomputed here."""
    kind = stage_kinds().get(description.kind)
    if kind is None or description.adopted or description.version != kind.version:
        return None
    if kind.version is None and description.fingerprint != source_fingerprint(kind):
        return None
    folders = {name: _folder(store, source) for name, source in description.inputs.items()}
    known = {name: folder for name, folder in folders.items() if folder is not None}
    return known if len(known) == len(folders) else None


def _folder(store: Store, source: InputRef) -> Path | None:
    if source.kind and source.key:
        artifact = store.find(source.kind, source.key)
        return artifact.path if artifact and artifact.digest == source.digest else None
    path = Path(source.path or "")
    return path if path.is_dir() and digest_folder(path) == source.digest else None


def remove_drafts(store: Store) -> int:
    """Remove the drafts that no process is working on; return how many there were."""
    removed = 0
    for lock in sorted((store.root / PARTIAL).glob("*/*.lock")):
        with lock.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            draft = lock.with_suffix("")
            removed += draft.is_dir()
            shutil.rmtree(draft, ignore_errors=True)
            lock.unlink()
    return removed
