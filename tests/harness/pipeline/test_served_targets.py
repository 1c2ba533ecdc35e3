"""Runs with a target behind a real server on this machine: the lab's weights behind vLLM, SmolLM2 behind transformers.

Each test needs a program that is no dependency, in an environment of its own: `TRACEINV_VLLM` and `TRACEINV_TRANSFORMERS` name
the programs `vllm` and `transformers` (with `fastapi` and `uvicorn`). `TRACEINV_SMOLLM2` names the folder that
`examples/get_smollm2.py` makes; without it, `models/smollm2` of `make real` is taken.
"""

import json
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from servers import program, serving_transformers, serving_vllm
from small_recipe import SMALL_TRAINING, run_to_record
from wide_heads import widen_heads

from traceinv.engines import Sampling, load_engine
from traceinv.engines.base import Request, user_message
from traceinv.models import SHIPPED_MODEL, locate
from traceinv.reasoning import split_reply
from traceinv.records import Transcript
from traceinv.targets.lab import LabModel
from traceinv.training import fine_tune

SMOLLM2 = Path(os.environ.get("TRACEINV_SMOLLM2") or Path(__file__).parents[3] / "models" / "smollm2")
SAMPLING = Sampling(max_new_tokens=160)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


def transcripts(folder: Path) -> list[Transcript]:
    """Read what the target behind the server was seen to write."""
    (path,) = (path for path in (folder / "store").rglob("transcripts.jsonl") if '"observed"' in path.read_text())
    return [Transcript.model_validate_json(line) for line in path.read_text().splitlines()]


def _word_problem(number: int) -> dict[str, str]:
    name, things = ("Tom", "Ann", "Ben", "Eva")[number % 4], ("apples", "books", "coins", "cards")[number // 4 % 4]
    has, gets = number + 2, 2 * number + 1
    question = (
        f"{name} has {has} {things} and gets {gets} more. How many {things} has {name} now? Answer with one number."
    )
    return {"question": question, "trace": f"{has}+{gets}={has + gets}", "answer": str(has + gets)}


def test_the_labs_weights_behind_vllm_that_hides_their_reasoning(tmp_path: Path) -> None:
    vllm = program("vllm", "TRACEINV_VLLM")
    if vllm is None:
        pytest.skip("vLLM is not installed; TRACEINV_VLLM names its program")
    model = LabModel.model_validate({"examples_per_family": 60, "steps": [2, 4], "training": SMALL_TRAINING})
    fine_tune(locate(SHIPPED_MODEL), model.training_examples("target"), model.training, 0, tmp_path / "trained")
    weights = widen_heads(tmp_path / "trained", tmp_path / "weights")
    hidden = {"kind": "endpoint", "model": "lab", "permission": {"ground": "own_model"}, "retries": 1}
    with serving_vllm(vllm, weights, "lab", tmp_path / "vllm.log") as url:
        target = hidden | {"base_url": url, "body": {"include_reasoning": False}, "budget": {"queries": 60}}
        changes: dict[str, Any] = {
            "targets": {"api": target},
            "surrogates": {"open": {"kind": "local", "model": str(tmp_path / "trained")}},
            "policies": {"counted": {"kind": "answer_and_metadata"}},
            "regimes": ["base", "answer_only", "surrogate_trace", "inverted_without_summary", "oracle"],
        }
        record, _ = run_to_record(tmp_path, changes)

    (facts,) = record.targets
    assert (facts.kind, facts.ground, facts.traces_known) == ("endpoint", "own_model", False)
    assert "the regimes oracle, since its traces are hidden" in " ".join(facts.left_out)
    assert (record.faithfulness, record.likelihood) == ([], [])
    taught = [row.name for row in record.rows if row.kind == "regime"]
    left_out = {regime for ledger in record.ledger for regime in ledger.left_out}
    assert taught == [name for name in changes["regimes"] if name != "oracle" and name not in left_out]

    rows = transcripts(tmp_path)
    answered = [row for row in rows if row.usable]
    assert len(answered) > len(rows) / 2
    assert all(row.trace is None and row.summary is None for row in rows)
    seen = [row.observed for row in answered if row.observed]
    assert {one.mode for one in seen} == {"tokens"}
    assert all(one.reasoning_tokens for one in seen), "vLLM counts the tokens of the reasoning that it hides"

    engine = load_engine("transformers", weights)
    requests = [Request(row.id, engine.render(user_message(row.question.text)), SAMPLING) for row in answered]
    ours = {request.id: reply for batch in engine.generate(requests) for request, reply in batch}
    same = [row for row in answered if split_reply(ours[row.id].text)[1] == row.answer]
    assert len(same) >= 0.9 * len(answered), "the weights answer as they do in this process, but for near ties"


def test_smollm2_behind_the_server_of_transformers(tmp_path: Path) -> None:
    transformers = program("transformers", "TRACEINV_TRANSFORMERS")
    serves = "TRACEINV_TRANSFORMERS" in os.environ or (find_spec("fastapi") and find_spec("uvicorn"))
    if transformers is None or not serves:
        pytest.skip("the server of transformers is not installed; TRACEINV_TRANSFORMERS names the program")
    if not (SMOLLM2 / "config.json").is_file():
        pytest.skip(f"no SmolLM2 in {SMOLLM2}: examples/get_smollm2.py makes it")
    rows = [_word_problem(n) for n in range(32)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    permission = {"ground": "open_weights", "licence": "Apache-2.0"}
    with serving_transformers(transformers, SMOLLM2, tmp_path / "transformers.log") as url:
        target = {"kind": "endpoint", "base_url": url, "model": str(SMOLLM2), "permission": permission, "retries": 1}
        changes: dict[str, Any] = {
            "questions": {"kind": "file", "path": str(tmp_path / "rows.jsonl"), "count": 12},
            "targets": {"smollm2": target | {"concurrency": 1, "budget": {"queries": 24, "tokens": 10_000}}},
            "surrogates": {"people": {"kind": "recorded", "path": str(tmp_path / "rows.jsonl")}},
            "policies": {"silent": {"kind": "answer_only"}},
            "sampling": {"temperature": 0.0, "max_new_tokens": 64},
            "regimes": ["base", "answer_only", "surrogate_trace", "inverted_without_summary"],
        }
        record, _ = run_to_record(tmp_path, changes)

    (facts,) = record.targets
    assert (facts.kind, facts.ground, facts.traces_known) == ("endpoint", "open_weights", False)
    assert {"base", "answer_only", "surrogate_trace"} <= {row.name for row in record.rows}
    rows_seen = transcripts(tmp_path)
    assert len(rows_seen) == 12
    seen = [row.observed for row in rows_seen if row.observed]
    assert {one.mode for one in seen} == {"answer"}
    assert {str(one.model).partition("@")[0] for one in seen} == {str(SMOLLM2)}
    assert any(row.answer and any(digit in row.answer for digit in "0123456789") for row in rows_seen if row.usable)
