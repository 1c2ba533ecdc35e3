"""A reasoning model whose weights lie in a folder; it is used as it is."""

from typing import Literal

from pydantic import Field

from traceinv.reasoning import split_reply
from traceinv.targets.base import ModelWithWeights

Reading = Literal["markers", "last_line"]
"""How a reply is split into trace and answer."""


class LocalModel(ModelWithWeights):
    """Any causal language model with a chat template; nothing of it is trained.

    Attributes:
        reads: `markers` for models that mark their reasoning. `last_line` for models that reason in the reply itself: the last
            line that is not blank is the answer, and all before it the trace.
        instruction: a text that follows each question, such as how to end the reply.
    """

    kind: Literal["local"] = "local"
    reads: Reading = "markers"
    instruction: str | None = Field(None, min_length=1)


def read_parts(reply: str, reads: Reading) -> tuple[str | None, str | None]:
    """Split a reply into trace and answer, both stripped; a part that is missing is None."""
    if reads == "markers":
        return split_reply(reply)
    trace, _, answer = reply.strip().rpartition("\n")
    return trace.strip() or None, answer.strip() or None
