"""The formatter: text to tokens for training, inversion and scoring alike, and the render gate that checks it.

Every regime uses the same wrapper, `<think>` trace `</think>` answer, written in the model's own dialect and rendered in its
own chat template. Regimes differ in content only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traceinv.dialect import Dialect, load_tokenizer, read_dialect, special_tokens
from traceinv.errors import GateError
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


def encode_reply(tokenizer: Any, text: str, **options: Any) -> list[int]:
    """Return the token ids of a text that follows a prompt: without the blank that SentencePiece puts before a text."""
    if not _adds_blanks(tokenizer):
        ids: list[int] = tokenizer(text, add_special_tokens=False, **options)["input_ids"]
        return ids
    before = tokenizer("\n", add_special_tokens=False)["input_ids"]
    whole = tokenizer(f"\n{text}", add_special_tokens=False, **options)["input_ids"]
    return list(whole[len(before) :])


def encode_text(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
    """Return the token ids of a text that a model wrote: what looks like a special token in it is text."""
    return encode_reply(tokenizer, text, split_special_tokens=True)


def decode_reply(tokenizer: "PreTrainedTokenizerBase", ids: Sequence[int], marker_ids: frozenset[int]) -> str:
    """Decode generated tokens without special tokens, except for those that set reasoning apart (`Dialect.marker_ids`)."""
    if not marker_ids:
        return str(tokenizer.decode(list(ids), skip_special_tokens=True))
    dropped = set(special_tokens(tokenizer).values()) - marker_ids
    return str(tokenizer.decode([i for i in ids if i not in dropped], skip_special_tokens=False))


def encode_example(
    tokenizer: "PreTrainedTokenizerBase", example: Example, dialect: Dialect | None = None
) -> EncodedExample:
    """Encode one training row; the loss counts the reply and the token that ends it, never the prompt.

    Prompt and reply are tokenised separately, so the mask is exact at their boundary. Where the template's prompt already
    opens the reasoning, the reply does not open it again.

    Args:
        dialect: that of the tokenizer; read off it where left out.
    """
    spoken = dialect or read_dialect(tokenizer)
    prompt_ids = encode_prompt(tokenizer, render_prompt(tokenizer, example.prompt))
    reply_ids = encode_reply(tokenizer, spoken.write(example.completion) + spoken.end)
    mask = [0] * len(prompt_ids) + [1] * len(reply_ids)
    return EncodedExample(prompt_ids + reply_ids, mask)


def within_limit(
    examples: Sequence[Example], model: Path, max_tokens: int, trust_remote_code: bool = False
) -> list[Example]:
    """Return the examples that have at most `max_tokens` tokens under the tokenizer of a model's folder."""
    tokenizer = load_tokenizer(model, trust_remote_code=trust_remote_code)
    spoken = read_dialect(tokenizer)
    return [row for row in examples if len(encode_example(tokenizer, row, spoken).input_ids) <= max_tokens]


def check_rendering(
    tokenizer: "PreTrainedTokenizerBase",
    examples: Sequence[Example],
    encoded: Sequence[EncodedExample],
    dialect: Dialect | None = None,
) -> None:
    """Check every training row against the text that it was encoded from: the render gate.

    The padding token may be the end-of-sequence token: the collator masks padding by its label, so both are kept apart.

    Raises:
        GateError: there is no row, nothing ends a reply, the prompt closes the reasoning, or in some row the token ids of the
            prompt are not the template's own, the decoded text differs, the loss covers more or less than the reply, the end
            of the reply is not learned, BOS is doubled, or a special token is inside trace or answer.
    """
    if not examples:
        raise GateError("render gate: there is no example to train on")
    spoken = dialect or read_dialect(tokenizer)
    if spoken.closed:
        raise GateError(
            f"render gate: the prompt already closes the reasoning: it ends with {spoken.prompt_end[-40:]!r};"
            " state a variable of the chat template that leaves it open (dialect.template)"
        )
    gate = _RowGate(tokenizer, spoken)
    for example, row in zip(examples, encoded, strict=True):
        faults = gate.faults(example, row)
        if faults:
            raise GateError(f"render gate: example {example.id!r}: {'; '.join(faults)}; {example.completion[:80]!r}")


