"""Whether two answers mean the same: by spelling and exact numbers where that decides, else by Math-Verify in a worker.

The worker is one process a harness process, kept between comparisons. A comparison that takes more than its CPU time costs the
worker, not the harness: the next one gets a new worker.
"""

import atexit
import json
import os
import re
import selectors
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast

from harness.grading.base import GradingFailed
from harness.grading.notation import canonical, spelling
from harness.grading.quantities import (
    read_based,
    read_quantity,
    rounding_step,
    same_quantity,
    same_unit,
    split_unit,
)
from harness.grading.statements import both_signs, read_clock, states_relation, values_of, without_label

CPU_SECONDS = 3.0
WALL_SECONDS = 30.0  # for a machine so busy that the CPU seconds take this long
START_SECONDS = 120.0
LONGEST_ANSWER = 2000

Verdict = Literal["equal", "different", "bad_answer", "bad_reference", "undecided"]

_TEXT = re.compile(r"(?:\\text\{[^{}]*\}|[\s.,'()-])+")
_ONE_LETTER = re.compile(r"\(?\s*([A-Z])\s*\)?")
_LETTER = re.compile(r"(?:(?i:choice|option|answer):?\s*)?\(?\s*([A-Z])\s*\)?(?:[.:)\s].*)?", re.S)
_LETTERS = re.compile(r"\(?\s*[A-Z]\s*\)?\s*(?:,|/|&|\bor\b|\band\b)\s*\(?\s*[A-Z]\b")
_WORDS = re.compile(r"[A-Za-z]{2,}(?:(?:\s|-|, )[A-Za-z]{2,})*")
_UNREADABLE = re.compile(r"\\overline|\d[eE]")
_CLOSED_AT_INFINITY = re.compile(r"\[\s*-\s*\\infty|\\infty\s*\]")


@dataclass(frozen=True)
class Comparison:
    """What came of comparing an answer with its reference.

    Attributes:
        verdict: `bad_answer` where the answer cannot be read, `bad_reference` where the reference cannot, `undecided` where the
            comparison took too long.
        reason: why, in a few words.
    """

    verdict: Verdict
    reason: str


@lru_cache(maxsize=65536)
def compare(answer: str, reference: str) -> Comparison:
    """Compare an answer with its reference, both as LaTeX or plain text.

    Raises:
        GradingFailed: the worker could not be started.
    """
    if len(answer) > LONGEST_ANSWER:
        return Comparison("bad_answer", f"the answer is longer than {LONGEST_ANSWER} characters")
    got, gold = canonical(answer), canonical(reference)
    if not gold:
        return Comparison("bad_reference", "the reference is empty")
    for compare_by in (_by_spelling, _by_base, _by_clock, _by_number, _by_text):
        decided = compare_by(got, gold)
        if decided:
            return decided
    return _by_statement(got, gold) or _by_algebra(got, gold)


@lru_cache(maxsize=65536)
def evaluate(answer: str) -> str | None:
    """The value of an expression as a decimal, or None where it has none.

    Raises:
        GradingFailed: the worker could not be started.
    """
    if len(answer) > LONGEST_ANSWER:
        return None
    expression, _ = split_unit(canonical(answer))
    reply = _WORKER.ask({"answer": expression, "reference": None})
    return reply.reason if reply.verdict == "equal" else None


def _by_spelling(got: str, gold: str) -> Comparison | None:
    return Comparison("equal", "the same expression") if spelling(got) == spelling(gold) else None


def _by_base(got: str, gold: str) -> Comparison | None:
    """Numerals with a base: the digits must agree, since the question asks for that base; a bare numeral is taken to be in it."""
    based_gold, based_got = read_based(gold), read_based(got)
    if based_gold is None and based_got is None:
        return None
    if based_gold is None:
        number = read_quantity(gold)
        same = number is not None and based_got == (str(number.value), 10)
    else:
        bare = spelling(got).lower().lstrip("0")
        same = based_got == based_gold if based_got else bare == based_gold[0]
    return _verdict(same, "the same digits in the same base", "other digits or another base")


def _by_clock(got: str, gold: str) -> Comparison | None:
    """Times and ratios: the same parts, and the same half of the day where both say which."""
    time, reference = read_clock(got), read_clock(gold)
    if reference is None and (time is None or read_quantity(gold) is None):
        return None
    same = time is not None and reference is not None and time[0] == reference[0]
    halves = {half for _, half in filter(None, (time, reference)) if half}
    return _verdict(same and len(halves) < 2, "the same time or ratio", "another time or ratio")


def _by_statement(got: str, gold: str) -> Comparison | None:
    """An answer that puts a name, or steps, before its value, or the label of an option: all its values must be the reference."""
    if states_relation(gold):
        return None
    value = without_label(got)
    if value != got and not _ONE_LETTER.fullmatch(_plain(gold)) and not re.search("[A-E]", gold):
        return compare(value, gold)
    values = values_of(got)
    if values is None:
        return None
    comparisons = [compare(value, gold) for value in values]
    return next((comparison for comparison in comparisons if comparison.verdict != "equal"), comparisons[0])


def _by_number(got: str, gold: str) -> Comparison | None:
    number, reference = read_quantity(got), read_quantity(gold)
    if number is None or reference is None:
        return None
    return _verdict(same_quantity(number, reference), "the same number", "another number or unit")


