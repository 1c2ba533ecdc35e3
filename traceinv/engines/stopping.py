"""Where a reply ends: stop tokens, stop texts, and the model's context."""

from collections.abc import Sequence
from typing import Any

from traceinv.dialect import Dialect
from traceinv.engines.base import Request
from traceinv.errors import InputError


def stop_token_ids(tokenizer: Any, generation_config: Any, dialect: Dialect | None = None) -> list[int]:
    """Return every token id that ends a reply: the tokenizer's, the dialect's, and all of the model's generation config."""
    own = getattr(generation_config, "eos_token_id", None)
    ids = [tokenizer.eos_token_id, *(own if isinstance(own, list | tuple) else [own])]
    ids += [dialect.end_id] if dialect else []
    return sorted({int(i) for i in ids if i is not None})


def cut_at_stop(text: str, stops: Sequence[str]) -> str | None:
    """Return the text before the first stop text; None where it has none."""
    places = [text.find(stop) for stop in stops if stop and stop in text]
    return text[: min(places)] if places else None


def check_fits(requests: Sequence[Request], prompt_tokens: Sequence[int], context: int | None) -> None:
    """Refuse requests that do not fit into the model's context.

    Raises:
        InputError: a prompt and the longest reply to it are longer than `context` tokens.
    """
    for request, tokens in zip(requests, prompt_tokens, strict=True):
        limit = request.sampling.max_new_tokens
        if context is not None and tokens + limit > context:
            raise InputError(
                f"{request.id}: the prompt has {tokens} tokens; with max_new_tokens={limit} it is longer than"
                f" the model's context of {context} tokens"
            )
