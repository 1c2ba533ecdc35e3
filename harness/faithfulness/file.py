"""Score the pairs of a file on all cores, in the order of the file; memory does not grow with the number of pairs."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from harness.faithfulness.compare import FIGURES, PairFigures, compare_pair
from harness.faithfulness.metrics.equations import SECONDS
from harness.faithfulness.metrics.text import Tokenizer
from harness.faithfulness.pairs import Pair, PairFile
from traceinv.errors import GateError
from traceinv.hub import prefer_cache
from traceinv.pairing import sample_neighbours

PENDING_PER_WORKER = 4
"""Pairs that are read ahead for each worker; this bounds the memory."""


@dataclass(frozen=True)
class Settings:
    """How pairs are scored.

    Attributes:
        draws: traces of other questions that each true trace is compared with for the floor.
        floor_pairs: how many of the pairs get a floor, evenly from the first to the last.
        seconds: time limit for the equations of one trace.
        tokenizer: folder or name of a Hugging Face tokenizer for lengths and token F1; words between white space where None.
        figures: the names of those that are computed.
    """

    draws: int = 3
    floor_pairs: int = 1000
    seconds: float = SECONDS
    tokenizer: str | None = None
    seed: int = 0
    figures: tuple[str, ...] = FIGURES


@dataclass(frozen=True)
class ScoredPair:
    """The figures of one pair.

    Attributes:
        line: its line number.
        id: its id, else its line number.
    """

    line: int
    id: str | int
    result: PairFigures


@dataclass(frozen=True)
class _Job:
    line: int
    pair: Pair
    others: list[str]


def score_pairs(pairs: PairFile, settings: Settings, workers: int) -> Iterator[ScoredPair]:
    """Yield the figures of each pair, in the order of the file.

    Raises:
        GateError: a worker process died.
    """
    if workers == 1 or not _has_shared_memory():
        _set_up(settings)
        yield from map(_score, _jobs(pairs, settings))
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), _set_up, (settings,)) as pool:
        try:
            yield from _in_order(pool, _jobs(pairs, settings), workers * PENDING_PER_WORKER)
        except BrokenProcessPool:
            raise GateError("a worker process died, perhaps out of memory; try fewer --workers") from None
        finally:
            pool.shutdown(cancel_futures=True)


def _has_shared_memory() -> bool:
    """Say whether processes can share what a pool needs; a container without /dev/shm has none."""
    try:
        get_context("spawn").Lock()
    except OSError:
        return False
    return True


def load_tokenizer(name: str) -> Tokenizer:
    """Load a Hugging Face tokenizer as a function from text to tokens, without special tokens.

    Raises:
        OSError, ValueError: there is no tokenizer of this name.
    """
    prefer_cache(name)
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
    return lambda text: list(tokenizer.tokenize(text, add_special_tokens=False))


def _jobs(pairs: PairFile, settings: Settings) -> Iterator[_Job]:
    others = sample_neighbours(pairs.lengths, pairs.kinds, settings.draws, settings.seed, pairs.questions)
    count = len(pairs)
    floors = min(count, settings.floor_pairs)
    with_floor = {count * number // floors for number in range(floors)}
    with pairs.path.open("rb") as file:
        for index, (_, line) in enumerate(pairs.places):
            donors = others[index] if index in with_floor else []
            yield _Job(line, pairs.read(file, index), [pairs.read(file, donor).inverted for donor in donors])


def _in_order(pool: Executor, jobs: Iterator[_Job], max_pending: int) -> Iterator[ScoredPair]:
    """Yield results in the order of the jobs, with at most `max_pending` jobs submitted at a time."""
    pending: deque[Future[ScoredPair]] = deque()
    for job in jobs:
        pending.append(pool.submit(_score, job))
        if len(pending) >= max_pending:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()


_settings = Settings()
_tokenizer: Tokenizer | None = None


def _set_up(settings: Settings) -> None:
    """Prepare this process for scoring."""
    global _settings, _tokenizer
    _settings = settings
    _tokenizer = load_tokenizer(settings.tokenizer) if settings.tokenizer else None


def _score(job: _Job) -> ScoredPair:
    pair = job.pair
    result = compare_pair(
        pair.as_question(),
        pair.answer,
        pair.truth,
        pair.inverted,
        job.others,
        pair.second,
        _settings.seconds,
        _tokenizer,
        _settings.figures,
    )
    return ScoredPair(job.line, job.line if pair.id is None else pair.id, result)
