"""Low-rank changes of a model's weights (LoRA, arXiv 2106.09685), over peft."""

import warnings
from typing import Any

from pydantic import Field

from traceinv.schema import Closed


class Lora(Closed):
    """Low-rank changes of all linear layers, trained in place of the weights and merged into them in the end.

    Attributes:
        rank: of each change.
        alpha: a change is scaled by alpha / rank; twice the rank where left out.
    """

    rank: int = Field(16, gt=0)
    alpha: float | None = Field(None, gt=0)
    dropout: float = Field(0.0, ge=0, lt=1)


def count_changes(model: Any, rank: int) -> int:
    """Count the weights of low-rank changes of all linear layers but the last, which predicts the tokens."""
    from torch.nn import Linear

    head = model.get_output_embeddings()
    linear = (layer for layer in model.modules() if isinstance(layer, Linear) and layer is not head)
    return sum(rank * (layer.in_features + layer.out_features) for layer in linear)


def add_changes(model: Any, lora: Lora, seed: int) -> Any:
    """Freeze a model's weights and add changes to train, drawn with the seed."""
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    changes = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha or 2 * lora.rank,
        lora_dropout=lora.dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    with warnings.catch_warnings():  # peft asks for a property by the name that transformers has given up
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
        return get_peft_model(model, changes)
