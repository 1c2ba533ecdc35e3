"""Upkeep of a store: check it, measure it, list what nothing reaches, adopt artifacts of an earlier version."""

import json
import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

from pydantic import ValidationError

from harness.pipeline.descriptions import Adoption, Artifact, InputRef, digest_folder, folder_bytes
from harness.pipeline.graph import Graph, InputArtifact, Node
from harness.pipeline.keys import decisive, make_key, source_fingerprint
from harness.pipeline.scheduler import find_artifacts
from harness.pipeline.store import LOGS, PARTIAL, Store
from harness.stages import stage_kinds
from harness.stages.base import StageKind
from traceinv.errors import GateError, InputError, nearest
from traceinv.progress import silent
from traceinv.remembered import read_anew

ArtifactName = tuple[str, str]
"""Kind and key of an artifact."""


@dataclass(frozen=True)
class Fault:
    """An artifact that is not what its description says."""

    kind: str
    key: str
    reason: str


def check(store: Store) -> Iterator[Fault | None]:
    """Compare every artifact with its description: None for one that agrees with it, or whose files were dropped."""
    for kind, key in store.folders():
        with read_anew():
            sound = store.find(kind, key, even_dropped=True)
            reason = store.fault(sound) if sound else store.damaged.get(store.path(kind, key), "not a folder")
        yield Fault(kind, key, reason) if reason else None


def sample_artifacts(store: Store, count: int, seed: int = 0) -> list[Artifact]:
    """Draw artifacts that can be computed again here: same version and source, and all inputs at hand."""
    artifacts = list(store.artifacts()) if count else []
    Random(seed).shuffle(artifacts)
    external: dict[str, str] = {}
    drawn = (artifact for artifact in artifacts if _input_folders(store, artifact, external) is not None)
    return [artifact for _, artifact in zip(range(count), drawn, strict=False)]


def recompute(store: Store, artifact: Artifact) -> Fault | None:
    """Compute an artifact again in a draft, and compare the contents.

    Raises:
        InputError: an input is missing, or the artifact is of another version.
    """
    folders = _input_folders(store, artifact, {})
    if folders is None:
        raise InputError(f"{artifact.kind}/{artifact.key}: an input is missing, or it is of another version")
    kind, again = stage_kinds()[artifact.kind], f"{artifact.kind}-{artifact.key}"
    with store.lock("verify", again):
        draft = store.open_draft("verify", again, resumable=False)
        try:
            with redirect_stdout(StringIO()), redirect_stderr(StringIO()):  # progress bars of libraries
                kind.run(kind.params.model_validate(artifact.description.params), folders, draft, silent)
            digest = digest_folder(draft)
        except Exception as error:  # noqa: BLE001  whatever stops it is the finding
            return Fault(artifact.kind, artifact.key, f"cannot be computed again: {type(error).__name__}: {error}")
        finally:
            shutil.rmtree(draft)
    if digest == artifact.digest:
        return None
    reason = f"computed again it has the digest {digest[:12]}, expected {artifact.digest[:12]}"
    return Fault(artifact.kind, artifact.key, reason)


def sizes(store: Store) -> dict[str, tuple[int, int]]:
    """Return by kind the number of artifacts and their bytes; `partial` is what unfinished stages left."""
    totals: dict[str, tuple[int, int]] = {}
    for kind, key in store.folders():
        count, size = totals.get(kind, (0, 0))
        totals[kind] = count + 1, size + store.size(kind, key)
    if drafts := store.drafts():
        totals[PARTIAL] = len(drafts), sum(map(folder_bytes, drafts))
    return totals


def unreached(store: Store, reached: Iterable[ArtifactName]) -> list[ArtifactName]:
    """List the artifacts that are neither reached nor an input of one that is; damaged ones are among them."""
    inputs = {(artifact.kind, artifact.key): artifact.description.inputs.values() for artifact in store.artifacts()}
    kept: set[ArtifactName] = set()
    wanted = list(reached)
    while wanted:
        name = wanted.pop()
        if name in kept or name not in inputs:
            continue
        kept.add(name)
        wanted += [(source.kind, source.key) for source in inputs[name] if source.kind and source.key]
    return [name for name in store.folders() if name not in kept]


def reachable(graph: Graph, store: Store) -> set[ArtifactName]:
    """Return the artifacts that a run of the graph would use, and those that it may use again.

    Where the artifact of a node's key is missing, such as after an edit of a cheap stage, all artifacts count that were made with
    the node's parameters from inputs that count.
    """
    by_kind: dict[str, list[Artifact]] = {}
    for artifact in store.artifacts():
        by_kind.setdefault(artifact.kind, []).append(artifact)
    found = find_artifacts(graph, store)
    usable: dict[str, list[Artifact]] = {}
    for node in graph:
        alike = [artifact for artifact in by_kind.get(node.kind.name, []) if _could_be(artifact, node, usable)]
        usable[node.id] = [found[node.id]] if node.id in found else alike
    return {(artifact.kind, artifact.key) for artifacts in usable.values() for artifact in artifacts}


