"""`traceinv leaderboard`."""

import json
from pathlib import Path
from typing import Any

import pytest
from sample_records import record, write

from harness.cli import main

ROOT = Path(__file__).parents[3]


def test_check_says_whether_the_leaderboard_is_up_to_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "results", record())
    places = ["--results", str(tmp_path / "results"), "--out", str(tmp_path / "leaderboard.md")]
    assert main(["leaderboard", *places, "--check"]) == 1
    assert "run `traceinv leaderboard`" in capsys.readouterr().err
    assert main(["leaderboard", *places]) == 0
    assert main(["leaderboard", *places, "--check"]) == 0
    (tmp_path / "leaderboard.md").write_text("edited by hand")
    assert main(["leaderboard", *places, "--check"]) == 1


def test_the_committed_leaderboard_is_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["leaderboard", "--check"]) == 0


def test_an_empty_folder_never_overwrites_a_leaderboard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "leaderboard.md"
    page.write_text("kept")
    (tmp_path / "results").mkdir()
    for folder in ("results", "nowhere"):
        assert main(["leaderboard", "--results", str(tmp_path / folder), "--out", str(page)]) == 2
        assert f"{folder}: no " in capsys.readouterr().err
    assert page.read_text() == "kept"


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, record())
    page = tmp_path / "missing" / "leaderboard.md"
    assert main(["leaderboard", "--results", str(tmp_path), "--out", str(page)]) == 2
    assert f"--out {page}: there is no folder {page.parent}" in capsys.readouterr().err


def _without(content: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != key}


BAD = [
    (lambda c: json.dumps(c | {"schema_version": 99}), "schema_version is 99, expected 2 or 1"),
    (lambda c: json.dumps(_without(c, "schema_version")), "schema_version is None"),
    (lambda c: json.dumps(_without(c, "seeds")), "seeds: field required"),
    (lambda c: json.dumps(c | {"seeds": [0, 1]}), "row 'answer_only' has the seeds [0], expected [0, 1]"),
    (lambda c: json.dumps(c)[:500], "not JSON"),
    (lambda c: json.dumps(c).replace('"mean": 0.61', '"mean": NaN'), "NaN is not a finite number"),
    (lambda c: json.dumps(c).replace('"mean": 0.61', '"mean": 1e999'), "finite number"),
    (lambda c: json.dumps(c | {"id": "../x"}), "id: "),
    (lambda c: json.dumps(c | {"rows": []}), "rows: "),
    (lambda c: "[" * 100_000, "nested too deeply"),
    (lambda c: "[1]", "valid dictionary"),
]


@pytest.mark.parametrize(("spoil", "message"), BAD)
def test_a_bad_record_is_refused_by_name_in_one_line_and_the_rest_is_shown(
    spoil: Any, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, record("good"))
    bad = tmp_path / "bad.json"
    bad.write_text(spoil(record().model_dump(mode="json")))
    page = tmp_path / "leaderboard.md"
    places = ["--results", str(tmp_path), "--out", str(page)]
    assert main(["leaderboard", *places]) == 2
    error = capsys.readouterr().err
    assert str(bad) in error
    assert message in error
    assert error.count("\n") == 1
    assert "[good](./good.json)" in page.read_text()
    assert main(["leaderboard", *places, "--check"]) == 2
