"""Pairs of true and inverted traces from two logs, paired by item."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.faithfulness.pairs import Pair
from harness.logs.pairing import Pairing, items_of_log, pair_items
from harness.logs.samples import Log, LoggedSample
from traceinv.errors import InputError
from traceinv.reasoning import read_reply


@dataclass(frozen=True)
class LogPairs:
    """Pairs of traces, and how they came about.

    Attributes:
        unfinished: responses of shared items without a text, or whose reasoning is never closed.
    """

    pairs: Sequence[Pair]
    pairing: Pairing
    unfinished: int


def pair_traces(truth: Log, inverted: Log) -> LogPairs:
    """Pair each inverted trace with the true trace of the same item.

    A trace is the reasoning of a response, or all of a response without reasoning markers. The first finished response to an
    item in `truth` holds its true trace; the next one is the second sample, for the ceiling.

    Raises:
        InputError: the logs share no item, or no item has a finished trace in both.
    """
    pairing = pair_items(items_of_log(truth), items_of_log(inverted))
    true_samples, inverted_samples = _by_item(truth), _by_item(inverted)
    pairs: list[Pair] = []
    unfinished = 0
    for ours, theirs in pairing.pairs:
        truths = [sample for sample in true_samples[ours.id] if _trace(sample)]
        traces = [sample for sample in inverted_samples[theirs.id] if _trace(sample)]
        unfinished += len(true_samples[ours.id]) - len(truths) + len(inverted_samples[theirs.id]) - len(traces)
        if truths:
            second = _trace(truths[1]) if len(truths) > 1 else None
            pairs += [_pair(ours.id, truths[0], sample, second) for sample in traces]
    if not pairs:
        why = (
            f"{len(pairing.pairs)} shared items, none with a finished trace in both"
            if pairing.pairs
            else "no shared item"
        )
        raise InputError(f"{truth.path} and {inverted.path}: {why}")
    return LogPairs(pairs, pairing, unfinished)


def _by_item(log: Log) -> dict[str, list[LoggedSample]]:
    """Return the samples of each item of a log with one task.

    Raises:
        InputError: it has several.
    """
    tasks = log.tasks()
    if len(tasks) > 1:
        raise InputError(f"{log.path}: expected the responses to one task, got {', '.join(tasks[:5])}")
    samples: dict[str, list[LoggedSample]] = {}
    for sample in log.samples:
        samples.setdefault(sample.id, []).append(sample)
    return samples


def _trace(sample: LoggedSample) -> str | None:
    """Return the trace that a response holds; None where it holds none that is finished."""
    if sample.response is None or sample.finish_reason == "length":
        return None
    parts = read_reply(sample.response)
    if parts.unclosed:
        return None
    return (sample.response if parts.reasoning is None else parts.reasoning).strip() or None


def _pair(identifier: str, truth: LoggedSample, inverted: LoggedSample, second: str | None) -> Pair:
    parts = read_reply(truth.response or "")
    return Pair(
        truth=_trace(truth) or "",
        inverted=_trace(inverted) or "",
        second=second,
        id=identifier,
        question=truth.texts[0] if truth.texts else None,
        answer=parts.answer if parts.reasoning is not None else None,
    )
