"""Records on disk: `ID.json`, and beside it `ID.items.json` with the state of every item."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from harness.files import distinct_keys, read_text, write_atomic
from harness.results import schema1
from harness.results.differences import differences
from harness.results.items import ItemFile
from harness.results.schema import SCHEMA_VERSION, ResultRecord
from harness.results.text import plain_values
from traceinv.errors import GateError, InputError
from traceinv.schema import describe

ITEMS_SUFFIX = ".items.json"
FRONTIER_SUFFIX = ".frontier.svg"
"""The end of the name of an audit's plot, which lies beside its record."""
MAX_BYTES = 64 * 1024**2
"""The most bytes of a file; a record with 3 seeds of the lab has 0.2 MB."""
SHOWN_DIFFERENCES = 3
M = TypeVar("M", bound=BaseModel)


def write_record(record: ResultRecord, items: ItemFile, folder: Path) -> Path:
    """Write `ID.json` and `ID.items.json`, and return the path of the first.

    A record of the same id with the same figures is left as it is, with the date and commit of the run that made it.

    Raises:
        GateError: a record of the same id with other figures stands in the folder.
        InputError: a file of that name stands in the folder and is no record.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{record.id}.json"
    items_path = items_file(path)
    if path.exists():
        _refuse_other_figures(path, record)
        if items_path.exists():
            return path
    write_atomic(items_path, items.model_dump_json(indent=1) + "\n")
    if not path.exists():
        write_atomic(path, record.model_dump_json(indent=1) + "\n")
    return path


def read_record(path: Path) -> ResultRecord:
    """Read a record of schema 2 or 1.

    Raises:
        InputError: it is not one; the message names file and field.
    """
    content = read_json(path)
    version = content.get("schema_version") if isinstance(content, dict) else SCHEMA_VERSION
    if version == 1:
        old = _validated(path, schema1.Record, content)
        return _checked(path, ResultRecord, lambda: schema1.convert_record(old))
    if version != SCHEMA_VERSION:
        raise InputError(f"{path}: schema_version is {version!r}, expected {SCHEMA_VERSION} or 1")
    return _validated(path, ResultRecord, content)


def read_items(record_path: Path) -> ItemFile:
    """Read the items of a record, of version 2 or 1.

    Raises:
        InputError: the file beside the record is missing or bad.
    """
    path = items_file(record_path)
    if not path.is_file():
        raise InputError(f"{path}: no such file; {record_path.name} cannot be compared without its items")
    content = read_json(path)
    if isinstance(content, dict) and "states" in content and "schema_version" not in content:
        items = _validated(path, schema1.Items, content)
        cell = read_record(record_path).rows[0].cell
        return _checked(path, ItemFile, lambda: schema1.convert_items(items, cell))
    return _validated(path, ItemFile, content)


def items_file(record_path: Path) -> Path:
    """Return where the items of a record stand."""
    return record_path.with_name(record_path.name.removesuffix(".json") + ITEMS_SUFFIX)


def read_as(path: Path, kind: type[M]) -> M:
    """Read a JSON file of unknown origin into a model.

    Raises:
        InputError: it is not JSON (see `read_json`), or not of the model's form; the message names file and field.
    """
    return _validated(path, kind, read_json(path))


def read_json(path: Path) -> Any:
    """Read a JSON file of unknown origin; controls and invisible characters in its texts become visible escapes.

    Raises:
        InputError: it cannot be read or is too large, is not JSON, has a key twice, or holds NaN or infinity.
    """

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not a finite number")

    text = read_text(path, MAX_BYTES)
    try:
        return plain_values(json.loads(text, parse_constant=refuse, object_pairs_hook=distinct_keys))
    except RecursionError:
        raise InputError(f"{path}: not JSON: nested too deeply") from None
    except ValueError as error:
        raise InputError(f"{path}: not JSON: {error}") from None


def _refuse_other_figures(path: Path, record: ResultRecord) -> None:
    """Compare with the record that stands at `path`, all but provenance and verdict."""
    old, new = (
        found.model_dump(mode="json", exclude={"provenance", "verdict"}) for found in (read_record(path), record)
    )
    differing = differences(old, new)
    if differing:
        first = "; ".join(
            f"{d.key}: {_short(d.first)} there, {_short(d.second)} now" for d in differing[:SHOWN_DIFFERENCES]
        )
        raise GateError(
            f"{path}: holds a record of the same id with {len(differing)} other values ({first}); "
            "move it away, or write to another folder"
        )


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _validated(path: Path, kind: type[M], content: Any) -> M:
    return _checked(path, kind, lambda: kind.model_validate(content))


def _checked(path: Path, kind: type[M], make: Callable[[], M]) -> M:
    try:
        return make()
    except ValidationError as error:
        raise InputError(f"{path}: {describe(error, kind)}") from None
