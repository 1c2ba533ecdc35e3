"""The files in examples/ are read by the commands that its README names, and the schema of records is current."""

import json
import re
import shutil
from pathlib import Path

import jsonschema
import pytest

import traceinv
from harness.cli import main

ROOT = Path(__file__).parents[1]
TABLE = (ROOT / "examples" / "README.md").read_text()
COMMANDS = re.findall(r"`traceinv ([^`]*)` \|$", TABLE, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_examples_works(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    assert main(command.split()) == 0


def test_every_example_is_in_the_table() -> None:
    named = set(re.findall(r"\]\(([\w.-]+)\)", TABLE))
    assert named == {path.name for path in (ROOT / "examples").glob("*.*") if path.name != "README.md"}


def test_the_policy_of_the_readme_is_the_example() -> None:
    assert (ROOT / "examples" / "first_lines.py").read_text() in (ROOT / "README.md").read_text()


def test_the_schema_of_records_is_current_and_describes_the_committed_ones() -> None:
    schema = json.loads((ROOT / "docs" / "record.schema.json").read_text())
    assert schema == traceinv.record_schema(), "run `make schema`"
    records = [json.loads(path.read_text()) for path in (ROOT / "results").glob("*-??????????.json")]
    current = [record for record in records if record["schema_version"] == 2]
    for record in current:
        jsonschema.validate(record, schema)
