"""Read what a server of the OpenAI protocol returns."""

from typing import Any

from pydantic import BaseModel

from traceinv.engines.asking import BadReply, hide
from traceinv.engines.base import Completion
from traceinv.reasoning import join_reasoning
from traceinv.records import FinishReason, Mode, Observed


def read_response(response: Any, chat: bool, key: str) -> tuple[Completion, tuple[int | None, int | None]]:
    """Return the reply in a response, and the tokens of prompt and reply as the server counts them.

    Args:
        chat: whether it is a chat completion, which may show reasoning apart.
        key: is replaced wherever the server repeats it.

    Raises:
        BadReply: it has not the form of the protocol, or no content. A reply without content whose reasoning the server hides
            and counts is the model's own: it ended before an answer, and would again.
    """
    choice = _first_choice(response)
    reasoning, text, summarised = _parts(choice, chat)
    finish = _finish_reason(getattr(choice, "finish_reason", None))
    prompt, reply, thought = _usage(response)
    if not text and not reasoning and not thought and finish == "stop":
        raise BadReply("the reply has no content")
    mode: Mode = "answer"
    if reasoning:
        mode = "summary" if summarised else "reasoning"
    elif thought:
        mode = "tokens"
    version = getattr(response, "model", None)
    named = hide(version, key) if isinstance(version, str) else None
    observed = Observed(mode=mode, model=named, reasoning_tokens=thought) if chat else None
    whole = hide(join_reasoning(reasoning, text), key)
    return Completion(whole, finish, reply, observed), (prompt, reply)


def _first_choice(response: Any) -> Any:
    """Return the first choice of a response.

    Raises:
        BadReply: it has none.
    """
    choices = getattr(response, "choices", None)
    if isinstance(response, str) or not isinstance(choices, list):
        raise BadReply("the reply has not the form of the protocol")
    if not choices:
        raise BadReply("the reply has no choice")
    return choices[0]


def _parts(choice: Any, chat: bool) -> tuple[str | None, str | None, bool]:
    """Return reasoning, text, and whether the reasoning is a summary of it.

    Raises:
        BadReply: a part is no text.
    """
    if not chat:
        text = getattr(choice, "text", None)
        return None, _as_text(text), False
    message = getattr(choice, "message", None)
    if not isinstance(message, BaseModel):  # the client builds what it can, and leaves the rest as it came
        raise BadReply("the reply has no message")
    extra = message.model_extra or {}
    reasoning = _as_text(extra.get("reasoning") or extra.get("reasoning_content"))
    listed = extra.get("reasoning_details")
    details = [part for part in listed if isinstance(part, dict)] if isinstance(listed, list) else []
    summaries = [part["summary"] for part in details if isinstance(part.get("summary"), str)]
    texts = [part["text"] for part in details if isinstance(part.get("text"), str)]
    summarised = bool(summaries) and not texts
    if not reasoning and (texts or summaries):
        reasoning = "\n".join(texts or summaries)
    return reasoning, _as_text(getattr(message, "content", None)), summarised


def _as_text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise BadReply(f"the reply has {type(value).__name__} where text is expected")
    return value


def _usage(response: Any) -> tuple[int | None, int | None, int | None]:
    """Return the tokens of prompt, reply and reasoning, as far as the server says them."""
    usage = getattr(response, "usage", None)
    details = getattr(usage, "completion_tokens_details", None)
    values = (
        getattr(usage, "prompt_tokens", None),
        getattr(usage, "completion_tokens", None),
        getattr(details, "reasoning_tokens", None),
    )
    prompt, reply, thought = (value if isinstance(value, int) and value >= 0 else None for value in values)
    return prompt, reply, thought


def _finish_reason(reason: str | None) -> FinishReason:
    return "stop" if reason == "stop" else "length" if reason == "length" else "other"
