"""What a student is taught: one small function a regime, all through one wrapper.

Each takes what the regime may see and returns the rows that it can teach; the harness then keeps the questions that all
regimes of a comparison share.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from traceinv.formatting import wrap_reply
from traceinv.records import Disclosure, Example, Inversion, Question, Record, Transcript


def _example(question: Question, thought: str | None, answer: str) -> Example:
    return Example(id=question.id, prompt=question.text, completion=wrap_reply(thought or "", answer))


def answer_only(disclosures: Sequence[Disclosure]) -> list[Example]:
    """The target's answers, with nothing between the markers."""
    return [_example(d.question, "", d.answer) for d in disclosures]


def summary(disclosures: Sequence[Disclosure]) -> list[Example]:
    """The target's summaries where a trace would stand, and its answers."""
    return [_example(d.question, d.summary, d.answer) for d in disclosures if d.summary]


def traces(transcripts: Sequence[Transcript]) -> list[Example]:
    """A model's own traces and answers: `surrogate_trace` from the surrogate's, `oracle` from the target's hidden ones."""
    return [_example(t.question, t.trace, t.answer) for t in transcripts if t.complete and t.trace and t.answer]


def inverted(inversions: Sequence[Inversion]) -> list[Example]:
    """Inverted traces with the target's answers."""
    return [_example(i.disclosure.question, i.trace, i.disclosure.answer) for i in _finished(inversions)]


def inverted_mismatched(inversions: Sequence[Inversion], seed: int) -> list[Example]:
    """The control for text of the right length and form: each question gets the inverted trace of another of its kind.

    Within a kind, questions are ordered by the length of their inverted trace (ties in an order drawn from the seed)
    and neighbours swap traces, so lengths match as closely as the data allows and no trace stays where it was.
    """
    rows = _finished(inversions)
    donors = mismatched_traces(rows, seed)
    return [_example(i.disclosure.question, donors[i.id], i.disclosure.answer) for i in rows if i.id in donors]


def mismatched_traces(inversions: Sequence[Inversion], seed: int) -> dict[str, str]:
    """For each question the inverted trace of another one of the same kind and like length; empty where it is alone."""
    rng = Random(seed)
    groups: dict[str, list[Inversion]] = {}
    for inversion in _finished(inversions):
        groups.setdefault(inversion.disclosure.question.kind, []).append(inversion)
    donors = {}
    for group in groups.values():
        rng.shuffle(group)
        group.sort(key=lambda i: len(i.trace or ""))
        for circle in _circles(group):
            donors.update({i.id: other.trace or "" for i, other in zip(circle, circle[1:] + circle[:1], strict=True)})
    return donors


def _circles(group: list[Inversion]) -> list[list[Inversion]]:
    """Neighbours in pairs, an odd one out with the last pair; nothing where there is one alone."""
    pairs = [group[i : i + 2] for i in range(0, len(group) - 1, 2)]
    if len(group) % 2 and pairs:
        pairs[-1].append(group[-1])
    return pairs


def inverted_shuffled(inversions: Sequence[Inversion], seed: int) -> list[Example]:
    """The control for order: the inverted trace with its own lines in an order drawn from the seed."""
    rng = Random(seed)
    rows = []
    for inversion in _finished(inversions):
        lines = (inversion.trace or "").splitlines()
        rng.shuffle(lines)
        rows.append(_example(inversion.disclosure.question, "\n".join(lines), inversion.disclosure.answer))
    return rows


def _finished(inversions: Sequence[Inversion]) -> list[Inversion]:
    return [i for i in inversions if i.trace and i.finish_reason == "stop"]


Source = Literal[
    "disclosures",
    "surrogate_transcripts",
    "inversions_with_summary",
    "inversions_without_summary",
    "inversions_zero_shot",
    "hidden_transcripts",
]


@dataclass(frozen=True)
class Regime:
    """A regime: the one source that it may see, the type of its records, and the function that makes rows of them."""

    source: Source
    reads: type[Record]
    teach: Callable[[Sequence[Any], int], list[Example]]


REGIMES: dict[str, Regime] = {
    "answer_only": Regime("disclosures", Disclosure, lambda rows, seed: answer_only(rows)),
    "summary": Regime("disclosures", Disclosure, lambda rows, seed: summary(rows)),
    "surrogate_trace": Regime("surrogate_transcripts", Transcript, lambda rows, seed: traces(rows)),
    "inverted": Regime("inversions_with_summary", Inversion, lambda rows, seed: inverted(rows)),
    "inverted_without_summary": Regime("inversions_without_summary", Inversion, lambda rows, seed: inverted(rows)),
    "zero_shot_inverted": Regime("inversions_zero_shot", Inversion, lambda rows, seed: inverted(rows)),
    "inverted_mismatched": Regime("inversions_with_summary", Inversion, inverted_mismatched),
    "inverted_shuffled": Regime("inversions_with_summary", Inversion, inverted_shuffled),
    "oracle": Regime("hidden_transcripts", Transcript, lambda rows, seed: traces(rows)),
}
"""Every regime that teaches; `base` teaches nothing. Only `oracle` reads the hidden transcripts."""