def _could_be(artifact: Artifact, node: Node, usable: Mapping[str, Collection[Artifact]]) -> bool:
    """Say whether an artifact was made with a node's parameters from inputs that count."""
    inputs, params = artifact.description.inputs, _todays_params(node.kind, artifact.description.params)
    if params is None or decisive(node.kind, params) != decisive(node.kind, node.params):
        return False
    return inputs.keys() == node.inputs.keys() and all(
        inputs[name].digest in _digests(source, usable) for name, source in node.inputs.items()
    )


def _digests(source: Node | InputArtifact, usable: Mapping[str, Collection[Artifact]]) -> set[str]:
    if isinstance(source, InputArtifact):
        return {source.digest}
    return {artifact.digest for artifact in usable[source.id]}


def tidy(store: Store, artifacts: Iterable[ArtifactName]) -> int:
    """Remove artifacts, what unfinished stages left, and logs of failed stages; return how many drafts there were.

    Raises:
        GateError: a run is using the store.
    """
    with store.alone():
        for kind, key in artifacts:
            store.remove(kind, key)
        drafts = store.drafts()
        for name in (PARTIAL, LOGS):
            shutil.rmtree(store.root / name, ignore_errors=True)
    return len(drafts)


def adopt(store: Store, key: str, because: str) -> Artifact:
    """Accept an artifact of an earlier version of its stage under the key that it would have today.

    Parameters that the stage did not have then get their defaults. The reason is kept with the artifact and stands in the
    record of every run that uses it.

    Raises:
        InputError: there is no artifact with this key, it needs no adoption, or no reason is given.
        GateError: its stage no longer exists or takes other parameters, or its files are not those that were computed.
    """
    if not because.strip():
        raise InputError("--because: expected a reason; it stands in the record")
    old = _by_key(store, key)
    kind = stage_kinds().get(old.kind)
    params = _todays_params(kind, old.description.params) if kind else None
    if kind is None or params is None:
        raise GateError(f"{old.kind}/{old.key}: there is no stage of this kind with these parameters any more")
    new_key = make_key(kind, params, {name: source.digest for name, source in old.description.inputs.items()})
    if new_key == old.key:
        raise InputError(f"{old.kind}/{old.key}: has the key of today's version already, so there is nothing to adopt")
    with store.in_use(), store.lock(old.kind, new_key):
        if store.find(old.kind, new_key):
            raise InputError(
                f"{old.kind}/{new_key}: today's version was computed already, so there is nothing to adopt"
            )
        if store.find(old.kind, old.key) is None:
            raise GateError(f"{old.kind}/{old.key}: its files are not those that were computed")
        draft = store.open_draft(old.kind, new_key, resumable=False)
        for name in old.description.files:
            (draft / name).parent.mkdir(parents=True, exist_ok=True)
            os.link(old.path / name, draft / name)
        adoption = Adoption(key=old.key, version=old.description.version, because=because)
        changes = {"key": new_key, "version": kind.version, "params": params, "adopted": adoption}
        return store.publish(draft, old.description.model_copy(update=changes).model_dump())


def _todays_params(kind: StageKind, params: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return an artifact's parameters with defaults for new ones; None where the stage does not take them any more."""
    try:
        given: dict[str, Any] = json.loads(kind.params.model_validate(dict(params)).model_dump_json())
    except ValidationError:
        return None
    return given


def _by_key(store: Store, key: str) -> Artifact:
    artifacts = {artifact.key: artifact for artifact in store.artifacts()}
    if key not in artifacts:
        raise InputError(
            f"{store.address}: no artifact with the key {key!r}{nearest(key, artifacts) if artifacts else ''}"
        )
    return artifacts[key]


def _input_folders(store: Store, artifact: Artifact, external: dict[str, str]) -> dict[str, Path] | None:
    """Return the folders of an artifact's inputs; None where it cannot be computed again here.

    Args:
        external: digests of folders outside the store, by path; they are kept here, since they may be large.
    """
    description = artifact.description
    kind = stage_kinds().get(description.kind)
    if kind is None or description.adopted or description.version != kind.version:
        return None
    if kind.version is None and description.fingerprint != source_fingerprint(kind, description.params):
        return None
    folders = {name: _folder(store, source, external) for name, source in description.inputs.items()}
    known = {name: folder for name, folder in folders.items() if folder is not None}
    return known if len(known) == len(folders) else None


def _folder(store: Store, source: InputRef, external: dict[str, str]) -> Path | None:
    if source.kind and source.key:
        artifact = store.find(source.kind, source.key)
        return artifact.path if artifact and artifact.digest == source.digest else None
    path = Path(source.path or "")
    if source.path not in external and path.is_dir():
        external[str(source.path)] = digest_folder(path)
    return path if external.get(str(source.path)) == source.digest else None
