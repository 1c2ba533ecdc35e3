"""A benchmark's items, read from the Hugging Face hub at a pinned revision or from a folder with a mirror of it.

A task's YAML describes its data and the names of its fields, under `metadata`:

    data: {hub: openai/gsm8k, config: main, split: test, revision: 7403..., files: [gsm8k_test.jsonl]}
    fields: {question: [question], answer: [answer, expected_answer]}

`fields` maps our name of a field to the names that the hub and known mirrors use; the first name that a row has is read. A
field whose name ends in `?` may be missing. `files` are the file names that a data folder may have. Where `data` has
`hub_files`, these JSONL files of the hub's repository are read; it serves data sets that otherwise need a loading script.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.files import read_json_lines
from traceinv.errors import InputError
from traceinv.schema import describe

if TYPE_CHECKING:
    from datasets import Dataset

FOLDER_VARIABLE = "TRACEINV_DATA"
"""The environment variable that names the data folder where there is no `--data-dir`, as under lm-eval's own command."""

MAX_LINE_BYTES = 256 * 1024**2
"""The limit of a line; the hidden tests of one programming problem may have tens of megabytes."""
OTHER = "other"
Row = Mapping[str, Any]
Prepare = Callable[[dict[str, Any]], dict[str, Any] | None]
"""Takes a row with our field names; returns the fields to add or change, or None where the row is not an item of the task."""


class Source(BaseModel):
    """Where a task's data is.

    Attributes:
        hub: the repository on the hub.
        revision: its commit.
        files: file names that a data folder may have; the first that exists is read.
        hub_files: JSONL files of the hub's repository; empty where `datasets` can load the repository.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    hub: str
    revision: str = Field(pattern=r"^[0-9a-f]{40}$")
    config: str | None = None
    split: str = "test"
    files: list[str] = Field(min_length=1)
    hub_files: list[str] = []


class Loader:
    """A task's `custom_dataset`: lm-eval calls it with the task's metadata and receives the items.

    Items outside the test set are in a split of their own, so that recorded responses to them can be graded too.
    Every item has a string `id`; see `item_id`.

    Attributes:
        name: the task's short name.
        prepare: turns a row into an item.
        is_test: whether an item belongs to the test set.
    """

    def __init__(self, name: str, prepare: Prepare = dict, is_test: Callable[[Row], bool] = lambda item: True) -> None:
        self.name = name
        self.prepare = prepare
        self.is_test = is_test

    def __call__(
        self,
        *,
        data: Mapping[str, Any],
        fields: Mapping[str, Sequence[str]],
        data_dir: str | None = None,
        **_: Any,
    ) -> "dict[str, Dataset]":
        """Load the items of each split, as lm-eval calls it.

        Raises:
            InputError: as `items`.
        """
        from datasets import Dataset

        items = self.items(data, fields, data_dir)
        splits = {"test": [item for item in items if self.is_test(item)]}
        splits[OTHER] = [item for item in items if not self.is_test(item)]
        return {split: Dataset.from_list(rows) for split, rows in splits.items() if rows}

    def items(
        self, data: Mapping[str, Any], fields: Mapping[str, Sequence[str]], data_dir: str | None
    ) -> list[dict[str, Any]]:
        """Load the items as plain rows, in the source's order.

        Raises:
            InputError: the data is not available, or a row lacks a field.
        """
        try:
            source = Source.model_validate(data)
        except ValidationError as error:
            raise InputError(f"task {self.name}: metadata.data.{describe(error, Source)}") from None
        items = []
        for index, (where, row) in enumerate(read_source(source, self.name, data_dir)):
            renamed = _rename(row, fields, where)
            prepared = self.prepare(renamed)
            if prepared is not None:
                items.append(renamed | prepared | {"id": item_id(self.name, renamed, index)})
        if not items:
            raise InputError(f"task {self.name}: the data has no item")
        return items


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


def digest(items: Sequence[Row]) -> str:
    """Return the SHA-256 of all items; two runs with the same digest saw the same data."""
    text = json.dumps(list(items), sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_source(source: Source, name: str, data_dir: str | None) -> Iterator[tuple[str, Row]]:
    """Yield (place, row) of a source, from the data folder where there is one, else from the hub.

    Raises:
        InputError: the folder has none of the files, or the hub cannot be reached.
    """
    folder = data_dir or os.environ.get(FOLDER_VARIABLE)
    if folder:
        yield from _read_folder(source, name, Path(folder))
    elif source.hub_files:
        for file in source.hub_files:
            yield from _read_jsonl(_download(source, name, file))
    else:
        yield from ((f"{source.hub} row {index}", row) for index, row in enumerate(_read_hub(source, name)))


def _read_jsonl(path: Path) -> Iterator[tuple[str, Row]]:
    """Yield (`FILE:LINE`, object) of a JSONL file, which may be gzipped."""
    return ((line.where, line.content) for line in read_json_lines(path, MAX_LINE_BYTES))


def _rename(row: Row, fields: Mapping[str, Sequence[str]], where: str) -> dict[str, Any]:
    renamed = {}
    for ours, theirs in fields.items():
        key = next((key for key in theirs if row.get(key) is not None), None)
        if key is not None or ours.endswith("?"):
            renamed[ours.rstrip("?")] = row[key] if key else None
        else:
            raise InputError(f"{where}: no {' or '.join(map(repr, theirs))} among its keys {sorted(row)}")
    return renamed


def _read_folder(source: Source, name: str, folder: Path) -> Iterator[tuple[str, Row]]:
    if not folder.is_dir():
        raise InputError(f"data folder {folder}: no such folder")
    files = [folder / file for file in source.files if (folder / file).is_file()][:1]
    if not files and source.hub_files:
        files = [folder / file for file in source.hub_files if (folder / file).is_file()]
        files = files if len(files) == len(source.hub_files) else []
    if not files:
        wanted = [*source.files, *([" and ".join(source.hub_files)] if source.hub_files else [])]
        raise InputError(f"task {name}: no {' or '.join(wanted)} in {folder}. {how_to_get(source)}")
    for path in files:
        yield from _read_jsonl(path)


def _read_hub(source: Source, name: str) -> Any:
    from datasets import load_dataset

    try:
        return load_dataset(source.hub, source.config, split=source.split, revision=source.revision)
    except (OSError, ValueError) as error:
        raise _unreachable(source, name, error) from None


def _download(source: Source, name: str, file: str) -> Path:
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(source.hub, file, repo_type="dataset", revision=source.revision))
    except (OSError, ValueError) as error:
        raise _unreachable(source, name, error) from None


def _unreachable(source: Source, name: str, error: Exception) -> InputError:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return InputError(
        f"task {name}: {source.hub} cannot be loaded from the hub ({reason}), and there is no --data-dir with"
        f" {' or '.join(source.files)}. {how_to_get(source)}"
    )


def how_to_get(source: Source) -> str:
    """Return the command that makes a file for `--data-dir`, on a machine that reaches the hub."""
    if source.hub_files:
        files = " ".join(source.hub_files)
        return f"To get it: hf download {source.hub} {files} --repo-type dataset --revision {source.revision} --local-dir DIR"
    config = f"{source.config!r}, " if source.config else ""
    return (
        'To get it, on a machine that reaches the hub: python -c "from datasets import load_dataset;'
        f" load_dataset({source.hub!r}, {config}split={source.split!r}, revision={source.revision!r})"
        f".to_json('DIR/{source.files[0]}')\""
    )
