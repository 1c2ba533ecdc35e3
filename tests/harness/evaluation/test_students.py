"""A recipe's students are asked and graded as `traceinv bench` asks and grades any model."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from harness.evaluation.students import TASKS_FILE, score_student
from harness.pipeline.recipe import Benchmark
from traceinv.errors import GateError
from traceinv.lab.models import BASE


def score(out: Path, model: Path = BASE, **benchmark: Any) -> dict[str, Any]:
    out.mkdir()
    return score_student(Benchmark.model_validate(benchmark).model_dump(), model, None, out, lambda share: None)


def test_a_student_gets_the_samples_that_bench_gets(tmp_path: Path) -> None:
    told = score(tmp_path / "student", tasks=["lab_chain", "lab_compose"], limit=6, batch_size=4)
    arguments = ["--tasks", "lab_chain,lab_compose", "--limit", "6", "--batch-size", "4", "--seed", "0"]
    assert main(["bench", "--model", str(BASE), *arguments, "--out", str(tmp_path / "bench")]) == 0
    for task in ("lab_chain", "lab_compose"):
        path = Path("samples") / f"{task}.jsonl"
        assert (tmp_path / "student" / path).read_text() == (tmp_path / "bench" / path).read_text()
    assert told == {"samples": 12, "warnings": []}


def test_what_a_task_was_is_kept_and_nothing_of_this_machine(tmp_path: Path) -> None:
    score(tmp_path / "out", tasks=["lab_chain"], limit=2, samples=3, max_tokens=40)
    (task,) = json.loads((tmp_path / "out" / TASKS_FILE).read_text())
    assert (task["name"], task["token_limit_asked"], task["sampling"]["samples"]) == ("lab_chain", 40, 3)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {TASKS_FILE, "samples"}
    assert str(tmp_path) not in (tmp_path / "out" / TASKS_FILE).read_text()


def test_a_student_that_reads_other_words_does_not_pass_the_render_gate(tmp_path: Path) -> None:
    uncased = tmp_path / "uncased"
    shutil.copytree(BASE, uncased)
    tokenizer = json.loads((uncased / "tokenizer.json").read_text())
    (uncased / "tokenizer.json").write_text(json.dumps(tokenizer | {"normalizer": {"type": "Lowercase"}}))
    with pytest.raises(GateError, match="render gate: the prompt is not what the model reads"):
        score(tmp_path / "out", model=uncased, tasks=["lab_chain"], limit=2)
