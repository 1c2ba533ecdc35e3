"""Split what an engine is asked into parts that several processes answer at once."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator

from traceinv.engines.base import Engine, Request
from traceinv.errors import GateError
from traceinv.schema import Closed, FieldFault


class Shard(Closed):
    """One of several parts of the requests to a model; the first has the index 0."""

    index: int = Field(ge=0)
    count: int = Field(ge=2)

    @model_validator(mode="after")
    def _is_one_of_them(self) -> Self:
        if self.index >= self.count:
            raise FieldFault("index", f"expected less than the {self.count} shards, got {self.index}")
        return self


OfShard = Annotated[Shard | None, Field(exclude_if=lambda shard: shard is None)]
"""The shard of a stage; it is left out where the stage asks everything, so that its key is that of a stage without shards."""


def in_shard(engine: Engine, requests: Sequence[Request], shard: Shard | None) -> Sequence[Request]:
    """Return the requests of a shard, or all where there is none.

    A shard has whole batches, every `count`-th of those that the engine makes of all requests. So each batch is computed as it
    would be without shards, random numbers and padding included, and shards have prompts of about the same lengths.

    Raises:
        GateError: the engine does not say how it batches.
    """
    if shard is None:
        return requests
    batches = getattr(engine, "batches", None)
    if batches is None:
        raise GateError(f"{type(engine).__name__}: cannot be asked in shards, since it does not say how it batches")
    kept = sorted(index for batch in batches(requests)[shard.index :: shard.count] for index in batch)
    return [requests[index] for index in kept]
