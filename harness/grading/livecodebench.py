"""Grade programs for LiveCodeBench by standard input and output, or by calls of a function.

The rules are those of its authors (LiveCodeBench/LiveCodeBench at 28fef95, lcb_runner/evaluation/testing_util.py). Programs find
much of the standard library imported. Outputs are compared line by line, without the white space around a line; lines that
differ as text are compared as decimal numbers. A returned tuple counts as a list. In three things this grader is more generous:
each input goes to a fresh process, a program may read and write in any way that Python has, and it may begin with an import
from `__future__`. The authors set no limit on memory; here it is 4 GiB.
"""

import base64
import binascii
import hashlib
import io
import json
import pickle
import zlib
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from harness.grading.base import Grade, GradingFailed
from harness.grading.code import as_grade, run_tests
from harness.grading.items import idle_fault, idle_functions
from harness.grading.programs import find_program
from harness.grading.syntax import put_before
from harness.sandbox import Checks, Limits, Outcome, SandboxFailed, shared_pool
from traceinv.reasoning import THINK, Markers

CPU_SECONDS_A_TEST = 6.0
MEMORY_BYTES = 4 * 1024**3
MAX_TEST_BYTES = 1024**3

_NAMED = (
    *("string", "re", "datetime", "collections", "heapq", "bisect", "copy", "math", "random", "statistics"),
    *("itertools", "functools", "operator", "io", "sys", "json"),
)
PRELUDE = "\n".join(
    [
        *(f"from {module} import *" for module in (*_NAMED, "builtins", "typing")),
        *(f"import {module}" for module in _NAMED),
        "sys.setrecursionlimit(50_000)\n",
    ]
)
_CALLS = """
for number, (arguments, expected) in enumerate(CASES, 1):
    returned = FUNCTION(*arguments)
    assert (list(returned) if isinstance(returned, tuple) else returned) == expected, f"test {number} of {len(CASES)}"
"""


def grade_livecodebench(
    response: str, *, tests: Sequence[Mapping[str, str]], function: str | None = None, markers: Markers = THINK
) -> Grade:
    """Grade a program for LiveCodeBench.

    Args:
        tests: the public tests, then the private ones; each has `input` and `output` as published.
        function: `func_name` of the problem's metadata, where the tests call a function; it may be a method of `Solution`.

    Raises:
        GradingFailed: the program could not be started.
        IsolationMissing: this machine cannot isolate programs.
    """
    names = () if function is None else (function,)
    program = find_program(response, names, "", markers)
    fault = "the problem has no tests" if not tests else _fault(tests, function)
    if fault is not None:
        return Grade("ungradable", None if isinstance(program, Grade) else program, fault)
    return program if isinstance(program, Grade) else _judge(program, tests, function)


def read_tests(text: str) -> list[dict[str, str]]:
    """Read the tests of a field as published: JSON, or (private tests) JSON that is pickled, compressed and encoded in base 64.

    Raises:
        ValueError: the text is neither. A pickle of anything but one string is refused, because it could run code.
    """
    try:
        tests = _from_json(text)
    except ValueError:
        tests = _from_json(_unpack(text))
    if not isinstance(tests, list) or not all(isinstance(t, dict) and {"input", "output"} <= t.keys() for t in tests):
        raise ValueError("expected a list of tests with `input` and `output`")
    return tests


def _from_json(text: str) -> Any:
    """Read JSON; text that is nested too deep is a ValueError like any other that is not JSON."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("not JSON that can be read: nested too deep") from None


def same_output(printed: str, expected: str) -> bool:
    """Return whether an output is the expected one: each line is the same text, or the same decimal numbers."""
    ours, theirs = _lines(printed), _lines(expected)
    return len(ours) == len(theirs) and all(a == b or _same_numbers(a, b) for a, b in zip(ours, theirs, strict=True))


def _fault(tests: Sequence[Mapping[str, str]], function: str | None) -> str | None:
    """Return why the tests show nothing about a program; the data has no solutions, so that only idle programs are tried."""
    key = hashlib.sha256(repr([function, *((test["input"], test["output"]) for test in tests)]).encode()).hexdigest()
    idle = idle_functions(() if function is None else (function,))
    return idle_fault(key, lambda program: _judge(program, tests, function), idle)


def _judge(program: str, tests: Sequence[Mapping[str, str]], function: str | None) -> Grade:
    return _by_output(program, tests) if function is None else _by_calls(program, tests, function)


def _by_output(program: str, tests: Sequence[Mapping[str, str]]) -> Grade:
    limits = Limits(cpu_seconds=CPU_SECONDS_A_TEST, memory_bytes=MEMORY_BYTES)
    whole = put_before(PRELUDE, program)
    for number, test in enumerate(tests, 1):
        try:
            outcome = shared_pool().run(whole, test["input"], limits)
        except SandboxFailed as error:
            raise GradingFailed(str(error)) from error
        if outcome.verdict == "passed" and not same_output(outcome.output.decode(errors="replace"), test["output"]):
            outcome = Outcome("failed", "the output is not the expected one", outcome.cpu_seconds)
        if outcome.verdict != "passed":
            grade = as_grade(outcome, program)
            return Grade(grade.state, program, f"test {number} of {len(tests)}: {grade.explanation}")
    return Grade("correct", program, f"all {len(tests)} tests pass")


def _by_calls(program: str, tests: Sequence[Mapping[str, str]], function: str) -> Grade:
    try:
        cases = [
            ([_from_json(line) for line in test["input"].split("\n")], _from_json(test["output"])) for test in tests
        ]
    except ValueError as error:
        return Grade("ungradable", program, f"a test is not JSON: {error}")
    name = f"Solution.{function}" if "class Solution" in program else function
    limits = Limits(
        cpu_seconds=CPU_SECONDS_A_TEST,
        total_cpu_seconds=CPU_SECONDS_A_TEST * len(tests),
        memory_bytes=MEMORY_BYTES,
    )
    code = _CALLS.replace("FUNCTION", name.replace(".", "_"))
    checks = Checks(code, remote=(name,), cases=cases)
    return run_tests(put_before(PRELUDE, program), checks, limits, extracted=program).grade


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().split("\n")]


def _same_numbers(ours: str, theirs: str) -> bool:
    try:
        return [Decimal(part) for part in ours.split()] == [Decimal(part) for part in theirs.split()]
    except (InvalidOperation, ValueError):
        return False


class _OneString(pickle.Unpickler):
    """An unpickler that refuses everything but plain values."""

    def find_class(self, module: str, name: str) -> NoReturn:
        raise pickle.UnpicklingError(f"the pickled tests refer to {module}.{name}; expected a string")


def _unpack(text: str) -> str:
    try:
        expand = zlib.decompressobj()
        packed = expand.decompress(base64.b64decode(text, validate=True), MAX_TEST_BYTES)
        if not expand.eof:
            raise ValueError(f"private tests are cut off, or over {MAX_TEST_BYTES} bytes")
        content: Any = _OneString(io.BytesIO(packed)).load()
    except (
        binascii.Error,
        zlib.error,
        pickle.UnpicklingError,
        EOFError,
        IndexError,
        KeyError,
        AttributeError,
    ) as error:
        raise ValueError(f"private tests cannot be read: {error}") from None
    if not isinstance(content, str):
        raise ValueError(f"private tests are a {type(content).__name__}, expected a string")
    return content
