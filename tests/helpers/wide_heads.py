"""Widen the attention heads of a Llama without changing what it computes: vLLM on a CPU has no attention for heads of 16."""

import math
from pathlib import Path
from typing import Any


def widen_heads(source: Path, out: Path, factor: int = 2) -> Path:
    """Save a copy of a model whose heads are `factor` times as wide, and its tokenizer.

    A head's dimensions are spread over the wider one; the others are zero. Rotary embeddings turn dimension i of each half with a
    frequency of base^(-2i/width), so dimension i goes to place `factor` * i of its half, where the wider head has that frequency.
    Scores are divided by the square root of the width, so queries are multiplied by that of `factor`.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

    narrow: Any = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32)
    config, half = narrow.config, narrow.config.head_dim // 2
    width = factor * config.head_dim
    one_head = [side * factor * half + factor * i for side in (0, 1) for i in range(half)]
    wide = LlamaForCausalLM(LlamaConfig(**{**config.to_dict(), "head_dim": width}))

    weights = dict(narrow.state_dict())
    for name, value in weights.items():
        if name.endswith(("q_proj.weight", "k_proj.weight", "v_proj.weight", "o_proj.weight")):
            rows = value.T if name.endswith("o_proj.weight") else value
            places = [head * width + at for head in range(len(rows) // config.head_dim) for at in one_head]
            spread = torch.zeros(len(rows) * factor, rows.shape[1])
            spread[places] = rows * (math.sqrt(factor) if name.endswith("q_proj.weight") else 1)
            weights[name] = spread.T if name.endswith("o_proj.weight") else spread
    wide.load_state_dict(weights)
    wide.generation_config = narrow.generation_config
    wide.save_pretrained(out)
    AutoTokenizer.from_pretrained(source).save_pretrained(out)
    return out
