"""A recipe's benchmark: responses are collected as `traceinv bench` does, resumed after a kill, and graded without a model."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from harness.benchmarks.scorer import Scorer
from harness.cli import main
from harness.evaluation import plan as planning
from harness.evaluation import students
from harness.evaluation.record import TASKS_FILE, read_tasks
from harness.evaluation.responses import read_responses, read_samples
from harness.evaluation.settings import EvalConfig
from harness.evaluation.students import collect_responses, describe_items, grade_responses
from harness.grading import Grade
from traceinv.engines.mock import MockEngine, MockFailure
from traceinv.errors import GateError
from traceinv.lab.models import BASE
from traceinv.progress import silent

TASKS = ["lab_chain", "lab_compose"]


def config(**values: Any) -> EvalConfig:
    return EvalConfig.model_validate({"tasks": TASKS, "limit": 6, "batch_size": 4, **values})


def mock_config(**values: Any) -> EvalConfig:
    return config(tasks=["lab_chain", "lab_dials"], engine="mock", samples=2, **values)


@pytest.fixture
def mock(tmp_path: Path) -> Path:
    """The folder of a mock model, which answers one item of each task otherwise than the rest."""
    folder = tmp_path / "mock"
    folder.mkdir()
    replies = {"*": "<think>\nhm\n</think>\n\n3", "lab_chain/lab_chain/1": "hm", "lab_dials/lab_dials/2": "</think>"}
    (folder / "replies.json").write_text(json.dumps(replies))
    return folder


def collect(out: Path, model: Path, wanted: EvalConfig) -> dict[str, Any]:
    out.mkdir(exist_ok=True)
    return collect_responses(wanted, model, None, out, silent)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_a_student_gets_the_samples_that_bench_gets(tmp_path: Path) -> None:
    log = collect(tmp_path / "responses", BASE, config())
    grade_responses(config(), tmp_path / "responses", None, tmp_path / "grades", silent)
    arguments = ["--tasks", ",".join(TASKS), "--limit", "6", "--batch-size", "4", "--seed", "0"]
    assert main(["bench", "--model", str(BASE), *arguments, "--out", str(tmp_path / "bench")]) == 0
    for task in TASKS:
        path = Path("samples") / f"{task}.jsonl"
        assert (tmp_path / "grades" / path).read_text() == (tmp_path / "bench" / path).read_text()
    assert (log["engine"]["batch_size"], log["engine"]["dtype"], log["engine"]["top_k"]) == (4, "torch.float32", 50)
    assert {**log, "engine": None} == {"responses": 12, "resumed": 0, "repeated": 0, "warnings": [], "engine": None}


@pytest.mark.parametrize("kills", [[0], [4], [8, 12], [4, 4, 4]])
def test_a_killed_collection_ends_with_the_files_of_an_undisturbed_one(
    mock: Path, tmp_path: Path, kills: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = collect(tmp_path / "whole", mock, mock_config())
    load = MockEngine.load
    for replies in kills:
        monkeypatch.setattr(planning, "load_bench_engine", lambda *_, n=replies: load(mock, 4, fail_after=n))
        with pytest.raises(MockFailure):
            collect(tmp_path / "cut", mock, mock_config())
        (tmp_path / "cut" / ".tasks.json.1.draft").touch()
    monkeypatch.undo()
    resumed = collect(tmp_path / "cut", mock, mock_config())
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")
    assert resumed == {**whole, "resumed": sum(kills)}
    assert set(contents(tmp_path / "cut")) == {"responses/lab_chain.jsonl", "responses/lab_dials.jsonl", TASKS_FILE}


def test_a_task_is_described_by_what_was_asked_and_not_by_this_machine(mock: Path, tmp_path: Path) -> None:
    collect(tmp_path / "out", mock, mock_config(max_tokens=40))
    chain, _ = read_tasks(tmp_path / "out")
    assert (chain.name, chain.token_limit_asked, chain.sampling["samples"]) == ("lab_chain", 40, 2)
    assert str(tmp_path) not in (tmp_path / "out" / TASKS_FILE).read_text()


def test_a_mended_grader_regrades_and_asks_no_model(
    mock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collect(tmp_path / "responses", mock, mock_config())
    before = contents(tmp_path / "responses")
    log = grade_responses(mock_config(), tmp_path / "responses", None, tmp_path / "grades", silent)
    assert log == {"graded": 24, "ungradable": 0}
    assert {row.state for row in read_samples(tmp_path / "grades" / "samples" / "lab_chain.jsonl")} >= {"unfinished"}

    shutil.rmtree(mock)
    mended = Scorer(lambda response, item: Grade("correct", response, "mended"), reference_answer=None)
    load_tasks = planning.load_tasks

    def load_mended(*arguments: Any) -> list[Any]:
        tasks = load_tasks(*arguments)
        for task in tasks:
            object.__setattr__(task, "scorer", mended)
        return tasks

    monkeypatch.setattr(students, "load_tasks", load_mended)
    grade_responses(mock_config(), tmp_path / "responses", None, tmp_path / "grades", silent)
    assert {row.state for row in read_samples(tmp_path / "grades" / "samples" / "lab_chain.jsonl")} == {"correct"}
    assert contents(tmp_path / "responses") == before


def test_responses_to_another_question_are_not_graded(mock: Path, tmp_path: Path) -> None:
    collect(tmp_path / "responses", mock, mock_config())
    path = tmp_path / "responses" / "responses" / "lab_chain.jsonl"
    first = read_responses(tmp_path / "responses", "lab_chain")[0]
    path.write_text(path.read_text().replace(first.text_hash, "0" * 64))
    with pytest.raises(GateError, match="lab_chain: item lab_chain/0 is not the question that was asked"):
        grade_responses(mock_config(), tmp_path / "responses", None, tmp_path / "grades", silent)


def test_what_is_asked_does_not_depend_on_graders_and_depends_on_sampling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def described(**values: Any) -> str:
        describe_items(mock_config(**values), None, tmp_path)
        return (tmp_path / "items.json").read_text()

    first = described()
    assert described(max_tokens=40) != first
    assert described(limit=5) != first
    monkeypatch.setattr(Scorer, "__call__", lambda *_: {})
    assert described() == first
    assert "version" not in first


def test_a_student_that_reads_other_words_does_not_pass_the_render_gate(tmp_path: Path) -> None:
    uncased = tmp_path / "uncased"
    shutil.copytree(BASE, uncased)
    tokenizer = json.loads((uncased / "tokenizer.json").read_text())
    (uncased / "tokenizer.json").write_text(json.dumps(tokenizer | {"normalizer": {"type": "Lowercase"}}))
    with pytest.raises(GateError, match="render gate: the prompt is not what the model reads"):
        collect(tmp_path / "out", uncased, config(tasks=["lab_chain"], limit=2))
