"""How a model is fine-tuned: what a recipe says of it, and what TRL is given."""

from typing import Any, Literal

from pydantic import Field

from traceinv.lora import Lora
from traceinv.schema import Closed

NumberKind = Literal["float32", "bfloat16"]


class TrainingConfig(Closed):
    """How a model is fine-tuned.

    Attributes:
        batch_size: examples a step.
        max_tokens: prompt and completion together; a longer example is refused, never cut.
        warmup_ratio: share of the steps over which the learning rate rises.
        bf16: compute in bfloat16 over float32 weights; slower than float32 for small models on a CPU.
        batch_tokens: tokens of a micro-batch at most, padding included. A step's rows are computed in as many micro-batches as
            they need, with the loss over all tokens of the step; all at once where left out.
        gradient_checkpointing: compute activations again in the backward pass instead of keeping them.
        lora: train low-rank changes of the weights instead of the weights; all weights where left out.
        save_every: steps between checkpoints, from which a killed training resumes; None for no checkpoints. The weights do
            not depend on it.
        saved_as: the numbers in which the trained weights are saved, and with which a GPU asks the model; bfloat16 rounds them
            once, after the training, and takes half of the memory and disk.
    """

    epochs: float = Field(3, gt=0)
    learning_rate: float = Field(1e-5, gt=0)
    scheduler: Literal["cosine", "linear", "constant", "constant_with_warmup"] = "cosine"
    warmup_ratio: float = Field(0.1, ge=0, le=1)
    weight_decay: float = Field(0.0, ge=0)
    adam_beta2: float = Field(0.999, gt=0, lt=1)
    batch_size: int = Field(96, gt=0)
    max_tokens: int = Field(16_384, gt=0)
    bf16: bool = False
    batch_tokens: int | None = Field(None, gt=0, exclude_if=lambda tokens: tokens is None)
    gradient_checkpointing: bool = Field(False, exclude_if=lambda checkpointing: not checkpointing)
    lora: Lora | None = Field(None, exclude_if=lambda lora: lora is None)
    save_every: int | None = Field(None, gt=0)
    saved_as: NumberKind = Field("float32", exclude_if=lambda kind: kind == "float32")


def sft_arguments(config: TrainingConfig, seed: int, in_order: bool = False) -> dict[str, Any]:
    """Return the arguments of TRL's `SFTConfig` that decide the trained weights; JSON values."""
    return {
        "num_train_epochs": config.epochs,
        "learning_rate": config.learning_rate,
        "lr_scheduler_type": config.scheduler,
        "warmup_steps": config.warmup_ratio,  # a float is a share of the steps
        "weight_decay": config.weight_decay,
        "adam_beta2": config.adam_beta2,
        "per_device_train_batch_size": config.batch_size,
        "max_length": None,
        "completion_only_loss": True,
        "packing": False,
        "activation_checkpointing": config.gradient_checkpointing,
        "bf16": config.bf16,
        "seed": seed,
        "data_seed": seed,
        "train_sampling_strategy": "sequential" if in_order else "group_by_length",
    }
