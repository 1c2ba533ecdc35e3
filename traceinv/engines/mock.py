"""The mock engine: deterministic replies without a model, for tests and for checks of what a stage asks."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from traceinv.engines.base import Completion, IsDone, Message, Replies, Request, batches_in_order, none_done
from traceinv.engines.stopping import check_fits, cut_at_stop

Answer = Callable[[Request], str | Completion]
BATCH_SIZE = 4
DEFAULT = "*"
"""The key of a mapping whose reply is given to every other request."""
REPLIES = "replies.json"


class MockFailure(Exception):
    """The failure that a mock engine was told to have."""


class MockEngine:
    """Replies from a function or a mapping; a word counts as one token.

    Attributes:
        asked: the requests that were answered, in the order in which the engine answered them.
        fail_after: how many replies the engine gives before it fails; None for never.
    """

    chat_template: str | None = "mock"

    def __init__(
        self,
        replies: Answer | Mapping[str, str],
        batch_size: int = BATCH_SIZE,
        context: int | None = None,
        fail_after: int | None = None,
    ) -> None:
        """Make an engine.

        Args:
            replies: a function from a request to its reply, or replies by the request's id.
            batch_size: how many replies arrive together; which requests share a batch depends on all requests.
            context: words that fit, prompt and reply together.
        """
        self.reply = replies if callable(replies) else _lookup(replies)
        self.batch_size, self.context, self.fail_after = batch_size, context, fail_after
        self.asked: list[Request] = []

    @classmethod
    def load(cls, model: str | Path, batch_size: int = BATCH_SIZE, fail_after: int | None = None) -> "MockEngine":
        """Read replies by id from a JSON file, or from `replies.json` in a folder.

        Raises:
            OSError: there is no such file.
        """
        path = Path(model)
        file = path / REPLIES if path.is_dir() else path
        return cls(json.loads(file.read_text(encoding="utf-8")), batch_size, fail_after=fail_after)

    def render(self, messages: Sequence[Message], add_generation_prompt: bool = True) -> str:
        """Render a conversation as `<|role|>content` for each message."""
        turns = "".join(f"<|{message['role']}|>{message['content']}" for message in messages)
        return turns + ("<|assistant|>" if add_generation_prompt else "")

    def count_tokens(self, prompt: str) -> int | None:
        """Count the words of a prompt."""
        return len(prompt.split())

    def generate(self, requests: Sequence[Request], is_done: IsDone = none_done) -> Iterator[Replies]:
        """Answer batches in the order of the requests, and skip what is done.

        Raises:
            InputError: a prompt does not fit into the context.
            MockFailure: the next batch would go beyond `fail_after` replies; the batch is lost, as in a kill.
        """
        check_fits(requests, [len(request.prompt.split()) for request in requests], self.context)
        for start in range(0, len(requests), self.batch_size):
            missing = [r for r in requests[start : start + self.batch_size] if not is_done(r)]
            if not missing:
                continue
            if self.fail_after is not None and len(self.asked) + len(missing) > self.fail_after:
                raise MockFailure(f"the mock engine fails after {self.fail_after} replies")
            self.asked += missing
            yield [(request, _completion(request, self.reply(request))) for request in missing]

    def batches(self, requests: Sequence[Request]) -> list[list[int]]:
        """Return the batches in which requests are answered, as indices."""
        return batches_in_order(len(requests), self.batch_size)

    def describe(self) -> dict[str, Any]:
        """Describe the model for a record."""
        return {"engine": "mock", "batch_size": self.batch_size}


def _lookup(replies: Mapping[str, str]) -> Answer:
    return lambda request: replies[request.id] if request.id in replies else replies[DEFAULT]


def _completion(request: Request, reply: str | Completion) -> Completion:
    """End a reply at a stop text or at the limit, as a model would."""
    if isinstance(reply, Completion):
        return reply
    cut = cut_at_stop(reply, request.sampling.stop)
    words = re.findall(r"\s*\S+\s*", reply if cut is None else cut)
    limit = request.sampling.max_new_tokens
    if len(words) >= limit:  # the token that ends a reply counts too
        return Completion("".join(words[:limit]), "length", limit)
    return Completion(reply if cut is None else cut, "stop", len(words) + 1)
