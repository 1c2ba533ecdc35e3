"""The folder in which this machine keeps what can be had again: digests of large files, copies of stores in buckets."""

import os
from pathlib import Path

CACHE = "TRACEINV_CACHE"
"""The environment variable that names another folder than the user's own."""


def cache_folder() -> Path:
    """Return the folder; it need not exist.

    Raises:
        RuntimeError: the user has no home, and no variable names a folder.
    """
    if chosen := os.environ.get(CACHE):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "traceinv"
