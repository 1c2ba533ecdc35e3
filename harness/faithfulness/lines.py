"""The lines of a JSONL file that may come from anyone and need not fit in memory."""

from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from traceinv.errors import InputError

LONGEST_LINE = 32 * 1024**2
"""Bytes; a trace of 50,000 words has about 300,000."""


def read_lines(path: Path, file: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    """(offset, number, line) of each line that is not blank; a byte order mark at the beginning is no part of the first.

    Raises:
        InputError: a line is too long or holds a NUL byte; the message names file and line.
    """
    offset = number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if number == 1 and line.startswith(BOM_UTF8):
            offset, line = len(BOM_UTF8), line.removeprefix(BOM_UTF8)
        if len(line) > LONGEST_LINE:
            raise InputError(f"{path}:{number}: the line is longer than {LONGEST_LINE // 1024**2} MB")
        if b"\0" in line:
            raise InputError(f"{path}:{number}: expected JSON text, got a NUL byte")
        if line.strip():
            yield offset, number, line
        offset += len(line)
