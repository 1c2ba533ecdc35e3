"""Read other people's JSONL and YAML within bounds, and write files whole or not at all."""

import gzip
import json
import math
import os
import stat
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

import yaml
from yaml.constructor import ConstructorError

from traceinv.errors import GateError, InputError

MAX_LINE_BYTES = 32 * 1024**2
"""The default limit of a line; a trace of 50,000 words has about 300,000 bytes."""
MAX_FILE_BYTES = 8 * 1024**3
"""The limit of a file of lines, unpacked; a million responses of 2,000 tokens have about as many."""
MAX_YAML_BYTES = 4 * 1024**2
MAX_YAML_VALUES = 100_000
"""A recipe has about 100; a few aliases of aliases stand for millions."""
DRAFT = ".draft"
"""The suffix of a file that is not whole yet; its name begins with a dot."""
PARQUET_MAGIC = b"PAR1"
"""The first bytes of a Parquet file."""


@dataclass(frozen=True)
class JsonLine:
    """A line of a JSONL file.

    Attributes:
        where: `FILE:LINE`, for messages.
        number: of the line, from 1.
        offset: of the line's first byte in the file, after unpacking and after a byte order mark.
        content: the JSON object.
    """

    where: str
    number: int
    offset: int
    content: dict[str, Any]


def read_json_lines(
    path: Path, max_line_bytes: int = MAX_LINE_BYTES, max_file_bytes: int = MAX_FILE_BYTES
) -> Iterator[JsonLine]:
    """Yield the JSON objects of a file, one a line; only one line at a time is in memory.

    Blank lines and a byte order mark at the beginning are skipped; a file whose name ends with `.gz` is unpacked.

    Raises:
        InputError: the file cannot be read, is no regular file or is too large, or a line is too long, no UTF-8 text or no JSON
            object, or has a key twice. The message names file and line.
    """
    refuse_irregular(path)
    refuse_parquet(path, "JSONL, one JSON object a line")
    try:
        with _open(path) as file:
            for number, offset, line in _lines(file, path, max_line_bytes, max_file_bytes):
                where = f"{path}:{number}"
                yield JsonLine(where, number, offset, parse_object(line, where))
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be unpacked: {error}") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None


