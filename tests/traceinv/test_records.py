"""Tests of records in JSONL files: they are read as they were written, and a bad line is named."""

from pathlib import Path

import pytest

from traceinv.errors import InputError
from traceinv.records import Disclosure, Question
from traceinv.rows import read_rows, write_rows


def test_records_survive_the_way_through_a_file(tmp_path: Path) -> None:
    question = Question(id="1", kind="chain", text='é 😀\n"\u2028\x00<script>')
    rows = [Disclosure(id="1", question=question, answer="a\r\n", summary=None)] * 3
    write_rows(tmp_path / "x.jsonl", rows)
    assert read_rows(tmp_path / "x.jsonl", Disclosure) == rows


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"id": "1", "kind": "c"}', "x.jsonl:2: text: field required"),
        ('{"id": 1, "kind": "c", "text": "t"}', "x.jsonl:2: id: input should be a valid string, got 1"),
        ('{"id": "1", "kind": "c", "text": "t", "trace": "x"}', "x.jsonl:2: unknown key 'trace'"),
        ('{"id": "1", "kin": "c", "text": "t"}', "x.jsonl:2: unknown key 'kin' (did you mean 'kind'?)"),
        ("not json", "x.jsonl:2: invalid JSON"),
        ("", "x.jsonl:2: invalid JSON"),
    ],
)
def test_a_bad_line_is_named(line: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"id": "1", "kind": "c", "text": "t"}\n' + line + "\n")
    with pytest.raises(InputError) as error:
        read_rows(path, Question)
    assert message in str(error.value)
