"""Telling how far the replies of a batch are, for the engines that generate with transformers."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from traceinv.engines.base import Watch


@contextmanager
def told(watch: Watch | None, model: Any, limit: int) -> Iterator[None]:
    """Tell `watch` after each token of a batch how far it is.

    Args:
        watch: None for nobody.
        model: a model of transformers; each of its forward passes writes a token of every reply.
        limit: tokens of the longest possible reply.
    """
    if watch is None:
        yield
        return
    tokens = count(1)
    hook = model.register_forward_hook(lambda *_: watch(next(tokens) / limit))
    try:
        yield
    finally:
        hook.remove()
