"""Responses recorded elsewhere: what is read of a file, and which item each line answers."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from harness.evaluation.recorded import read_recorded
from traceinv.errors import InputError

LOGS = Path(__file__).parents[1] / "logs" / "data"
LM_EVAL = LOGS / "samples_sums_2026-11-02T09-00-00.123456.jsonl"
LOG = "samples_gsm8k_2026-11-02T09-00-00.1.jsonl"


def test_responses_may_hold_any_text_and_other_keys_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(
        '{"id": 7, "response": "a\u2028b\\ud800", "model": "x", "value": "?", "sample": "?"}\n\n', encoding="utf-8"
    )
    [row] = read_recorded(path, "t")
    assert (row.where, row.id, row.response[:3]) == (f"{path}:1", "7", "a\u2028b")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"id": "a", "response": "x"}\nnonsense\n', "r.jsonl:2: not JSON"),
        ('{"id": "a"}\n', "r.jsonl:1: response: expected text to grade, got none"),
        ('{"id": "a", "response": null}\n', "r.jsonl:1: response: expected text to grade, got none"),
        ('{"id": "a", "response": 7}\n', "r.jsonl:1: response: input should be a valid string"),
        ('"a"\n', "r.jsonl:1: expected a JSON object, got str"),
        ("", "r.jsonl: no line"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "r.jsonl").write_text(text)
    with pytest.raises(InputError) as error:
        read_recorded(tmp_path / "r.jsonl", "t")
    assert message in str(error.value)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_recorded(tmp_path / "r.jsonl", "t")


def test_of_a_log_with_several_tasks_one_is_read(tmp_path: Path) -> None:
    for task in ("a", "b"):
        (tmp_path / f"samples_{task}_2026-11-02T09-00-00.1.jsonl").write_bytes(LM_EVAL.read_bytes())
    assert len(read_recorded(tmp_path, "b")) == 6
    with pytest.raises(InputError, match=r"no responses to the task 'c' \(known: a, b\)"):
        read_recorded(tmp_path, "c")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a mirror of GSM8K that has the questions of the logs, in another order."""
    docs = [json.loads(line)["doc"] for line in LM_EVAL.read_text().splitlines()[:6]]
    (tmp_path / "gsm8k_test.jsonl").write_text("".join(json.dumps(doc) + "\n" for doc in reversed(docs)))
    return tmp_path


def grade(folder: Path, log: Path, *options: str) -> int:
    return main(["grade", "gsm8k", str(log), "--data-dir", str(folder), "--out", str(folder / "o.jsonl"), *options])


def verdicts(folder: Path) -> list[tuple[str, str]]:
    rows = [json.loads(line) for line in (folder / "o.jsonl").read_text().splitlines()]
    return [(row["id"], row["state"]) for row in rows]


def test_items_of_logs_are_found_by_the_text_of_the_question(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert grade(folder, LM_EVAL) == 0
    ids = [f"gsm8k/{5 - number}" for number in range(6)]
    assert verdicts(folder) == [(name, "correct" if n < 4 else "wrong") for n, name in enumerate(ids)]
    assert "note: " in (error := capsys.readouterr().err)
    assert "items found: 6 by the text of the question" in error
    assert grade(folder, LOGS / "model_samples.jsonl") == 0
    right = {0, 1, 3, 5}
    assert verdicts(folder) == [(name, "correct" if n in right else "wrong") for n, name in enumerate(ids)]


def lm_eval_log(folder: Path, docs: Sequence[Mapping[str, Any]]) -> Path:
    rows = [{"doc_id": n, "doc": doc, "resps": [["It is 6."]], "metrics": []} for n, doc in enumerate(docs)]
    (folder / LOG).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder / LOG


def test_an_own_id_counts_unless_the_question_is_another(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = "Four friends share 24 sweets. How many does each get?"
    assert grade(folder, lm_eval_log(folder, [{"id": "gsm8k/0", "question": first}, {"id": "gsm8k/1"}])) == 0
    assert verdicts(folder) == [("gsm8k/0", "correct"), ("gsm8k/1", "wrong")]
    assert "items found: 2 by id" in capsys.readouterr().err
    assert grade(folder, lm_eval_log(folder, [{"id": "gsm8k/3", "question": first}])) == 0
    assert verdicts(folder) == [("gsm8k/0", "correct")]


def test_a_question_of_no_item_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert grade(folder, lm_eval_log(folder, [{"question": "What is the capital of France, and why?"}])) == 2
    error = capsys.readouterr().err
    assert ":1: id: no item '0' in gsm8k, nor one with the text of its question" in error
    assert error.count("\n") == 1


def test_logs_without_texts_of_responses_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = {"doc_id": 0, "doc": {}, "resps": [[["-1.5", "False"]], [["-0.5", "True"]]], "metrics": ["acc"], "acc": 1.0}
    (folder / LOG).write_text(json.dumps(row) + "\n")
    assert grade(folder, folder / LOG) == 2
    assert ":1: response: expected text to grade, got none" in capsys.readouterr().err
