"""Graded responses as a record reads them: repeats are one item, what cannot be graded is counted and left out."""

from collections.abc import Sequence

import pytest

from harness.assembly.responses import (
    ModelRun,
    check_same_questions,
    item_ids,
    read_run,
    repeats,
    scores,
    state_letters,
    strata,
    ungradable_items,
)
from harness.evaluation.record import TaskDescription, write_tasks
from harness.evaluation.responses import SAMPLES, Sample
from harness.grading import State
from traceinv.errors import GateError
from traceinv.rows import write_rows

VALUES: dict[str, tuple[State, float | None]] = {
    "c": ("correct", 1.0), "w": ("wrong", 0.0), "p": ("wrong", 0.25), "x": ("ungradable", None),
}  # fmt: skip


def sample(item: str, number: int, letter: str, text: str = "t", prompt: str = "p") -> Sample:
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
        text_hash=text,
        response="",
    )


def description(name: str, template: str = "template") -> TaskDescription:
    return TaskDescription(
        name=name,
        task=f"traceinv_{name}",
        form="chat",
        version="1.0",
        grader=None,
        data={},
        prompts="p",
        rendered="r",
        template=template,
        sampling={},
        token_limit=8,
        token_limit_asked=8,
        estimator="avg",
    )


def run(template: str = "template", text: str = "t", prompt: str = "p", **tasks: Sequence[str]) -> ModelRun:
    """Make a run of the letters of each item's samples, by task."""
    samples = {
        (task, f"{task}/{index}"): [
            sample(f"{task}/{index}", number, letter, text, prompt) for number, letter in enumerate(letters)
        ]
        for task, items in tasks.items()
        for index, letters in enumerate(items)
    }
    return ModelRun(samples, [description(task, template) for task in tasks])


def test_repeats_of_a_question_are_one_observation_and_partial_credit_counts() -> None:
    runs = [run(aime=["cwww", "cccc"], jee=["p"]), run(aime=["wwww", "ccww"], jee=["c"])]
    assert scores(runs, ["aime", "jee"]).tolist() == [[0.25, 1.0, 0.25], [0.0, 0.5, 1.0]]
    assert strata(runs[0], ["aime", "jee"]) == ["aime", "aime", "jee"]
    assert repeats(runs[0]) == {"aime": 4, "jee": 1}
    assert item_ids(runs[0]) == {"aime": ["aime/0", "aime/1"], "jee": ["jee/0"]}


def test_an_item_that_one_run_could_not_grade_is_left_out_of_all_and_named() -> None:
    runs = [run(t=["c", "w", "x"]), run(t=["c", "x", "c"]), run(t=["w", "c", "c"])]
    dropped = ungradable_items(runs)
    assert dropped == [("t", "t/1"), ("t", "t/2")]
    assert scores([one.without(dropped) for one in runs[1:]], ["t"]).tolist() == [[1.0], [0.0]]
    assert state_letters(runs[1]) == {"t": "cxc"}


def test_a_sample_that_could_not_be_graded_does_not_score_0_beside_others_that_could() -> None:
    assert not ungradable_items([run(t=["cx"])])
    assert scores([run(t=["cx"])], ["t"]).tolist() == [[1.0]]


def test_a_task_of_which_nothing_could_be_graded_stops_the_record() -> None:
    with pytest.raises(GateError, match="no item of t could be graded"):
        ungradable_items([run(t=["x"], u=["c"])])


@pytest.mark.parametrize("other", [["c", "c"], ["cc"], []])
def test_runs_that_were_asked_other_items_or_other_samples_are_refused(other: list[str]) -> None:
    with pytest.raises(GateError, match="did not answer the same items equally often"):
        check_same_questions([run(t=["c"]), run(t=other)])


def test_another_text_of_a_question_is_refused_whatever_the_model() -> None:
    with pytest.raises(GateError, match="item t/0 of t was asked in 2 different texts"):
        check_same_questions([run(t=["c"]), run(t=["c"], text="other", template="other")])


def test_models_with_one_chat_template_must_get_one_prompt_and_other_families_may_get_another() -> None:
    assert check_same_questions([run(t=["c"]), run(t=["w"])]) == {"items": 1, "families": 1, "prompts": 1}
    families = [run(t=["c"]), run(t=["w"], template="other", prompt="other")]
    assert check_same_questions(families) == {"items": 1, "families": 2, "prompts": 2}
    with pytest.raises(GateError, match="item t/0 of t was rendered in 2 ways with one chat template"):
        check_same_questions([run(t=["c"]), run(t=["w"], prompt="other")])


def test_a_folder_of_grades_reads_in_the_order_of_task_and_id(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / SAMPLES).mkdir()
    for task, items in (("u", ["u/1", "u/0"]), ("t", ["t/0"])):
        rows = [sample(item, number, "c") for item in items for number in (0, 1)]
        write_rows(tmp_path / SAMPLES / f"{task}.jsonl", rows)
    write_tasks(tmp_path, [description("t"), description("u")])
    folder = read_run(tmp_path)
    assert list(folder.samples) == [("t", "t/0"), ("u", "u/0"), ("u", "u/1")]
    assert [s.sample for s in folder.samples["u", "u/1"]] == [0, 1]
