"""What models answered, as a run's record reads it: repeats are one question, what cannot be graded is counted and left out."""

from pathlib import Path

import pytest

from harness.assembly.responses import (
    Run,
    check_alike,
    item_ids,
    keep_graded,
    read_run,
    repeats,
    scores,
    states,
    strata,
)
from harness.evaluation.responses import SAMPLES, Sample
from harness.grading import State
from traceinv.errors import GateError

VALUES: dict[str, tuple[State, float | None]] = {
    "c": ("correct", 1.0), "w": ("wrong", 0.0), "p": ("wrong", 0.25), "x": ("ungradable", None),
}  # fmt: skip


def sample(item: str, number: int, letter: str, prompt: str = "p") -> Sample:
    state, value = VALUES[letter]
    return Sample(
        id=item,
        sample=number,
        finish_reason="stop",
        tokens=3,
        state=state,
        value=value,
        extracted=None,
        explanation="",
        prompt_hash=prompt,
        text_hash="t",
        response="",
    )


def run(**tasks: list[str]) -> Run:
    """By task the letters of each item's samples."""
    return {
        (task, f"{task}/{index}"): [sample(f"{task}/{index}", number, letter) for number, letter in enumerate(letters)]
        for task, items in tasks.items()
        for index, letters in enumerate(items)
    }


def test_repeats_of_a_question_are_one_observation_and_partial_credit_counts() -> None:
    runs = [run(aime=["cwww", "cccc"], jee=["p"]), run(aime=["wwww", "ccww"], jee=["c"])]
    assert scores(runs, ["aime", "jee"]).tolist() == [[0.25, 1.0, 0.25], [0.0, 0.5, 1.0]]
    assert strata(runs[0], ["aime", "jee"]) == ["aime", "aime", "jee"]
    assert repeats(runs[0]) == {"aime": 4, "jee": 1}
    assert item_ids(runs[0]) == {"aime": ["aime/0", "aime/1"], "jee": ["jee/0"]}


def test_an_item_that_one_run_could_not_grade_is_left_out_of_all_and_named() -> None:
    runs = {"base": [run(t=["c", "w", "x"])], "inverted": [run(t=["c", "x", "c"]), run(t=["w", "c", "c"])]}
    kept, lost = keep_graded(runs)
    assert lost == [("t", "t/1"), ("t", "t/2")]
    assert scores(kept["inverted"], ["t"]).tolist() == [[1.0], [0.0]]
    assert states(runs, {"base": ["base"], "inverted": ["inverted/0", "inverted/1"]})["inverted/0"] == {"t": "cxc"}


def test_a_sample_that_could_not_be_graded_does_not_score_0_beside_others_that_could() -> None:
    kept, lost = keep_graded({"base": [run(t=["cx"])]})
    assert not lost
    assert scores(kept["base"], ["t"]).tolist() == [[1.0]]


def test_a_task_of_which_nothing_could_be_graded_stops_the_record() -> None:
    with pytest.raises(GateError, match="no item of t could be graded"):
        keep_graded({"base": [run(t=["x"], u=["c"])]})


def test_runs_that_were_asked_other_items_or_in_other_words_are_refused() -> None:
    check_alike({"base": [run(t=["c"])], "oracle": [run(t=["w"])]})
    with pytest.raises(GateError, match="did not answer the same items"):
        check_alike({"base": [run(t=["c"])], "oracle": [run(t=["c", "c"])]})
    with pytest.raises(GateError, match="did not answer the same items"):
        check_alike({"base": [run(t=["c"])], "oracle": [run(t=["cc"])]})
    with pytest.raises(GateError, match="t/0 of t was asked in 2 different wordings"):
        check_alike({"base": [run(t=["c"])], "oracle": [{("t", "t/0"): [sample("t/0", 0, "c", "other")]}]})


def test_a_folder_of_samples_reads_in_the_order_of_task_and_id(tmp_path: Path) -> None:
    (tmp_path / SAMPLES).mkdir()
    for task, items in (("u", ["u/1", "u/0"]), ("t", ["t/0"])):
        lines = "".join(sample(item, number, "c").model_dump_json() + "\n" for item in items for number in (0, 1))
        (tmp_path / SAMPLES / f"{task}.jsonl").write_text(lines)
    found = read_run(tmp_path)
    assert list(found) == [("t", "t/0"), ("u", "u/0"), ("u", "u/1")]
    assert [s.sample for s in found["u", "u/1"]] == [0, 1]
