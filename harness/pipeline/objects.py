"""Objects of a bucket, over fsspec: read, written whole, and created only where there is none of the name."""

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from traceinv.errors import GateError, InputError, nearest

PROTOCOLS = {"s3": "traceinv[s3]", "gs": "gcsfs", "abfs": "adlfs"}
"""The protocols whose file systems create an object only where there is none in one step, and what brings them."""


class Objects:
    """The objects below an address; their names are relative to it.

    Every fault of server or network is a GateError of one line. Credentials are those of the environment, never of the address.
    """

    def __init__(self, url: str) -> None:
        """Open the address; nothing is asked of its server yet.

        Raises:
            InputError: the address is wrong, or the library of its protocol is not installed.
        """
        import fsspec

        protocol = _protocol(url)
        try:
            self._fs: Any = fsspec.filesystem(protocol, use_listings_cache=False)
        except ImportError:
            raise InputError(f"--store {url}: needs a library; pip install '{PROTOCOLS[protocol]}'") from None
        self.url = url.rstrip("/")
        self._root = self.url.partition("://")[2]

    def check(self) -> None:
        """Check that the bucket answers.

        Raises:
            InputError: it does not, or is not there.
        """
        with self._asking("cannot be read", InputError):
            try:
                self._fs.ls(self._root.partition("/")[0])
            except FileNotFoundError:
                raise InputError(f"--store {self.url}: there is no such bucket") from None

    def check_writable(self) -> None:
        """Check that objects can be created, and that what exists is not created a second time.

        Raises:
            InputError: they cannot, or the server would replace them; then one of two runs that race would lose its artifact.
        """
        name = f"probe/{uuid4().hex}"
        with self._asking("cannot be written to", InputError):
            self._create(name, b"")
            replaced = self._create(name, b"")
            self._fs.rm_file(self._path(name))
        if replaced:
            raise InputError(f"--store {self.url}: its server does not honour conditional writes (If-None-Match)")

    def read(self, name: str) -> bytes | None:
        """Return an object's bytes; None where there is none."""
        with self._asking(f"{name} cannot be read"):
            try:
                return bytes(self._fs.cat_file(self._path(name)))
            except FileNotFoundError:
                return None

    def write(self, name: str, content: bytes) -> None:
        """Write an object, in the place of one that has the name."""
        with self._asking(f"{name} cannot be written"):
            self._fs.pipe_file(self._path(name), content)

    def create(self, name: str, content: bytes) -> bool:
        """Write an object where none has the name, in one step of the server; say whether it was written."""
        with self._asking(f"{name} cannot be written"):
            return self._create(name, content)

    def upload(self, file: Path, name: str) -> None:
        """Write an object with a file's bytes."""
        with self._asking(f"{name} cannot be written"):
            self._fs.put_file(str(file), self._path(name))

    def download(self, name: str, file: Path) -> bool:
        """Write a file with an object's bytes; say whether there is such an object."""
        file.parent.mkdir(parents=True, exist_ok=True)
        with self._asking(f"{name} cannot be read"):
            try:
                self._fs.get_file(self._path(name), str(file))
            except FileNotFoundError:
                return False
        return True

    def sizes(self, prefix: str) -> dict[str, int]:
        """Return the sizes in bytes of all objects below a prefix, by name below it."""
        top = self._path(prefix)
        with self._asking(f"{prefix} cannot be listed"):
            found = self._fs.find(top, detail=True)
        return {posixpath.relpath(path, top): int(info["size"]) for path, info in found.items()}

    def folders(self, prefix: str) -> list[str]:
        """List the names right below a prefix that other names are below."""
        with self._asking(f"{prefix} cannot be listed"):
            try:
                entries = self._fs.ls(self._path(prefix), detail=True)
            except FileNotFoundError:
                return []
        return sorted(
            posixpath.basename(entry["name"].rstrip("/")) for entry in entries if entry["type"] == "directory"
        )

    def remove(self, prefix: str) -> None:
        """Remove an object, or all below a prefix; they may be gone."""
        with self._asking(f"{prefix} cannot be removed"):
            for name in self.sizes(prefix):
                self._fs.rm_file(posixpath.normpath(posixpath.join(self._path(prefix), name)))

    def _create(self, name: str, content: bytes) -> bool:
        try:
            self._fs.pipe_file(self._path(name), content, mode="create")
        except FileExistsError:
            return False
        except OSError as error:  # s3fs has no error of its own for a condition that does not hold
            if "PreconditionFailed" in str(error) or "pre-conditions" in str(error):
                return False
            raise
        return True

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root

    @contextmanager
    def _asking(self, what: str, kind: type[Exception] = GateError) -> Iterator[None]:
        try:
            yield
        except (GateError, InputError):
            raise
        except Exception as error:  # noqa: BLE001  each library has errors of its own
            reason = " ".join(str(error).split()) or type(error).__name__
            option = "--store " if kind is InputError else ""
            raise kind(f"{option}{self.url}: {what}: {reason}") from None


def _protocol(url: str) -> str:
    parts = urlsplit(url)
    if parts.username or parts.password or "@" in parts.netloc or parts.query:
        raise InputError(
            "--store: keys do not belong in an address; set them in the environment, such as AWS_SECRET_ACCESS_KEY"
        )
    if parts.scheme == "file":
        raise InputError(f"--store {url}: name a folder by its path alone")
    if parts.scheme not in PROTOCOLS:
        raise InputError(f"--store {url}: unknown protocol {parts.scheme!r}{nearest(parts.scheme, PROTOCOLS)}")
    if not parts.netloc:
        raise InputError(f"--store {url}: expected {parts.scheme}://BUCKET/PREFIX")
    return parts.scheme
