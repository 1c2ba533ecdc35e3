"""The figures of many pairs, on all cores, in the order of the file and in memory that does not grow with the texts."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from harness.faithfulness.calibration import length_matched
from harness.faithfulness.lab import lab_steps
from harness.faithfulness.measure import Figures, mean_figures
from harness.faithfulness.metrics.align import NO_STEP_FIGURES, step_figures
from harness.faithfulness.metrics.equations import SECONDS, judge_equations
from harness.faithfulness.metrics.overlap import overlap
from harness.faithfulness.metrics.prose import similarity
from harness.faithfulness.metrics.text import Text, Tokenizer
from harness.faithfulness.pairs import Pair, Pairs
from harness.grading import EXPRESSION_RULE, NUMBER_RULE, grade_math
from traceinv.errors import GateError
from traceinv.lab.families import FAMILIES
from traceinv.records import Question

WAITING = 4
"""Pairs in work at a time, for each worker: what bounds the memory."""

MOST_STEP_PAIRS = 30_000_000
"""Pairs of a true and an inverted step that are compared, at 8 bytes each for a few tables at a time."""


@dataclass(frozen=True)
class Settings:
    """How pairs are scored.

    Attributes:
        draws: traces of other questions that each truth is paired with for the floor.
        floor_pairs: how many of the pairs get a floor, evenly from first to last.
        seconds: time limit of a trace's equations.
        tokenizer: a Hugging Face tokenizer's folder or name, for lengths and token F1; white space where None.
    """

    draws: int = 3
    floor_pairs: int = 1000
    seconds: float = SECONDS
    tokenizer: str | None = None
    seed: int = 0


@dataclass(frozen=True)
class Scored:
    """What came of one pair; `floor` and `ceiling` are None where it has none.

    Attributes:
        tokens: of the true and of the inverted trace.
        unjudged: whether the time was up before all its equations were looked at.
    """

    line: int
    id: str | int
    figures: Figures
    floor: Figures | None
    ceiling: Figures | None
    tokens: tuple[int, int]
    unjudged: bool


@dataclass(frozen=True)
class _Job:
    line: int
    pair: Pair
    others: list[str]


def score_pairs(pairs: Pairs, settings: Settings, workers: int) -> Iterator[Scored]:
    """Figures of each pair, in order.

    Raises:
        GateError: a worker died.
    """
    if workers == 1:
        _set_up(settings)
        yield from map(_score, _jobs(pairs, settings))
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), _set_up, (settings,)) as pool:
        try:
            yield from _in_order(pool, _jobs(pairs, settings), workers * WAITING)
        except BrokenProcessPool:
            raise GateError("a worker process died (out of memory?); fewer --workers need less") from None
        finally:
            pool.shutdown(cancel_futures=True)


def score_pair(pair: Pair, others: Sequence[str], seconds: float, tokenizer: Tokenizer | None = None) -> Scored:
    """All figures of one pair, with a floor where there are traces of other questions and a ceiling where it has a second."""
    truth, inverted = Text(pair.truth, tokenizer), Text(pair.inverted, tokenizer)
    figures = _compare(pair, truth, inverted)
    unjudged = False
    if pair.kind not in FAMILIES:
        equations = judge_equations(pair.inverted, seconds)
        figures |= {"true_equations": equations.share}
        unjudged = equations.unjudged
    return Scored(
        line=0,
        id=pair.id or 0,
        figures=figures,
        floor=mean_figures([_compare(pair, truth, Text(other, tokenizer)) for other in others]) if others else None,
        ceiling=None if pair.second is None else _compare(pair, truth, Text(pair.second, tokenizer)),
        tokens=(len(truth.tokens), len(inverted.tokens)),
        unjudged=unjudged,
    )


def _compare(pair: Pair, truth: Text, inverted: Text) -> Figures:
    """The figures that say how alike two texts are, and whether the second comes to the pair's answer."""
    if pair.kind in FAMILIES:
        question = Question(id="", kind=pair.kind, text=pair.question or "")
        return {**overlap(truth, inverted), **lab_steps(question, truth.raw, inverted.raw, pair.answer or "")}
    comparable = len(truth.steps) * len(inverted.steps) <= MOST_STEP_PAIRS
    steps = step_figures(similarity(truth.steps, inverted.steps)) if comparable else NO_STEP_FIGURES
    return {**overlap(truth, inverted), **steps, "concludes": _concludes(inverted.raw, pair.answer)}


def _concludes(trace: str, answer: str | None) -> float | None:
    """1 where the trace's last answer is the one given, by the grader of math answers; None where none was given.

    The rule for numbers reads a trace that ends in prose, but of a matrix its last entry alone; so both rules are asked.
    """
    if answer is None:
        return None
    rules = (EXPRESSION_RULE, NUMBER_RULE)
    return float(any(grade_math(trace, answer, rule=rule).state == "correct" for rule in rules))


def _jobs(pairs: Pairs, settings: Settings) -> Iterator[_Job]:
    others = length_matched(pairs.lengths, pairs.kinds, settings.draws, settings.seed, pairs.questions)
    count = len(pairs)
    asked = min(count, settings.floor_pairs)
    with_floor = {count * number // asked for number in range(asked)} if asked else set()
    with pairs.path.open("rb") as file:
        for index, (_, line) in enumerate(pairs.places):
            donors = others[index] if index in with_floor else []
            yield _Job(line, pairs.read(file, index), [pairs.read(file, donor).inverted for donor in donors])


def _in_order(pool: Executor, jobs: Iterator[_Job], most: int) -> Iterator[Scored]:
    """Results in the order of the jobs, with no more than `most` of them in work."""
    running: deque[Future[Scored]] = deque()
    for job in jobs:
        running.append(pool.submit(_score, job))
        if len(running) >= most:
            yield running.popleft().result()
    while running:
        yield running.popleft().result()


_settings = Settings()
_tokenizer: Tokenizer | None = None


def _set_up(settings: Settings) -> None:
    """Prepare this process for scoring."""
    global _settings, _tokenizer
    _settings = settings
    _tokenizer = load_tokenizer(settings.tokenizer) if settings.tokenizer else None


def load_tokenizer(name: str) -> Tokenizer:
    """A Hugging Face tokenizer as a function from text to tokens, special ones left out.

    Raises:
        OSError, ValueError: there is none of this name.
    """
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(name)
    return lambda raw: list(tokenizer.tokenize(raw, add_special_tokens=False))


def _score(job: _Job) -> Scored:
    found = score_pair(job.pair, job.others, _settings.seconds, _tokenizer)
    identifier = job.line if job.pair.id is None else job.pair.id
    return Scored(job.line, identifier, found.figures, found.floor, found.ceiling, found.tokens, found.unjudged)
