"""`traceinv compare`."""

import json
from pathlib import Path

import pytest
from sample_records import items_of, record, write

from harness.cli import main

IDS = ["lab_chain/0", "lab_chain/1"]


def test_each_further_record_is_compared_with_the_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, letters in (("a", "cw"), ("b", "cc"), ("c", "ww")):
        write(tmp_path, record(name), items_of({("inverted", 0): letters}, IDS))
    assert main(["compare", "a", "b", "c", "--results", str(tmp_path), "--json"]) == 0
    comparisons = json.loads(capsys.readouterr().out)
    assert [(found["first"], found["second"]) for found in comparisons] == [("a", "b"), ("a", "c")]


def test_people_get_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, letters in (("a", "cw"), ("b", "cc")):
        write(tmp_path, record(name), items_of({("inverted", 0): letters}, IDS))
    assert main(["compare", "a", "b", "--results", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "A: a, B: b" in out
    assert "evaluation settings: identical" in out
    assert "B - A" in out


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("b", "unknown record 'b'"),
        ("nowhere.json", "nowhere.json: no such record"),
        ("a", "a.items.json: no such file"),
    ],
)
def test_missing_records_and_items_are_refused_in_one_line(
    name: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, record("a"))
    (tmp_path / "a.items.json").unlink()
    assert main(["compare", "a", name, "--results", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_bad_items_are_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, record("a"))
    (tmp_path / "a.items.json").write_text('{"schema_version": 2, "ids": {"t": ["x", "x"]}, "runs": []}')
    assert main(["compare", str(path), str(path)]) == 2
    error = capsys.readouterr().err
    assert "a.items.json: ids.t: an id stands twice" in error
    assert error.count("\n") == 1


def test_graded_answers_are_compared_with_a_run_of_the_benchmark(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "replies.json").write_text('{"*": "3"}')
    folder, graded = tmp_path / "bench", tmp_path / "graded.jsonl"
    arguments = ["--model", str(tmp_path), "--engine", "mock", "--tasks", "lab_chain", "--limit", "4"]
    assert main(["bench", *arguments, "--out", str(folder)]) == 0
    assert main(["grade", "lab_chain", str(folder / "samples" / "lab_chain.jsonl"), "--out", str(graded)]) == 0
    capsys.readouterr()
    assert main(["compare", str(folder), str(graded), "--json"]) == 0
    (comparison,) = json.loads(capsys.readouterr().out)
    assert comparison["rows"][0]["by_id"] == 4
