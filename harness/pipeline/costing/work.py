"""What a stage has to do: rows, tokens, steps, memory, disk and money."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from harness.pipeline.costing.counts import NONE, Count, Surety
from harness.pipeline.costing.devices import Job
from harness.pipeline.costing.models import Sizes


@dataclass(frozen=True)
class Work:
    """What a stage has to do; numbers are of one pass over its rows.

    Attributes:
        rows: questions, replies, or training examples.
        read: tokens of prompts.
        written: tokens of replies that are generated.
        tokens: of training examples, prompts included; `learned` are those in the loss.
        steps: of the optimizer.
        memory: bytes on each device at the least; None where no model runs, or its sizes are not known.
        disk: bytes of the artifact, about.
        money: in the unit of an endpoint's prices.
        job: what decides the speed; None where no model runs.
        passes: how often training goes over its rows.
        sizes: of the model; None where it is not known.
        context_needed: tokens of the longest prompt and its longest reply.
        remedies: memory that would do for a training, by what to change in its configuration.
    """

    rows: Count = NONE
    read: Count = NONE
    written: Count = NONE
    tokens: Count = NONE
    learned: Count = NONE
    steps: Count = NONE
    memory: int | None = None
    disk: Count = NONE
    money: float | None = None
    job: Job | Literal["read"] | None = None
    passes: float = 1.0
    sizes: Sizes | None = None
    context_needed: int = 0
    remedies: Mapping[str, int] = field(default_factory=dict)

    def part(self, count: int) -> "Work":
        """Return the work of one of so many shards, which have about the same."""
        return replace(
            self,
            rows=_about(self.rows, count),
            read=_about(self.read, count),
            written=_about(self.written, count),
            disk=_about(self.disk, count),
        )


def _about(whole: Count, count: int) -> Count:
    return Count(round(whole.value / count), Surety.ABOUT)
