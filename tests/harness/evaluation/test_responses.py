"""Rows of evaluations: nothing lost to a kill, and nothing counted twice."""

from pathlib import Path

from harness.evaluation.responses import SAMPLES, Sample, open_samples, remove_leftovers


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
