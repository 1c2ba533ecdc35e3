"""The one formatter: text to tokens for training, inversion and scoring alike, and the gate that checks it.

All regimes share one wrapper, `<think>` trace `</think>` answer, rendered in the model's own chat template; what differs
between regimes is content alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from traceinv.errors import GateError
from traceinv.reasoning import completion_after
from traceinv.records import Example

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class EncodedExample:
    """Token ids of prompt and completion, and which of them the loss sees (1) or not (0); equal lengths."""

    input_ids: list[int]
    completion_mask: list[int]


def render_prompt(tokenizer: "PreTrainedTokenizerBase", message: str) -> str:
    """One user message in the model's chat template, up to where the reply begins.

    Raises:
        GateError: the tokenizer has no chat template.
    """
    if not tokenizer.chat_template:
        raise GateError(
            f"the tokenizer {tokenizer.name_or_path!r} has no chat template, which every stage renders with"
        )
    rendered = tokenizer.apply_chat_template(
        [{"role": "user", "content": message}], tokenize=False, add_generation_prompt=True
    )
    return str(rendered)


def encode_prompt(tokenizer: "PreTrainedTokenizerBase", rendered: str) -> list[int]:
    """Token ids of a rendered prompt; special tokens are the template's own, none is added a second time."""
    ids: list[int] = tokenizer(rendered, add_special_tokens=False)["input_ids"]
    return ids


def encode_example(tokenizer: "PreTrainedTokenizerBase", example: Example) -> EncodedExample:
    """Tokens of one training row; the loss sees the completion and its end-of-sequence token, never the prompt.

    Prompt and completion are tokenised apart, so the mask is exact at their boundary. Where the template's prompt already
    opens the reasoning, the completion does not open it again.
    """
    prompt = render_prompt(tokenizer, example.prompt)
    completion = completion_after(prompt, example.completion) + str(tokenizer.eos_token)
    prompt_ids = encode_prompt(tokenizer, prompt)
    completion_ids = encode_prompt(tokenizer, completion)
    mask = [0] * len(prompt_ids) + [1] * len(completion_ids)
    return EncodedExample(prompt_ids + completion_ids, mask)


def check_rendering(tokenizer: "PreTrainedTokenizerBase", examples: Sequence[Example]) -> str:
    """The render gate: encode and decode the first row, compare with what it should be, and return it as decoded.

    Raises:
        GateError: there is no row, BOS is doubled, the reasoning markers are lost, the mask is off the completion, or the
            end-of-sequence token is out of the loss.
    """
    if not examples:
        raise GateError("render gate: there is no example to train on")
    example = examples[0]
    encoded = encode_example(tokenizer, example)
    prompt = render_prompt(tokenizer, example.prompt)
    completion = completion_after(prompt, example.completion)
    learned = [token for token, seen in zip(encoded.input_ids, encoded.completion_mask, strict=True) if seen]
    bos = tokenizer.bos_token_id
    checks = {
        "the decoded row is the rendered text": tokenizer.decode(encoded.input_ids)
        == prompt + completion + str(tokenizer.eos_token),
        "the loss sees exactly the completion": tokenizer.decode(learned) == completion + str(tokenizer.eos_token),
        "the end-of-sequence token is in the loss": learned[-1:] == [tokenizer.eos_token_id],
        "BOS is not doubled": bos is None or encoded.input_ids[:2] != [bos, bos],
        "the padding token is not the end-of-sequence token": tokenizer.pad_token_id != tokenizer.eos_token_id,
        "the reasoning markers survive decoding": tokenizer.decode(learned, skip_special_tokens=True) == completion,
    }
    failed = [name for name, holds in checks.items() if not holds]
    if failed:
        raise GateError(
            f"render gate: not true that {'; nor that '.join(failed)}; first row: {example.completion[:80]!r}"
        )
    return str(tokenizer.decode(encoded.input_ids))


def check_prompt(tokenizer: "PreTrainedTokenizerBase", rendered: str) -> None:
    """The render gate of everything that writes: a rendered prompt is what the model will read.

    Raises:
        GateError: the prompt does not survive tokenising, or its BOS is doubled.
    """
    ids = encode_prompt(tokenizer, rendered)
    bos = tokenizer.bos_token_id
    if tokenizer.decode(ids) != rendered or (bos is not None and ids[:2] == [bos, bos]):
        raise GateError(f"render gate: the prompt is not what the model reads: {tokenizer.decode(ids)[:80]!r}")
