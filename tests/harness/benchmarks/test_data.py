"""A benchmark's items: read by any name of a field; where the data is missing, the message says how to get it."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from harness.benchmarks.data import FOLDER_VARIABLE, Loader, digest
from traceinv.errors import InputError

DATA = {"hub": "some/set", "config": "main", "revision": "0" * 40, "files": ["set.jsonl", "set.jsonl.gz"]}
FIELDS = {"id": ["id", "ID"], "question": ["problem", "Problem"], "answer": ["answer"], "level?": ["level"]}


@pytest.fixture(autouse=True)
def _no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)


def items(folder: Path | None, **data: Any) -> list[dict[str, Any]]:
    return Loader("set").items(DATA | data, FIELDS, str(folder) if folder else None)


def write(path: Path, *rows: dict[str, Any]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_fields_are_read_by_any_of_their_names(tmp_path: Path) -> None:
    write(tmp_path / "set.jsonl", {"id": "a-1", "problem": "p", "answer": "1"}, {"ID": 7, "Problem": "q", "answer": 2})
    assert items(tmp_path) == [
        {"id": "a-1", "question": "p", "answer": "1", "level": None},
        {"id": "set/7", "question": "q", "answer": 2, "level": None},
    ]


def test_a_packed_mirror_is_read_too(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "set.jsonl.gz", "wt") as file:
        file.write('{"id": "a", "problem": "p", "answer": "1"}\n')
    assert [item["id"] for item in items(tmp_path)] == ["a"]


def test_an_absent_file_is_named_with_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        items(tmp_path)
    message = str(error.value)
    assert f"no set.jsonl or set.jsonl.gz in {tmp_path}" in message
    assert "load_dataset('some/set', 'main', split='test', revision='000" in message


def test_offline_and_without_a_folder_both_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionError("Couldn't reach 'some/set' on the Hub")

    monkeypatch.setattr("datasets.load_dataset", refuse)
    with pytest.raises(InputError, match=r"cannot be loaded from the hub .*no --data-dir with set\.jsonl.*To get it"):
        items(None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"id": "a", "problem": "p", "answer": "1"}\n{"problem": ', "set.jsonl:2: not JSON"),
        ('{"id": "a", "problem": "p"}\n', "set.jsonl:1: no 'answer' among its keys"),
        ("[1]\n", "set.jsonl:1: expected a JSON object, got list"),
        ("[" * 100_000 + "\n", "set.jsonl:1: not JSON"),
        ("\n", "task set: the data has no item"),
    ],
)
def test_a_bad_line_is_named_by_file_and_number(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "set.jsonl").write_text(text)
    with pytest.raises(InputError) as error:
        items(tmp_path)
    assert message in str(error.value)


def test_a_revision_that_is_not_pinned_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"metadata\.data\.revision"):
        items(tmp_path, revision="main")


def test_files_of_a_hub_repository_are_read_from_a_folder_all_or_none(tmp_path: Path) -> None:
    parts = ["one.jsonl", "two.jsonl"]
    write(tmp_path / "one.jsonl", {"id": "a", "problem": "p", "answer": "1"})
    with pytest.raises(InputError, match=r"one\.jsonl and two\.jsonl"):
        items(tmp_path, hub_files=parts)
    write(tmp_path / "two.jsonl", {"id": "b", "problem": "p", "answer": "1"})
    assert [item["id"] for item in items(tmp_path, hub_files=parts)] == ["a", "b"]


def test_the_digest_tells_different_items_apart() -> None:
    one = [{"id": "a", "answer": "1"}]
    assert digest(one) == digest([{"answer": "1", "id": "a"}])
    assert digest(one) != digest([{"id": "a", "answer": "2"}])
