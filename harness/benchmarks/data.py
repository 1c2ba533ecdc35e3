"""A benchmark's items, read from the Hugging Face hub at a pinned revision or from files.

A task's YAML describes its data and the names of its fields, under `metadata`:

    data: {hub: openai/gsm8k, config: main, split: test, revision: 7403..., files: [gsm8k_test.jsonl]}
    fields: {question: [question], answer: [answer, expected_answer]}

`fields` maps our name of a field to the names that the hub and known mirrors use; the first name that a row has is read. A
field whose name ends in `?` may be missing; without `fields` all are taken as they are. `files` are the file names that a
data folder may have. Where `data` has `hub_files`, these JSONL files of the hub's repository are read; it serves data sets
that otherwise need a loading script.

Private data has files alone, which lie in the data folder or beside the task's YAML (JSONL, CSV or Parquet):

    data: {files: [riddles.csv]}
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.benchmarks.hub import download, how_to_get, load_split
from harness.benchmarks.local import Placed, Row, check_kinds, find_file, kind_of, read_rows
from harness.benchmarks.source import Source, read_source_description
from traceinv.errors import InputError
from traceinv.schema import FieldFault

if TYPE_CHECKING:
    from datasets import Dataset

FOLDER_VARIABLE = "TRACEINV_DATA"
"""The environment variable that names the data folder where there is no `--data-dir`, as under lm-eval's own command."""
OTHER = "other"
Prepare = Callable[[dict[str, Any]], dict[str, Any] | None]
"""Takes a row with our field names; returns the fields to add or change, or None where the row is not an item of the task.

A `FieldFault` that it raises is reported with the row's place.
"""


