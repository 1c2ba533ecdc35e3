"""The records that flow from question to score, and their JSONL form.

The types are the barrier: a `Disclosure` has no field for a trace, so nothing on the tester's side of it can read one.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FinishReason = Literal["stop", "length", "other"]
"""Why a reply ended: by itself, at the token limit, or for a reason of a server's own."""


class Record(BaseModel):
    """A row of an artifact: immutable, closed to unknown fields, identified by the question's id."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: str


class Question(Record):
    """A question as anyone may see it.

    Attributes:
        kind: the family or subject that it belongs to.
    """

    kind: str
    text: str


Mode = Literal["reasoning", "summary", "tokens", "answer"]
"""What a source shows of a reply's reasoning: all of it, a summary, how many tokens it had, or nothing."""


class Observed(BaseModel):
    """What a source showed with one reply.

    Attributes:
        mode: the most that it showed of the reasoning.
        model: the version of the model, as the source names it.
        reasoning_tokens: as the source counts them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    mode: Mode
    model: str | None = None
    reasoning_tokens: int | None = None


class Transcript(Record):
    """What a reasoning model wrote for a question: hidden for a target, open for a surrogate.

    Attributes:
        trace: the text between the reasoning markers; None where the model closed none.
        answer: the text after it; None where the model gave none.
        finish_reason: `length` where the token limit cut the text off.
        tokens: generated tokens of trace, answer and the end of the reply together; None where a server does not say.
        summary: the model's own summary, where its replies come with one.
        observed: what the source showed with the reply; None for a model whose weights the run has.
    """

    question: Question
    trace: str | None
    answer: str | None
    finish_reason: FinishReason
    tokens: int | None = None
    summary: str | None = Field(None, exclude_if=lambda summary: summary is None)
    observed: Observed | None = Field(None, exclude_if=lambda observed: observed is None)

    @property
    def complete(self) -> bool:
        """Whether it has a trace and an answer and ended by itself."""
        return bool(self.trace) and bool(self.answer) and self.finish_reason == "stop"

    @property
    def usable(self) -> bool:
        """Whether it is complete, or as complete as a source can make it that hides its traces."""
        hides = self.observed is not None and self.observed.mode != "reasoning"
        return self.complete or (hides and bool(self.answer) and self.finish_reason == "stop")


class Compression(Record):
    """What a compressor wrote of one transcript, in one of its attempts.

    Attributes:
        sample: 0 for the first attempt.
        text: None where the reply has none.
    """

    sample: int
    text: str | None
    finish_reason: FinishReason


class Disclosure(Record):
    """What a target shows of one transcript: the answer and, by policy, a summary or the number of its tokens.

    Attributes:
        tokens: generated tokens of the reply, its reasoning included, as the interface shows them; None where it does not.
    """

    question: Question
    answer: str
    summary: str | None
    tokens: int | None = Field(None, exclude_if=lambda tokens: tokens is None)


class Inversion(Record):
    """A disclosure with the trace that an inverter wrote for it.

    Attributes:
        with_summary: whether the inverter was shown the summary.
        trace: None where the inverter wrote nothing that can be used.
    """

    disclosure: Disclosure
    with_summary: bool
    trace: str | None
    finish_reason: FinishReason


class Candidate(Record):
    """One of several replies to a question whose answer was disclosed.

    Attributes:
        sample: 0 for the first reply to the question, 1 for the next.
        trace: None where the reply has none.
        answer: None where the reply has none.
    """

    disclosure: Disclosure
    sample: int
    trace: str | None
    answer: str | None
    finish_reason: FinishReason


class Example(Record):
    """One row of supervised fine-tuning, as plain text; `traceinv.formatting` turns it into tokens.

    Attributes:
        prompt: the user's message.
        completion: the whole reply, reasoning markers included, without the end-of-sequence token.
    """

    prompt: str
    completion: str
