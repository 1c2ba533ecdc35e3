"""Digests of values, texts and files."""

import hashlib
import json
from pathlib import Path
from typing import Any

from traceinv.remembered import remembered

CHUNK_BYTES = 1 << 20


def digest_json(value: Any) -> str:
    """Return the SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def digest_text(text: str) -> str:
    """Return the SHA-256 of a text; half characters, which some tokenizers write, are allowed."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def share_of(text: str) -> float:
    """Map a text to a number from 0 to 1, evenly and always the same."""
    return int(digest_text(text)[:16], 16) / 2**64


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes; a large file that was not touched since it was read last is not read again."""
    return remembered(path, _digest_file)


def _digest_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, read in chunks."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            total.update(chunk)
    return total.hexdigest()
