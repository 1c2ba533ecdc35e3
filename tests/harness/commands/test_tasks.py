"""`traceinv tasks list` and the option `--include-path`."""

import json
import re
from pathlib import Path

import pytest

from harness.benchmarks.catalog import find
from harness.cli import main

YAML = """\
task: traceinv_riddles
metadata: {version: 2.0, domain: math, suites: {mine: 1}, items: 1200, licence: in house, about: "Riddles\n and jokes"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "riddles.yaml").write_text(YAML)
    return tmp_path


def test_the_list_shows_items_domain_licence_and_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "list", "--include-path", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["task", "items", "version", "domain", "suites", "licence", "about"]
    (gsm8k,) = (line for line in lines if line.startswith("gsm8k "))
    assert gsm8k.split()[:6] == ["gsm8k", "1,319", find("gsm8k").version, "math", "math", "MIT"]
    (riddles,) = (line for line in lines if line.startswith("riddles "))
    assert re.split(r" {2,}", riddles) == ["riddles", "1,200", "2.0", "math", "mine", "in house", "Riddles and jokes"]
    assert {line.index(" math ") for line in (gsm8k, riddles)} == {lines[0].index("domain") - 1}


def test_the_list_as_json_has_all(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "list", "--json", "--include-path", str(folder)]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["riddles"] == {
        "name": "riddles",
        "version": "2.0",
        "domain": "math",
        "suites": ["mine"],
        "items": 1200,
        "licence": "in house",
        "about": "Riddles and jokes",
        "data": None,
        "file": str(folder / "riddles.yaml"),
        "forms": ["chat"],
    }
    assert rows["gsm8k"]["data"] == "openai/gsm8k"
    assert (rows["gsm8k"]["file"], rows["gsm8k"]["forms"]) == (None, ["chat", "completion"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tasks", "list", "--include-path", "nowhere"], "--include-path: no such folder 'nowhere'"),
        (
            ["tasks", "check", "riddles", "--include-path", "empty"],
            "--include-path empty: no task in it; expected a YAML",
        ),
        (
            ["bench", "--model", "m", "--tasks", "riddle", "--include-path", "."],
            "unknown task 'riddle' (did you mean 'riddles'",
        ),
        (["grade", "riddle", "r.jsonl", "--include-path", "."], "unknown task 'riddle' (did you mean 'riddles'"),
    ],
)
def test_wrong_folders_and_names_are_one_line_and_exit_2(
    arguments: list[str],
    message: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "empty").mkdir()
    monkeypatch.chdir(folder)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
