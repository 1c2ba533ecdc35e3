"""Trace inversion (arXiv 2603.07267, section 3): write a trace from question, answer and summary.

An inverter is a model that was fine-tuned to do so. Its training examples are the surrogate's, whose traces are open; then it
writes a trace for each of the target's disclosures.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from traceinv.engines.base import Completion, Engine, Replies, Request, Sampling, user_message
from traceinv.engines.collect import collect
from traceinv.engines.shards import Shard, in_shard
from traceinv.errors import GateError, InputError
from traceinv.progress import Progress, silent
from traceinv.prompt_fields import prompt_fields
from traceinv.reasoning import read_reply, split_reply, strip_markers, wrap_reply
from traceinv.records import Disclosure, Example, Inversion, Transcript
from traceinv.rows import RowFile

Shown = Literal["question", "answer", "summary"]
"""The last part of a disclosure that a model is shown; the parts before it are shown too."""
SHOWN: tuple[Shown, ...] = get_args(Shown)
PromptStyle = Literal["short", "instructing"]
"""How an inverter is asked: as it is trained, or with an instruction for models that follow instructions."""


def shown_part(with_summary: bool) -> Shown:
    """Return the last part that an inverter is shown."""
    return "summary" if with_summary else "answer"


def inverter_prompt(disclosure: Disclosure, shown: Shown) -> str:
    """Write an inverter's prompt with the parts of the disclosure up to `shown`.

    A number of tokens that was disclosed stands with the answer.

    Raises:
        ValueError: `shown` is the summary and the disclosure has none.
    """
    _check_shown(disclosure, shown)
    tokens = f"\n\nTokens of the reply:\n{disclosure.tokens}" if disclosure.tokens is not None else ""
    answer = f"\n\nAnswer:\n{disclosure.answer}{tokens}" if shown != "question" else ""
    summary = f"\n\nSummary:\n{disclosure.summary}" if shown == "summary" else ""
    return f"{disclosure.question.text}{answer}{summary}\n\nReasoning?"


def instructing_prompt(disclosure: Disclosure, shown: Shown) -> str:
    """Write the prompt for a model that was not taught to invert: what is wanted, and the disclosure up to `shown`.

    Raises:
        ValueError: `shown` is the summary and the disclosure has none.
    """
    _check_shown(disclosure, shown)
    parts = {"question": disclosure.question.text, "answer": disclosure.answer, "summary": disclosure.summary}
    return read_prompt(shown).format(**parts)


def read_prompt(shown: Shown) -> str:
    """Read the prompt for a model that was not taught to invert, with a field for each part of the disclosure that it is shown.

    Raises:
        GateError: the file lacks a field, or has another.
    """
    return _read_prompt(Path(__file__).parent / "prompts" / f"{shown}.txt", SHOWN[: SHOWN.index(shown) + 1])


@cache
def _read_prompt(file: Path, fields: tuple[str, ...]) -> str:
    text, wanted = file.read_text(encoding="utf-8"), f"{file}: expected the fields {', '.join(fields)} once each"
    try:
        found = prompt_fields(text, fields)
    except InputError as error:
        raise GateError(f"{wanted}: {error}") from None
    if sorted(found) != sorted(fields):
        raise GateError(f"{wanted}, got {', '.join(found) or 'none'}")
    return text


def _check_shown(disclosure: Disclosure, shown: Shown) -> None:
    if shown == "summary" and disclosure.summary is None:
        raise ValueError(f"{disclosure.id}: the disclosure has no summary to show the inverter")


def inverter_examples(
    transcripts: Sequence[Transcript], disclosures: Sequence[Disclosure], with_summary: bool
) -> list[Example]:
    """Make an inverter's training examples from a surrogate: its disclosure as the prompt, its own reply as the completion.

    Transcripts without a disclosure are left out.
    """
    by_id: Mapping[str, Disclosure] = {disclosure.id: disclosure for disclosure in disclosures}
    return [
        Example(
            id=transcript.id,
            prompt=inverter_prompt(by_id[transcript.id], shown_part(with_summary)),
            completion=wrap_reply(transcript.trace, transcript.answer),
        )
        for transcript in transcripts
        if transcript.id in by_id and transcript.trace and transcript.answer
    ]


def invert(
    engine: Engine,
    disclosures: Sequence[Disclosure],
    with_summary: bool,
    sampling: Sampling,
    rows: RowFile[Inversion, str],
    progress: Progress = silent,
    trained: bool = True,
    prompt: PromptStyle = "short",
    shard: Shard | None = None,
) -> list[Inversion]:
    """Write a trace for each disclosure.

    Args:
        rows: the file that each batch is appended to, keyed by question id; disclosures in it are not inverted again.
        trained: whether the model was fine-tuned as an inverter. One that is only prompted does not know the markers, so
            where it closes no reasoning, its whole reply is taken as the trace.
        prompt: `short` is the one that inverters are trained with; `instructing` says what is wanted.
        shard: invert the disclosures of this shard alone; None for all.

    Returns:
        One inversion a disclosure that was asked for, in the order of the disclosures.

    Raises:
        ValueError: a summary is to be shown and a disclosure has none.
        InputError: two disclosures have the same id, or a prompt does not fit into the model's context.
        GateError: the engine failed.
    """
    by_id = {disclosure.id: disclosure for disclosure in disclosures}
    write = inverter_prompt if prompt == "short" else instructing_prompt
    prompts = [write(disclosure, shown_part(with_summary)) for disclosure in disclosures]
    requests = [
        Request(disclosure.id, engine.render(user_message(text)), sampling)
        for disclosure, text in zip(disclosures, prompts, strict=True)
    ]

    def inversions(replies: Replies) -> list[Inversion]:
        return [
            _inversion(by_id[request.id], completion, with_summary, _trace(completion, trained, prompt))
            for request, completion in replies
        ]

    return collect(engine, in_shard(engine, requests, shard), rows, inversions, progress)


def _trace(completion: Completion, trained: bool, prompt: PromptStyle) -> str | None:
    """Take the trace out of a reply; a trained inverter that never closed its reasoning gives none.

    A model that was instructed to write the trace writes it as its answer, and what it reasons before is about this task.
    """
    if prompt == "instructing":
        return strip_markers(read_reply(completion.text).answer or "") or None
    trace, _ = split_reply(completion.text)
    if trace is None and not trained:
        return strip_markers(completion.text) or None
    return trace


def _inversion(disclosure: Disclosure, completion: Completion, with_summary: bool, trace: str | None) -> Inversion:
    return Inversion(
        id=disclosure.id,
        disclosure=disclosure,
        with_summary=with_summary,
        trace=trace,
        finish_reason=completion.finish_reason,
    )
