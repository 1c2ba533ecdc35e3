"""Disclosure policies: the rules that turn a hidden transcript into what the target shows."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from traceinv.records import Disclosure, Transcript


class AnswerOnly(BaseModel):
    """Show the answer alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["answer_only"] = "answer_only"


class EveryKthStep(BaseModel):
    """Show every k-th line of the trace as a summary: the k-th, the 2k-th, and so on (the first where there are fewer)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["every_kth_step"] = "every_kth_step"
    k: int = Field(2, ge=1)


Policy = AnswerOnly | EveryKthStep


def summarise(policy: Policy, trace: str) -> str | None:
    """The summary that the policy makes of a trace; None where it shows none."""
    if isinstance(policy, AnswerOnly):
        return None
    lines = [line for line in trace.splitlines() if line.strip()]
    return "\n".join(lines[policy.k - 1 :: policy.k] or lines[:1])


def disclose(transcripts: Sequence[Transcript], policy: Policy) -> list[Disclosure]:
    """What the target shows: one disclosure for each complete transcript; an incomplete one discloses nothing."""
    return [
        Disclosure(
            id=transcript.id,
            question=transcript.question,
            answer=transcript.answer,
            summary=summarise(policy, transcript.trace),
        )
        for transcript in transcripts
        if transcript.complete and transcript.trace and transcript.answer
    ]
