"""A file of rows: what a kill leaves is taken up, what is appended twice is counted, the finished file is in order."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from traceinv.errors import InputError
from traceinv.rows import RowFile, read_folder, read_rows, rows_file


class Row(BaseModel):
    id: str
    text: str = ""


def rows(*names: str) -> list[Row]:
    return [Row(id=name) for name in names]


def opened(folder: Path) -> RowFile[Row, str]:
    return RowFile(folder / "rows.jsonl", Row, lambda row: row.id)


def test_appended_rows_are_taken_up_by_the_next_process(tmp_path: Path) -> None:
    first = opened(tmp_path)
    first.append(rows("a", "b"))
    second = opened(tmp_path)
    assert (first.resumed, second.resumed, list(second.rows)) == (0, 2, ["a", "b"])


def test_a_line_that_was_half_written_is_cut_off(tmp_path: Path) -> None:
    opened(tmp_path).append(rows("a", "b"))
    path = tmp_path / "rows.jsonl"
    path.write_bytes(path.read_bytes()[:-3])
    assert list(opened(tmp_path).rows) == ["a"]


def test_rows_that_the_file_held_already_are_counted(tmp_path: Path) -> None:
    opened(tmp_path).append(rows("a", "b"))
    resumed = opened(tmp_path)
    resumed.append(rows("b", "c"))
    assert (resumed.resumed, resumed.repeated) == (2, 1)
    assert resumed.finish(["a", "b", "c"]) == read_rows(tmp_path / "rows.jsonl", Row) == rows("a", "b", "c")


def test_a_finished_file_is_in_the_order_that_was_asked_for_and_lacks_no_row(tmp_path: Path) -> None:
    file = opened(tmp_path)
    file.append(rows("c", "a"))
    with pytest.raises(KeyError):
        file.finish(["a", "b"])
    file.finish(["a", "c"])
    assert [row.id for row in read_rows(file.path, Row)] == ["a", "c"]


def test_a_line_of_another_kind_is_named_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"id": "a"}\n{"text": "b"}\n')
    with pytest.raises(InputError, match=r"rows\.jsonl:2: "):
        opened(tmp_path)


@pytest.mark.parametrize("count", [0, 2])
def test_a_folder_without_exactly_one_file_of_rows_is_refused(count: int, tmp_path: Path) -> None:
    for number in range(count):
        (tmp_path / f"{number}.jsonl").touch()
    with pytest.raises(InputError, match=rf"expected one \.jsonl file, got {count}"):
        rows_file(tmp_path)


def test_rows_of_another_kind_are_refused_with_file_and_line(tmp_path: Path) -> None:
    class Other(BaseModel):
        number: int

    opened(tmp_path).append(rows("a"))
    assert read_folder(tmp_path, Row) == rows("a")
    with pytest.raises(InputError, match=r"rows\.jsonl:1: number: field required"):
        read_folder(tmp_path, Other)
