"""Ask an engine what is missing, and store each batch as it arrives."""

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

from pydantic import BaseModel

from traceinv.engines.base import Engine, IsDone, Replies, Request, RequestKey, Watched
from traceinv.errors import InputError
from traceinv.progress import Progress, silent
from traceinv.rows import RowFile, RowKey

Row = TypeVar("Row", bound=BaseModel)


def ask_missing(
    engine: Engine,
    requests: Sequence[Request],
    is_done: IsDone,
    store: Callable[[Replies], None],
    progress: Progress = silent,
) -> None:
    """Ask the requests that are not done and hand each batch of replies to `store`, after which they must count as done.

    Progress is the share of all requests that are done, those of an earlier run included. Where the engine tells how far the
    replies under way are, they count by their share of the longest possible reply.
    """
    done = sum(map(is_done, requests))
    progress(done / len(requests) if requests else 1.0)
    if done == len(requests):
        return
    size = min(getattr(engine, "batch_size", 1), len(requests) - done)
    if isinstance(engine, Watched):
        engine.watch = lambda share: progress(min(1.0, (done + share * size) / len(requests)))
    try:
        for replies in engine.generate(requests, is_done):
            done += sum(not is_done(request) for request, _ in replies)
            store(replies)
            progress(done / len(requests))
    finally:
        if isinstance(engine, Watched):
            engine.watch = None


def collect(
    engine: Engine,
    requests: Sequence[Request],
    rows: RowFile[Row, str],
    make: Callable[[Replies], list[Row]],
    progress: Progress = silent,
) -> list[Row]:
    """Return one row a request, in the order of the requests; the finished file has that order too.

    Args:
        requests: one for each id; rows that the file holds already are not asked again.
        rows: the file, keyed by the id of the request.
        make: turns a batch of replies into rows.

    Raises:
        InputError: two requests have the same id.
    """
    return _collect(engine, requests, rows, make, lambda request: request.id, progress)


def collect_samples(
    engine: Engine,
    requests: Sequence[Request],
    rows: RowFile[Row, RequestKey],
    make: Callable[[Replies], list[Row]],
    progress: Progress = silent,
) -> list[Row]:
    """Do what `collect` does where several requests have one id: the file is keyed by id and sample.

    Raises:
        InputError: two requests have the same id and sample.
    """
    return _collect(engine, requests, rows, make, lambda request: request.key, progress)


def _collect(
    engine: Engine,
    requests: Sequence[Request],
    rows: RowFile[Row, RowKey],
    make: Callable[[Replies], list[Row]],
    key: Callable[[Request], RowKey],
    progress: Progress,
) -> list[Row]:
    keys = [key(request) for request in requests]
    check_unique(keys)
    ask_missing(
        engine,
        requests,
        lambda request: key(request) in rows.rows,
        lambda replies: rows.append(make(replies)),
        progress,
    )
    return rows.finish(keys)


def check_unique(keys: Sequence[Hashable]) -> None:
    """Refuse keys that occur twice, since one row would be lost.

    Raises:
        InputError: a key occurs twice.
    """
    seen = set()
    for key in keys:
        if key in seen:
            raise InputError(f"two requests have the id {key!r}; ids must be unique")
        seen.add(key)
