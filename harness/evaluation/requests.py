"""What is asked of a model and what it replies, whichever engine runs it."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from harness.evaluation.responses import Finish, Key


@dataclass(frozen=True)
class Ask:
    """One sample to be had of one item.

    Attributes:
        prompt: as the model reads it; for a server's chat, its messages as JSON.
        arguments: lm-eval's generation arguments.
    """

    task: str
    item: str
    sample: int
    prompt: str
    arguments: dict[str, Any]

    @property
    def key(self) -> Key:
        return self.item, self.sample


@dataclass(frozen=True)
class Reply:
    """What a model wrote, why it stopped, and how many tokens it took (None where a server does not say)."""

    text: str
    finish_reason: Finish
    tokens: int | None


Replies = list[tuple[Ask, Reply]]
Done = Callable[[Ask], bool]
"""Whether a sample is recorded already."""


class Model(Protocol):
    """A model that can be asked.

    Attributes:
        context: tokens that fit, prompt and reply together; None where it is not known.
        chat_template: its source; None where the model has none, "" where a server applies its own.
    """

    context: int | None
    chat_template: str | None

    def render(self, turns: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """A conversation in the chat template."""
        ...

    def count_tokens(self, prompt: str) -> int | None:
        """How many tokens the model reads a prompt as; None where that is not known."""
        ...

    def ask(self, asks: Sequence[Ask], done: Done) -> Iterator[Replies]:
        """Answer what is not done yet, some asks at a time, in an order that depends on all the asks alone."""
        ...

    def describe(self) -> dict[str, Any]:
        """What it is, for the record."""
        ...


def own_seed(seed: int, ask: Ask) -> int:
    """A seed for one sample, the same whatever else is asked, so that repeats differ and a resumed run draws the same."""
    text = f"{seed}/{ask.task}/{ask.item}/{ask.sample}"
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:4], "big") >> 1


def instances(asks: Sequence[Ask]) -> list[Any]:
    """Asks as lm-eval's requests."""
    from lm_eval.api.instance import Instance

    return [
        Instance("generate_until", {}, (ask.prompt, dict(ask.arguments)), 0, (ask.task, index, 1))
        for index, ask in enumerate(asks)
    ]
