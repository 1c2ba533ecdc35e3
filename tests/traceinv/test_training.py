"""Tests of fine-tuning: what reaches TRL, what is refused, and that a killed training gives the same weights."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from traceinv import training
from traceinv.digests import digest_file
from traceinv.errors import GateError
from traceinv.formatting import EncodedExample, encode_example
from traceinv.lab.models import BASE, true_examples
from traceinv.lora import Lora
from traceinv.reasoning import wrap_reply
from traceinv.records import Example
from traceinv.sft_trainer import IGNORED, check_batch, completion_loss, divide, micro_batches
from traceinv.training import (
    TrainingLog,
    digest_rows,
    fine_tune,
    mean_losses,
    train,
)
from traceinv.training_config import TrainingConfig, sft_arguments

CONFIG = TrainingConfig(epochs=3, learning_rate=1e-3, batch_size=4, max_tokens=512)
ROWS = [EncodedExample([1, 2, 3, 9], [0, 0, 1, 1]), EncodedExample([4, 5, 9], [0, 1, 1])]
MODEL_FILES = {
    "chat_template.jinja",
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
}


def _examples(per_family: int = 8) -> list[Example]:
    return true_examples("target_train", per_family, (2, 4), 0)


@dataclass
class StubTrainer:
    """Stands in for `run_sft` and keeps what it was called with."""

    rows: list[EncodedExample] = field(default_factory=list)
    arguments: dict[str, Any] = field(default_factory=dict)

    def __call__(
        self,
        model: Any,
        tokenizer: Any,
        rows: Sequence[EncodedExample],
        arguments: dict[str, Any],
        *others: object,
    ) -> TrainingLog:
        self.rows, self.arguments = list(rows), arguments
        return TrainingLog(steps=0, losses=[], resumed=0)


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> StubTrainer:
    stub = StubTrainer()
    monkeypatch.setattr(training, "run_sft", stub)
    return stub


def test_the_encoded_rows_reach_the_trainer_in_order(stub: StubTrainer, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    examples = _examples(1)
    log = fine_tune(BASE, examples, CONFIG, 7, tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    assert stub.rows == [encode_example(tokenizer, example) for example in examples]
    assert stub.arguments == sft_arguments(CONFIG, 7)
    assert log["examples"] == len(examples)
    assert log["loss_tokens"] == sum(sum(row.completion_mask) for row in stub.rows)
    assert log["first_row"].endswith(examples[0].completion + "<|end|>")
    json.dumps(log)


def test_nothing_that_decides_the_weights_escapes_the_digests() -> None:
    longer = EncodedExample([1, 2, 3, 9], [0, 1, 1, 1])
    rows = [ROWS, ROWS[::-1], [longer, ROWS[1]], [*ROWS, ROWS[0]]]
    assert len({digest_rows(each) for each in rows}) == len(rows)
    changes = [
        {},
        {"epochs": 2},
        {"learning_rate": 2e-3},
        {"scheduler": "linear"},
        {"warmup_ratio": 0.2},
        {"weight_decay": 0.1},
        {"adam_beta2": 0.98},
        {"batch_size": 8},
        {"bf16": True},
        {"gradient_checkpointing": True},
    ]
    assert "saved_as" not in CONFIG.model_dump(), "keys of trainings that do not name it stay"
    arguments = [sft_arguments(CONFIG.model_copy(update=change), 0) for change in changes]
    arguments += [sft_arguments(CONFIG, 1), sft_arguments(CONFIG, 0, in_order=True)]
    assert len({json.dumps(each, sort_keys=True) for each in arguments}) == len(arguments)


def test_rows_are_never_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A packed row would read the rows before it, and positions that no student ever asks from."""
    assert sft_arguments(CONFIG, 0)["packing"] is False
    sizes = []

    def noted(model: Any, batch: Any, tokens: Any) -> Any:
        sizes.append((batch["attention_mask"].sum(dim=1).tolist(), sorted(batch)))
        return completion_loss(model, batch, tokens)

    monkeypatch.setattr("traceinv.sft_trainer.completion_loss", noted)
    log = fine_tune(BASE, _examples(3), CONFIG.model_copy(update={"epochs": 2}), 0, tmp_path / "out")
    lengths = sorted(length for lengths, _ in sizes for length in lengths)
    assert len(lengths) == 2 * log["examples"], "each row is a row of its own in each epoch"
    assert {names for _, found in sizes for names in found} == {"attention_mask", "input_ids", "labels"}
    assert max(sizes[0][0]) == lengths[-1], "the longest row comes first: what does not fit fails at once"
    first, sizes = sizes, []
    fine_tune(BASE, _examples(3), CONFIG.model_copy(update={"epochs": 2}), 0, tmp_path / "again")
    assert sizes == first, "the seed draws the batches"


