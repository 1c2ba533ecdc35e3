"""Bits counted in batches equal those counted token by token, for several kinds of model."""

from copy import deepcopy
from math import log
from random import Random
from typing import Any

import pytest
import torch
from tokenizers import Regex
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GPT2Config,
    LlamaConfig,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
    Qwen3Config,
)

from harness.faithfulness.likelihood import TraceNLL, _nats, _row, evenly, trace_bits, trace_nll
from traceinv.dialect import adapt, read_dialect
from traceinv.formatting import check_rendering, encode_example, render_prompt
from traceinv.lab.models import BASE
from traceinv.reasoning import wrap_reply
from traceinv.records import Disclosure, Example, Question, Transcript

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

        def __call__(
            self, raw: str, add_special_tokens: bool, split_special_tokens: bool = False
        ) -> dict[str, list[int]]:
            return {"input_ids": [token % 400 for token in tokenizer(raw, add_special_tokens=False)["input_ids"]]}

        def convert_ids_to_tokens(self, ids: list[int]) -> list[str]:
            return ["x" for _ in ids]

    rows = trace_nll(model, Small(), prompts, traces, batch_tokens)  # type: ignore[arg-type]
    for prompt, trace, row in zip(prompts, traces, rows, strict=True):
        assert row is not None
        before = Small()(prompt, False)["input_ids"]
        after = Small()(trace, False)["input_ids"]
        with torch.inference_mode():
            assert row.bits == pytest.approx(_plain(model, before + after, len(before)), rel=1e-4)
        assert row.tokens == len(after)


def test_a_uniform_model_needs_the_logarithm_of_its_vocabulary_a_token(tokenizer: PreTrainedTokenizerBase) -> None:
    model = AutoModelForCausalLM.from_config(LlamaConfig(vocab_size=4096, **SIZES)).eval()
    torch.nn.init.zeros_(model.lm_head.weight)
    (row,) = trace_nll(model, tokenizer, ["question"], ["b=a+4 3+4=0"])
    assert row is not None
    assert row.bits == pytest.approx(12 * row.tokens, rel=1e-6)


def test_an_empty_trace_has_no_bits(tokenizer: PreTrainedTokenizerBase) -> None:
    model = AutoModelForCausalLM.from_config(LlamaConfig(vocab_size=4096, **SIZES)).eval()
    assert trace_nll(model, tokenizer, ["question"], [""]) == [TraceNLL(bits=0.0, tokens=0)]
    rows = trace_nll(model, tokenizer, ["a", "b"], ["", "3+4=0"], 1)
    assert [row.tokens for row in rows if row] == [0, 4]


def test_a_trace_that_the_model_has_no_positions_for_is_left_out(tokenizer: PreTrainedTokenizerBase) -> None:
    """Llama would go on where it was never trained, and GPT-2 stop with an index that tells nobody why."""
    config = LlamaConfig(vocab_size=4096, max_position_embeddings=64, **SIZES)
    model = AutoModelForCausalLM.from_config(config).eval()
    long, short, none = trace_nll(model, tokenizer, ["q"] * 3, ["3+4=0 " * 60, "3+4=0", "3+4=0 " * 60])
    assert long is none is None
    assert short is not None
    assert [short] == trace_nll(model, tokenizer, ["q"], ["3+4=0"])
    assert trace_nll(model, tokenizer, ["q"], ["3+4=0 " * 60]) == [None]


