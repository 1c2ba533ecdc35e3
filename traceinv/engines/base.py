"""What an engine is: rendered prompts in, completions with their finish reason out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from traceinv.records import FinishReason


class Sampling(BaseModel):
    """How text is sampled.

    Attributes:
        temperature: 0 is greedy.
        max_new_tokens: a reply that reaches it is marked `length`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float = Field(0.0, ge=0)
    top_p: float = Field(1.0, gt=0, le=1)
    max_new_tokens: int = Field(gt=0)
    seed: int = 0


@dataclass(frozen=True)
class Completion:
    """One reply: its text without special tokens, why it ended, and its length in tokens."""

    text: str
    finish_reason: FinishReason
    tokens: int


Progress = Callable[[float], None]
"""Told the share done, from 0 to 1."""


class Engine(Protocol):
    """A loaded model."""

    def render(self, message: str) -> str:
        """A user message in the model's chat template, ready for `generate`."""
        ...

    def generate(
        self, prompts: Sequence[str], sampling: Sampling, progress: Progress | None = None
    ) -> list[Completion]:
        """One completion a rendered prompt, in their order."""
        ...
