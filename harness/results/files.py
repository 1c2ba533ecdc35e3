"""Records on the disk: `ID.json`, and beside it `ID.items.json` with the state of every item."""

import json
import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.results.items import ItemFile
from harness.results.schema import SCHEMA_VERSION, ResultRecord
from traceinv.errors import InputError
from traceinv.schema import describe

ITEMS_SUFFIX = ".items.json"


def write_record(record: ResultRecord, items: ItemFile, folder: Path) -> Path:
    """Write `ID.json` and beside it `ID.items.json`; each appears whole or not at all.

    A record of the same run that stands there already is left as it is: it says when and where the run was really made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{record.id}.json"
    if path.exists() and read_record(path).comparable() == record.comparable():
        return path
    _write_whole(folder / f"{record.id}{ITEMS_SUFFIX}", items.model_dump_json(indent=1))
    _write_whole(path, record.model_dump_json(indent=1))
    return path


def read_record(path: Path) -> ResultRecord:
    """Read a record.

    Raises:
        InputError: it is not a record of this schema; the message names file and field.
    """
    content = read_json(path)
    if isinstance(content, dict) and content.get("schema_version") != SCHEMA_VERSION:
        raise InputError(f"{path}: schema_version is {content.get('schema_version')!r}, expected {SCHEMA_VERSION}")
    try:
        return ResultRecord.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{path}: {describe(error, ResultRecord)}") from None


def read_items(record: Path) -> ItemFile:
    """The items of a record.

    Raises:
        InputError: the file beside the record is missing or bad.
    """
    path = record.with_name(record.name.removesuffix(".json") + ITEMS_SUFFIX)
    if not path.is_file():
        raise InputError(f"{path}: no such file; without the items beside it {record.name} cannot be compared")
    try:
        return ItemFile.model_validate(read_json(path))
    except ValidationError as error:
        raise InputError(f"{path}: {describe(error, ItemFile)}") from None


def read_json(path: Path) -> Any:
    """The content of a JSON file, which may come from anyone.

    Raises:
        InputError: it cannot be read, is not JSON, or holds NaN or infinity.
    """

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not a finite number")

    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)
    except RecursionError:
        raise InputError(f"{path}: not JSON: nested too deeply") from None
    except (ValueError, OSError) as error:
        raise InputError(f"{path}: not JSON: {error}") from None


def _write_whole(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    draft.write_text(text + "\n", encoding="utf-8")
    draft.replace(path)
