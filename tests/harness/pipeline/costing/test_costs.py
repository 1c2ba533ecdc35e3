"""What a dry run says of each stage, before anything runs."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from small_recipe import SMALL_RECIPE

from harness.cli import main
from harness.pipeline.costing.costs import RunCost, StageCost, cost_run
from harness.pipeline.costing.counts import Count, Surety, total
from harness.pipeline.plan import plan
from harness.pipeline.recipe import Recipe
from harness.pipeline.scheduler import find_artifacts
from harness.pipeline.store import Store
from traceinv.regimes import REGIMES

TRAINING = {"epochs": 3, "learning_rate": 1e-3, "batch_size": 4, "max_tokens": 512}


def cost(recipe: dict[str, Any], store: Path, exact: bool = False) -> RunCost:
    planned, opened = plan(Recipe.model_validate(recipe), absent_ok=True), Store(store)
    return cost_run(planned, opened, find_artifacts(planned.graph, opened), exact)


def stage(found: RunCost, kind: str, **labels: Any) -> StageCost:
    (one,) = (s for s in found.stages if s.node.kind.name == kind and labels.items() <= s.node.labels.items())
    return one


def test_a_sum_is_as_sure_as_its_least_sure_part() -> None:
    assert total([Count(1), Count(2, Surety.AT_MOST)]) == Count(3, Surety.AT_MOST)
    assert Count(1200).words() == "1,200"
    assert Count(1200, Surety.AT_MOST).words() == "<=1,200"
    assert Count(1200, Surety.ABOUT).words() == "~1,200"


def test_what_can_be_counted_is_counted_and_the_rest_is_at_most(tmp_path: Path) -> None:
    found = cost(SMALL_RECIPE, tmp_path)
    target = stage(found, "reasoning_model", role="target").work
    assert (target.rows, target.steps) == (Count(240), Count(2 * 15))  # 4 families of 60, in batches of 16
    assert target.tokens.surety == Surety.EXACT
    assert stage(found, "questions", role="target").work.rows == Count(32)
    written = stage(found, "transcripts", role="target").work
    assert (written.rows, written.written) == (Count(32), Count(32 * 160, Surety.AT_MOST))
    assert written.read.surety == Surety.EXACT
    student = stage(found, "student", regime="inverted").work
    assert (student.rows, student.steps) == (Count(32, Surety.AT_MOST), Count(8, Surety.AT_MOST))
    assert stage(found, "responses", regime="base").work.rows == Count(2 * 4)


def test_every_regime_can_be_costed(tmp_path: Path) -> None:
    found = cost(SMALL_RECIPE | {"regimes": ["base", *REGIMES], "max_dropped": 1.0}, tmp_path)
    for name, regime in REGIMES.items():
        work = stage(found, "student", regime=name).work
        assert work.rows.value >= 32 or regime.partial, name
        assert work.tokens.value > 0, name


def test_of_many_questions_a_part_is_followed_that_stands_for_all(tmp_path: Path) -> None:
    many = SMALL_RECIPE | {"questions": {"kind": "lab", "per_family": 400, "steps": [2, 4]}}
    part, whole = (stage(cost(many, tmp_path, exact), "student", regime="inverted").work for exact in (False, True))
    assert part.rows == whole.rows == Count(1600, Surety.AT_MOST)
    assert part.tokens.value == pytest.approx(whole.tokens.value, rel=0.05)
    assert (part.tokens.surety, whole.tokens.surety) == (Surety.ABOUT, Surety.AT_MOST)


def test_without_a_tokenizer_no_number_of_examples_is_exact(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [
        {"question": f"What is {n}?", "trace": "It is a number.\n" * (100 * (n % 2)), "answer": str(n)}
        for n in range(12)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    recorded: dict[str, Any] = {"kind": "recorded", "permission": {"ground": "own_model"}}
    recipe = SMALL_RECIPE | {
        "questions": {"kind": "file", "path": str(path), "count": 6},
        "targets": {"r": recorded},
        "surrogates": {"r": recorded},
    }
    found = stage(cost(recipe, tmp_path), "inverter", shown="summary").work.rows
    far = stage(
        cost(recipe | {"inverter": recipe["inverter"] | {"model": "nobody/nothing"}}, tmp_path), "inverter"
    ).work.rows
    assert found.value < 6, "some have no trace, and some are too long"
    assert far.surety > found.surety


def test_models_and_data_need_not_be_here(tmp_path: Path) -> None:
    far: dict[str, Any] = {
        "name": "far",
        "questions": {"kind": "file", "path": "nowhere.parquet", "count": 10_000},
        "targets": {"r1": {"kind": "recorded", "permission": {"ground": "open_data", "licence": "Apache-2.0"}}},
        "surrogates": {"weak": {"kind": "local", "model": "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B"}},
        "policies": {"silent": {"kind": "answer_only"}},
        "sampling": {"max_new_tokens": 8192},
        "engine": "vllm",
        "inverter": {"model": "Qwen/Qwen2.5-7B-Instruct", "training": {"batch_size": 24}},
        "students": {"qwen": {"model": "Qwen/Qwen2.5-7B-Instruct", "training": {"lora": {}, "batch_tokens": 16_384}}},
        "regimes": ["base", "answer_only", "inverted_without_summary", "oracle"],
        "benchmark": {"tasks": ["math500"], "engine": "vllm"},
        "seeds": [0],
        "costing": {"device": "h100", "reply_tokens": 6000},
    }
    found = cost(far, tmp_path)
    oracle, inverter = stage(found, "student", regime="oracle"), stage(found, "inverter")
    assert oracle.work.steps == Count(3 * 105, Surety.AT_MOST)
    assert oracle.work.tokens.value == pytest.approx(10_000 * 6_200, rel=0.05)
    assert oracle.device_seconds == pytest.approx(3 * oracle.work.tokens.value / 14_110, rel=0.01)
    assert inverter.fault is not None
    assert "h100 has 78.0 GiB; in `training`: lora trains fewer weights" in inverter.fault
    assert any("nowhere.parquet is not on this machine" in sentence for sentence in found.assumptions)


def test_an_endpoint_costs_money_up_to_its_budget(tmp_path: Path) -> None:
    endpoint = {
        "kind": "endpoint",
        "base_url": "http://localhost:1/v1",
        "model": "m",
        "traces": "known",
        "permission": {"ground": "own_model"},
        "budget": {"prompt_price": 0.0, "reply_price": 100.0},
    }
    found = cost(SMALL_RECIPE | {"targets": {"lab": endpoint}}, tmp_path)
    assert stage(found, "endpoint", role="target").work.money == pytest.approx(32 * 160 * 100 / 1e6)
    endpoint["budget"] = {"prompt_price": 0.0, "reply_price": 100.0, "money": 0.1}
    found = cost(SMALL_RECIPE | {"targets": {"lab": endpoint}}, tmp_path)
    assert stage(found, "endpoint", role="target").work.money == 0.1


def test_the_command_prints_stages_totals_and_assumptions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(SMALL_RECIPE | {"costing": {"device": "rtx4090"}}))
    assert main(["run", str(path), "--dry-run", "--store", str(tmp_path / "store")]) == 0
    printed = capsys.readouterr().out
    assert "hours on rtx4090" in printed
    assert "assumed: every reply is complete" in printed
    assert "torchtune" in printed
    assert printed.splitlines()[-1].endswith(f"how long they take was not measured yet in {tmp_path / 'store'}")


def test_an_unknown_device_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(SMALL_RECIPE))
    command = ["run", str(path), "--dry-run", "--store", str(tmp_path / "store"), "--set", "costing.device=h1000"]
    assert main(command) == 2
    assert "costing.device: unknown device 'h1000' (did you mean 'h100'?)" in capsys.readouterr().err


def test_json_says_of_each_number_how_sure_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(SMALL_RECIPE))
    assert main(["run", str(path), "--dry-run", "--json", "--store", str(tmp_path / "store")]) == 0
    entries = json.loads(capsys.readouterr().out)
    (target,) = (e for e in entries if e["kind"] == "reasoning_model" and e["labels"]["role"] == "target")
    assert target["cost"]["steps"] == {"value": 30, "surety": "exact"}
    assert target["cost"]["passes"] == 2
