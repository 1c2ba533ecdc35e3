"""Other people's JSONL is read line by line within bounds; files are written whole or not at all."""

import gzip
import os
from pathlib import Path

import pytest

from harness.files import open_atomic, parse_yaml, read_json_lines, read_text, write_atomic
from traceinv.errors import GateError, InputError


def _file(folder: Path, content: bytes, name: str = "rows.jsonl") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_objects_come_with_their_place_and_blank_lines_are_skipped(tmp_path: Path) -> None:
    content = b'\xef\xbb\xbf{"a": 1}\r\n\n  \n{"a": "\xe2\x80\xa8"}'
    path = _file(tmp_path, content)
    lines = list(read_json_lines(path))
    assert [(line.where, line.number, line.content) for line in lines] == [
        (f"{path}:1", 1, {"a": 1}),
        (f"{path}:4", 4, {"a": "\u2028"}),
    ]
    assert [content[line.offset :].startswith(b'{"a"') for line in lines] == [True, True]


def test_a_packed_file_is_unpacked(tmp_path: Path) -> None:
    path = _file(tmp_path, gzip.compress(b'{"a": 1}\n{"a": 2}\n'), "rows.jsonl.gz")
    assert [line.content for line in read_json_lines(path)] == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{}\n{"a": 1, "b": {"c": 1, "c": 2}}\n', "rows.jsonl:2: not JSON: the key 'c' occurs twice"),
        (b"[1]\n", "rows.jsonl:1: expected a JSON object, got list"),
        (b"{}\nwords\n", "rows.jsonl:2: not JSON: Expecting value"),
        (b'{"a": "\xff"}\n', "rows.jsonl:1: not UTF-8: invalid start byte at byte 7"),
        (b'{"a": "\0"}\n', "rows.jsonl:1: expected JSON text, got a NUL byte"),
        (b"[" * 100_000, "rows.jsonl:1: not JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "rows.jsonl:1: not JSON"),
        (b'{}\n{"a": "' + b"x" * 2_000_000 + b'"}', "rows.jsonl:2: the line is longer than 1 MB"),
    ],
)
def test_a_wrong_line_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        list(read_json_lines(_file(tmp_path, content), max_line_bytes=1024**2))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_what_is_no_readable_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    half = gzip.compress(b'{"a": 1}\n' * 1000)[:30]
    for path, message in (
        (tmp_path / "none.jsonl", "cannot be read: No such file or directory"),
        (tmp_path, "expected a file, got a folder"),
        (tmp_path / "pipe", "expected a file, got a pipe"),
        (Path("/dev/zero"), "expected a file, got a device"),
        (_file(tmp_path, b'{"a": 1}\n', "plain.gz"), "cannot be unpacked"),
        (_file(tmp_path, half, "half.gz"), "cannot be unpacked"),
    ):
        with pytest.raises(InputError, match=message):
            list(read_json_lines(path))


def test_what_is_too_large_when_it_is_unpacked_is_refused(tmp_path: Path) -> None:
    lines = b'{"a": 1}\n' * 200_000
    path = _file(tmp_path, gzip.compress(lines), "bomb.jsonl.gz")
    with pytest.raises(InputError, match=r"bomb.jsonl.gz:116509: the file has more than 0.000977 GB"):
        list(read_json_lines(path, max_file_bytes=1024**2))
    path = _file(tmp_path, gzip.compress(b" " * 50_000_000), "line.jsonl.gz")
    with pytest.raises(InputError, match="the line is longer than 1 MB"):
        list(read_json_lines(path, max_line_bytes=1024**2))


def test_a_whole_text_is_read_within_bounds(tmp_path: Path) -> None:
    path = _file(tmp_path, b"\xef\xbb\xbftext", "text.yaml")
    assert read_text(path, 10) == "text"
    for content, message in ((b"x" * 11, "has more than 0 MB"), (b"\xff", "not UTF-8: invalid start byte at byte 0")):
        with pytest.raises(InputError, match=f"text.yaml: {message}"):
            read_text(_file(tmp_path, content, "text.yaml"), 10)
    with pytest.raises(InputError, match="expected a file, got a device"):
        read_text(Path("/dev/zero"), 10)
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_text(tmp_path / "none", 10)


def test_a_file_appears_only_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    with open_atomic(path) as file:
        file.write("a")
        assert not path.exists()
    assert path.read_text() == "a"
    with pytest.raises(ZeroDivisionError), open_atomic(path) as file:
        file.write(str(1 / 0))
    assert path.read_text() == "a"
    write_atomic(path, "b")
    assert path.read_text() == "b"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.txt"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "file")
    with open_atomic(link) as file:
        file.write("a")
    write_atomic(link, "b")
    assert link.is_symlink()
    assert (tmp_path / "file").read_text() == "b"


def test_a_file_that_cannot_be_begun_or_finished_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written: No such file"), open_atomic(tmp_path / "no" / "file"):
        pass
    with pytest.raises(GateError, match="is not written: No space left"), open_atomic(tmp_path / "file"):
        raise OSError(28, "No space left on device")
    with pytest.raises(BrokenPipeError), open_atomic(tmp_path / "file"):
        raise BrokenPipeError
    assert list(tmp_path.iterdir()) == []


MERGES = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 12))
BOMB = "a0: &a0 [1]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "x.yaml:1: not YAML: "),
        ("a: 1\nb: 2\na: 3", "x.yaml:3: not YAML: the key 'a' occurs twice"),
        ("a:\n  b: {c: 1, c: 2}", "x.yaml:2: not YAML: the key 'c' occurs twice"),
        ("a: !!python/object:os.system {}", "x.yaml:1: not YAML: could not determine a constructor"),
        (BOMB, "x.yaml: more than 100,000 values"),
        ("a: &a\n  b: *a", "x.yaml: nested too deeply"),
        (MERGES, "x.yaml:2: not YAML: expected one alias after '<<', got a list"),
        ("[" * 3000, "x.yaml: nested too deeply"),
        (f"a: {'9' * 5000}", "x.yaml: not YAML: Exceeds the limit"),
        ("a: {b: !!set {c}}", "x.yaml: a.b: expected text, a number, true, false, a list or keys, got set"),
        ("a: [1, !!binary /w==]", "x.yaml: a.1: expected text, a number"),
        ("a: {1: 2}", "x.yaml: a.1: expected text as key, got 1"),
        ('a: "\\ud800"', "x.yaml: a: half a character"),
        ("a: \x1b[31m", "x.yaml: not YAML: unacceptable character #x001b"),
        (".nan", "x.yaml: expected a finite number, got nan"),
        ('"\\ud800"', "x.yaml: half a character"),
        ("!!set {c}", "x.yaml: expected text, a number, true, false, a list or keys, got set"),
        ("a: {b: [.nan]}", "x.yaml: a.b.0: expected a finite number, got nan"),
    ],
)
def test_yaml_that_holds_no_json_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        parse_yaml(text, "x.yaml")
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_aliases_are_copied_and_dates_stay_text() -> None:
    content = parse_yaml("a: &a {day: 2024-01-01, rows: [1, 2.5, null, true]}\nb: *a", "x.yaml")
    assert content["a"] == content["b"] == {"day": "2024-01-01", "rows": [1, 2.5, None, True]}
    assert content["a"] is not content["b"]
