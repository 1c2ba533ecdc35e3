"""Files with private items: JSONL, CSV and Parquet give the same items, and a fault is one line with file and row."""

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from harness.benchmarks import local
from harness.benchmarks.data import FOLDER_VARIABLE, Loader, load, text_reference
from harness.benchmarks.local import read_rows
from traceinv.errors import InputError

ROWS = [{"question": "What is 6 times 7?", "reference": "42"}, {"question": "And, as words?", "reference": "forty-two"}]
CSV = 'question,reference\nWhat is 6 times 7?,42\n"And, as words?",forty-two\n'


@pytest.fixture(autouse=True)
def _no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)


def write(path: Path) -> Path:
    if path.suffix == ".csv":
        path.write_text(CSV)
    elif path.suffix == ".gz":
        with gzip.open(path, "wt") as file:
            file.write(CSV)
    elif path.suffix == ".parquet":
        parquet.write_table(pyarrow.Table.from_pylist(ROWS), path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


def items(folder: Path, file: str, fields: Any = None, data_dir: Path | None = None) -> list[dict[str, Any]]:
    loader = Loader("set", text_reference)
    return loader.items({"files": [file]}, fields, str(data_dir) if data_dir else None, task_folder=str(folder))


@pytest.mark.parametrize("name", ["set.jsonl", "set.csv", "set.csv.gz", "set.parquet"])
def test_every_format_gives_the_same_items(tmp_path: Path, name: str) -> None:
    write(tmp_path / name)
    assert items(tmp_path, name) == [row | {"id": f"set/{number}"} for number, row in enumerate(ROWS)]


def test_a_packed_file_is_read_under_the_name_that_it_has_unpacked(tmp_path: Path) -> None:
    write(tmp_path / "set.csv.gz")
    assert len(items(tmp_path, "set.csv")) == 2


def test_the_data_folder_goes_before_the_tasks_own(tmp_path: Path) -> None:
    (tmp_path / "task").mkdir()
    write(tmp_path / "task" / "set.csv")
    (tmp_path / "set.csv").write_text("question,reference\nOther?,1\n")
    assert len(items(tmp_path / "task", "set.csv", data_dir=tmp_path)) == 1
    assert len(items(tmp_path / "task", "set.csv", data_dir=tmp_path / "task")) == 2
    with pytest.raises(InputError, match=r"task set: no two\.csv in .*task or .*"):
        items(tmp_path, "two.csv", data_dir=tmp_path / "task")


def test_fields_may_be_named_by_a_word_and_numbers_become_text(tmp_path: Path) -> None:
    table = {"frage": ["a", "b", "c"], "antwort": [1.0, 2.5, 3.0], "id": [7, 8, 9], "day": [None, None, None]}
    parquet.write_table(pyarrow.table(table), tmp_path / "set.parquet")
    found = items(tmp_path, "set.parquet", {"id": "id", "question": "frage", "reference": ["antwort"], "level?": "lvl"})
    assert [(item["id"], item["reference"]) for item in found] == [("set/7", "1"), ("set/8", "2.5"), ("set/9", "3")]


def test_a_task_without_a_name_of_its_own_gets_the_one_that_the_package_gives(tmp_path: Path) -> None:
    write(tmp_path / "set.csv")
    dataset = load(data={"files": ["set.csv"]}, task_name="riddles", task_folder=str(tmp_path), version=1.0)
    assert dataset["test"]["id"] == ["riddles/0", "riddles/1"]


FAULTS = {
    "no header": ("set.csv", "", "set.csv: expected a header line"),
    "other separators": ("set.csv", "question;reference\na;1\n", "set.csv:1: expected commas between the cells, got ';'"),
    "two columns of a name": ("set.csv", "a,a\n1,2\n", "set.csv:1: two columns have the name 'a'"),
    "a missing cell": ("set.csv", CSV + "short\n", "set.csv:4: expected 2 cells as in the header, got 1"),
    "a line too long": ("set.csv", CSV + "a,b,c\n", "set.csv:4: expected 2 cells as in the header, got 3"),
    "an open quote": ("set.csv", CSV + '"a,1\n', "set.csv:4: not CSV: unexpected end of data"),
    "an empty cell": ("set.csv", CSV + '"two\nlines",1\nb,\n', "set.csv:6: reference: expected text or a number, got nothing"),
    "no UTF-8": ("set.csv", b"question,reference\n\xff,1\n", "set.csv: not UTF-8"),
    "no such column": ("set.csv", "question,answer\na,1\n", "set.csv:2: reference: expected text or a number, got nothing"),
    "a list": (
        "set.jsonl", '{"question": "a", "reference": [1]}\n', "set.jsonl:1: reference: expected text or a number, got a list"
    ),
    "no text": ("set.jsonl", '{"question": 1, "reference": 1}\n', "set.jsonl:1: question: expected text, got a number"),
    "mixed kinds": (
        "set.jsonl", '{"question": "a", "reference": 1, "n": 1}\n{"question": "b", "reference": "2", "n": "1"}\n',
        "set.jsonl:2: 'n': expected a number as in ",
    ),
    "no Parquet": ("set.parquet", "question\n", "set.parquet: cannot be read as Parquet: "),
    "no items": ("set.csv", "question,reference\n", "task set: the data has no item"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "message"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_one_line_with_file_and_row(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError) as error:
        items(tmp_path, name)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_an_empty_cell_of_a_named_field_is_said(tmp_path: Path) -> None:
    (tmp_path / "set.csv").write_text("q,a\nx,1\ny,\n")
    with pytest.raises(InputError, match=r"set\.csv:3: 'a' is empty"):
        items(tmp_path, "set.csv", {"question": "q", "reference": "a"})


@pytest.mark.parametrize(("name", "expected"), [("set.jsonl", "JSONL"), ("set.csv", "CSV")])
def test_parquet_under_another_name_is_called_so(tmp_path: Path, name: str, expected: str) -> None:
    write(tmp_path / "set.parquet").rename(tmp_path / name)
    with pytest.raises(InputError, match=rf"{name}: this is a Parquet file; expected {expected}"):
        items(tmp_path, name)


def test_what_json_cannot_hold_is_refused_only_where_it_is_used(tmp_path: Path) -> None:
    rows = [row | {"picture": b"png"} for row in ROWS]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "set.parquet")
    assert len(items(tmp_path, "set.parquet", {"question": "question", "reference": "reference"})) == 2
    with pytest.raises(
        InputError, match=r"set\.parquet row 1: 'picture': expected text, numbers, lists or mappings, got bytes"
    ):
        items(tmp_path, "set.parquet")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"hub": "some/set", "files": ["a"]}, "metadata.data.revision: field required, because `hub` is given"),
        ({"files": ["a"], "split": "test"}, "metadata.data.split: expected `hub` too"),
        ({"file": ["a"]}, "metadata.data: unknown key 'file' (did you mean 'files'?)"),
    ],
)
def test_a_wrong_description_of_the_data_is_named(data: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as error:
        Loader("set").items(data, None, None)
    assert message in str(error.value)


def test_a_table_that_is_too_large_when_it_is_unpacked_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that are all the same take a thousandth of their size on disk."""
    monkeypatch.setattr(local, "MAX_FILE_BYTES", 1024**2)
    rows = ["x" * 1000] * 2000
    (tmp_path / "bomb.csv.gz").write_bytes(gzip.compress("\n".join(["question", *rows]).encode()))
    parquet.write_table(pyarrow.table({"question": rows}), tmp_path / "bomb.parquet", use_dictionary=False)
    for name, place in (("bomb.csv.gz", ":1050"), ("bomb.parquet", "")):
        with pytest.raises(InputError, match=rf"{name}{place}: the file has more than 0\.000977 GB"):
            list(read_rows(tmp_path / name))