class Loader:
    """A task's `custom_dataset`: lm-eval calls it with the task's metadata and receives the items.

    Items outside the test set are in a split of their own, so that recorded responses to them can be graded too.
    Every item has a string `id`; see `item_id`.

    Attributes:
        name: the task's short name; None where it is known only when the items are loaded.
        prepare: turns a row into an item.
        is_test: whether an item belongs to the test set.
    """

    def __init__(
        self, name: str | None = None, prepare: Prepare = dict, is_test: Callable[[Row], bool] = lambda item: True
    ) -> None:
        self.name = name
        self.prepare = prepare
        self.is_test = is_test

    def __call__(
        self,
        *,
        data: Mapping[str, Any],
        fields: Mapping[str, str | Sequence[str]] | None = None,
        data_dir: str | None = None,
        task_name: str | None = None,
        task_folder: str | None = None,
        **_: Any,
    ) -> "dict[str, Dataset]":
        """Load the items of each split, as lm-eval calls it.

        Args:
            data, fields: of the task's metadata.
            data_dir: a folder with files of the items; None for the hub, or for files beside the task.
            task_name: the task's short name, where it has none of its own.
            task_folder: the folder of the task's YAML; this package gives it, lm-eval's command does not.

        Raises:
            InputError: as `items`.
        """
        from datasets import Dataset

        items = self.items(data, fields, data_dir, task_name, task_folder)
        splits = {"test": [item for item in items if self.is_test(item)]}
        splits[OTHER] = [item for item in items if not self.is_test(item)]
        return {split: Dataset.from_list(rows) for split, rows in splits.items() if rows}

    def items(
        self,
        data: Mapping[str, Any],
        fields: Mapping[str, str | Sequence[str]] | None,
        data_dir: str | None,
        task_name: str | None = None,
        task_folder: str | None = None,
    ) -> list[dict[str, Any]]:
        """Load the items as plain rows, in the source's order.

        Raises:
            InputError: the data is not available, a row lacks a field, or private data has another kind of value in a field
                than the row before.
        """
        source = read_source_description(data, self.name or task_name)
        name = self.name or task_name or Path(source.files[0]).stem
        rows = read_source(source, name, data_dir, task_folder)
        items = [(where, item) for where, item in self._items(name, fields, rows)]
        if not items:
            raise InputError(f"task {name}: the data has no item")
        if source.hub is None:
            check_kinds(items)
        return [item for _, item in items]

    def _items(
        self, name: str, fields: Mapping[str, str | Sequence[str]] | None, rows: Iterable[Placed]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for index, (where, row) in enumerate(rows):
            renamed = dict(row) if fields is None else _rename(row, fields, where)
            try:
                prepared = self.prepare(renamed)
            except FieldFault as fault:
                raise InputError(f"{where}: {fault}") from None
            if prepared is not None:
                yield where, renamed | prepared | {"id": item_id(name, renamed, index)}


def item_id(name: str, renamed: Row, index: int) -> str:
    """Return an item's id: the source's own id where it is not a number (`HumanEval/0`), else `TASK/NUMBER`.

    The number is the source's own, or where there is none the row's position.
    """
    own = renamed.get("id")
    text = str(index if own is None else own)
    return f"{name}/{text}" if text.isdigit() else text


def number_reference(row: dict[str, Any]) -> dict[str, Any]:
    """Prepare an item whose `reference` is a whole number, which some mirrors hold as a float."""
    return {"reference": str(row["reference"]).strip().removesuffix(".0")}


def text_reference(row: dict[str, Any]) -> dict[str, Any]:
    """Prepare an item with a `question` and a `reference`; a reference that is a number becomes text, 18.0 as `18`.

    Raises:
        FieldFault: either is missing, or the question is no text, or the reference neither text nor a number.
    """
    question, reference = row.get("question"), row.get("reference")
    if not isinstance(question, str):
        raise FieldFault("question", f"expected text, got {'nothing' if question is None else kind_of(question)}")
    if isinstance(reference, bool) or not isinstance(reference, str | int | float):
        got = "nothing" if reference is None else kind_of(reference)
        raise FieldFault("reference", f"expected text or a number, got {got}")
    if isinstance(reference, float) and reference.is_integer():
        reference = int(reference)
    return {"reference": str(reference).strip()}


load = Loader(prepare=text_reference)
"""The `custom_dataset` of a task that has no Python of its own: items with a `question` and a `reference`."""


def digest(items: Sequence[Row]) -> str:
    """Return the SHA-256 of all items; two runs with the same digest saw the same data."""
    text = json.dumps(list(items), sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_source(source: Source, name: str, data_dir: str | None, task_folder: str | None = None) -> Iterator[Placed]:
    """Yield (place, row) of a source: from a data folder where there is one, else from the hub or from beside the task.

    Raises:
        InputError: no folder has any of the files, or the hub cannot be reached.
    """
    folder = data_folder(data_dir)
    if folder is not None and not folder.is_dir():
        raise InputError(f"data folder {folder}: no such folder")
    if source.hub is None:
        yield from read_rows(_find_private(source, name, private_folders(data_dir, task_folder)))
    elif folder is not None:
        for path in _find_mirror(source, name, folder):
            yield from read_rows(path)
    elif source.hub_files:
        for file in source.hub_files:
            yield from read_rows(download(source, name, file))
    else:
        yield from ((f"{source.hub} row {index}", row) for index, row in enumerate(load_split(source, name)))


def data_folder(data_dir: str | None) -> Path | None:
    """Return the data folder: `--data-dir`, or else the one that TRACEINV_DATA names; None without either."""
    folder = data_dir or os.environ.get(FOLDER_VARIABLE)
    return Path(folder) if folder else None


def private_folders(data_dir: str | None, task_folder: str | None) -> list[Path]:
    """List the folders in which private data may lie, the data folder first; without a task's folder the current one."""
    folder = data_folder(data_dir)
    return [*([folder] if folder else []), Path(task_folder or ".")]


def _find_private(source: Source, name: str, folders: Sequence[Path]) -> Path:
    path = find_file(source.model_dump(), folders)
    if path is None:
        raise InputError(f"task {name}: no {' or '.join(source.files)} in {' or '.join(map(str, folders))}")
    return path


def _find_mirror(source: Source, name: str, folder: Path) -> list[Path]:
    path = find_file(source.model_dump(), [folder])
    if path is not None:
        return [path]
    parts = [part for file in source.hub_files if (part := find_file({"files": [file]}, [folder]))]
    if not parts or len(parts) < len(source.hub_files):
        wanted = [*source.files, *([" and ".join(source.hub_files)] if source.hub_files else [])]
        raise InputError(f"task {name}: no {' or '.join(wanted)} in {folder}. {how_to_get(source)}")
    return parts


def _rename(row: Row, fields: Mapping[str, str | Sequence[str]], where: str) -> dict[str, Any]:
    renamed = {}
    for ours, names in fields.items():
        theirs = [names] if isinstance(names, str) else names
        key = next((key for key in theirs if row.get(key) is not None), None)
        if key is not None or ours.endswith("?"):
            renamed[ours.rstrip("?")] = row[key] if key else None
            continue
        empty = next((name for name in theirs if name in row), None)
        if empty is not None:
            raise InputError(f"{where}: {empty!r} is empty")
        raise InputError(f"{where}: no {' or '.join(map(repr, theirs))} among its keys {sorted(row)}")
    return renamed