class _RowGate:
    """Finds what is wrong with encoded rows."""

    def __init__(self, tokenizer: "PreTrainedTokenizerBase", dialect: Dialect) -> None:
        self.tokenizer, self.dialect = tokenizer, dialect
        self.special = frozenset(special_tokens(tokenizer).values())
        markers = encode_prompt(tokenizer, dialect.opening) + encode_prompt(tokenizer, dialect.closing)
        self.special_learned = self._special_in([*markers, dialect.end_id])

    def faults(self, example: Example, row: EncodedExample) -> list[str]:
        """Return what is wrong with one encoded row."""
        tokenizer, dialect = self.tokenizer, self.dialect
        prompt, reply = render_prompt(tokenizer, example.prompt), dialect.write(example.completion) + dialect.end
        learned = [token for token, seen in zip(row.input_ids, row.completion_mask, strict=True) if seen]
        shown = row.input_ids[: len(row.input_ids) - len(learned)]
        wrapped = dialect.write(example.completion) != example.completion or dialect.plain
        faults = {
            "it does not decode to the rendered text": not decodes_to(tokenizer, row.input_ids, prompt + reply),
            "the loss does not cover exactly the completion": not decodes_to(tokenizer, learned, reply),
            "the end of the reply is not learned": learned[-1:] != [dialect.end_id],
            "the prompt's tokens are not the template's own": shown != template_ids(tokenizer, example.prompt),
            "BOS is doubled": _has_doubled_bos(tokenizer, row.input_ids),
            "a special token is inside the completion": wrapped and self._special_in(learned) != self.special_learned,
        }
        return [fault for fault, present in faults.items() if present]

    def _special_in(self, ids: Sequence[int]) -> list[int]:
        return [token for token in ids if token in self.special]


def template_ids(tokenizer: "PreTrainedTokenizerBase", message: str) -> list[int]:
    """Return the token ids that the chat template itself gives for a user's message."""
    rendered = tokenizer.apply_chat_template(
        [{"role": "user", "content": message}], tokenize=True, add_generation_prompt=True, return_dict=True
    )
    return list(rendered["input_ids"])


def decodes_to(tokenizer: "PreTrainedTokenizerBase", ids: Sequence[int], text: str) -> bool:
    """Return whether token ids decode to a text; blanks do not count where the tokenizer itself adds and drops them."""
    decoded = str(tokenizer.decode(list(ids)))
    if _adds_blanks(tokenizer):
        return "".join(decoded.split()) == "".join(text.split())
    return decoded == text


def check_prompts(tokenizer: "PreTrainedTokenizerBase", rendered: Sequence[str], encoded: Sequence[list[int]]) -> None:
    """Check that the model reads every rendered prompt as it is written.

    Raises:
        GateError: a decoded prompt differs from the rendered one, or its BOS is doubled.
    """
    for text, ids in zip(rendered, encoded, strict=True):
        if not decodes_to(tokenizer, ids, text) or _has_doubled_bos(tokenizer, ids):
            raise GateError(f"render gate: the prompt is not what the model reads: {tokenizer.decode(ids)[:80]!r}")


def check_prompt(tokenizer: "PreTrainedTokenizerBase", rendered: str) -> None:
    """Check that the model reads a rendered prompt as it is written.

    Raises:
        GateError: the decoded prompt differs from the rendered one, or its BOS is doubled.
    """
    check_prompts(tokenizer, [rendered], [encode_prompt(tokenizer, rendered)])


def _adds_blanks(tokenizer: Any) -> bool:
    """Return whether the tokenizer puts a blank before a text, as SentencePiece does, and so cannot give every text back."""
    return str(tokenizer.convert_ids_to_tokens(tokenizer("x", add_special_tokens=False)["input_ids"])[0]).startswith(
        "▁"
    )


def _has_doubled_bos(tokenizer: Any, ids: Sequence[int]) -> bool:
    bos = tokenizer.bos_token_id
    return bos is not None and list(ids[:2]) == [bos, bos]
