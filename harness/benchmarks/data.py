"""A benchmark's items, from the Hugging Face hub at a pinned revision or from a folder with a mirror of it.

A task's YAML says where its data is and what its fields are called, under `metadata`:

    data: {hub: openai/gsm8k, config: main, split: test, revision: 7403..., files: [gsm8k_test.jsonl]}
    fields: {question: [question], answer: [answer, expected_answer]}

`fields` names ours, each with the names that the hub and known mirrors give it, first come first taken; a name that ends in `?`
may be missing. `files` are the names looked for in the folder. Where `data` has `hub_files`, the hub's repository is read as
these JSONL files, for data sets that only a script could load.
"""

import gzip
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from traceinv.errors import InputError
from traceinv.schema import describe

if TYPE_CHECKING:
    from datasets import Dataset

FOLDER_VARIABLE = "TRACEINV_DATA"
"""Names the folder for those who run tasks with lm-eval's own command; `--data-dir` is the way everywhere else."""

OTHER = "other"
Row = Mapping[str, Any]
Prepare = Callable[[dict[str, Any]], dict[str, Any] | None]
"""From a row with our field names to an item: what is added or changed, or None where the row is no item of this task."""


class Source(BaseModel):
    """Where a task's data is.

    Attributes:
        files: names looked for in a data folder.
        hub_files: JSONL files of the hub's repository; empty where `datasets` can load it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    hub: str
    revision: str = Field(pattern=r"^[0-9a-f]{40}$")
    config: str | None = None
    split: str = "test"
    files: list[str] = Field(min_length=1)
    hub_files: list[str] = []


class Loader:
    """A task's `custom_dataset`: lm-eval calls it with the task's metadata and gets the items.

    Items that are not for the test stand in a split of their own, so that recorded answers to them can be graded.
    Every item has a string `id`: the source's own where that is a word (`HumanEval/0`), else `TASK/NUMBER`.
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
        """Load, rename and prepare.

        Raises:
            InputError: the data is not there, or not of the form that is expected.
        """
        from datasets import Dataset

        items = self.items(data, fields, data_dir)
        splits = {"test": [item for item in items if self.is_test(item)]}
        splits[OTHER] = [item for item in items if not self.is_test(item)]
        return {split: Dataset.from_list(rows) for split, rows in splits.items() if rows}

    def items(
        self, data: Mapping[str, Any], fields: Mapping[str, Sequence[str]], data_dir: str | None
    ) -> list[dict[str, Any]]:
        """The items as plain rows, in the source's order.

        Raises:
            InputError: as for a call.
        """
        try:
            source = Source.model_validate(data)
        except ValidationError as error:
            raise InputError(f"task {self.name}: metadata.data.{describe(error, Source)}") from None
        items = []
        for index, (where, row) in enumerate(read_rows(source, self.name, data_dir)):
            renamed = _rename(row, fields, where)
            prepared = self.prepare(renamed)
            if prepared is not None:
                items.append(renamed | prepared | {"id": item_id(self.name, renamed, index)})
        if not items:
            raise InputError(f"task {self.name}: the data has no item")
        return items


def item_id(name: str, renamed: Row, index: int) -> str:
    """The source's own id where it is a word, else `TASK/NUMBER`, by the source's number or the row's position."""
    own = renamed.get("id")
    if own is None:
        own = index
    text = str(own)
    return f"{name}/{text}" if text.isdigit() else text


def digest(items: Sequence[Row]) -> str:
    """SHA-256 of all items, to tell whether two runs saw the same data."""
    text = json.dumps(list(items), sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_rows(source: Source, name: str, data_dir: str | None) -> Iterator[tuple[str, Row]]:
    """Rows of the source with where each stands, from the folder where one is given, else from the hub.

    Raises:
        InputError: there is no such file in the folder, or the hub cannot be reached.
    """
    folder = data_dir or os.environ.get(FOLDER_VARIABLE)
    if folder:
        yield from _read_folder(source, name, Path(folder))
    elif source.hub_files:
        for file in source.hub_files:
            yield from read_jsonl(_download(source, name, file))
    else:
        yield from ((f"{source.hub} row {index}", row) for index, row in enumerate(_read_hub(source, name)))


def read_jsonl(path: Path) -> Iterator[tuple[str, Row]]:
    """JSON objects, one a line, with `FILE:LINE` of each.

    Raises:
        InputError: a line is not a JSON object; the message names file and line.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        try:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield f"{path}:{number}", _parse(line, f"{path}:{number}")
        except (UnicodeDecodeError, gzip.BadGzipFile, EOFError) as error:
            raise InputError(f"{path}: not a text file: {error}") from None


def _parse(line: str, where: str) -> Row:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: not JSON: {error}") from None
    if not isinstance(row, dict):
        raise InputError(f"{where}: expected a JSON object, got {type(row).__name__}")
    return row


def _rename(row: Row, fields: Mapping[str, Sequence[str]], where: str) -> dict[str, Any]:
    renamed = {}
    for ours, theirs in fields.items():
        found = next((key for key in theirs if row.get(key) is not None), None)
        if found is not None or ours.endswith("?"):
            renamed[ours.rstrip("?")] = row[found] if found else None
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
        yield from read_jsonl(path)


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
        f"task {name}: the hub's {source.hub} cannot be had here ({reason}), and there is no --data-dir with"
        f" {' or '.join(source.files)}. {how_to_get(source)}"
    )


def how_to_get(source: Source) -> str:
    """What to run, on a machine that reaches the hub, to make a file for `--data-dir`."""
    if source.hub_files:
        files = " ".join(source.hub_files)
        return f"To get it: hf download {source.hub} {files} --repo-type dataset --revision {source.revision} --local-dir DIR"
    config = f"{source.config!r}, " if source.config else ""
    return (
        'To get it, on a machine that reaches the hub: python -c "from datasets import load_dataset;'
        f" load_dataset({source.hub!r}, {config}split={source.split!r}, revision={source.revision!r})"
        f".to_json('DIR/{source.files[0]}')\""
    )
