"""Recorded responses: nothing lost to a kill, nothing counted twice, and bad lines named."""

from pathlib import Path

import pytest

from harness.evaluation.responses import Sample, SampleFile, read_recorded
from traceinv.errors import InputError


def sample(identifier: str, number: int = 0, response: str = "r") -> Sample:
    return Sample(
        id=identifier,
        sample=number,
        prompt_hash="h",
        response=response,
        finish_reason="stop",
        tokens=1,
        state="correct",
        value=1.0,
        extracted=None,
        explanation="",
    )


def test_repeats_of_an_item_stay_apart_even_where_they_are_equal(tmp_path: Path) -> None:
    SampleFile(tmp_path / "t.jsonl").append([sample("a", 0), sample("a", 1)])
    assert set(SampleFile(tmp_path / "t.jsonl").samples) == {("a", 0), ("a", 1)}


def test_a_half_written_line_is_cut_off_and_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    SampleFile(path).append([sample("a"), sample("b")])
    path.write_bytes(path.read_bytes()[:-10])
    file = SampleFile(path)
    assert set(file.samples) == {("a", 0)}
    file.append([sample("b")])
    assert set(SampleFile(path).samples) == {("a", 0), ("b", 0)}


def test_the_finished_file_has_each_sample_once_in_the_order_of_the_items(tmp_path: Path) -> None:
    file = SampleFile(tmp_path / "t.jsonl")
    file.append([sample("b"), sample("a", response="old"), sample("a", response="new")])
    assert [s.response for s in file.order([("a", 0), ("b", 0)])] == ["new", "r"]
    assert len((tmp_path / "t.jsonl").read_text().splitlines()) == 2


def test_a_spoilt_line_within_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"id": "a"}\n')
    with pytest.raises(InputError, match=r"t\.jsonl:1: "):
        SampleFile(tmp_path / "t.jsonl")


def test_recorded_responses_may_hold_any_text(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text('{"id": 7, "response": "a\u2028b\\ud800", "model": "x"}\n\n', encoding="utf-8")
    [(where, record)] = read_recorded(path)
    assert (where, record.id, record.response[:3]) == (f"{path}:1", "7", "a\u2028b")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"id": "a", "response": "x"}\nnonsense\n', "r.jsonl:2: not JSON"),
        ('{"id": "a"}\n', "r.jsonl:1: response: field required"),
        ('{"id": "a", "response": null}\n', "r.jsonl:1: response: input should be a valid string"),
        ('"a"\n', "r.jsonl:1: input should be"),
        ("", "r.jsonl: no line"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "r.jsonl").write_text(text)
    with pytest.raises(InputError) as error:
        read_recorded(tmp_path / "r.jsonl")
    assert message in str(error.value)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_recorded(tmp_path / "r.jsonl")
