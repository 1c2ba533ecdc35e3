"""What stages share: the one file of records of an input, and the refusal to lose too many rows."""

from pathlib import Path

import pytest
from stage_inputs import example, folder_of, question

from harness.stages.rows import read_records, refuse_losses, rows_file
from traceinv.errors import GateError, InputError
from traceinv.records import Question


@pytest.mark.parametrize("count", [0, 2])
def test_a_folder_without_exactly_one_file_of_records_is_refused(count: int, tmp_path: Path) -> None:
    for number in range(count):
        (tmp_path / f"{number}.jsonl").touch()
    with pytest.raises(InputError, match=rf"expected one \.jsonl file, got {count}"):
        rows_file(tmp_path)


def test_records_of_another_kind_are_refused_with_file_and_line(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in", [question(0)])
    assert read_records(folder, Question) == [question(0)]
    other = folder_of(tmp_path / "other", [example(0)])
    with pytest.raises(InputError, match=r"rows\.jsonl:1: "):
        read_records(other, Question)


@pytest.mark.parametrize(("left", "max_dropped"), [(5, 0.4), (0, 1.0), (9, 0.0)])
def test_too_many_lost_rows_are_refused(left: int, max_dropped: float) -> None:
    with pytest.raises(GateError, match=rf"rows: {left} of 10 are left; at most {max_dropped:.0%} may be lost"):
        refuse_losses("rows", left, 10, max_dropped)


@pytest.mark.parametrize(("left", "max_dropped"), [(6, 0.4), (1, 0.9), (10, 0.0)])
def test_losses_within_the_limit_pass(left: int, max_dropped: float) -> None:
    refuse_losses("rows", left, 10, max_dropped)
