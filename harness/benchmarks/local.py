"""Files with a benchmark's items: JSONL, CSV or Parquet, chosen by the file's name.

A place in a file is `FILE:LINE` for text, and `FILE row N` for Parquet, N from 1.
"""

import csv
import datetime
import gzip
import math
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, cast

from harness.files import MAX_FILE_BYTES, read_json_lines, refuse_irregular, refuse_parquet
from traceinv.errors import InputError

MAX_LINE_BYTES = 256 * 1024**2
"""The limit of a line; the hidden tests of one programming problem may have tens of megabytes."""
Row = Mapping[str, Any]
Placed = tuple[str, Row]
"""A row with its place, for messages."""
CSV, PARQUET = ".csv", ".parquet"
PACKED = ".gz"
PARQUET_ROWS = 256
"""Rows of Parquet in memory at a time; a long trace has 100 kB."""
TABLES = (".jsonl", CSV, PARQUET)
_KINDS = {bool: "true or false", str: "text", int: "a number", float: "a number", list: "a list", dict: "a mapping"}


def find_file(data: Mapping[str, Any], folders: Iterable[Path]) -> Path | None:
    """Return the first of a task's `files` that exists in the first folder that has any, packed or not."""
    for folder in folders:
        for name in data.get("files") or ():
            for path in (folder / name, folder / f"{name}{PACKED}"):
                if path.is_file():
                    return path
    return None


def read_rows(path: Path) -> Iterator[Placed]:
    """Yield (place, row) of a file; a name that ends with neither `.csv` nor `.parquet` stands for JSONL.

    Raises:
        InputError: the file cannot be read or is not what its name says; the message names the file and the line or row.
    """
    refuse_irregular(path)
    kinds = [suffix for suffix in path.suffixes if suffix != PACKED]
    if kinds and kinds[-1] == PARQUET:
        yield from _read_parquet(path)
    elif kinds and kinds[-1] == CSV:
        refuse_parquet(path, "CSV")
        yield from _read_csv(path)
    else:
        yield from ((line.where, line.content) for line in read_json_lines(path, MAX_LINE_BYTES))


def read_table(path: Path) -> Iterator[Placed]:
    """Yield (place, row) of a file, or of all files of a folder that are named as one of `TABLES`, packed or not, by name.

    Raises:
        InputError: the folder has no such file, or as `read_rows`.
    """
    if not path.is_dir():
        yield from read_rows(path)
        return
    files = sorted(file for file in path.iterdir() if file.name.removesuffix(PACKED).endswith(TABLES))
    if not files:
        raise InputError(f"{path}: no file in it that ends with {', '.join(TABLES)}")
    for file in files:
        yield from read_rows(file)


def check_kinds(rows: Iterable[Placed]) -> None:
    """Check that a field holds the same kind of value in all rows; None may stand anywhere.

    Raises:
        InputError: a field does not, or holds what JSON cannot; the message names file, row and field.
    """
    first: dict[str, tuple[str, str]] = {}
    for where, row in rows:
        for key, value in row.items():
            if value is None:
                continue
            kind = kind_of(value)
            expected, there = first.setdefault(key, (kind, where))
            if kind not in _KINDS.values():
                raise InputError(f"{where}: {key!r}: expected text, numbers, lists or mappings, got {kind}")
            if kind != expected:
                raise InputError(f"{where}: {key!r}: expected {expected} as in {there}, got {kind}")


def kind_of(value: object) -> str:
    """Name the kind of a value in plain words, or by its type where JSON has no such value."""
    return _KINDS.get(type(value), type(value).__name__)


def _read_csv(path: Path) -> Iterator[Placed]:
    """Yield the rows of a CSV file with a header, as text; an empty cell is None."""
    csv.field_size_limit(MAX_LINE_BYTES)
    where = f"{path}:1"
    try:
        with _open_text(path) as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            _check_header(header, path)
            where = f"{path}:{reader.line_num + 1}"
            size = 0
            for cells in reader:
                size += sum(map(len, cells))
                _refuse_larger(size, where)
                if len(cells) == len(header):
                    yield where, {name: cell or None for name, cell in zip(header, cells, strict=True)}
                elif cells:  # a blank line has none
                    raise InputError(f"{where}: expected {len(header)} cells as in the header, got {len(cells)}")
                where = f"{path}:{reader.line_num + 1}"
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8: {error.reason} at byte {error.start}") from None
    except csv.Error as error:
        raise InputError(f"{where}: not CSV: {error}") from None
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None


def _open_text(path: Path) -> IO[str]:
    if path.suffix == PACKED:
        return cast(IO[str], gzip.open(path, "rt", encoding="utf-8-sig", newline=""))
    return path.open(encoding="utf-8-sig", newline="")


def _refuse_larger(size: int, where: str) -> None:
    """Check the bytes, or characters, that a file has when it is unpacked.

    Raises:
        InputError: there are too many.
    """
    if size > MAX_FILE_BYTES:
        raise InputError(f"{where}: the file has more than {MAX_FILE_BYTES / 1024**3:.3g} GB")


def _check_header(header: Sequence[str], path: Path) -> None:
    """Check the first line of a CSV file.

    Raises:
        InputError: it is missing, names a column twice, or seems to be separated by something else than commas.
    """
    if not header:
        raise InputError(f"{path}: expected a header line with the names of the columns")
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{path}:1: two columns have the name {twice!r}")
    other = next((mark for mark in (";", "\t", "|") if len(header) == 1 and mark in header[0]), None)
    if other:
        raise InputError(f"{path}:1: expected commas between the cells, got {other!r}")


def _read_parquet(path: Path) -> Iterator[Placed]:
    import pyarrow
    from pyarrow import parquet

    number = 0
    try:
        with parquet.ParquetFile(path) as file:
            groups = (file.metadata.row_group(index) for index in range(file.metadata.num_row_groups))
            _refuse_larger(sum(group.total_byte_size for group in groups), str(path))
            for batch in file.iter_batches(PARQUET_ROWS):
                for row in batch.to_pylist():
                    number += 1
                    yield f"{path} row {number}", {key: _as_json(value) for key, value in row.items()}
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(f"{path}: cannot be read as Parquet: {' '.join(str(error).split())}") from None


def _as_json(value: Any) -> Any:
    """Return a value of Parquet as JSON holds it: dates and decimals as text, NaN as None; other values stay as they are."""
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, list):
        return [_as_json(inner) for inner in value]
    if isinstance(value, dict):
        return {key: _as_json(inner) for key, inner in value.items()}
    return value
