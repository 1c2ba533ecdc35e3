"""How many bits of a true trace its disclosed parts give away: its negative log-likelihood under a model that was shown them.

The difference between two conditions is the usable information of Xu et al. 2020 ("A theory of usable information under
computational constraints") where each is measured with a model that was taught it; for a model that was taught another
condition it also holds the strangeness of the prompt.
"""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any

from traceinv.errors import GateError
from traceinv.formatting import encode_prompt
from traceinv.progress import Progress
from traceinv.reasoning import open_reasoning

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

BATCH_TOKENS = 8_192
POSITIONS = 1_024
"""How many positions' losses are computed at a time; more would hold large vocabularies in full precision all at once."""


@dataclass(frozen=True)
class Surprise:
    """A trace's negative log-likelihood in bits, and its length in the model's own tokens."""

    bits: float
    tokens: int


@dataclass(frozen=True)
class _Row:
    ids: list[int]
    start: int


def surprise(
    model: Any,
    tokenizer: "PreTrainedTokenizerBase",
    prompts: Sequence[str],
    traces: Sequence[str],
    batch_tokens: int = BATCH_TOKENS,
    progress: Progress | None = None,
) -> list[Surprise]:
    """The surprise of each trace after its rendered prompt and the opening of the reasoning, in their order.

    Any Hugging Face causal language model will do. What is counted is the tokens of the trace, neither the markers around it
    nor the answer behind it; a batch holds up to `batch_tokens` tokens, padding included.

    Raises:
        GateError: a prompt and its trace are longer than what the model was made for: bits beyond that would say nothing.
    """
    rows = [_row(tokenizer, prompt, trace) for prompt, trace in zip(prompts, traces, strict=True)]
    _check_lengths(rows, getattr(model.config, "max_position_embeddings", None))
    found: dict[int, Surprise] = {}
    for batch in _batches([len(row.ids) for row in rows], batch_tokens):
        bits = _batch_bits(model, [rows[index] for index in batch])
        found.update((i, Surprise(b, len(rows[i].ids) - rows[i].start)) for i, b in zip(batch, bits, strict=True))
        if progress:
            progress(len(found) / len(rows))
    return [found[index] for index in range(len(rows))]


def _row(tokenizer: "PreTrainedTokenizerBase", prompt: str, trace: str) -> _Row:
    """Prompt and trace are tokenised apart, so that the same tokens of the trace are counted whatever stands before them."""
    before = encode_prompt(tokenizer, open_reasoning(prompt))
    return _Row(before + encode_prompt(tokenizer, trace), len(before))


def _check_lengths(rows: Sequence[_Row], most: int | None) -> None:
    for number, row in enumerate(rows, 1):
        if most and len(row.ids) > most:
            raise GateError(
                f"likelihood: trace {number} of {len(rows)}: with its prompt it has {len(row.ids)} tokens, "
                f"and the model takes no more than {most}"
            )


def _batches(lengths: Sequence[int], batch_tokens: int) -> list[list[int]]:
    """Indices of rows of like length, as many as fit."""
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if batches and (len(batches[-1]) + 1) * lengths[index] <= batch_tokens:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches


def _batch_bits(model: Any, rows: Sequence[_Row]) -> list[float]:
    """Rows are padded on the right, where no token of a causal model sees the padding."""
    import torch

    longest, first = max(len(row.ids) for row in rows), min(row.start for row in rows)
    if longest == first:  # empty traces only
        return [0.0] * len(rows)
    ids = torch.zeros((len(rows), longest), dtype=torch.long)
    mask = torch.zeros_like(ids)
    counted = torch.zeros_like(ids, dtype=torch.bool)
    for number, row in enumerate(rows):
        ids[number, : len(row.ids)] = torch.tensor(row.ids)
        mask[number, : len(row.ids)] = 1
        counted[number, row.start : len(row.ids)] = True
    ids, mask, counted = (tensor.to(model.device) for tensor in (ids, mask, counted))
    with torch.inference_mode():
        logits = _logits(model, ids, mask, first - 1)
        columns = range(0, logits.shape[1], POSITIONS)
        parts = ((logits[:, at : at + POSITIONS], ids[:, first + at : first + at + POSITIONS]) for at in columns)
        losses = [
            torch.nn.functional.cross_entropy(part.float().transpose(1, 2), wanted, reduction="none")
            for part, wanted in parts
        ]
    nats = (torch.cat(losses, dim=1).double() * counted[:, first:]).sum(dim=1)
    return [float(value) / log(2) for value in nats]


def _logits(model: Any, ids: "torch.Tensor", mask: "torch.Tensor", first: int) -> "torch.Tensor":
    """What the model expects after each token from `first` on, but for the last; models that can leave the rest out do so."""
    import torch

    wanted = torch.arange(first, ids.shape[1] - 1, device=ids.device)
    if "logits_to_keep" in inspect.signature(model.forward).parameters:
        kept: torch.Tensor = model(input_ids=ids, attention_mask=mask, use_cache=False, logits_to_keep=wanted).logits
        return kept
    every: torch.Tensor = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
    return every[:, wanted]
