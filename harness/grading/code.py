"""The graders of programs: what a response's program does under a benchmark's tests, isolated from them and from the harness.

Semantics of the tests: HumanEval's `check(candidate)` (openai/human-eval at 6d43fb9), EvalPlus' extended tests and MBPP's
assertions in the form that EvalPlus publishes them (evalplus/evalplus at 26d6d00).
"""

import re
from collections.abc import Sequence

from harness.grading.base import Grade, GradingFailed
from harness.grading.programs import find_program
from harness.sandbox import BrokenTests, Checks, Limits, Outcome, SandboxFailed, shared_pool
from traceinv.reasoning import THINK, Markers

LIMITS = Limits()

_DEFINED = re.compile(r"^(?:def|class)[ \t]+(\w+)", re.M)
_NOT_PYTHON = ("SyntaxError:", "IndentationError:", "TabError:")


def grade_humaneval(
    response: str, *, prompt: str, test: str, entry_point: str, canonical_solution: str, markers: Markers = THINK
) -> Grade:
    """Judge a program for HumanEval or HumanEval+: fields as on the hub, `test` defining `check(candidate)`.

    Helpers that the tests take from the prompt are the data set's own, never the program's.

    Raises:
        GradingFailed: the program could not be started.
        IsolationMissing: this machine cannot isolate programs.
    """
    program = find_program(response, (entry_point,), prompt, markers)
    if isinstance(program, Grade):
        return program
    call = "" if re.search(r"^check\(", test, re.M) else f"\n\ncheck({entry_point})\n"
    tests = Checks(test + call, setup=prompt + canonical_solution, remote=(entry_point,))
    return judge(program, tests, LIMITS)


def grade_mbpp(
    response: str,
    *,
    tests: Sequence[str],
    reference: str,
    imports: Sequence[str] = (),
    setup: str = "",
    markers: Markers = THINK,
) -> Grade:
    """Judge a program for MBPP or MBPP+ by assertions that call its functions.

    Args:
        tests: `test_list`; for MBPP+ the one text of its field `test`.
        reference: the reference program, which tells the program's names from the tests' own.
        imports: `test_imports`.
        setup: `test_setup_code`, which makes objects of the program's own classes.

    Raises:
        GradingFailed: the program could not be started.
        IsolationMissing: this machine cannot isolate programs.
    """
    code = _unix("\n".join((*imports, *tests)))
    used = [name for name in _DEFINED.findall(_unix(reference)) if re.search(rf"\b{name}\b", code)]
    program = find_program(response, used, "", markers)
    if isinstance(program, Grade):
        return program
    return judge(f"{program}\n{_unix(setup)}", Checks(code, setup=_unix(reference)), LIMITS, extracted=program)


def judge(program: str, tests: Checks, limits: Limits, *, extracted: str | None = None) -> Grade:
    """The grade of a program under tests.

    Raises:
        GradingFailed: the program could not be started.
        IsolationMissing: this machine cannot isolate programs.
    """
    shown = program if extracted is None else extracted
    try:
        outcome = shared_pool().check(program, tests, limits)
    except BrokenTests as error:
        return Grade("ungradable", shown, str(error))
    except SandboxFailed as error:
        raise GradingFailed(str(error)) from error
    return as_grade(outcome, shown)


def as_grade(outcome: Outcome, program: str) -> Grade:
    """A verdict as a grade: a text that is no Python is of the wrong form, all else that did not pass is wrong."""
    if outcome.verdict == "passed":
        return Grade("correct", program, outcome.explanation)
    if outcome.verdict == "error" and outcome.explanation.startswith(_NOT_PYTHON):
        return Grade("bad_format", program, f"the program is not Python: {outcome.explanation}")
    return Grade("wrong", program, f"{outcome.verdict}: {outcome.explanation}")


def _unix(code: str) -> str:
    return code.replace("\r\n", "\n")
