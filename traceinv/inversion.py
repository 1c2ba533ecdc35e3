"""Trace inversion: teach a model to write a trace from question, answer and summary, and apply it (arXiv 2603.07267, section 3).

The inverter is fine-tuned on the surrogate's (question, answer[, summary]) -> trace, where all four are open, and then
writes a trace for each of the target's disclosures.
"""

from collections.abc import Mapping, Sequence

from traceinv.engines import Completion, Engine, Sampling
from traceinv.engines.base import Progress
from traceinv.formatting import split_reply, wrap_reply
from traceinv.records import Disclosure, Example, Inversion, Transcript


def inverter_prompt(disclosure: Disclosure, with_summary: bool) -> str:
    """What the inverter is shown.

    Raises:
        ValueError: a summary is to be shown and the disclosure has none.
    """
    if with_summary and disclosure.summary is None:
        raise ValueError(f"{disclosure.id}: the disclosure has no summary to show the inverter")
    summary = f"\n\nSummary:\n{disclosure.summary}" if with_summary else ""
    return f"{disclosure.question.text}\n\nAnswer:\n{disclosure.answer}{summary}\n\nReasoning?"


def inverter_examples(
    transcripts: Sequence[Transcript], disclosures: Sequence[Disclosure], with_summary: bool
) -> list[Example]:
    """Training rows from a surrogate: its disclosure in, its own reply out, for each transcript that disclosed something."""
    shown: Mapping[str, Disclosure] = {disclosure.id: disclosure for disclosure in disclosures}
    return [
        Example(
            id=transcript.id,
            prompt=inverter_prompt(shown[transcript.id], with_summary),
            completion=wrap_reply(transcript.trace, transcript.answer),
        )
        for transcript in transcripts
        if transcript.id in shown and transcript.trace and transcript.answer
    ]


def invert(
    engine: Engine,
    disclosures: Sequence[Disclosure],
    with_summary: bool,
    sampling: Sampling,
    progress: Progress | None = None,
) -> list[Inversion]:
    """Write a trace for each disclosure, in their order."""
    prompts = [engine.render(inverter_prompt(disclosure, with_summary)) for disclosure in disclosures]
    replies = engine.generate(prompts, sampling, progress)
    return [_inversion(disclosure, reply, with_summary) for disclosure, reply in zip(disclosures, replies, strict=True)]


def _inversion(disclosure: Disclosure, reply: Completion, with_summary: bool) -> Inversion:
    """The reply's trace; none where the inverter never closed it, so that a cut-off trace teaches nobody."""
    trace, _ = split_reply(reply.text)
    return Inversion(
        id=disclosure.id,
        disclosure=disclosure,
        with_summary=with_summary,
        trace=trace,
        finish_reason=reply.finish_reason,
    )
