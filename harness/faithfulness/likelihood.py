"""Measure how many bits of a true trace its disclosed parts give away.

The trace negative log-likelihood (trace NLL) is taken under a model that is shown the question, then the answer too, then the
summary too; what a part lowers it by is what that part gives away. Where each condition is measured with a model trained for
it, this is the usable information of Xu et al. 2020 ("A theory of usable information under computational constraints"). A
model that was trained for another condition also pays for the unfamiliar prompt.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any, TypeVar

from traceinv.dialect import special_tokens
from traceinv.formatting import encode_prompt, encode_reply, encode_text
from traceinv.inversion import Shown, inverter_prompt
from traceinv.progress import Progress, silent
from traceinv.records import Disclosure, Transcript
from traceinv.schema import Closed

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

BATCH_TOKENS = 8_192
POSITIONS = 1_024
"""Positions whose losses are computed at a time; all at once would hold a large vocabulary in float32 for each of them."""
T = TypeVar("T")


@dataclass(frozen=True)
class TraceNLL:
    """The negative log-likelihood of a trace.

    Attributes:
        bits: of the whole trace.
        tokens: its length in the model's own tokens.
    """

    bits: float
    tokens: int


class TraceBits(Closed):
    """The bits of hidden traces under one model, by the last part that it was shown.

    Attributes:
        ids: the questions whose trace fits into the model's context under every condition.
        tokens: length of each trace in the model's own tokens.
        bits: for each condition the bits of each trace.
        skipped: number of traces that do not fit.
    """

    ids: list[str]
    tokens: list[int]
    bits: dict[Shown, list[float]]
    skipped: int = 0


def trace_bits(
    model: Any,
    tokenizer: "PreTrainedTokenizerBase",
    render: Callable[[str], str],
    transcripts: Sequence[Transcript],
    disclosures: Sequence[Disclosure],
    shown: Sequence[Shown],
    as_inverter: bool,
    progress: Progress = silent,
    opening: str = "",
) -> TraceBits:
    """Take the NLL of each disclosure's hidden trace under each condition.

    A trace that is too long for the model under one condition is left out of all, so that every condition has the same traces.

    Args:
        render: writes a user's message in the model's chat template, up to where the reply begins.
        opening: what the model writes before its reasoning.
        shown: the conditions, each by the last part that the model is shown.
        as_inverter: whether the model is prompted like an inverter; otherwise with the question alone.
    """
    hidden = {transcript.id: transcript.trace or "" for transcript in transcripts}
    traces = [hidden[disclosure.id] for disclosure in disclosures]
    by_condition: dict[Shown, list[TraceNLL | None]] = {}
    for number, last in enumerate(shown, 1):
        texts = [inverter_prompt(d, last) if as_inverter else d.question.text for d in disclosures]
        by_condition[last] = trace_nll(model, tokenizer, [render(text) for text in texts], traces, opening=opening)
        progress(number / len(shown))
    by_trace = zip(disclosures, *by_condition.values(), strict=True)
    measured = {d.id: [row for row in rows if row is not None] for d, *rows in by_trace if None not in rows}
    return TraceBits(
        ids=list(measured),
        tokens=[rows[0].tokens for rows in measured.values()],
        bits={last: [round(rows[at].bits, 4) for rows in measured.values()] for at, last in enumerate(shown)},
        skipped=len(disclosures) - len(measured),
    )


def evenly(rows: Sequence[T], limit: int) -> list[T]:
    """Take at most `limit` rows at even distances, so that every kind of question keeps its share."""
    return [rows[len(rows) * i // limit] for i in range(limit)] if len(rows) > limit else list(rows)


def trace_nll(
    model: Any,
    tokenizer: "PreTrainedTokenizerBase",
    prompts: Sequence[str],
    traces: Sequence[str],
    batch_tokens: int = BATCH_TOKENS,
    progress: Progress = silent,
    opening: str = "",
) -> list[TraceNLL | None]:
    """Take the NLL of each trace after its rendered prompt and the opening of the reasoning, in the order given.

    Only the tokens of the trace count, not the reasoning markers and not the answer; a token that the trace shares with the
    opening is the trace's. What looks like a special token in a trace is text.

    Args:
        model: any causal language model of Hugging Face transformers.
        batch_tokens: tokens of a batch at most, padding included; a longer row is a batch by itself.

    Returns:
        None for a trace that with its prompt is longer than the model's context, beyond which its bits mean nothing.
    """
    rows = [_row(tokenizer, prompt, opening, trace) for prompt, trace in zip(prompts, traces, strict=True)]
    context = getattr(model.config, "max_position_embeddings", None) or max((len(row.ids) for row in rows), default=0)
    fitting = [index for index, row in enumerate(rows) if len(row.ids) <= context]
    measured: dict[int, TraceNLL] = {}
    for batch in _batches(fitting, [len(row.ids) for row in rows], batch_tokens):
        bits = _batch_bits(model, [rows[index] for index in batch])
        measured.update((i, TraceNLL(b, len(rows[i].ids) - rows[i].start)) for i, b in zip(batch, bits, strict=True))
        progress(len(measured) / len(fitting))
    return [measured.get(index) for index in range(len(rows))]


@dataclass(frozen=True)
class _Row:
    """The token ids of a prompt and its trace; those of the trace begin at `start`."""

    ids: list[int]
    start: int


def _row(tokenizer: "PreTrainedTokenizerBase", prompt: str, opening: str, trace: str) -> _Row:
    """Tokenise prompt and reply apart, as in training, so that a trace has the same tokens after every prompt.

    Where `<think>` is no token of its own, a trace that begins with a newline may share a token with the opening.
    """
    special = [token for token in special_tokens(tokenizer) if token in opening] if opening else []
    end = max((opening.rindex(token) + len(token) for token in special), default=0)  # no token spans a special one
    before = encode_prompt(tokenizer, prompt) + (encode_reply(tokenizer, opening[:end]) if end else [])
    alone, together = encode_text(tokenizer, opening[end:]), encode_text(tokenizer, opening[end:] + trace)
    shared = next((n for n, (one, other) in enumerate(zip(alone, together, strict=False)) if one != other), len(alone))
    return _Row(before + together, len(before) + shared)


def _batches(indices: Sequence[int], lengths: Sequence[int], batch_tokens: int) -> list[list[int]]:
    """Group the given indices of rows by similar length, as many in a batch as fit."""
    batches: list[list[int]] = []
    for index in sorted(indices, key=lambda i: lengths[i]):
        if batches and (len(batches[-1]) + 1) * lengths[index] <= batch_tokens:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches


def _batch_bits(model: Any, rows: Sequence[_Row]) -> list[float]:
    """Return the bits of each row's trace; rows are padded on the right, which a causal model never attends to."""
    import torch

    longest, first = max(len(row.ids) for row in rows), min(row.start for row in rows)
    if longest == first:  # only empty traces
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
        losses = [_nats(part, expected) for part, expected in parts]
    nats = (torch.cat(losses, dim=1).double() * counted[:, first:]).sum(dim=1)
    return [float(value) / log(2) for value in nats]


def _nats(logits: "torch.Tensor", expected: "torch.Tensor") -> "torch.Tensor":
    """Return the cross-entropy of each expected token in nats, (rows x positions).

    The vocabulary is the last axis in memory. Along a strided axis, torch adds its terms up less exactly: with 49,000 of them,
    every token comes out about 0.1 millibit too cheap.
    """
    import torch

    flat = torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), expected.flatten(), reduction="none")
    return flat.view_as(expected)


def _logits(model: Any, ids: "torch.Tensor", mask: "torch.Tensor", first: int) -> "torch.Tensor":
    """Return the logits that predict the tokens after position `first`, (rows x positions x vocabulary).

    Models that take `logits_to_keep` do not compute the others.
    """
    import torch

    positions = torch.arange(first, ids.shape[1] - 1, device=ids.device)
    if "logits_to_keep" in inspect.signature(model.forward).parameters:
        kept: torch.Tensor = model(input_ids=ids, attention_mask=mask, use_cache=False, logits_to_keep=positions).logits
        return kept
    logits: torch.Tensor = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
    return logits[:, positions]
