"""Bits counted in batches equal those counted token by token, for several kinds of model."""

from math import log
from random import Random
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GPT2Config,
    LlamaConfig,
    PreTrainedTokenizerBase,
    Qwen3Config,
)

from harness.faithfulness.likelihood import Surprise, surprise
from traceinv.errors import GateError
from traceinv.lab.models import BASE
from traceinv.reasoning import OPEN, open_reasoning

SIZES = {
    "num_hidden_layers": 2,
    "hidden_size": 32,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 48,
}
CONFIGS = {
    "llama": LlamaConfig(vocab_size=400, **SIZES),
    "qwen3": Qwen3Config(vocab_size=400, head_dim=8, **SIZES),
    "gpt2": GPT2Config(vocab_size=400, n_layer=2, n_embd=32, n_head=4, n_positions=256),
}


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerBase:
    return AutoTokenizer.from_pretrained(BASE)


def _plain(model: Any, ids: list[int], start: int) -> float:
    """One forward pass a token."""
    total = 0.0
    for position in range(start, len(ids)):
        logits = model(input_ids=torch.tensor([ids[:position]])).logits[0, -1].double()
        total -= float(torch.log_softmax(logits, dim=-1)[ids[position]]) / log(2)
    return total


@pytest.mark.parametrize("kind", CONFIGS)
@pytest.mark.parametrize("batch_tokens", [1, 100, 10_000])
def test_batches_give_the_bits_of_a_plain_loop(
    kind: str, batch_tokens: int, tokenizer: PreTrainedTokenizerBase
) -> None:
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(CONFIGS[kind]).eval()
    rng = Random(0)

    def text() -> str:
        return "".join(rng.choice("abc+-=0123\n") for _ in range(rng.randrange(1, 30)))

    prompts, traces = [text() for _ in range(8)], [text() for _ in range(8)]

    class Small:
        """The lab's tokenizer, its ids folded into a small vocabulary."""

        def __call__(self, raw: str, add_special_tokens: bool) -> dict[str, list[int]]:
            return {"input_ids": [token % 400 for token in tokenizer(raw, add_special_tokens=False)["input_ids"]]}

    found = surprise(model, Small(), prompts, traces, batch_tokens)  # type: ignore[arg-type]
    for prompt, trace, each in zip(prompts, traces, found, strict=True):
        before = Small()(open_reasoning(prompt), False)["input_ids"]
        after = Small()(trace, False)["input_ids"]
        with torch.inference_mode():
            assert each.bits == pytest.approx(_plain(model, before + after, len(before)), rel=1e-4)
        assert each.tokens == len(after)


def test_a_uniform_model_needs_the_logarithm_of_its_vocabulary_a_token(tokenizer: PreTrainedTokenizerBase) -> None:
    model = AutoModelForCausalLM.from_config(LlamaConfig(vocab_size=4096, **SIZES)).eval()
    torch.nn.init.zeros_(model.lm_head.weight)
    (found,) = surprise(model, tokenizer, ["question"], ["b=a+4 3+4=0"])
    assert found.bits == pytest.approx(12 * found.tokens, rel=1e-6)


def test_reasoning_is_opened_once_whether_or_not_the_template_does_it() -> None:
    assert open_reasoning("prompt") == f"prompt{OPEN}\n"
    assert open_reasoning(f"prompt{OPEN}\n") == f"prompt{OPEN}\n"
    assert open_reasoning(f"prompt{OPEN}") == f"prompt{OPEN}\n"


def test_an_empty_trace_has_no_bits(tokenizer: PreTrainedTokenizerBase) -> None:
    model = AutoModelForCausalLM.from_config(LlamaConfig(vocab_size=4096, **SIZES)).eval()
    assert surprise(model, tokenizer, ["question"], [""]) == [Surprise(bits=0.0, tokens=0)]
    assert [each.tokens for each in surprise(model, tokenizer, ["a", "b"], ["", "3+4=0"], 1)] == [0, 4]


def test_a_trace_that_the_model_has_no_positions_for_is_refused(tokenizer: PreTrainedTokenizerBase) -> None:
    """Llama would go on where it was never trained, and GPT-2 stop with an index that tells nobody why."""
    config = LlamaConfig(vocab_size=4096, max_position_embeddings=64, **SIZES)
    model = AutoModelForCausalLM.from_config(config).eval()
    with pytest.raises(GateError, match=r"trace 2 of 2: .* has \d+ tokens, .* 64"):
        surprise(model, tokenizer, ["q", "q"], ["3+4=0", "3+4=0 " * 60])
