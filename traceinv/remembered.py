"""What was computed from large files, remembered from run to run for as long as a file is not touched.

A database in the cache folder holds it. Losing it costs time and nothing else.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from traceinv.cache import cache_folder

DATABASE = "digests.sqlite"
LEAST_BYTES = 1 << 20
"""Smaller files are read faster than they are looked up."""
SETTLED_SECONDS = 2.0
"""A file that was touched just now may be written to once more within one tick of its clock."""
TABLE = "CREATE TABLE IF NOT EXISTS remembered (path TEXT PRIMARY KEY, stamp TEXT NOT NULL, value TEXT NOT NULL)"
WAIT_SECONDS = 5.0


_anew: ContextVar[bool] = ContextVar("anew", default=False)


@contextmanager
def read_anew() -> Iterator[None]:
    """Let nothing be taken from memory: what looks for damage also looks for that of a disk, which touches no file."""
    token = _anew.set(True)
    try:
        yield
    finally:
        _anew.reset(token)


def remembered(path: Path, compute: Callable[[Path], str]) -> str:
    """Return what `compute` gives for a file, from memory where the file is large and has not been touched since.

    Touched is what the file system says: device, number, size, and the times of the last change of contents and of entry. No
    program can set the latter.
    """
    status = path.stat()
    settled = time.time() - max(status.st_mtime, status.st_ctime) > SETTLED_SECONDS
    if _anew.get() or status.st_size < LEAST_BYTES or not settled or (file := _database()) is None:
        return compute(path)
    name, stamp = os.fsdecode(path.resolve()), _stamp(status)
    with suppress(sqlite3.Error):
        with closing(_connect(file)) as database:
            row = database.execute("SELECT stamp, value FROM remembered WHERE path = ?", (name,)).fetchone()
        if row and row[0] == stamp:
            return str(row[1])
    value = compute(path)
    if _stamp(path.stat()) == stamp:
        with suppress(sqlite3.Error), closing(_connect(file)) as database, database:
            database.execute("REPLACE INTO remembered VALUES (?, ?, ?)", (name, stamp, value))
    return value


def _stamp(status: os.stat_result) -> str:
    parts = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return ":".join(map(str, parts))


def _connect(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file, timeout=WAIT_SECONDS)
    database.execute(TABLE)
    return database


def _database() -> Path | None:
    """Return the database; None where nothing can be written."""
    try:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return None
    return folder / DATABASE
