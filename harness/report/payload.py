"""The traces as the page carries them: JSON, packed so that thousands of long ones still make a small page."""

import base64
import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from harness.report.traces import Attempt, Case, Marked, as_json

TRIALS = (None, 16_000, 8_000, 4_000, 2_000, 1_000)
"""Most characters of one text, from whole texts to the shortest that is still worth reading."""


@dataclass(frozen=True)
class Payload:
    """Packed traces.

    Attributes:
        text: gzip in base64, which cannot end a script element whatever the traces say.
        shown, of: attempts that are in it, and that there were.
        longest: most characters kept of a trace, None where nothing is cut.
    """

    text: str
    shown: int
    of: int
    longest: int | None


def pack(cases: Sequence[Case], budget: int) -> Payload:
    """The cases in at most `budget` characters: long traces are cut (and say so), and where that is not enough, every second
    question is left out, then every third, and so on.
    """
    total = _attempts(cases)
    for longest in TRIALS:
        text = _packed([_cut(case, longest) for case in cases])
        if len(text) <= budget:
            return Payload(text, total, total, longest if longest and _is_cut(cases, longest) else None)
    for step in count(2):
        kept = cases[::step]
        text = _packed([_cut(case, TRIALS[-1]) for case in kept])
        if len(text) <= budget or len(kept) <= 1:
            return Payload(text, _attempts(kept), total, TRIALS[-1])
    raise AssertionError("count() never ends")


def _packed(cases: Sequence[Case]) -> str:
    text = json.dumps([as_json(case) for case in cases], ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), compresslevel=6, mtime=0)).decode("ascii")


def _attempts(cases: Sequence[Case]) -> int:
    return sum(len(case.attempts) for case in cases)


def _is_cut(cases: Sequence[Case], longest: int) -> bool:
    return any(_cut(case, longest) != case for case in cases)


def _cut(case: Case, longest: int | None) -> Case:
    if longest is None:
        return case
    truth = _cut_lines(case.truth, longest)
    return Case(
        case.id,
        case.kind,
        _cut_text(case.question, longest),
        _cut_text(case.answer, longest),
        None if case.summary is None else _cut_text(case.summary, longest),
        truth,
        [_cut_attempt(attempt, len(truth), longest) for attempt in case.attempts],
    )


def _cut_attempt(attempt: Attempt, truth_lines: int, longest: int) -> Attempt:
    lines = _cut_lines(attempt.inverted.lines, longest)
    inverted = Marked(lines, attempt.inverted.marks[: len(lines)])
    return Attempt(attempt.run, attempt.outcome, attempt.truth_marks[:truth_lines], inverted)


def _cut_lines(lines: Sequence[str], longest: int) -> Sequence[str]:
    """The lines up to `longest` characters; the last one kept says how much is missing."""
    kept, room = [], longest
    for line in lines:
        if len(line) >= room:
            break
        kept.append(line)
        room -= len(line) + 1
    rest = sum(len(line) + 1 for line in lines[len(kept) :])
    if not rest:
        return lines
    return [*kept, _cut_text(lines[len(kept)], room, rest)]


def _cut_text(text: str, longest: int, length: int | None = None) -> str:
    missing = (length or len(text)) - longest
    return text if missing <= 0 else f"{text[:longest]} [... {missing} characters more are not on this page]"
