"""Trace inversion: teach a model to write a trace from question, answer and summary, and apply it (arXiv 2603.07267, section 3).

The inverter is fine-tuned on the surrogate's (question, answer[, summary]) -> trace, where all four are open, and then
writes a trace for each of the target's disclosures.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from traceinv.engines import Completion, Engine, Sampling
from traceinv.progress import Progress
from traceinv.reasoning import CLOSE, OPEN, split_reply, wrap_reply
from traceinv.records import Disclosure, Example, Inversion, Transcript

Shown = Literal["question", "answer", "summary"]
"""The last part that an inverter is shown, after those before it."""
SHOWN: tuple[Shown, ...] = get_args(Shown)


def inverter_prompt(disclosure: Disclosure, with_summary: bool) -> str:
    """What the inverter is shown.

    Raises:
        ValueError: a summary is to be shown and the disclosure has none.
    """
    return prompt_up_to(disclosure, "summary" if with_summary else "answer")


def prompt_up_to(disclosure: Disclosure, last: Shown) -> str:
    """The prompt with the parts up to `last`: the question alone, with the answer, or with answer and summary.

    Raises:
        ValueError: a summary is to be shown and the disclosure has none.
    """
    if last == "summary" and disclosure.summary is None:
        raise ValueError(f"{disclosure.id}: the disclosure has no summary to show the inverter")
    answer = f"\n\nAnswer:\n{disclosure.answer}" if last != "question" else ""
    summary = f"\n\nSummary:\n{disclosure.summary}" if last == "summary" else ""
    return f"{disclosure.question.text}{answer}{summary}\n\nReasoning?"


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
    taught: bool = True,
) -> list[Inversion]:
    """Write a trace for each disclosure, in their order.

    A model that was only prompted (`taught` false) does not know the markers, so where it sets none all that it writes is taken.
    """
    prompts = [engine.render(inverter_prompt(disclosure, with_summary)) for disclosure in disclosures]
    replies = engine.generate(prompts, sampling, progress)
    pairs = zip(disclosures, replies, strict=True)
    return [_inversion(disclosure, reply, with_summary, taught) for disclosure, reply in pairs]


def _inversion(disclosure: Disclosure, reply: Completion, with_summary: bool, taught: bool) -> Inversion:
    """The reply's trace; none where a taught inverter never closed it, so that a cut-off trace teaches nobody."""
    trace, _ = split_reply(reply.text)
    if trace is None and not taught:
        trace = reply.text.replace(OPEN, "").replace(CLOSE, "").strip() or None
    return Inversion(
        id=disclosure.id,
        disclosure=disclosure,
        with_summary=with_summary,
        trace=trace,
        finish_reason=reply.finish_reason,
    )