def test_a_trace_that_is_too_long_under_one_condition_is_left_out_of_all_and_counted(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    config = LlamaConfig(vocab_size=4096, max_position_embeddings=128, **SIZES)
    model = AutoModelForCausalLM.from_config(config).eval()
    questions = [Question(id=name, kind="k", text="why") for name in ("a", "b", "c")]
    hidden = [Transcript(id=q.id, question=q, trace="3+4=0", answer="0", finish_reason="stop") for q in questions]
    summaries = ["s", "3+4=0 " * 60, "t"]
    shown = [Disclosure(id=q.id, question=q, answer="0", summary=s) for q, s in zip(questions, summaries, strict=True)]
    bits = trace_bits(model, tokenizer, str, hidden, shown, ("question", "summary"), as_inverter=True)
    assert (bits.ids, bits.skipped) == (["a", "c"], 1)
    assert [len(condition) for condition in bits.bits.values()] == [2, 2]
    assert len(bits.tokens) == 2


def test_what_looks_like_a_special_token_in_a_trace_is_text(tokenizer: PreTrainedTokenizerBase) -> None:
    """A trace that quotes a chat would otherwise get the token that ends a turn, which no model writes inside a trace."""
    model = AutoModelForCausalLM.from_config(LlamaConfig(vocab_size=4096, **SIZES)).eval()
    end = str(tokenizer.eos_token)
    (row,) = trace_nll(model, tokenizer, ["q"], [f"3+4=0{end}"])
    assert row is not None
    assert row.tokens > len(tokenizer("3+4=0")["input_ids"]) + 1


def test_a_large_vocabulary_makes_no_token_too_cheap() -> None:
    """Summed along a strided axis, 49,000 terms of float32 came out 5e-5 nats too low a token, always downwards."""
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(2, 64, 49_152, generator=generator)
    expected = torch.randint(49_152, (2, 64), generator=generator)
    exact = torch.nn.functional.cross_entropy(logits.double().transpose(1, 2), expected, reduction="none")
    assert abs(float((_nats(logits, expected) - exact).mean())) < 5e-6


def test_bits_are_taken_of_the_disclosed_questions_under_each_condition(tokenizer: PreTrainedTokenizerBase) -> None:
    """A uniform model needs 12 bits a token whatever it is shown, so that the layout of the result can be checked."""
    model = AutoModelForCausalLM.from_config(LlamaConfig(vocab_size=4096, **SIZES)).eval()
    torch.nn.init.zeros_(model.lm_head.weight)
    questions = [Question(id=str(number), kind="k", text="why") for number in range(3)]
    traces = ["3+4=0", "3+4=0 3+4=0", "never disclosed"]
    hidden = [
        Transcript(id=q.id, question=q, trace=trace, answer="0", finish_reason="stop")
        for q, trace in zip(questions, traces, strict=True)
    ]
    shown = [Disclosure(id=q.id, question=q, answer="0", summary="s") for q in (questions[1], questions[0])]
    messages: list[str] = []

    def render(message: str) -> str:
        messages.append(message)
        return message

    bits = trace_bits(model, tokenizer, render, hidden, shown, ("question", "summary"), as_inverter=True)
    assert bits.ids == ["1", "0"]
    assert list(bits.bits) == ["question", "summary"]
    for condition in bits.bits.values():
        assert condition == pytest.approx([12 * tokens for tokens in bits.tokens], rel=1e-4)
    assert ["Summary" in message for message in messages] == [False, False, True, True]


def test_rows_are_taken_at_even_distances() -> None:
    assert evenly(range(10), 5) == [0, 2, 4, 6, 8]
    assert evenly(range(3), 5) == [0, 1, 2]


@pytest.fixture(scope="module")
def merging() -> PreTrainedTokenizerBase:
    """A tokenizer that reads `<think>` as text and several newlines as one token, as those of SmolLM2 and Qwen2.5 do."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    inner = Tokenizer(models.BPE())
    split = r" ?[^\s\w]+[\r\n]*|\s*[\r\n]+| ?\w+|\s+"
    inner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(split), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    inner.decoder = decoders.ByteLevel()
    bytes_ = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=330, special_tokens=["<|end|>"], initial_alphabet=bytes_, show_progress=False
    )
    inner.train_from_iterator(["<think>\n1+1=2\n</think>\n\n2 >\n\n >\n\n\n a\n\n b\n\n\n"] * 9, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=inner)
    fast.add_special_tokens({"eos_token": "<|end|>"})
    fast.chat_template = (
        "{% for m in messages %}Q: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}A:{% endif %}"
    )
    return fast


@pytest.mark.parametrize("opens", ["the model", "the prompt", "a special token"])
@pytest.mark.parametrize("trace", ["1+1=2", "\n1+1=2", "\n\na\n\nb", "  a", "b"])
def test_a_trace_is_measured_in_the_tokens_that_a_student_learns(
    merging: PreTrainedTokenizerBase, trace: str, opens: str
) -> None:
    tokenizer: Any = deepcopy(merging)
    if opens == "the prompt":
        tokenizer.chat_template = tokenizer.chat_template.replace("A:", "A:<think>\n")
    if opens == "a special token":
        tokenizer.add_special_tokens({"additional_special_tokens": ["<think>", "</think>"]})
    assert ("<think>" in tokenizer.get_vocab()) is (opens == "a special token")
    dialect = read_dialect(adapt(tokenizer))
    row = encode_example(tokenizer, Example(id="q", prompt="1+1?", completion=wrap_reply(trace, "2")), dialect)
    check_rendering(tokenizer, [Example(id="q", prompt="1+1?", completion=wrap_reply(trace, "2"))], [row], dialect)
    measured = _row(tokenizer, render_prompt(tokenizer, "1+1?"), dialect.opening, trace)
    learned = [token for token, seen in zip(row.input_ids, row.completion_mask, strict=True) if seen]
    begun = len(row.input_ids) - len(learned)
    assert measured.ids[:begun] == row.input_ids[:begun]
    # the last token of a trace may be one with what closes the reasoning, which is not measured
    assert measured.ids[begun:-1] == learned[: len(measured.ids) - begun - 1]
    assert tokenizer.decode(measured.ids[measured.start :]).endswith(trace)
    assert len(tokenizer.decode(measured.ids[measured.start :])) <= len(trace) + len(dialect.opening)


def test_what_looks_like_a_special_token_after_an_opening_is_text(merging: PreTrainedTokenizerBase) -> None:
    row = _row(merging, "A:", "<think>\n", "\n1<|end|>")
    assert merging.eos_token_id not in row.ids
    assert merging.decode(row.ids) == "A:<think>\n\n1<|end|>"
