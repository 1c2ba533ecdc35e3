"""Tests of the formatter, byte for byte, and of the render gate."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from traceinv.errors import GateError
from traceinv.formatting import EncodedExample, check_rendering, decode_reply, encode_example, render_prompt
from traceinv.inversion import inverter_prompt
from traceinv.lab.models import BASE
from traceinv.lab.tokenizer import CHAT_TEMPLATE
from traceinv.reasoning import wrap_reply
from traceinv.records import Disclosure, Example, Question

GOLDEN = Path(__file__).parent / "golden"
OPENING = CHAT_TEMPLATE.replace("{{ '<|assistant|>' }}{% endif %}", "{{ '<|assistant|><think>\\n' }}{% endif %}")
EXAMPLE = Example(id="q", prompt="What is 1+1?", completion=wrap_reply("1+1=2", "2"))


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    loaded: PreTrainedTokenizerFast = AutoTokenizer.from_pretrained(BASE)
    return loaded


def _golden(name: str, text: str) -> None:
    """Compare with a golden file; a change of it is a change of every prompt, so it is made by hand and on purpose."""
    assert text == (GOLDEN / name).read_text(encoding="utf-8")


def test_a_training_row_is_pinned(tokenizer: PreTrainedTokenizerFast) -> None:
    encoded = encode_example(tokenizer, EXAMPLE)
    check_rendering(tokenizer, [EXAMPLE], [encoded])
    _golden("training_row.txt", tokenizer.decode(encoded.input_ids))
    _golden("training_row.json", json.dumps({"ids": encoded.input_ids, "mask": encoded.completion_mask}) + "\n")


def test_an_inverters_prompt_is_pinned(tokenizer: PreTrainedTokenizerFast) -> None:
    shown = Disclosure(
        id="q", question=Question(id="q", kind="chain", text="What is 1+1?"), answer="2", summary="1+1=2\n"
    )
    texts = [render_prompt(tokenizer, inverter_prompt(shown, part)) for part in ("summary", "answer")]
    _golden("inverter_prompts.txt", "\n====\n".join(texts) + "\n")


def test_a_template_that_opens_the_reasoning_gets_it_once(tokenizer: PreTrainedTokenizerFast) -> None:
    opening = deepcopy(tokenizer)
    opening.chat_template = OPENING
    row = encode_example(opening, EXAMPLE)
    check_rendering(opening, [EXAMPLE], [row])
    assert row.input_ids == encode_example(tokenizer, EXAMPLE).input_ids


def test_the_loss_sees_the_completion_and_the_end_alone(tokenizer: PreTrainedTokenizerFast) -> None:
    encoded = encode_example(tokenizer, EXAMPLE)
    seen = [token for token, mask in zip(encoded.input_ids, encoded.completion_mask, strict=True) if mask]
    assert tokenizer.decode(seen) == EXAMPLE.completion + "<|end|>"


def _doubled_bos(tokenizer: PreTrainedTokenizerFast) -> None:
    tokenizer.bos_token = "<|user|>"
    tokenizer.chat_template = "<|user|>" + CHAT_TEMPLATE


def _template_closes_the_reasoning(tokenizer: PreTrainedTokenizerFast) -> None:
    tokenizer.chat_template = OPENING.replace("<think>\\n", "<think>\\n\\n</think>\\n\\n")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_doubled_bos, "BOS is doubled"),
        (_template_closes_the_reasoning, "the prompt already closes the reasoning"),
    ],
)
def test_the_render_gate_refuses_a_tokenizer(
    spoil: Callable[[PreTrainedTokenizerFast], None], message: str, tokenizer: PreTrainedTokenizerFast
) -> None:
    spoilt = deepcopy(tokenizer)
    spoil(spoilt)
    with pytest.raises(GateError, match=message):
        check_rendering(spoilt, [EXAMPLE], [encode_example(spoilt, EXAMPLE)])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda ids, mask: (ids, [*mask[1:], 1]), "the loss does not cover exactly the completion"),
        (lambda ids, mask: (ids, [*mask[:-1], 0]), "the end of the reply is not learned"),
        (lambda ids, mask: (ids[:-1], mask[:-1]), "it does not decode to the rendered text"),
    ],
)
def test_the_render_gate_refuses_any_row(
    spoil: Callable[[list[int], list[int]], tuple[list[int], list[int]]],
    message: str,
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    examples = [EXAMPLE, EXAMPLE.model_copy(update={"id": "the last"})]
    row = encode_example(tokenizer, EXAMPLE)
    spoilt = EncodedExample(*spoil(row.input_ids, row.completion_mask))
    with pytest.raises(GateError, match=f"example 'the last': .*{message}"):
        check_rendering(tokenizer, examples, [row, spoilt])


def test_the_render_gate_refuses_a_special_token_inside_the_completion(tokenizer: PreTrainedTokenizerFast) -> None:
    ends_early = Example(id="q", prompt="What is 1+1?", completion=wrap_reply("1+1=2<|end|>", "2"))
    with pytest.raises(GateError, match="a special token is inside the completion"):
        check_rendering(tokenizer, [ends_early], [encode_example(tokenizer, ends_early)])


def test_the_render_gate_refuses_to_train_on_nothing(tokenizer: PreTrainedTokenizerFast) -> None:
    with pytest.raises(GateError, match="no example"):
        check_rendering(tokenizer, [], [])


def test_padding_may_be_the_end_of_sequence_token(tokenizer: PreTrainedTokenizerFast) -> None:
    padded = deepcopy(tokenizer)
    padded.pad_token = padded.eos_token
    row = encode_example(padded, EXAMPLE)
    check_rendering(padded, [EXAMPLE], [row])
    assert (row.input_ids[-1], row.completion_mask[-1]) == (padded.eos_token_id, 1)


def test_a_tokenizer_that_is_told_to_clean_up_blanks_loses_none(tokenizer: PreTrainedTokenizerFast) -> None:
    """Those of Llama 3 are told so; before transformers 5.4 their decoder ate the blank before a full stop."""
    told = deepcopy(tokenizer)
    told.clean_up_tokenization_spaces = True
    text = "1 + 1 = 2 . I do n't know , is it ? We 've 3 ."
    example = Example(id="q", prompt=text, completion=wrap_reply(text, text))
    row = encode_example(told, example)
    check_rendering(told, [example], [row])
    learned = [token for token, seen in zip(row.input_ids, row.completion_mask, strict=True) if seen]
    assert decode_reply(told, learned, frozenset()) == example.completion


def test_a_tokenizer_without_a_chat_template_is_refused(tokenizer: PreTrainedTokenizerFast) -> None:
    bare = deepcopy(tokenizer)
    bare.chat_template = None
    with pytest.raises(GateError, match="no chat template"):
        render_prompt(bare, "x")


@pytest.mark.parametrize("text", ["é 😀 \t\r\n  x", "<think></think>", "a=1;Ann=2 if 3", "\u2028\u0000"])
def test_the_labs_tokenizer_loses_nothing(tokenizer: PreTrainedTokenizerFast, text: str) -> None:
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
