"""Asking what is missing: order, resuming after a failure, progress, and requests that would lose a row."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from traceinv.engines.base import Replies, Request, Sampling
from traceinv.engines.collect import collect
from traceinv.engines.mock import MockEngine, MockFailure
from traceinv.errors import InputError
from traceinv.rows import RowFile

SAMPLING = Sampling(max_new_tokens=10)


class Reply(BaseModel):
    id: str
    text: str


def make(replies: Replies) -> list[Reply]:
    return [Reply(id=request.id, text=completion.text) for request, completion in replies]


def file(folder: Path) -> RowFile[Reply, str]:
    return RowFile(folder / "rows.jsonl", Reply, lambda row: row.id)


def requests(count: int) -> list[Request]:
    return [Request(f"q{number}", "p", SAMPLING) for number in range(count)]


@pytest.mark.parametrize("killed_after", range(11))
def test_a_killed_run_goes_on_and_ends_as_an_undisturbed_one(killed_after: int, tmp_path: Path) -> None:
    calm, asked = tmp_path / "calm", requests(10)
    expected = collect(MockEngine(lambda r: r.id, batch_size=3), asked, file(calm), make)
    killed = MockEngine(lambda r: r.id, batch_size=3, fail_after=killed_after)
    try:
        collect(killed, asked, file(tmp_path), make)
    except MockFailure:
        assert len(file(tmp_path).rows) == len(killed.asked)
    resumed = MockEngine(lambda r: r.id, batch_size=3)
    assert collect(resumed, asked, file(tmp_path), make) == expected
    assert sorted(r.id for r in killed.asked + resumed.asked) == sorted(r.id for r in asked)
    assert (tmp_path / "rows.jsonl").read_bytes() == (calm / "rows.jsonl").read_bytes()


def test_a_row_that_was_half_written_is_asked_again(tmp_path: Path) -> None:
    asked = requests(4)
    collect(MockEngine(lambda r: r.id), asked, file(tmp_path), make)
    whole = (tmp_path / "rows.jsonl").read_bytes()
    (tmp_path / "rows.jsonl").write_bytes(whole[:-3])
    resumed = MockEngine(lambda r: r.id)
    collect(resumed, asked, file(tmp_path), make)
    assert [request.id for request in resumed.asked] == ["q3"]
    assert (tmp_path / "rows.jsonl").read_bytes() == whole


def test_what_an_engine_computes_again_is_counted_as_repeated_and_not_as_progress(tmp_path: Path) -> None:
    class WholeBatches(MockEngine):
        def generate(self, requests, is_done=None):  # type: ignore[no-untyped-def]
            yield from super().generate(requests)

    asked = requests(4)
    half = file(tmp_path)
    half.append([Reply(id="q0", text="q0"), Reply(id="q2", text="q2")])
    resumed, shares = file(tmp_path), list[float]()
    collect(WholeBatches(lambda r: r.id, batch_size=2), asked, resumed, make, shares.append)
    assert (resumed.resumed, resumed.repeated) == (2, 2)
    assert shares == [0.5, 0.75, 1.0]


def test_progress_counts_what_an_earlier_run_has_done(tmp_path: Path) -> None:
    with pytest.raises(MockFailure):
        collect(MockEngine(lambda r: r.id, batch_size=2, fail_after=2), requests(4), file(tmp_path), make)
    shares: list[float] = []
    collect(MockEngine(lambda r: r.id, batch_size=2), requests(4), file(tmp_path), make, shares.append)
    assert shares == [0.5, 1.0]


def test_the_rows_come_in_the_order_of_the_requests_however_the_engine_answers(tmp_path: Path) -> None:
    class Backwards(MockEngine):
        def generate(self, requests, is_done=None):  # type: ignore[no-untyped-def]
            yield from super().generate(requests[::-1], is_done)

    rows = collect(Backwards(lambda r: r.id, batch_size=2), requests(5), file(tmp_path), make)
    assert [row.id for row in rows] == [request.id for request in requests(5)]


def test_two_requests_with_one_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two requests have the id 'q0'"):
        collect(MockEngine(lambda r: r.id), requests(1) * 2, file(tmp_path), make)


def test_no_request_gives_no_row(tmp_path: Path) -> None:
    shares: list[float] = []
    assert collect(MockEngine(lambda r: r.id), [], file(tmp_path), make, shares.append) == []
    assert shares == [1.0]


def test_a_seed_depends_on_the_request_alone() -> None:
    first = Request("q0", "p", SAMPLING)
    assert first.seed == Request("q0", "another prompt", SAMPLING).seed
    others = [
        Request("q1", "p", SAMPLING),
        Request("q0", "p", SAMPLING, sample=1),
        Request("q0", "p", Sampling(max_new_tokens=10, seed=1)),
    ]
    assert len({first.seed, *(request.seed for request in others)}) == 4
