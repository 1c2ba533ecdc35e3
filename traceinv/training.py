"""Supervised fine-tuning, over TRL's SFTTrainer."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from traceinv.errors import GateError
from traceinv.formatting import EncodedExample, check_rendering, encode_example
from traceinv.progress import Progress
from traceinv.records import Example

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, TrainerCallback


class TrainingConfig(BaseModel):
    """How a model is fine-tuned.

    Attributes:
        batch_size: examples a step.
        max_tokens: prompt and completion together; a longer example is refused, never cut.
        warmup_ratio: share of the steps over which the learning rate rises.
        bf16: train in bfloat16; slower than float32 for small models on a CPU.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: float = Field(3, gt=0)
    learning_rate: float = Field(1e-5, gt=0)
    scheduler: Literal["cosine", "linear", "constant", "constant_with_warmup"] = "cosine"
    warmup_ratio: float = Field(0.1, ge=0, le=1)
    weight_decay: float = Field(0.0, ge=0)
    adam_beta2: float = Field(0.999, gt=0, lt=1)
    batch_size: int = Field(96, gt=0)
    max_tokens: int = Field(16_384, gt=0)
    bf16: bool = False


def fine_tune(
    base: str | Path,
    examples: Sequence[Example],
    config: TrainingConfig,
    seed: int,
    out: Path,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train the model at `base` on the examples and save weights and tokenizer to `out`.

    Returns:
        The stage's log: examples, tokens in the loss, steps, loss a step, and the first row as rendered.

    Raises:
        GateError: the render gate fails, or an example is over `config.max_tokens`.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    first_row = check_rendering(tokenizer, examples)
    encoded = [encode_example(tokenizer, example) for example in examples]
    model = AutoModelForCausalLM.from_pretrained(base, use_safetensors=True)
    history = train(model, tokenizer, encoded, config, seed, out, progress)
    return {
        "examples": len(examples),
        "loss_tokens": sum(sum(row.completion_mask) for row in encoded),
        "first_row": first_row,
        **history,
    }


def train(
    model: Any,
    tokenizer: "PreTrainedTokenizerBase",
    rows: Sequence[EncodedExample],
    config: TrainingConfig,
    seed: int,
    out: Path,
    progress: Progress | None = None,
    in_order: bool = False,
) -> dict[str, Any]:
    """Train a loaded model on encoded rows and save it to `out`; the seed draws their order unless they come `in_order`.

    Returns:
        `steps`, and `losses` as (step, mean loss since the one before) pairs.

    Raises:
        GateError: a row is over `config.max_tokens`, which TRL would cut in silence.
    """
    from datasets import Dataset
    from transformers import PrinterCallback
    from trl import SFTConfig, SFTTrainer

    over = sum(len(row.input_ids) > config.max_tokens for row in rows)
    if over:
        raise GateError(f"{over} of {len(rows)} training examples are over max_tokens={config.max_tokens}")
    dataset = Dataset.from_dict(
        {"input_ids": [row.input_ids for row in rows], "completion_mask": [row.completion_mask for row in rows]}
    )
    arguments = SFTConfig(
        output_dir=str(out),
        num_train_epochs=config.epochs,
        learning_rate=config.learning_rate,
        lr_scheduler_type=config.scheduler,
        warmup_steps=config.warmup_ratio,
        weight_decay=config.weight_decay,
        adam_beta2=config.adam_beta2,
        per_device_train_batch_size=config.batch_size,
        max_length=None,
        completion_only_loss=True,
        packing=False,
        gradient_checkpointing=False,
        bf16=config.bf16,
        seed=seed,
        data_seed=seed,
        logging_steps=10,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        train_sampling_strategy="sequential" if in_order else "group_by_length",
        dataloader_pin_memory=False,
    )
    callbacks = [_progress_callback(progress)] if progress else []
    trainer = SFTTrainer(model, arguments, train_dataset=dataset, processing_class=tokenizer, callbacks=callbacks)
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    trainer.save_model(str(out))
    (out / "training_args.bin").unlink(missing_ok=True)
    losses = [(entry["step"], entry["loss"]) for entry in trainer.state.log_history if "loss" in entry]
    return {"steps": trainer.state.global_step, "losses": losses}


def _progress_callback(progress: Progress) -> "TrainerCallback":
    from transformers import TrainerCallback

    class Report(TrainerCallback):  # type: ignore[misc]  # transformers is not followed
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            progress(state.global_step / max(1, state.max_steps))

    return Report()
