"""A benchmark run's folder as `traceinv bench` leaves it, made without a model."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sample_records import provenance

from harness.evaluation.record import BenchRecord, TaskRecord, figures
from harness.evaluation.responses import SAMPLES, Sample
from harness.grading import State
from traceinv.rows import write_rows

VALUES: Mapping[str, float | None] = {"correct": 1.0, "ungradable": None}
"""The score of a state; 0 for all others."""


def sample(identifier: str, state: State, number: int = 0, **changes: Any) -> Sample:
    """A graded sample; its response names the item."""
    content: dict[str, Any] = {
        "id": identifier,
        "sample": number,
        "prompt_hash": "h",
        "text_hash": "t",
        "response": f"the response to {identifier}",
        "finish_reason": "stop",
        "tokens": 7,
        "state": state,
        "value": VALUES.get(state, 0.0),
        "extracted": "7" if state == "correct" else None,
        "explanation": f"it is {state}",
    }
    return Sample(**(content | changes))


def write_bench(folder: Path, tasks: Mapping[str, Sequence[Sample]], model: str = "org/model") -> Path:
    """Write the record and the samples of a benchmark run, and return its folder."""
    (folder / SAMPLES).mkdir(parents=True, exist_ok=True)
    for task, samples in tasks.items():
        write_rows(folder / SAMPLES / f"{task}.jsonl", samples)
    record = BenchRecord(
        model={"name": model, "engine": "mock"},
        seed=0,
        limit=None,
        parameters={},
        tasks=[_task(task, samples) for task, samples in tasks.items()],
        provenance=provenance(),
    )
    (folder / "bench.json").write_text(record.model_dump_json(indent=1))
    return folder


def _task(name: str, samples: Sequence[Sample]) -> TaskRecord:
    return TaskRecord(
        name=name,
        task=f"traceinv_{name}",
        form="chat",
        version="1.0",
        grader=None,
        data={"items": len(samples)},
        prompts="p",
        rendered="r",
        template=None,
        sampling={"do_sample": False, "max_gen_toks": 64, "until": [], "samples": 1},
        token_limit=64,
        token_limit_asked=64,
        estimator="avg",
        figures=figures(samples),
        subjects={"level 1": figures(samples[:1])},
    )


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
