"""`traceinv grade`: recorded answers in, verdicts out in the same order, and bad lines named."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main

ROWS = [{"question": f"{n} plus 1?", "answer": f"It is.\n#### {n + 1}"} for n in range(3)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "gsm8k_test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return tmp_path


def grade(folder: Path, text: str, *options: str) -> int:
    (folder / "r.jsonl").write_text(text)
    return main(["grade", "gsm8k", str(folder / "r.jsonl"), "--data-dir", str(folder), *options])


def line(identifier: str | int, response: str, **more: Any) -> str:
    return json.dumps({"id": identifier, "response": response, **more}) + "\n"


def test_verdicts_keep_order_and_ids_and_lines_of_one_id_are_its_samples(folder: Path) -> None:
    text = line("gsm8k/2", "The answer is 3.") + line("gsm8k/0", "7") + line("gsm8k/0", r"\boxed{1}") + line(1, "")
    assert grade(folder, text, "--out", str(folder / "o.jsonl")) == 0
    verdicts = [json.loads(row) for row in (folder / "o.jsonl").read_text().splitlines()]
    assert [(row["id"], row["sample"], row["state"], row["value"]) for row in verdicts] == [
        ("gsm8k/2", 0, "correct", 1.0),
        ("gsm8k/0", 0, "wrong", 0.0),
        ("gsm8k/0", 1, "correct", 1.0),
        ("1", 0, "no_answer", 0.0),
    ]


def test_the_figures_are_means_over_items(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        line("gsm8k/0", "1")
        + line("gsm8k/0", "1")
        + line("gsm8k/0", "2")
        + line("gsm8k/1", "7", finish_reason="length")
    )
    assert grade(folder, text, "--json") == 0
    content = json.loads(capsys.readouterr().out)
    assert content["figures"]["accuracy"]["mean"] == pytest.approx(1 / 3)
    assert (content["figures"]["items"], content["figures"]["samples"], content["items_of_the_task"]) == (2, 4, 3)
    assert content["figures"]["finished"] is None
    assert content["figures"]["if_unfinished_right"] == pytest.approx((2 / 3 + 1) / 2)


def test_items_without_an_answer_are_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert grade(folder, line("gsm8k/0", "1")) == 0
    assert "1 of the task's 3 items were answered" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            line("gsm8k/0", "1") + line("gsm8k/7", "1"),
            "r.jsonl:2: id: no item 'gsm8k/7' in gsm8k (did you mean 'gsm8k/2'?)",
        ),
        (line("x", "1"), "r.jsonl:1: id: no item 'x' in gsm8k (its 3 ids run from 'gsm8k/0' to 'gsm8k/2')"),
        ("{}\n", "r.jsonl:1: id: field required"),
        ("", "r.jsonl: no line"),
    ],
)
def test_wrong_input_is_one_line_and_exit_2(
    folder: Path, text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert grade(folder, text) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_benchmarks_own_samples_can_be_graded_again(folder: Path) -> None:
    text = line("gsm8k/0", "1", prompt_hash="h", finish_reason="stop", tokens=2, state="wrong", value=0.0)
    assert grade(folder, text, "--out", str(folder / "o.jsonl")) == 0
    verdict = json.loads((folder / "o.jsonl").read_text())
    assert (verdict["state"], verdict["finish_reason"], verdict["tokens"]) == ("correct", "stop", 2)


def test_a_wrong_task_is_answered_with_the_nearest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", "math50", str(tmp_path / "r.jsonl")]) == 2
    assert "did you mean 'math500'" in capsys.readouterr().err


def states(folder: Path, text: str, *options: str) -> list[str]:
    assert grade(folder, text, "--out", str(folder / "o.jsonl"), *options) == 0
    return [json.loads(row)["state"] for row in (folder / "o.jsonl").read_text().splitlines()]


def test_the_markers_of_the_reasoning_can_be_named(folder: Path) -> None:
    text = line("gsm8k/0", r"((\boxed{7}))\boxed{1}") + line("gsm8k/1", r"((\boxed{2} or")
    assert states(folder, text, "--think", "((", "))") == ["correct", "unfinished"]
    assert states(folder, text) == ["correct", "correct"]


def test_a_response_that_never_closes_what_the_prompt_opened_is_unfinished(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = line("gsm8k/0", r"so</think>\boxed{1}") + line("gsm8k/1", r"so \boxed{2}, I think")
    assert states(folder, text) == ["correct", "correct"]
    assert "note: " in (error := capsys.readouterr().err)
    assert "1 of 2 responses close reasoning that they never open" in error
    assert states(folder, text, "--think-opened") == ["correct", "unfinished"]
    assert not capsys.readouterr().err


@pytest.mark.parametrize(
    ("response", "state"),
    [
        (r"Perhaps \boxed{1}? Wait", "unfinished"),
        (r"The answer is 1. But let me look at", "unfinished"),
        ("The answer is 1.\n\nThe answer is 1.\n\nThe ans", "correct"),
        (r"So \boxed{1}. This is the same as in the", "correct"),
    ],
)
def test_a_response_that_was_cut_off_in_doubt_of_its_answer_is_unfinished(
    folder: Path, response: str, state: str
) -> None:
    assert states(folder, line("gsm8k/0", response, finish_reason="length")) == [state]
    assert states(folder, line("gsm8k/0", response, finish_reason="stop")) == ["correct"]


def test_a_response_that_was_cut_off_is_unfinished_where_others_have_reasoning(folder: Path) -> None:
    text = line("gsm8k/0", r"<think>a</think>\boxed{1}") + line("gsm8k/1", r"It is \boxed{2}", finish_reason="length")
    assert states(folder, text) == ["correct", "unfinished"]


def test_an_empty_marker_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert grade(folder, line("gsm8k/0", "1"), "--think", "", "x") == 2
    assert "--think: expected two markers, got an empty text" in capsys.readouterr().err


def test_the_score_of_the_official_grader_stands_beside_the_grade(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {"question": "q", "gold": "0.62", "type": "Numeric", "subject": "phy", "description": "d", "index": 0}
    (tmp_path / "jeebench.jsonl").write_text(json.dumps(row) + "\n")
    (tmp_path / "r.jsonl").write_text(line("jeebench/0", r"\boxed{0.63}"))
    command = ["grade", "jeebench", str(tmp_path / "r.jsonl"), "--data-dir", str(tmp_path)]
    assert main([*command, "--out", str(tmp_path / "o.jsonl")]) == 0
    assert "official" in capsys.readouterr().out
    verdict = json.loads((tmp_path / "o.jsonl").read_text())
    assert (verdict["value"], verdict["official"]) == (1.0, 0.0)
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["figures"]["official"]["mean"] == 0.0
