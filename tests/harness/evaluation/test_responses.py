"""Recorded responses: nothing lost to a kill, nothing counted twice, and bad lines named."""

from pathlib import Path

import pytest

from harness.evaluation.responses import SAMPLES, Sample, open_samples, read_recorded, remove_leftovers
from traceinv.errors import InputError


def sample(identifier: str, number: int = 0, response: str = "r") -> Sample:
    return Sample(
        id=identifier,
        sample=number,
        prompt_hash="h",
        text_hash="t",
        response=response,
        finish_reason="stop",
        tokens=1,
        state="correct",
        value=1.0,
        extracted=None,
        explanation="",
    )


def test_repeats_of_an_item_stay_apart_even_where_they_are_equal(tmp_path: Path) -> None:
    open_samples(tmp_path, "t").append([sample("a", 0), sample("a", 1)])
    assert set(open_samples(tmp_path, "t").rows) == {("a", 0), ("a", 1)}


def test_leftovers_of_a_killed_run_are_removed_and_results_stay(tmp_path: Path) -> None:
    open_samples(tmp_path, "t").append([sample("a")])
    for name in ("tasks.json", ".tasks.json.1.draft", "rng_state.pt", "samples/.t.jsonl.draft"):
        (tmp_path / name).touch()
    remove_leftovers(tmp_path, SAMPLES, ["t"], ["tasks.json"])
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert left == {"samples", "samples/t.jsonl", "tasks.json"}


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
        ('"a"\n', "r.jsonl:1: expected a JSON object, got str"),
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
