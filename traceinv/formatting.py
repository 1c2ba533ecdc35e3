"""The formatter: text to tokens for training, inversion and scoring alike, and the render gate that checks it.

Every regime uses the same wrapper, `<think>` trace `</think>` answer, rendered in the model's own chat template. Regimes
differ in content only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traceinv.errors import GateError
from traceinv.reasoning import CLOSE, OPEN, THINK, Markers, completion_after, marker_tokens
from traceinv.records import Example

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class EncodedExample:
    """One training row in tokens.

    Attributes:
        input_ids: prompt and completion.
        completion_mask: 1 where the loss counts the token, 0 where it does not; as long as `input_ids`.
    """

    input_ids: list[int]
    completion_mask: list[int]


def render_prompt(tokenizer: "PreTrainedTokenizerBase", message: str) -> str:
    """Render one user message in the model's chat template, up to where the reply begins.

    Raises:
        GateError: the tokenizer has no chat template.
    """
    return render_messages(tokenizer, [{"role": "user", "content": message}])


def render_messages(
    tokenizer: "PreTrainedTokenizerBase", messages: Sequence[dict[str, str]], add_generation_prompt: bool = True
) -> str:
    """Render a conversation in the model's chat template.

    Args:
        add_generation_prompt: end where the reply begins; otherwise the last message is the beginning of the reply, and
            the text ends where the reply goes on.

    Raises:
        GateError: the tokenizer has no chat template.
    """
    if not tokenizer.chat_template:
        raise GateError(f"the tokenizer {tokenizer.name_or_path!r} has no chat template; every stage needs one")
    rendered = tokenizer.apply_chat_template(
        list(messages),
        tokenize=False,
        add_generation_prompt=add_generation_prompt,
        continue_final_message=not add_generation_prompt,
    )
    return str(rendered)


def template_source(tokenizer: Any) -> str | None:
    """Return the source of a tokenizer's chat template; None where it has none."""
    template = tokenizer.chat_template
    return repr(sorted(template.items())) if isinstance(template, dict) else template


def encode_prompt(tokenizer: "PreTrainedTokenizerBase", rendered: str, add_special_tokens: bool = False) -> list[int]:
    """Return the token ids of a prompt.

    A chat template writes its special tokens itself, so none is added. A prompt that no template made may need the
    tokenizer's own (`add_special_tokens`), such as BOS.
    """
    ids: list[int] = tokenizer(rendered, add_special_tokens=add_special_tokens)["input_ids"]
    return ids


def encode_text(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
    """Return the token ids of a text that a model wrote: what looks like a special token in it is text."""
    ids: list[int] = tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    return ids


def decode_reply(tokenizer: "PreTrainedTokenizerBase", ids: Sequence[int], markers: Markers = THINK) -> str:
    """Decode generated tokens without special tokens, except for reasoning markers that are special tokens."""
    special = {tokenizer.convert_tokens_to_ids(token): token for token in tokenizer.all_special_tokens}
    marking = marker_tokens(special.values(), markers)
    if not marking:
        return str(tokenizer.decode(list(ids), skip_special_tokens=True))
    kept = [i for i in ids if i not in special or special[i] in marking]
    return str(tokenizer.decode(kept, skip_special_tokens=False))


def encode_example(tokenizer: "PreTrainedTokenizerBase", example: Example) -> EncodedExample:
    """Encode one training row; the loss counts the completion and its end-of-sequence token, never the prompt.

    Prompt and completion are tokenised separately, so the mask is exact at their boundary. Where the template's prompt
    already opens the reasoning, the completion does not open it again.
    """
    prompt = render_prompt(tokenizer, example.prompt)
    completion = completion_after(prompt, example.completion) + str(tokenizer.eos_token)
    prompt_ids = encode_prompt(tokenizer, prompt)
    completion_ids = encode_prompt(tokenizer, completion)
    mask = [0] * len(prompt_ids) + [1] * len(completion_ids)
    return EncodedExample(prompt_ids + completion_ids, mask)


def within_limit(examples: Sequence[Example], model: Path, max_tokens: int) -> list[Example]:
    """Return the examples that have at most `max_tokens` tokens under the tokenizer of a model's folder."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    return [example for example in examples if len(encode_example(tokenizer, example).input_ids) <= max_tokens]


def check_rendering(
    tokenizer: "PreTrainedTokenizerBase", examples: Sequence[Example], encoded: Sequence[EncodedExample]
) -> None:
    """Check every training row against the text that it was encoded from: the render gate.

    The padding token may be the end-of-sequence token: the collator masks padding by its label, so both are kept apart.

    Raises:
        GateError: there is no row, the tokenizer lacks a padding or end-of-sequence token, or in some row the decoded text
            differs, the loss covers more or less than the completion, the end-of-sequence token is not learned, BOS is
            doubled, the prompt already closes the reasoning, the reasoning markers are special tokens, or another special
            token is inside the completion.
    """
    if not examples:
        raise GateError("render gate: there is no example to train on")
    for name, token in (("end-of-sequence", tokenizer.eos_token), ("padding", tokenizer.pad_token)):
        if token is None:
            raise GateError(f"render gate: the tokenizer {tokenizer.name_or_path!r} has no {name} token")
    special = frozenset(tokenizer.all_special_ids)
    for example, row in zip(examples, encoded, strict=True):
        faults = _faults(tokenizer, example, row, special)
        if faults:
            raise GateError(f"render gate: example {example.id!r}: {'; '.join(faults)}; {example.completion[:80]!r}")


def _faults(
    tokenizer: "PreTrainedTokenizerBase", example: Example, row: EncodedExample, special: frozenset[int]
) -> list[str]:
    """Return what is wrong with one encoded row."""
    prompt = render_prompt(tokenizer, example.prompt)
    completion = completion_after(prompt, example.completion)
    ending = str(tokenizer.eos_token)
    learned = [token for token, seen in zip(row.input_ids, row.completion_mask, strict=True) if seen]
    bos = tokenizer.bos_token_id
    faults = {
        "it does not decode to the rendered text": tokenizer.decode(row.input_ids) != prompt + completion + ending,
        "the loss does not cover exactly the completion": tokenizer.decode(learned) != completion + ending,
        "the end-of-sequence token is not learned": learned[-1:] != [tokenizer.eos_token_id],
        "BOS is doubled": bos is not None and row.input_ids[:2] == [bos, bos],
        "the prompt already closes the reasoning": prompt.rstrip().endswith(CLOSE),
        "the reasoning markers are special tokens": any(
            map(special.__contains__, encode_prompt(tokenizer, OPEN + CLOSE))
        ),
        "a special token is inside the completion": any(map(special.__contains__, learned[:-1])),
    }
    return [fault for fault, present in faults.items() if present]


def check_prompt(tokenizer: "PreTrainedTokenizerBase", rendered: str) -> None:
    """Check that the model reads a rendered prompt as it is written.

    Raises:
        GateError: the decoded prompt differs from the rendered one, or its BOS is doubled.
    """
    ids = encode_prompt(tokenizer, rendered)
    bos = tokenizer.bos_token_id
    if tokenizer.decode(ids) != rendered or (bos is not None and ids[:2] == [bos, bos]):
        raise GateError(f"render gate: the prompt is not what the model reads: {tokenizer.decode(ids)[:80]!r}")
