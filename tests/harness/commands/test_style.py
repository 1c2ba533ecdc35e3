"""`traceinv style` compares two files of summaries, and names what is wrong with them in one line."""

import json
from pathlib import Path
from random import Random

import pytest

from harness.cli import main


def _texts(count: int, seed: int, words: str) -> list[str]:
    rng = Random(seed)
    return [" ".join(rng.choices(words.split(), k=20)) for _ in range(count)]


def _file(path: Path, texts: list[str | None]) -> Path:
    path.write_text("".join(json.dumps({"id": number, "summary": text}) + "\n" for number, text in enumerate(texts)))
    return path


def test_the_command_reads_the_disclosures_of_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    taught = _file(tmp_path / "taught.jsonl", [*_texts(20, 1, "a b c d"), None])
    used = _file(tmp_path / "used.jsonl", [*_texts(20, 2, "e f g h")])
    assert main(["style", str(taught), str(used)]) == 0
    assert "area under the curve 1.000 [1.000, 1.000]" in capsys.readouterr().out
    assert main(["style", str(taught), str(used), "--json"]) == 0
    output = json.loads(capsys.readouterr().out)
    assert (output["taught"]["texts"], output["used"]["texts"], output["auc"]["mean"]) == (20, 20, 1)


def test_a_negative_seed_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _file(tmp_path / "taught.jsonl", [*_texts(20, 1, "a b c d")])
    assert main(["style", str(path), str(path), "--seed", "-1"]) == 2
    assert capsys.readouterr().err.endswith("--seed -1: expected 0 or more\n")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "taught.jsonl: expected 5 texts or more in 'summary', got 0"),
        ('{"summary": "a"}\n', "taught.jsonl: expected 5 texts or more in 'summary', got 1"),
        ('{"summary": "a"}\n{"sumary": "a"}\n', "taught.jsonl:2: missing field 'summary' (did you mean 'sumary'?)"),
        ('\n{"summary": 5}\n', "taught.jsonl:2: summary: expected text, got int"),
        ("[1]\n", "taught.jsonl:1: expected a JSON object, got list"),
        ("words\n", "taught.jsonl:1: not JSON"),
        ('{"summary": "\0"}\n', "taught.jsonl:1: expected JSON text, got a NUL byte"),
    ],
)
def test_a_wrong_line_is_named(content: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    taught = tmp_path / "taught.jsonl"
    taught.write_text(content)
    used = _file(tmp_path / "used.jsonl", [*_texts(20, 2, "e f g h")])
    assert main(["style", str(taught), str(used)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
