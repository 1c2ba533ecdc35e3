"""Whatever a file holds, its reader returns what it promises or refuses it in one line."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fuzzing import TEXTS, VALUES, changed, damaged, fuzz, refused
from hypothesis import strategies as st

from harness.benchmarks.local import check_kinds, read_rows
from harness.faithfulness.pairs import index_pairs
from harness.files import parse_object, parse_yaml, read_json_lines, read_text
from harness.logs.formats import read_log
from harness.pipeline.descriptions import Description, read_description, sealed
from traceinv.layouts import Columns

LOGS = Path(__file__).parents[1] / "harness" / "logs" / "data"
ROW = {
    "question": "What is 1+1?",
    "trace": "1+1=2",
    "answer": "2",
    "summary": "easy",
    "messages": [{"role": "user", "content": "x"}],
}
PAIR = {"truth": "1+1=2", "inverted": "so 2", "second": "2", "id": "a", "kind": "", "question": "q", "answer": "2"}
PARTS = ("id", "question", "trace", "answer", "reply", "turns", "summary", "second", "subject")
DESCRIPTION = sealed(
    {
        "kind": "make",
        "key": "0" * 24,
        "digest": "d",
        "files": {"a.txt": 1},
        "version": 1,
        "fingerprint": "f",
        "params": {"number": 1},
        "inputs": {"a": {"digest": "d", "kind": "make", "key": "1" * 24}},
        "seconds": 1.0,
        "log": {},
    }
)
YAML = TEXTS | st.text(st.sampled_from("ab&*<>!|-?:,[]{}#'\"%@\n  0.~\\"), max_size=80)


def _with_file(content: bytes, read: Callable[[Path], Any], name: str = "rows.jsonl") -> None:
    """Write a file, and read or refuse it; packed, it is the same."""
    with TemporaryDirectory() as folder:
        for path, whole in ((Path(folder) / name, content), (Path(folder) / f"{name}.gz", gzip.compress(content))):
            path.write_bytes(whole)
            refused(lambda path=path: read(path))


def _lines(*rows: Any) -> bytes:
    return "\n".join(map(json.dumps, rows)).encode()


@fuzz(text=YAML)
def test_yaml_is_json_or_refused(text: str) -> None:
    found = []
    if not refused(lambda: found.append(parse_yaml(text, "x.yaml"))):
        json.dumps(found[0], allow_nan=False).encode("utf-8")


@fuzz(line=st.binary(max_size=80) | damaged(json.dumps(ROW).encode()))
def test_a_line_is_an_object_or_refused(line: bytes) -> None:
    found = []
    if not refused(lambda: found.append(parse_object(line, "x:1"))):
        assert isinstance(found[0], dict)


@fuzz(content=damaged(_lines(ROW, ROW, PAIR)))
def test_a_file_of_lines_is_read_or_refused(content: bytes) -> None:
    _with_file(content, lambda path: list(read_json_lines(path, 4096, 16_384)))
    _with_file(content, lambda path: read_text(path, 4096))


@fuzz(rows=st.lists(changed(ROW), max_size=3), columns=st.dictionaries(st.sampled_from(PARTS), TEXTS, max_size=2))
def test_a_recorded_row_is_read_or_refused(rows: list[Any], columns: dict[str, str]) -> None:
    named = Columns.model_validate(columns)
    for row in rows:
        if isinstance(row, dict):
            for part in (
                lambda row=row: named.question_of(row, "x:1"),
                lambda row=row: named.replies_of(row, "x:1", "####"),
                lambda row=row: named.replies_of(row, "x:1", None),
                lambda row=row: named.second_of(row, "x:1"),
                lambda row=row: named.summary_of(row, "x:1"),
            ):
                refused(part)
    refused(lambda: check_kinds([(f"x:{number}", row) for number, row in enumerate(rows) if isinstance(row, dict)]))


@fuzz(content=damaged(b'id,question,answer\n1,"What is 1+1?",2\n2,"a\nb",3\n') | st.binary(max_size=60))
def test_a_table_of_cells_is_read_or_refused(content: bytes) -> None:
    _with_file(content, lambda path: list(read_rows(path)), "table.csv")


@fuzz(content=st.deferred(lambda: damaged(_parquet())))
def test_a_parquet_file_is_read_or_refused(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "table.parquet"
        path.write_bytes(content)
        refused(lambda: list(read_rows(path)))


@fuzz(
    content=st.lists(changed(PAIR) | VALUES, max_size=3).map(lambda rows: _lines(*rows)) | damaged(_lines(PAIR, PAIR))
)
def test_pairs_are_read_or_refused(content: bytes) -> None:
    def read(path: Path) -> None:
        pairs = index_pairs(path)
        with path.open("rb") as file:
            for index in range(len(pairs)):
                pairs.read(file, index)

    _with_file(content, read, "pairs.jsonl")


@fuzz(content=st.deferred(lambda: st.sampled_from(_logs()).flatmap(damaged)))
def test_a_damaged_log_is_read_or_refused(content: bytes) -> None:
    _with_file(content, read_log, "samples_sums_2026-11-02T09-00-00.123456.jsonl")
    _with_file(content, read_log, "log.json")


@fuzz(rows=st.deferred(lambda: st.lists(st.sampled_from(_rows()).flatmap(changed), min_size=1, max_size=3)))
def test_a_changed_log_is_read_or_refused(rows: list[Any]) -> None:
    _with_file(_lines(*rows), read_log)
    _with_file(json.dumps(rows[0], indent=1).encode(), read_log, "log.json")


@fuzz(content=changed(json.loads(DESCRIPTION.model_dump_json())) | VALUES)
def test_a_description_is_read_or_is_said_to_be_damaged(content: Any) -> None:
    with TemporaryDirectory() as folder:
        (Path(folder) / "artifact.json").write_text(json.dumps(content))
        (Path(folder) / "a.txt").write_text("x")
        found = read_description(Path(folder), "make", "0" * 24)
    assert isinstance(found, str) or found == DESCRIPTION or isinstance(found, Description)


def _parquet() -> bytes:
    import pyarrow
    from pyarrow import parquet

    buffer = pyarrow.BufferOutputStream()
    parquet.write_table(
        pyarrow.table({"question": ["a", "b"], "answer": [1.5, float("nan")], "parts": [[{"x": 1}], None]}), buffer
    )
    return bytes(buffer.getvalue().to_pybytes())


def _logs() -> list[bytes]:
    return [path.read_bytes() for path in sorted(LOGS.iterdir())]


def _rows() -> list[Any]:
    whole = [json.loads(content) for content in _logs() if content.lstrip().startswith(b"{\n")]
    return whole + [
        json.loads(content.splitlines()[0]) for content in _logs() if not content.lstrip().startswith(b"{\n")
    ]
