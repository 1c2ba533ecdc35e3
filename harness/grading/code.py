"""Grade programs by a benchmark's tests. The program runs isolated from the tests and from the harness.

The tests mean what their authors' graders make of them: HumanEval's `check(candidate)` (openai/human-eval at 6d43fb9), and
EvalPlus' extended tests and MBPP's assertions in the form that EvalPlus publishes (evalplus/evalplus at 26d6d00).
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
    """Grade a program for HumanEval or HumanEval+. The fields are those of the hub; `test` defines `check(candidate)`.

    Where the tests use helpers of the prompt, these come from the data set, never from the program.

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
    """Grade a program for MBPP or MBPP+ by assertions that call its functions.

    Args:
        tests: the field `test_list`; for MBPP+ the text of its field `test`.
        reference: the reference program; it shows which names of the tests belong to the program.
        imports: the field `test_imports`.
        setup: the field `test_setup_code`; it makes objects of the program's classes.

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
    """Run tests against a program and return its grade.

    Args:
        extracted: the program that the grade shows, where it is not the one that runs.

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
    """Turn an outcome into a grade: `bad_format` where the program is not Python, `wrong` for all other failures."""
    if outcome.verdict == "passed":
        return Grade("correct", program, outcome.explanation)
    if outcome.verdict == "error" and outcome.explanation.startswith(_NOT_PYTHON):
        return Grade("bad_format", program, f"the program is not Python: {outcome.explanation}")
    return Grade("wrong", program, f"{outcome.verdict}: {outcome.explanation}")


def _unix(code: str) -> str:
    return code.replace("\r\n", "\n")