def read_bytes(path: Path, max_bytes: int) -> bytes:
    """Read a whole file of unknown origin.

    Raises:
        InputError: it cannot be read, is no regular file, or is too large.
    """
    refuse_irregular(path)
    try:
        with path.open("rb") as file:
            content = file.read(max_bytes + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    if len(content) > max_bytes:
        raise InputError(f"{path}: has more than {max_bytes / 1e6:.0f} MB")
    return content


def read_text(path: Path, max_bytes: int) -> str:
    """Read a whole text of unknown origin; a byte order mark at its beginning is left out.

    Raises:
        InputError: it cannot be read, is no regular file, is too large, or is not UTF-8.
    """
    try:
        return read_bytes(path, max_bytes).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8: {error.reason} at byte {error.start}") from None


def refuse_irregular(path: Path) -> None:
    """Check that reading will end: a pipe may have no writer, and a device no end. A missing file is left to its reader.

    Raises:
        InputError: it is a pipe, a device, a socket or a folder.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return
    if not stat.S_ISREG(mode):
        kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
        raise InputError(f"{path}: expected a file, got {kinds.get(stat.S_IFMT(mode), 'a device')}")


def refuse_parquet(path: Path, expected: str) -> None:
    """Check that a file is not Parquet under another name; a file that cannot be read is left to its reader.

    Raises:
        InputError: it is Parquet.
    """
    try:
        with path.open("rb") as file:
            start = file.read(len(PARQUET_MAGIC))
    except OSError:
        return
    if start == PARQUET_MAGIC:
        raise InputError(f"{path}: this is a Parquet file; expected {expected}")


def parse_object(line: bytes, where: str) -> dict[str, Any]:
    """Parse one line as a JSON object.

    Raises:
        InputError: it is none; the message begins with `where`.
    """
    if b"\0" in line:
        raise InputError(f"{where}: expected JSON text, got a NUL byte")
    try:
        content = json.loads(line.decode("utf-8"), object_pairs_hook=distinct_keys)
    except UnicodeDecodeError as error:
        raise InputError(f"{where}: not UTF-8: {error.reason} at byte {error.start}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: not JSON: {error}") from None
    if not isinstance(content, dict):
        raise InputError(f"{where}: expected a JSON object, got {type(content).__name__}")
    return content


def distinct_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make a JSON object of its entries, for `json.loads`, which would drop all but the last value of a key.

    Raises:
        ValueError: a key occurs twice.
    """
    content = dict(pairs)
    if len(content) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {twice!r} occurs twice")
    return content


class _YamlLoader(yaml.SafeLoader):
    """Refuses a key that occurs twice, of which YAML would drop the first without a word; dates stay text."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Merge what `<<` names, one alias at most: lists of them, a few deep, stand for millions of keys."""
        for key, value in node.value:
            if key.tag == "tag:yaml.org,2002:merge" and isinstance(value, yaml.SequenceNode):
                raise ConstructorError(None, None, "expected one alias after '<<', got a list", value.start_mark)
        super().flatten_mapping(node)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise ConstructorError(None, None, f"the key {key.value!r} occurs twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_YamlLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse_yaml(text: str, where: str) -> Any:
    """Parse YAML that holds JSON values; what several aliases stand for is copied, so that each can be changed alone.

    Raises:
        InputError: it is not YAML, or not JSON values, or too large; the message begins with `where` and names line or key.
    """
    try:
        return _own_json(yaml.load(text, _YamlLoader), where, "", iter(range(MAX_YAML_VALUES)))  # noqa: S506  # a safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        reason = getattr(error, "problem", None) or " ".join(str(error).split())
        raise InputError(f"{where}{line}: not YAML: {reason}") from None
    except RecursionError:
        raise InputError(f"{where}: nested too deeply") from None
    except ValueError as error:  # such as a number of 5,000 digits
        raise InputError(f"{where}: not YAML: {str(error).partition(';')[0]}") from None


def _own_json(value: Any, where: str, key: str, left: Iterator[int]) -> Any:
    """Copy a value of JSON, at most as many values as are left."""
    if next(left, None) is None:
        raise InputError(f"{where}: more than {MAX_YAML_VALUES:,} values")
    if isinstance(value, dict):
        for name in value:
            if not isinstance(name, str):
                raise InputError(f"{where}: {_inside(key, name)}: expected text as key, got {name!r}")
        return {name: _own_json(entry, where, _inside(key, name), left) for name, entry in value.items()}
    if isinstance(value, list):
        return [_own_json(entry, where, _inside(key, index), left) for index, entry in enumerate(value)]
    if isinstance(value, str):
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise InputError(f"{_place(where, key)}: half a character, which no text can hold")
    elif isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"{_place(where, key)}: expected a finite number, got {value}")
    elif value is not None and not isinstance(value, int | float):
        raise InputError(
            f"{_place(where, key)}: expected text, a number, true, false, a list or keys, got {type(value).__name__}"
        )
    return value


def _place(where: str, key: str) -> str:
    return f"{where}: {key}" if key else where


def _inside(key: str, name: object) -> str:
    return f"{key}.{name}" if key else str(name)


def replace_half_characters(text: str) -> str:
    """Replace lone surrogates, which some tokenizers write and which UTF-8 cannot hold."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def write_atomic(path: Path, text: str) -> None:
    """Write a text file that appears under its name only once it is whole.

    A symbolic link stays a link; the file that it points to is replaced.

    Raises:
        OSError: the file cannot be written; nothing is left behind.
    """
    whole, draft = _draft_of(path)
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(whole)
    finally:
        draft.unlink(missing_ok=True)


def remove_torn_files(folder: Path) -> None:
    """Remove what killed processes left in a folder while they wrote files atomically."""
    for draft in folder.rglob(f".*{DRAFT}"):
        draft.unlink(missing_ok=True)


@contextmanager
def open_atomic(path: Path) -> Iterator[TextIO]:
    """Open a text file to be written piece by piece; it appears under its name once the block ends without an error.

    Raises:
        InputError: the file cannot be begun.
        GateError: the file cannot be finished, such as on a full disk; nothing is left behind.
    """
    whole, draft = _draft_of(path)
    try:
        file = draft.open("w", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
    try:
        with file:
            yield file
        draft.replace(whole)
    except BrokenPipeError:  # of the block's own output, not of this file
        raise
    except OSError as error:
        raise GateError(f"{path}: is not written: {error.strerror}") from None
    finally:
        draft.unlink(missing_ok=True)


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _lines(file: BinaryIO, path: Path, max_line_bytes: int, max_file_bytes: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield (number, offset, line) of each line that is not blank."""
    offset = number = 0
    while line := file.readline(max_line_bytes + 1):
        number += 1
        if number == 1 and line.startswith(BOM_UTF8):
            offset, line = len(BOM_UTF8), line.removeprefix(BOM_UTF8)
        if len(line) > max_line_bytes:
            raise InputError(f"{path}:{number}: the line is longer than {max_line_bytes / 1024**2:.0f} MB")
        if offset + len(line) > max_file_bytes:
            raise InputError(f"{path}:{number}: the file has more than {max_file_bytes / 1024**3:.3g} GB")
        if line.strip():
            yield number, offset, line
        offset += len(line)


def _draft_of(path: Path) -> tuple[Path, Path]:
    """Return the file that a path stands for, links followed, and the draft that becomes it."""
    whole = Path(os.path.realpath(path))
    return whole, whole.with_name(f".{whole.name}.{os.getpid()}{DRAFT}")
