"""Writing files whole or not at all."""

import os
from pathlib import Path


def write_atomic(path: Path, text: str) -> None:
    """Write a text file that appears under its name only once it is whole.

    A symbolic link stays a link; the file that it points to is replaced.

    Raises:
        OSError: the file cannot be written; nothing is left behind.
    """
    whole = Path(os.path.realpath(path))
    draft = whole.with_name(f".{whole.name}.{os.getpid()}.draft")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(whole)
    finally:
        draft.unlink(missing_ok=True)
