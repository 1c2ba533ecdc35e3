"""The one formatter, byte for byte, and the render gate."""

import json
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerFast

from traceinv.errors import GateError
from traceinv.formatting import check_rendering, encode_example, render_prompt
from traceinv.inversion import inverter_prompt
from traceinv.lab.pretraining import corpus
from traceinv.lab.tokenizer import CHAT_TEMPLATE, build_tokenizer
from traceinv.reasoning import wrap_reply
from traceinv.records import Disclosure, Example, Question

GOLDEN = Path(__file__).parent / "golden"
OPENING = CHAT_TEMPLATE.replace("{{ '<|assistant|>' }}{% endif %}", "{{ '<|assistant|><think>\\n' }}{% endif %}")
EXAMPLE = Example(id="q", prompt="What is 1+1?", completion=wrap_reply("1+1=2", "2"))


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return build_tokenizer(corpus())


def _golden(name: str, text: str) -> None:
    """Compare with a golden file; a change of it is a change of every prompt, so it is made by hand and on purpose."""
    assert text == (GOLDEN / name).read_text(encoding="utf-8")


def test_a_training_row_is_pinned(tokenizer: PreTrainedTokenizerFast) -> None:
    _golden("training_row.txt", check_rendering(tokenizer, [EXAMPLE]))
    encoded = encode_example(tokenizer, EXAMPLE)
    _golden("training_row.json", json.dumps({"ids": encoded.input_ids, "mask": encoded.completion_mask}) + "\n")


def test_an_inverters_prompt_is_pinned(tokenizer: PreTrainedTokenizerFast) -> None:
    shown = Disclosure(
        id="q", question=Question(id="q", kind="chain", text="What is 1+1?"), answer="2", summary="1+1=2\n"
    )
    texts = [render_prompt(tokenizer, inverter_prompt(shown, with_summary)) for with_summary in (True, False)]
    _golden("inverter_prompts.txt", "\n====\n".join(texts) + "\n")


def test_a_template_that_opens_the_reasoning_gets_it_once(tokenizer: PreTrainedTokenizerFast) -> None:
    opening = build_tokenizer(corpus())
    opening.chat_template = OPENING
    assert check_rendering(opening, [EXAMPLE]) == check_rendering(tokenizer, [EXAMPLE])


def test_the_loss_sees_the_completion_and_the_end_alone(tokenizer: PreTrainedTokenizerFast) -> None:
    encoded = encode_example(tokenizer, EXAMPLE)
    seen = [token for token, mask in zip(encoded.input_ids, encoded.completion_mask, strict=True) if mask]
    assert tokenizer.decode(seen) == EXAMPLE.completion + "<|end|>"


def _doubled_bos(tokenizer: PreTrainedTokenizerFast) -> None:
    tokenizer.bos_token = "<|user|>"
    tokenizer.chat_template = "<|user|>" + CHAT_TEMPLATE


def _padding_is_the_end(tokenizer: PreTrainedTokenizerFast) -> None:
    tokenizer.pad_token = tokenizer.eos_token


def _markers_are_special(tokenizer: PreTrainedTokenizerFast) -> None:
    tokenizer.add_special_tokens({"additional_special_tokens": ["<think>", "</think>"]})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_doubled_bos, "BOS is not doubled"),
        (_padding_is_the_end, "the padding token is not the end-of-sequence token"),
        (_markers_are_special, "the reasoning markers survive decoding"),
    ],
)
def test_the_render_gate_refuses(spoil: object, message: str) -> None:
    spoilt = build_tokenizer(corpus())
    assert callable(spoil)
    spoil(spoilt)
    with pytest.raises(GateError, match=message):
        check_rendering(spoilt, [EXAMPLE])


def test_a_tokenizer_without_a_chat_template_is_refused(tokenizer: PreTrainedTokenizerFast) -> None:
    bare = build_tokenizer(corpus())
    bare.chat_template = None
    with pytest.raises(GateError, match="no chat template"):
        render_prompt(bare, "x")


@pytest.mark.parametrize("text", ["é 😀 \t\r\n  x", "<think></think>", "a=1;Ann=2 if 3", "\u2028\u0000"])
def test_the_labs_tokenizer_loses_nothing(tokenizer: PreTrainedTokenizerFast, text: str) -> None:
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
