"""Pack the traces of a page as compressed JSON, and cut or leave out what does not fit."""

import base64
import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass

from harness.report.traces import Attempt, Case, Marked, as_json

LIMITS = (None, 16_000, 8_000, 4_000, 2_000, 1_000)
"""The most characters of one text, in the order in which limits are tried; None keeps whole texts."""


@dataclass(frozen=True)
class Payload:
    """Packed traces.

    Attributes:
        text: gzip in base64, so that no trace can end the script element that holds it.
        shown: the number of inverted traces in it.
        total: the number of inverted traces that there were.
        limit: the most characters kept of a text; None where nothing is cut.
    """

    text: str
    shown: int
    total: int
    limit: int | None


def pack(cases: Sequence[Case], budget: int) -> Payload:
    """Pack cases into at most `budget` characters.

    Long texts are cut, and say so. If that is not enough, only every second case is kept, then every third, and so on; one case
    is always kept.
    """
    total = _attempts(cases)
    for limit in LIMITS:
        text = _packed([_cut(case, limit) for case in cases])
        if len(text) <= budget:
            return Payload(text, total, total, limit if limit and _is_cut(cases, limit) else None)
    step = 2
    while True:
        kept = cases[::step]
        text = _packed([_cut(case, LIMITS[-1]) for case in kept])
        if len(text) <= budget or len(kept) <= 1:
            return Payload(text, _attempts(kept), total, LIMITS[-1])
        step += 1


def _packed(cases: Sequence[Case]) -> str:
    text = json.dumps([as_json(case) for case in cases], ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), compresslevel=6, mtime=0)).decode("ascii")


def _attempts(cases: Sequence[Case]) -> int:
    return sum(len(case.attempts) for case in cases)


def _is_cut(cases: Sequence[Case], limit: int) -> bool:
    return any(_cut(case, limit) != case for case in cases)


def _cut(case: Case, limit: int | None) -> Case:
    if limit is None:
        return case
    truth = _cut_lines(case.truth, limit)
    return Case(
        case.id,
        case.kind,
        _cut_text(case.question, limit),
        _cut_text(case.answer, limit),
        None if case.summary is None else _cut_text(case.summary, limit),
        truth,
        [_cut_attempt(attempt, len(truth), limit) for attempt in case.attempts],
        _cut_marked(case.surrogate, limit),
        None if case.surrogate_answer is None else _cut_text(case.surrogate_answer, limit),
    )


def _cut_attempt(attempt: Attempt, truth_lines: int, limit: int) -> Attempt:
    inverted = _cut_marked(attempt.inverted, limit)
    return Attempt(attempt.run, attempt.outcome, attempt.truth_marks[:truth_lines], inverted)


def _cut_marked(trace: Marked, limit: int) -> Marked:
    lines = _cut_lines(trace.lines, limit)
    return Marked(lines, trace.marks[: len(lines)])


def _cut_lines(lines: Sequence[str], limit: int) -> Sequence[str]:
    """Keep lines up to `limit` characters; the last one says how much is missing."""
    kept, room = [], limit
    for line in lines:
        if len(line) >= room:
            break
        kept.append(line)
        room -= len(line) + 1
    rest = sum(len(line) + 1 for line in lines[len(kept) :])
    if not rest:
        return lines
    return [*kept, _cut_text(lines[len(kept)], room, rest)]


def _cut_text(text: str, limit: int, length: int | None = None) -> str:
    """Keep `limit` characters and say how many are missing, of the text or of `length` characters from its start on."""
    missing = (length or len(text)) - limit
    return text if missing <= 0 else f"{text[:limit]} [... {missing} characters more are not on this page]"