def _by_text(got: str, gold: str) -> Comparison | None:
    """References in words: a letter of a choice is compared as it is, words without regard to case."""
    words, given = _plain(gold), _plain(got)
    letter, chosen = _ONE_LETTER.fullmatch(words), _LETTER.fullmatch(given)
    if letter and chosen:
        same = chosen.group(1) == letter.group(1) and not _LETTERS.match(given)
        return _verdict(same, "the same letter", "another letter, or more than one")
    if words and (_TEXT.fullmatch(gold) or (_WORDS.fullmatch(gold) and (gold[0].isupper() or len(gold) > 4))):
        return _verdict(_folded(given) == _folded(words) and not letter, "the same words", "other words")
    if _TEXT.fullmatch(got) and _folded(given) and not any(character.isdigit() for character in given):
        return _verdict(_folded(given) == _folded(words), "the same words", "words instead of an expression")
    return None


def _by_algebra(got: str, gold: str) -> Comparison:
    (expression, unit), (reference, reference_unit) = split_unit(got), split_unit(gold)
    if not same_unit(unit, reference_unit):
        return Comparison("different", "another unit")
    if _CLOSED_AT_INFINITY.search(expression) and not _CLOSED_AT_INFINITY.search(reference):
        return Comparison("different", "an interval that is closed at infinity")
    if _brackets(expression) != _brackets(reference) and _brackets(expression) and _brackets(reference):
        return Comparison("different", "other brackets")
    step = rounding_step(got) or rounding_step(gold)
    rounded = [step[0].numerator, step[0].denominator, step[1].denominator] if step else None
    sides = {"answer": _readable(expression), "reference": _readable(reference)}
    return _WORKER.ask({**sides, "rounded": rounded})


def _readable(expression: str) -> str:
    """The expression as the parser can read it: no repeating decimals, no `1e5`, and a double sign between two terms alone."""
    number = read_quantity(expression) if _UNREADABLE.search(expression) else None
    if number is None or number.percent or number.unit:
        return both_signs(expression)
    return rf"\frac{{{number.value.numerator}}}{{{number.value.denominator}}}"


def _brackets(expression: str) -> tuple[str, str] | None:
    """What encloses a single point or interval, None for anything else; the parser takes `[8, -2]` for a point too."""
    ends = (expression[:1], expression[-1:])
    single = "," in expression and r"\cup" not in expression
    return ends if single and ends[0] in {"(", "["} and ends[1] in {")", "]"} else None


def _verdict(same: bool, if_same: str, if_not: str) -> Comparison:
    return Comparison("equal", if_same) if same else Comparison("different", if_not)


def _plain(text: str) -> str:
    return re.sub(r"\\text\{([^{}]*)\}", r"\1", text).strip()


def _folded(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


class _Worker:
    """The process that runs `worker.py`, started at the first question and again after each that it did not survive."""

    def __init__(self) -> None:
        self.forget()
        # a fork of the harness inherits the pipes of its parent's worker, and must not speak into them
        os.register_at_fork(after_in_child=self.forget)
        atexit.register(self.stop)

    def ask(self, request: dict[str, Any]) -> Comparison:
        with self._lock:
            process = self._running()
            try:
                _write(process, {**request, "seconds": CPU_SECONDS})
                reply = _read(process, WALL_SECONDS)
            except BrokenPipeError:
                reply = None
            if reply is None:
                return self._explain_silence(process)
            return Comparison(cast(Verdict, reply["verdict"]), reply["reason"])

    def forget(self) -> None:
        """Leave the process to whoever started it."""
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def stop(self) -> None:
        """End the process; the next question starts a new one."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with suppress(BrokenPipeError):
                    pipe.close()  # type: ignore[union-attr]

    def _explain_silence(self, process: subprocess.Popen[str]) -> Comparison:
        """End the worker that did not reply, and say what an answer did to it.

        Raises:
            GradingFailed: someone else killed it, so nothing is known about the answer.
        """
        with suppress(subprocess.TimeoutExpired):
            process.wait(1)
        status = process.returncode
        self.stop()
        if status == -signal.SIGKILL:
            raise GradingFailed("the process that compares expressions was killed, perhaps because memory ran out")
        limit = f"{WALL_SECONDS:.0f} s" if status is None else f"{CPU_SECONDS:.0f} s of CPU time"
        return Comparison("undecided", f"the comparison took more than {limit}")

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._process = _start()
        return self._process


def _start() -> subprocess.Popen[str]:
    """A worker that has said that it is ready.

    Raises:
        GradingFailed: it ended or hung before it was.
    """
    process = subprocess.Popen(
        [sys.executable, "-P", "-s", str(Path(__file__).with_name("worker.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        text=True,
        encoding="utf-8",
    )
    if _read(process, START_SECONDS) is None:
        process.kill()
        raise GradingFailed(
            "the process that compares expressions did not start; `python -c 'import math_verify'` says why"
        )
    return process


def _write(process: subprocess.Popen[str], request: dict[str, Any]) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()


def _read(process: subprocess.Popen[str], seconds: float) -> dict[str, Any] | None:
    """The next reply, or None where the process ended or was silent for so long. A reply is written at once, so one wait does."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        if not selector.select(seconds):
            return None
    line = process.stdout.readline()
    return json.loads(line) if line.endswith("\n") else None


_WORKER = _Worker()
