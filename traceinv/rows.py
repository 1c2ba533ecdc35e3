"""Files of rows: read and written at once, or appended to while a model works and resumed after a kill."""

import os
from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from traceinv.errors import InputError
from traceinv.schema import describe

Row = TypeVar("Row", bound=BaseModel)
RowKey = TypeVar("RowKey", bound=Hashable)


class RowFile(Generic[Row, RowKey]):
    """A JSONL file to which rows are appended as they are made.

    A killed process leaves at most one line half written; opening the file again cuts it off.

    Attributes:
        path: the file; it need not exist yet.
        rows: the rows in the file, by key.
        resumed: how many rows the file held when it was opened.
        repeated: how many rows were appended although the file held them already, because an engine resumes at whole batches.
    """

    def __init__(self, path: Path, kind: type[Row], key: Callable[[Row], RowKey]) -> None:
        """Open the file and read the rows in it.

        Raises:
            InputError: a line is not a row of this kind.
        """
        self.path = path
        self._key = key
        if path.exists():
            _cut_torn_line(path)
        self.rows: dict[RowKey, Row] = {key(row): row for row in read_rows(path, kind)} if path.exists() else {}
        self.resumed = len(self.rows)
        self.repeated = 0

    def append(self, rows: Iterable[Row]) -> None:
        """Add rows; they are on the disk when this returns."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            for row in rows:
                key = self._key(row)
                self.repeated += key in self.rows
                self.rows[key] = row
                file.write(row.model_dump_json() + "\n")
            file.flush()
            os.fsync(file.fileno())

    def hold(self, folders: Iterable[Path], kind: type[Row]) -> None:
        """Take up the rows of folders that hold one such file each; `finish` writes them.

        Raises:
            InputError: a folder does not hold exactly one file, or a line of it is not a row of this kind.
        """
        for folder in folders:
            self.rows |= {self._key(row): row for row in read_folder(folder, kind)}

    def finish(self, keys: Sequence[RowKey]) -> list[Row]:
        """Rewrite the file in the order of `keys` and return the rows; the result does not depend on how often it was killed.

        Raises:
            KeyError: a row is missing.
        """
        ordered = [self.rows[key] for key in keys]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f".{self.path.name}.draft")
        draft.write_text("".join(row.model_dump_json() + "\n" for row in ordered), encoding="utf-8")
        draft.replace(self.path)
        return ordered


def read_rows(path: Path, kind: type[Row]) -> list[Row]:
    """Read a JSONL file of rows.

    Raises:
        InputError: a line is not a row of this kind; the message names file, line and field.
    """
    rows = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                rows.append(kind.model_validate_json(line))
            except ValidationError as error:
                raise InputError(f"{path}:{number}: {describe(error, kind)}") from None
    return rows


def rows_file(folder: Path) -> Path:
    """Return the one JSONL file of a folder.

    Raises:
        InputError: the folder does not hold exactly one.
    """
    files = sorted(folder.glob("*.jsonl"))
    if len(files) != 1:
        raise InputError(f"{folder}: expected one .jsonl file, got {len(files)}")
    return files[0]


def read_folder(folder: Path, kind: type[Row]) -> list[Row]:
    """Read the rows of a folder that holds one JSONL file, as a stage's artifact does.

    Raises:
        InputError: the folder does not hold exactly one, or a line is not a row of this kind.
    """
    return read_rows(rows_file(folder), kind)


def write_rows(path: Path, rows: Iterable[BaseModel]) -> None:
    """Write one JSON object a line, in the order given."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(row.model_dump_json() + "\n" for row in rows)


def _cut_torn_line(path: Path) -> None:
    with path.open("rb+") as file:
        whole = file.read().rpartition(b"\n")
        file.truncate(len(whole[0]) + len(whole[1]))