def test_how_often_it_is_saved_is_no_argument_of_the_training() -> None:
    assert sft_arguments(CONFIG.model_copy(update={"save_every": 5}), 0) == sft_arguments(CONFIG, 0)


def test_rows_over_the_limit_are_refused(stub: StubTrainer, tmp_path: Path) -> None:
    with pytest.raises(GateError, match="4 of 4 training examples are over max_tokens=20"):
        fine_tune(BASE, _examples(1), CONFIG.model_copy(update={"max_tokens": 20}), 0, tmp_path)
    with pytest.raises(GateError, match="1 of 2 training examples are over max_tokens=3"):
        train(None, None, ROWS, CONFIG.model_copy(update={"max_tokens": 3}), 0, tmp_path)  # type: ignore[arg-type]
    train(None, None, ROWS, CONFIG.model_copy(update={"max_tokens": 4}), 0, tmp_path)  # type: ignore[arg-type]
    assert stub.rows == ROWS


def test_the_render_gate_reads_every_row(stub: StubTrainer, tmp_path: Path) -> None:
    ends_early = Example(id="bad", prompt="What is 1+1?", completion=wrap_reply("1+1=2<|end|>", "2"))
    with pytest.raises(GateError, match="example 'bad': a special token is inside the completion"):
        fine_tune(BASE, [*_examples(1), ends_early], CONFIG, 0, tmp_path)
    with pytest.raises(GateError, match="no example"):
        fine_tune(BASE, [], CONFIG, 0, tmp_path)
    assert stub.rows == []


def _batch(**changes: list[list[int]]) -> dict[str, Any]:
    """Collate `ROWS` as TRL does, with 9 as both padding and end-of-sequence token."""
    columns = {
        "input_ids": [[1, 2, 3, 9], [4, 5, 9, 9]],
        "labels": [[-100, -100, 3, 9], [-100, 5, 9, -100]],
        "attention_mask": [[1, 1, 1, 1], [1, 1, 1, 0]],
    }
    return {name: np.array(values) for name, values in {**columns, **changes}.items()}


def test_a_collated_batch_of_whole_rows_passes() -> None:
    check_batch(_batch(), ROWS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"input_ids": [[1, 2, 3, 9], [4, 9, 9, 9]]}, "row 1 is not the 3 tokens"),
        ({"attention_mask": [[1, 1, 1, 1], [1, 1, 1, 1]]}, "row 1 is not the 3 tokens"),
        ({"labels": [[-100, 2, 3, 9], [-100, 5, 9, -100]]}, "labels of row 0"),
        ({"labels": [[-100, -100, 3, -100], [-100, 5, 9, -100]]}, "labels of row 0"),
        ({"labels": [[-100, -100, 3, 9], [-100, 5, 9, 9]]}, "labels of row 1"),
        (
            {"input_ids": [[1, 2, 3], [4, 5, 9]], "labels": [[-100, -100, 3], [-100, 5, 9]]}
            | {"attention_mask": [[1, 1, 1], [1, 1, 1]]},
            "row 0 is not the 4 tokens",
        ),
    ],
    ids=["token", "padding attended", "prompt learned", "end not learned", "padding learned", "cut"],
)
def test_a_spoilt_batch_is_refused(changes: dict[str, list[list[int]]], message: str) -> None:
    with pytest.raises(GateError, match=message):
        check_batch(_batch(**changes), ROWS)


def test_a_logged_loss_is_the_mean_of_ten_steps() -> None:
    assert mean_losses([1.0] * 9) == []
    assert mean_losses([*[1.0] * 10, *[2.0] * 5, *[4.0] * 5, 7.0]) == [(10, 1.0), (20, 3.0)]


