"""Other people's JSONL is read line by line within bounds; files are written whole or not at all."""

import gzip
import os
from pathlib import Path

import pytest

from harness.files import open_atomic, read_json_lines, write_atomic
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
        (tmp_path, "cannot be read: Is a directory"),
        (tmp_path / "pipe", "expected a file, got a pipe"),
        (_file(tmp_path, b'{"a": 1}\n', "plain.gz"), "cannot be unpacked"),
        (_file(tmp_path, half, "half.gz"), "cannot be unpacked"),
    ):
        with pytest.raises(InputError, match=message):
            list(read_json_lines(path))


def test_a_file_without_end_is_refused_at_the_limit() -> None:
    with pytest.raises(InputError, match="the line is longer than 1 MB"):
        list(read_json_lines(Path("/dev/zero"), max_line_bytes=1024**2))


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
