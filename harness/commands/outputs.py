"""Whether files and folders can be written, found out before anything is computed."""

import os
from pathlib import Path

from traceinv.errors import InputError


def check_folder(option: str, folder: Path) -> None:
    """Check that files can be written to a folder, or that it can be made; nothing is made yet.

    Args:
        option: that named the folder, for the message.

    Raises:
        InputError: they cannot.
    """
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise InputError(f"{option} {folder}: there is a file of this name; expected a folder")
    try:
        _try_to_write(there)
    except OSError as error:
        raise InputError(f"{option} {folder}: cannot be written to: {error.strerror}") from None


def check_file(option: str, file: Path) -> None:
    """Check that a file can be written to a folder that exists.

    Args:
        option: that named the file, for the message.

    Raises:
        InputError: it cannot.
    """
    if file.is_dir():
        raise InputError(f"{option} {file}: this is a folder; expected a file")
    if not file.parent.is_dir():
        raise InputError(f"{option} {file}: there is no folder {file.parent}")
    if file.exists() and not file.is_file():  # a device or a pipe, which a finished file would take the place of
        raise InputError(f"{option} {file}: this is a device or a pipe; expected a file")
    try:
        _try_to_write(file.parent)
    except OSError as error:
        raise InputError(f"{option} {file}: cannot be written: {error.strerror}") from None


def _try_to_write(folder: Path) -> None:
    """Write an empty file and remove it.

    Raises:
        OSError: it cannot be written.
    """
    probe = folder / f".{os.getpid()}.probe"
    probe.touch()
    probe.unlink()
