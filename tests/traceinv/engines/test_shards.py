"""Shards of what an engine is asked: whole batches, which stay what they are without shards."""

import pytest
from pydantic import ValidationError

from traceinv.engines.base import Request, Sampling, batches_in_order
from traceinv.engines.mock import MockEngine
from traceinv.engines.shards import Shard, in_shard
from traceinv.engines.transformers import batch_seed, make_batches

REQUESTS = [Request(f"q{n}", "word " * (1 + n * 7 % 11), Sampling(max_new_tokens=8)) for n in range(23)]


class ByLength(MockEngine):
    """Batches as the transformers engine does: by the lengths of the prompts."""

    def batches(self, requests):  # type: ignore[no-untyped-def]
        return make_batches(requests, [len(request.prompt) for request in requests], 4)


def test_each_request_is_in_one_shard() -> None:
    engine = ByLength({"*": "yes"})
    parts = [in_shard(engine, REQUESTS, Shard(index=index, count=3)) for index in range(3)]
    assert sorted(request.id for part in parts for request in part) == sorted(request.id for request in REQUESTS)
    assert in_shard(engine, REQUESTS, None) is REQUESTS


@pytest.mark.parametrize("count", [2, 3, 6])
def test_a_shard_asked_alone_has_the_batches_and_random_numbers_of_the_whole(count: int) -> None:
    engine = ByLength({"*": "yes"})
    whole = [[REQUESTS[i] for i in batch] for batch in engine.batches(REQUESTS)]
    seeds = []
    for index in range(count):
        part = in_shard(engine, REQUESTS, Shard(index=index, count=count))
        alone = [[part[i] for i in batch] for batch in engine.batches(part)]
        assert alone == whole[index::count]
        seeds += [batch_seed(batch) for batch in alone]
    assert sorted(seeds) == sorted(map(batch_seed, whole))


def test_a_shard_beyond_the_batches_has_nothing_to_do() -> None:
    assert in_shard(MockEngine({"*": "yes"}), REQUESTS[:3], Shard(index=1, count=2)) == []
    assert batches_in_order(5, 2) == [[0, 1], [2, 3], [4]]


def test_a_shard_is_one_of_its_number() -> None:
    with pytest.raises(ValidationError, match="expected less than the 2 shards, got 2"):
        Shard(index=2, count=2)
