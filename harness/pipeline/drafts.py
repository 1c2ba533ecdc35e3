"""Copies of unfinished stages in a bucket, so that another machine goes on with them.

Each process that works on a draft has copies of its own: objects named by the digest of their bytes, and a list of them that is
written last. So a copy is whole or not at all, whenever its process is killed.
"""

import json
import threading
import time
from pathlib import Path
from uuid import uuid4

from pydantic import ValidationError

from harness.pipeline.descriptions import files_of
from harness.pipeline.objects import Objects
from traceinv.digests import digest_file
from traceinv.errors import GateError
from traceinv.schema import Closed

COPY_SECONDS = 2.0
"""How long to wait between two copies, at least; copying takes at most about a tenth of the time."""
LIST = "files.json"


class Copied(Closed):
    """The files of a draft.

    Attributes:
        changed: when one of them changed last, in seconds since the epoch.
        files: the digest of each, by name.
    """

    changed: float
    files: dict[str, str]


class DraftCopier:
    """Copies a draft to a bucket every few seconds, in a thread that ends with the `with` block."""

    def __init__(self, draft: Path, objects: Objects, prefix: str) -> None:
        self._draft, self._objects = draft, objects
        self._place = f"{prefix}/{uuid4().hex}"
        self._known: dict[Path, tuple[int, int, str]] = {}
        self._last: Copied | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._go, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _go(self) -> None:
        wait = COPY_SECONDS
        while not self._stop.wait(wait):
            start = time.monotonic()
            try:
                self.copy()
            except (GateError, OSError) as error:  # a later one may go well; the stage itself does not need it
                print(f"the draft was not copied: {error}", flush=True)
            wait = max(COPY_SECONDS, 10 * (time.monotonic() - start))

    def copy(self) -> None:
        """Copy what has changed since the last copy."""
        digests: dict[str, str] = {}
        changed = 0.0
        there = self._objects.sizes(self._place)
        for path in files_of(self._draft):
            try:
                digest = self._copy_file(path, there)
                changed = max(changed, path.stat().st_mtime)
            except FileNotFoundError:  # the stage has removed it meanwhile
                continue
            if digest is not None:
                digests[path.relative_to(self._draft).as_posix()] = digest
        copied = Copied(changed=changed, files=digests)
        if not digests or copied == self._last:
            return
        self._objects.write(f"{self._place}/{LIST}", copied.model_dump_json().encode())
        self._last = copied
        for name in there.keys() - set(digests.values()) - {LIST}:
            self._objects.remove(f"{self._place}/{name}")

    def _copy_file(self, path: Path, there: dict[str, int]) -> str | None:
        """Copy a file where its bytes are not there yet; return their digest, None where it changed meanwhile."""
        before = path.stat()
        size, changed, digest = self._known.get(path, (-1, 0, ""))
        if (size, changed) != (before.st_size, before.st_mtime_ns):
            digest = digest_file(path)
        if digest not in there:
            self._objects.upload(path, f"{self._place}/{digest}")
            after = path.stat()
            if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
                return None
            there[digest] = before.st_size
        self._known[path] = before.st_size, before.st_mtime_ns, digest
        return digest


def newest_copy(objects: Objects, prefix: str) -> tuple[str, Copied] | None:
    """Return the place and the list of the copy that changed last; None where there is none."""
    found: list[tuple[str, Copied]] = []
    for name in objects.folders(prefix):
        content = objects.read(f"{prefix}/{name}/{LIST}")
        try:
            found += [] if content is None else [(f"{prefix}/{name}", Copied.model_validate(json.loads(content)))]
        except (ValueError, ValidationError):  # damaged, so not used
            continue
    return max(found, key=lambda copy: copy[1].changed, default=None)


def take_copy(objects: Objects, place: str, copied: Copied, folder: Path) -> bool:
    """Download a copy into an empty folder; say whether it is whole."""
    for name, digest in copied.files.items():
        file = folder / name
        if not file.resolve().is_relative_to(folder.resolve()):
            return False
        if not objects.download(f"{place}/{digest}", file) or digest_file(file) != digest:
            return False
    return True
