"""Content-addressed artifacts: what was computed once from the same inputs is never computed again.

An artifact's key is a hash of the stage's kind, the source of the code behind it, its parameters, and the *content* of its
inputs. A stage whose inputs came out the same is therefore not run again, even where something further up has changed.
An artifact appears by one rename, so it is there whole or not at all.
"""

import hashlib
import json
import os
import platform
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

META = "artifact.json"


@dataclass(frozen=True)
class Artifact:
    """A finished artifact.

    Attributes:
        digest: a hash of its files, their names and bytes; it is what keys of later stages are made of.
        seconds: how long it took to compute, whenever that was.
        log: what the stage reported beside its files.
    """

    path: Path
    key: str
    digest: str
    seconds: float
    log: dict[str, Any]


class Store:
    """A folder of artifacts, `KIND/KEY/`; several runs may share it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def path(self, kind: str, key: str) -> Path:
        return self.root / kind / key

    def find(self, kind: str, key: str) -> Artifact | None:
        """The artifact with this key, if it was ever finished here."""
        path = self.path(kind, key)
        try:
            meta = json.loads((path / META).read_text())
        except (FileNotFoundError, ValueError):  # absent, or half written when the machine lost power
            return None
        return Artifact(path, key, meta["digest"], meta["seconds"], meta["log"])

    def open_draft(self) -> Path:
        """An empty folder to compute an artifact in; it belongs to this process."""
        draft = self.root / "drafts" / f"{os.getpid()}-{_host()}-{uuid.uuid4().hex}"
        draft.mkdir(parents=True)
        return draft

    def publish(self, draft: Path, kind: str, key: str, seconds: float, log: Mapping[str, Any]) -> Artifact:
        """Turn a draft into the artifact with this key; where another run was faster, its artifact stays."""
        meta = {"kind": kind, "key": key, "digest": digest_folder(draft), "seconds": seconds, "log": log}
        (draft / META).write_text(json.dumps(meta, indent=1) + "\n")
        final = self.path(kind, key)
        final.parent.mkdir(parents=True, exist_ok=True)
        try:
            draft.rename(final)
        except OSError:
            if self.find(kind, key):
                shutil.rmtree(draft)
            else:
                shutil.rmtree(final)
                draft.rename(final)
        artifact = self.find(kind, key)
        assert artifact is not None
        return artifact

    def sweep(self) -> None:
        """Remove the drafts of this machine's processes that are no more."""
        for draft in (self.root / "drafts").glob(f"*-{_host()}-*"):
            pid = draft.name.partition("-")[0]
            if pid.isdigit() and not _is_running(int(pid)):
                shutil.rmtree(draft, ignore_errors=True)


def make_key(kind: str, version: str, params: Mapping[str, Any], inputs: Mapping[str, str]) -> str:
    """The key of an artifact: `inputs` are digests by name, `version` stands for the code that computes it."""
    return digest_json({"kind": kind, "version": version, "params": params, "inputs": inputs})[:24]


def digest_json(value: Any) -> str:
    """SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def digest_folder(folder: Path) -> str:
    """SHA-256 over the names and bytes of a folder's files, the artifact's own description left out."""
    total = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name != META):
        data = path.read_bytes()
        total.update(f"{path.relative_to(folder).as_posix()}\0{len(data)}\0".encode())
        total.update(data)
    return total.hexdigest()


def _host() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