def _collated(lengths: Sequence[int]) -> dict[str, Any]:
    """Collate rows of these lengths, padded on the right, with half of each row in the loss."""
    import torch

    ids = torch.zeros((len(lengths), max(lengths)), dtype=torch.long)
    mask, labels = torch.zeros_like(ids), torch.full_like(ids, -100)
    for row, length in enumerate(lengths):
        ids[row, :length] = torch.arange(length) * 7 % 90 + 5 + row
        mask[row, :length] = 1
        labels[row, length // 2 : length] = ids[row, length // 2 : length]
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


def test_micro_batches_hold_every_row_once_within_the_limit() -> None:
    batch = _collated([30, 4, 50, 5, 6, 31])
    parts = micro_batches(batch, 64)
    assert [tuple(part["input_ids"].shape) for part in parts] == [(3, 6), (2, 31), (1, 50)]
    rows = [row[row > 0].tolist() for part in parts for row in part["input_ids"]]
    assert sorted(rows) == sorted(row[row > 0].tolist() for row in batch["input_ids"])
    assert sum(int((part["labels"] != -100).sum()) for part in parts) == int((batch["labels"] != -100).sum())
    assert [len(part["input_ids"]) for part in micro_batches(batch, 10)] == [2, 1, 1, 1, 1]


@pytest.mark.parametrize("lengths", [[30, 4, 50, 5, 6, 31], [30, 4, 50], [7]])
@pytest.mark.parametrize("batch_tokens", [None, 64, 1])
def test_processes_share_the_rows_of_a_step_and_have_as_many_micro_batches(
    lengths: list[int], batch_tokens: int | None
) -> None:
    batch = _collated(lengths)
    shares = divide(batch, batch_tokens, 2)
    assert len(shares[0]) == len(shares[1]) > 0
    learned = [
        row[row != IGNORED].tolist()
        for share in shares
        for part in share
        for row in part["labels"]
        if (row != IGNORED).any()
    ]
    assert sorted(learned) == sorted(row[row != IGNORED].tolist() for row in batch["labels"])
    assert all(part["input_ids"].shape == part["attention_mask"].shape for share in shares for part in share)
    if batch_tokens is None:
        assert [len(share) for share in shares] == [1, 1]


@pytest.mark.parametrize("prompt", [0, 1, 20])
def test_the_loss_and_its_gradient_are_those_of_all_logits(prompt: int) -> None:
    """The logits of the prompts are left out; the model's own loss has them all."""
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(BASE)
    batch = _collated([44, 50])
    batch["labels"] = torch.where(batch["attention_mask"] == 1, batch["input_ids"], -100)
    batch["labels"][:, :prompt] = -100
    batch["labels"][0, :30] = -100
    losses, gradients = [], []
    for loss in (completion_loss(model, batch, 100), model(**batch, num_items_in_batch=100).loss):
        loss.backward()
        losses.append(loss.item())
        gradients.append(torch.cat([weight.grad.flatten() for weight in model.parameters()]))
        model.zero_grad()
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert torch.allclose(*gradients, atol=1e-6)


@pytest.mark.slow
def test_a_step_is_the_same_in_one_and_in_four_micro_batches(tmp_path: Path) -> None:
    """The loss is a mean over all tokens of the step; a mean of the micro-batches' means would be another."""
    from safetensors.torch import load_file

    examples = [*_examples(2), *true_examples("target_train", 2, (7, 8), 1)]
    config = CONFIG.model_copy(update={"epochs": 1, "batch_size": len(examples), "warmup_ratio": 0.0})
    whole = fine_tune(BASE, examples, config, 0, tmp_path / "one")
    base = load_file(BASE / "model.safetensors")
    one = load_file(tmp_path / "one" / "model.safetensors")
    for tokens in (300, 1):
        divided = fine_tune(
            BASE, examples, config.model_copy(update={"batch_tokens": tokens}), 0, tmp_path / str(tokens)
        )
        assert (divided["steps"], whole["steps"]) == (1, 1)
        many = load_file(tmp_path / str(tokens) / "model.safetensors")
        same = [((many[name] - one[name]).abs() < 0.05 * CONFIG.learning_rate).float().mean().item() for name in one]
        assert min(same) > 0.99, "AdamW's first step is the sign of the gradient, so another gradient shows at once"
    assert min((one[name] != base[name]).float().mean().item() for name in one) > 0.5


@pytest.mark.slow
def test_a_cpu_computes_in_bfloat16_over_weights_in_float32(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    fine_tune(BASE, _examples(2), CONFIG.model_copy(update={"bf16": True}), 0, tmp_path / "out")
    before, after = (load_file(folder / "model.safetensors") for folder in (BASE, tmp_path / "out"))
    assert {weight.dtype for weight in after.values()} == {torch.float32}
    assert min((after[name] != before[name]).float().mean().item() for name in after) > 0.5


@pytest.mark.slow
@pytest.mark.parametrize("lora", [None, Lora(rank=4)])
def test_weights_may_be_saved_in_bfloat16_and_are_those_of_float32_rounded(lora: Lora | None, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    config = CONFIG.model_copy(update={"epochs": 1, "lora": lora})
    for kind in ("float32", "bfloat16"):
        fine_tune(BASE, _examples(2), config.model_copy(update={"saved_as": kind}), 0, tmp_path / kind)
    whole, half = (load_file(tmp_path / kind / "model.safetensors") for kind in ("float32", "bfloat16"))
    assert whole.keys() == half.keys()
    assert all(half[name].equal(whole[name].to(torch.bfloat16)) for name in whole)
    assert json.loads((tmp_path / "bfloat16" / "config.json").read_text())["dtype"] == "bfloat16"


@pytest.mark.slow
def test_gradient_checkpointing_gives_the_same_weights(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    config = CONFIG.model_copy(update={"epochs": 1})
    fine_tune(BASE, _examples(2), config, 0, tmp_path / "kept")
    fine_tune(BASE, _examples(2), config.model_copy(update={"gradient_checkpointing": True}), 0, tmp_path / "again")
    kept, again = (load_file(tmp_path / name / "model.safetensors") for name in ("kept", "again"))
    assert all((kept[name] - again[name]).abs().max().item() < 1e-5 for name in kept)


@pytest.mark.slow
def test_low_rank_changes_are_trained_and_merged(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    config = CONFIG.model_copy(update={"lora": Lora(rank=4), "save_every": 2})
    log = fine_tune(BASE, _examples(2), config, 0, tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == MODEL_FILES
    before, after = (load_file(folder / "model.safetensors") for folder in (BASE, tmp_path / "out"))
    assert before.keys() == after.keys()
    changed = {name for name in after if not after[name].equal(before[name])}
    assert changed
    assert all("proj" in name for name in changed), "embeddings and norms are as they were"
    assert log["steps"] == 6


def test_a_training_that_does_not_fit_is_refused_before_the_weights_are_loaded(
    stub: StubTrainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "memory_of_device", lambda *_: 10**6)
    monkeypatch.setattr(training, "_load", lambda *_: pytest.fail("the weights were loaded"))
    with pytest.raises(GateError, match=r"memory: training 1M of 1M weights .* lora trains fewer"):
        fine_tune(BASE, _examples(1), CONFIG, 0, tmp_path)


@pytest.mark.slow
def test_a_base_without_a_padding_token_is_trained_and_asked(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    from traceinv.engines.base import Request, Sampling, user_message
    from traceinv.engines.transformers import TransformersEngine

    base = tmp_path / "base"
    shutil.copytree(BASE, base)
    settings = json.loads((base / "tokenizer_config.json").read_text())
    (base / "tokenizer_config.json").write_text(json.dumps({k: v for k, v in settings.items() if k != "pad_token"}))
    assert AutoTokenizer.from_pretrained(base).pad_token is None
    assert fine_tune(base, _examples(2), CONFIG, 0, tmp_path / "out")["steps"] == 6
    for folder in (base, tmp_path / "out"):
        engine = TransformersEngine.load(folder)
        asked = [
            Request(text, engine.render(user_message(text)), Sampling(max_new_tokens=4)) for text in ("a", "a b c")
        ]
        assert [len(batch) for batch in engine.generate(asked)] == [2]


@pytest.mark.slow
def test_a_saved_model_does_not_depend_on_whether_the_hub_could_be_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    for offline in (True, False):
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
        config = CONFIG.model_copy(update={"epochs": 1})
        fine_tune(BASE, _examples(1), config, 0, tmp_path / str(offline))
    for name in MODEL_FILES:
        assert digest_file(tmp_path / "True" / name) == digest_file(tmp_path / "False" / name), name
    assert json.loads((tmp_path / "True" / "tokenizer_config.json").read_text())["local_files_only"] is False


@pytest.mark.slow
def test_a_bfloat16_base_is_trained_in_float32(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    base = tmp_path / "base"
    shutil.copytree(BASE, base)
    weights = {name: tensor.bfloat16() for name, tensor in load_file(base / "model.safetensors").items()}
    save_file(weights, base / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps({**config, "dtype": "bfloat16"}))

    log = fine_tune(base, _examples(2), CONFIG.model_copy(update={"learning_rate": 1e-5}), 0, tmp_path / "out")
    trained = load_file(tmp_path / "out" / "model.safetensors")
    assert {tensor.dtype for tensor in trained.values()} == {torch.float32}
    moved = [(trained[name] != weights[name].float()).float().mean().item() for name in trained]
    assert min(moved) > 0.9, "small updates are not rounded away"
    assert log["steps"] == 6


@pytest.mark.slow
def test_the_end_is_learned_where_it_is_the_padding_token(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    base = tmp_path / "base"
    shutil.copytree(BASE, base)
    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.pad_token = tokenizer.eos_token
    tokenizer.save_pretrained(base)
    assert fine_tune(base, _examples(2), CONFIG, 0, tmp_path / "out")["steps"] == 6


CHILD = """
import os, signal, sys
from pathlib import Path
import torch
from traceinv.lab.models import BASE, true_examples
from traceinv.training import fine_tune
from traceinv.training_config import TrainingConfig

out, config, kill_at = Path(sys.argv[1]), TrainingConfig.model_validate_json(sys.argv[2]), sys.argv[3]
base = Path(sys.argv[4]) if len(sys.argv) > 4 else BASE

def kill():
    os.kill(os.getpid(), signal.SIGKILL)

def report(share):
    if kill_at.isdigit() and round(share * 24) == int(kill_at):
        kill()

def save(value, path, *others, **options):
    whole(value, path, *others, **options)
    if Path(path) == out / "checkpoints" / kill_at:
        with open(path, "rb+") as file:
            file.truncate(100)
        kill()

whole, torch.save = torch.save, save
fine_tune(base, true_examples("target_train", 8, (2, 4), 0), config, 7, out, report)
"""


@pytest.mark.slow
def test_a_training_that_is_killed_and_resumed_gives_the_same_weights_and_losses(tmp_path: Path) -> None:
    """Kill it in the middle of epochs, after the end of one, and while a checkpoint is written."""
    whole = fine_tune(BASE, _examples(), CONFIG, 7, tmp_path / "whole")
    assert (whole["steps"], whole["resumed"]) == (24, 0)

    out, config = tmp_path / "killed", CONFIG.model_copy(update={"save_every": 4})
    for moment in ("6", "9", "checkpoint-12/optimizer.pt", "15"):
        command = [sys.executable, "-c", CHILD, str(out), config.model_dump_json(), moment]
        assert subprocess.run(command, check=False, capture_output=True).returncode == -signal.SIGKILL
    resumed = fine_tune(BASE, _examples(), config, 7, out)

    assert resumed == {**whole, "resumed": 12}
    files = {path.relative_to(out).as_posix(): digest_file(path) for path in out.rglob("*") if path.is_file()}
    assert files == {name: digest_file(tmp_path / "whole" / name) for name in MODEL_FILES}
    assert not (out / "checkpoints").exists()


@pytest.mark.slow
def test_a_training_goes_on_where_its_base_lies_in_another_folder(tmp_path: Path) -> None:
    """As on another machine, whose copies of a store in a bucket lie elsewhere."""
    here, there = tmp_path / "here" / "key", tmp_path / "there" / "key"
    shutil.copytree(BASE, here)
    out, config = tmp_path / "out", CONFIG.model_copy(update={"save_every": 4})
    command = [sys.executable, "-c", CHILD, str(out), config.model_dump_json(), "6", str(here)]
    assert subprocess.run(command, check=False, capture_output=True).returncode == -signal.SIGKILL
    there.parent.mkdir()
    here.rename(there)
    assert fine_tune(there, _examples(), config, 7, out)["resumed"] == 4
