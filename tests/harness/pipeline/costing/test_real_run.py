"""A dry run's examples, tokens and steps are those that a real run then counts.

The recipes for one GPU are run whole, on a few questions, with models of their own architectures that are built from tiny
configurations with random weights. A mock engine gives what they would write: every reply is complete, as a dry run assumes.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from stub_stages import Recorder
from transformers import AutoModelForCausalLM, AutoTokenizer, PretrainedConfig, Qwen2Config, Qwen3Config

from harness.pipeline.costing.costs import StageCost, cost_run
from harness.pipeline.costing.counts import Surety
from harness.pipeline.costing.models import TRAINED
from harness.pipeline.descriptions import Artifact
from harness.pipeline.executors.base import InlineExecutor
from harness.pipeline.graph import Node
from harness.pipeline.plan import Plan, plan
from harness.pipeline.recipe_files import load_recipe
from harness.pipeline.scheduler import run
from harness.pipeline.store import Store
from traceinv.engines.base import Request
from traceinv.engines.mock import MockEngine
from traceinv.lab.models import BASE

QUESTIONS = 5
"""Of the target, and as many of the surrogate: an odd number, so that the last batch is a smaller one."""
TINY = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 8,
}
SMALL = [
    "engine=mock",
    "benchmark={tasks: [lab_chain], limit: 2, max_tokens: 32, engine: mock}",
    "candidates.count=2",
    "faithfulness={draws: 1, likelihood_traces: 3, reading_questions: 3}",
    "seeds=[0]",
    "keep=all",
    "max_dropped=0.9",
]


def build(config: PretrainedConfig, folder: Path) -> Path:
    """Build a model with random weights from its configuration, with the lab's tokenizer."""
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    config.vocab_size, config.eos_token_id = len(tokenizer), tokenizer.eos_token_id
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Write rows as OpenThoughts-114k has them."""
    path = tmp_path / "traces.jsonl"
    rows = (
        {
            "problem": f"What is {number} and {number} together?",
            "deepseek_reasoning": "\n\n".join(
                f"Step {step}: {number} and then {step} more." for step in range(3 + number)
            ),
            "deepseek_solution": str(2 * number),
        }
        for number in range(2 * QUESTIONS)
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def reply(request: Request) -> str:
    """Write a whole reply that comes to the disclosed answer; the numbers of a question stand in its id."""
    number = int(request.id.rpartition("/")[2]) if request.id.startswith("file/") else 1
    if "numbered list" in request.prompt:
        return f"1. Takes {number} twice.\n2. Adds both."
    return f"<think>\nI take {number} twice.\nThat is all.\n</think>\n\n{2 * number}"


def work_of(planned: Plan, store: Store, cached: Mapping[str, Artifact]) -> dict[str, StageCost]:
    return {stage.node.id: stage for stage in cost_run(planned, store, cached, exact=True).stages}


def trained(planned: Plan) -> list[Node]:
    return [node for node in planned.graph if node.kind.name in TRAINED]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "models"),
    [
        ("one-gpu", {"students.small": Qwen2Config}),
        ("settle", {"students.plain": Qwen2Config, "students.native": Qwen3Config}),
    ],
)
def test_a_dry_run_counts_what_a_real_run_counts(
    name: str, models: Mapping[str, type[PretrainedConfig]], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MockEngine, "load", classmethod(lambda cls, model, batch_size=4: cls(reply, batch_size)))
    qwen2 = build(Qwen2Config(**TINY), tmp_path / "qwen2")
    changes = [f"questions={{kind: file, path: {data}, count: {QUESTIONS}}}", *SMALL]
    changes += [f"{place}.model={qwen2}" for place in ("surrogates.weak", "policies.bubbles")]
    for place, config in {"inverter": Qwen2Config, **models}.items():
        folder = qwen2 if config is Qwen2Config else build(config(**TINY), tmp_path / place)
        # A CPU may have no bfloat16, which TRL then refuses.
        training = {"batch_size": 2, "max_tokens": 1024, "batch_tokens": 1024, "bf16": "false"}
        changes += [f"{place}.model={folder}", *(f"{place}.training.{key}={value}" for key, value in training.items())]
    planned, store = plan(load_recipe(name, changes)), Store(tmp_path / "store")
    before = work_of(planned, store, {})
    done = run(planned.graph, store, InlineExecutor(), Recorder())
    written = {node.id: done[node.id] for node in planned.graph if node.kind.name not in TRAINED}
    after = work_of(planned, store, written)

    assert {node.kind.name for node in trained(planned)} == {"inverter", "student"}
    for node in trained(planned):
        log, early, late = done[node.id].log, before[node.id].work, after[node.id].work
        # Before anything has run, all replies are taken to be complete, as these are.
        assert (early.rows.value, early.steps.value) == (log["examples"], log["steps"]), before[node.id].name
        assert early.learned.value >= log["loss_tokens"]
        # Once the replies are there, everything is counted.
        assert (late.rows.value, late.learned.value, late.steps.value) == (
            log["examples"],
            log["loss_tokens"],
            log["steps"],
        )
        assert late.rows.surety == late.learned.surety == late.steps.surety == Surety.EXACT
        assert after[node.id].seconds is not None, "the store has measured such stages by now"
    for node in planned.graph:
        if node.kind.name == "student" and node.labels["regime"] in ("answer_only", "oracle"):
            assert before[node.id].work.learned.value == done[node.id].log["loss_tokens"], "recorded text is known"
    for node, count in (
        (n, entry) for n in planned.graph for entry in ("questions", "inversions", "responses", "candidates")
    ):
        if count in done[node.id].log and node.kind.name in ("transcripts", "inversions", "responses", "candidates"):
            wanted = done[node.id].log["candidates" if node.kind.name == "candidates" else count]
            assert before[node.id].work.rows.value == wanted, before[node.id].name
