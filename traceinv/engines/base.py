"""The engine protocol: requests in, completions out. Targets, surrogates, compressors, inverters and benchmarks all use it."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from pydantic import Field

from traceinv.records import FinishReason, Observed
from traceinv.schema import Closed

Message = dict[str, str]
"""A chat message with `role` and `content`."""
RequestKey = tuple[str, int]
"""A request's id and the number of the sample."""


class Sampling(Closed):
    """How text is sampled.

    Attributes:
        temperature: 0 is greedy.
        max_new_tokens: a reply that reaches it is marked `length`.
        seed: replies depend on it and on the request alone, never on what was asked before.
        stop: texts that end a reply, besides the model's own stop tokens.
    """

    temperature: float = Field(0.0, ge=0)
    top_p: float = Field(1.0, gt=0, le=1)
    max_new_tokens: int = Field(gt=0)
    seed: int = Field(0, ge=0, lt=2**32)
    stop: tuple[str, ...] = ()


NEUTRAL = {"top_k": 0, "repetition_penalty": 1.0}
"""What no recipe and no task sets: every token may be sampled, and none is less likely because it stands in the reply already."""


@dataclass(frozen=True)
class Request:
    """One reply to ask a model for.

    Attributes:
        id: of the question or item.
        prompt: as `Engine.render` returned it.
        sample: 0 for the first reply to the question, 1 for the next.
    """

    id: str
    prompt: str
    sampling: Sampling
    sample: int = 0

    @property
    def key(self) -> RequestKey:
        return self.id, self.sample

    @property
    def seed(self) -> int:
        """A seed for this request, the same whatever else is asked."""
        text = f"{self.sampling.seed}/{self.id}/{self.sample}"
        return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:4], "big") >> 1


@dataclass(frozen=True)
class Completion:
    """One reply.

    Attributes:
        text: without the token that ended it; reasoning markers included.
        tokens: generated tokens, the one that ends the reply included; None where a server does not say.
        observed: what a server showed of the reasoning, and which version of the model it named; None for an engine that loads
            weights.
    """

    text: str
    finish_reason: FinishReason
    tokens: int | None
    observed: Observed | None = None


Replies = list[tuple[Request, Completion]]
IsDone = Callable[[Request], bool]
Watch = Callable[[float], None]
"""Told the share of the longest possible replies that is written, from 0 to 1, while a batch is under way."""


def user_message(text: str) -> list[Message]:
    """Make a conversation of one user message."""
    return [{"role": "user", "content": text}]


def none_done(request: Request) -> bool:
    """Say that no request is done yet."""
    return False


def batches_in_order(count: int, size: int) -> list[list[int]]:
    """Return so many indices in batches of a size, in their order."""
    return [list(range(start, min(start + size, count))) for start in range(0, count, size)]


@runtime_checkable
class Watched(Protocol):
    """An engine that tells how far the replies under way are."""

    watch: Watch | None


class Engine(Protocol):
    """A model that can be asked.

    Attributes:
        context: tokens that fit, prompt and reply together; None where it is not known.
        chat_template: its source; None where the model has none, "" where a server applies its own.
    """

    context: int | None
    chat_template: str | None

    def render(self, messages: Sequence[Message], add_generation_prompt: bool = True) -> str:
        """Render a conversation in the model's chat template; for a chat server, encode it as JSON."""
        ...

    def count_tokens(self, prompt: str) -> int | None:
        """Count the tokens of a rendered prompt; None where that is not known."""
        ...

    def generate(self, requests: Sequence[Request], is_done: IsDone = none_done) -> Iterator[Replies]:
        """Answer the requests that are not done, some at a time, so that each batch can be stored as it arrives.

        How requests are batched depends on all of them, never on which are done: a resumed run gives the same replies.
        An engine that computes a batch again because a part of it is missing yields all replies of the batch.
        """
        ...

    def describe(self) -> dict[str, Any]:
        """Describe the model for a record: engine, dtype, device, revision."""
        ...
