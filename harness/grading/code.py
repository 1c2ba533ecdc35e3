"""Grade programs by a benchmark's tests. The program runs isolated from the tests and from the harness.

The tests mean what their authors' graders make of them: HumanEval's `check(candidate)` (openai/human-eval at 6d43fb9), MBPP's
assertions, and EvalPlus' extended tests (see `harness.grading.evalplus`).
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace

from harness.grading.base import Grade, GradingFailed
from harness.grading.evalplus import MEMORY_BYTES, UnknownHelpers, by_evaluators_rule
from harness.grading.items import Run, idle_fault, idle_functions, solution_fault
from harness.grading.programs import find_program
from harness.grading.syntax import definitions_of
from harness.sandbox import BrokenTests, Checks, Limits, Outcome, SandboxFailed, shared_pool
from traceinv.reasoning import THINK, Markers

LIMITS = Limits(memory_bytes=MEMORY_BYTES)
"""EvalPlus' limit on memory; the graders of HumanEval and MBPP set none."""

_DEFINED = re.compile(r"^(?:def|class)[ \t]+(\w+)", re.M)
_NOT_PYTHON = ("SyntaxError:", "IndentationError:", "TabError:")


def grade_humaneval(
    response: str,
    *,
    prompt: str,
    test: str,
    entry_point: str,
    canonical_solution: str,
    plus: bool = False,
    markers: Markers = THINK,
) -> Grade:
    """Grade a program for HumanEval or HumanEval+. The fields are those of the hub; `test` defines `check(candidate)`.

    Where the tests use helpers of the prompt, these come from the data set, never from the program.

    Args:
        plus: whether statements beside the program's definitions are left out where it fails with them, as EvalPlus does.

    Raises:
        GradingFailed: the program could not be started.
        IsolationMissing: this machine cannot isolate programs.
    """
    try:
        test = by_evaluators_rule(test)
    except UnknownHelpers as error:
        return Grade("ungradable", None, str(error))
    call = "" if re.search(r"^check\(", test, re.M) else f"\n\ncheck({entry_point})\n"
    solution = prompt + canonical_solution
    item = _Item(Checks(test + call, setup=solution, remote=(entry_point,)), solution, (entry_point,))
    return item.grade(find_program(response, item.names, prompt, markers), plus)


def grade_mbpp(
    response: str,
    *,
    tests: Sequence[str],
    reference: str,
    imports: Sequence[str] = (),
    setup: str = "",
    plus: bool = False,
    markers: Markers = THINK,
) -> Grade:
    """Grade a program for MBPP or MBPP+ by assertions that call its functions.

    Args:
        tests: the field `test_list`; for MBPP+ the text of its field `test`.
        reference: the reference program; it shows which names of the tests belong to the program.
        imports: the field `test_imports`.
        setup: the field `test_setup_code`; it makes objects of the program's classes.
        plus: whether statements beside the program's definitions are left out where it fails with them, as EvalPlus does.

    Raises:
        GradingFailed: the program could not be started.
        IsolationMissing: this machine cannot isolate programs.
    """
    reference = _unix(reference)
    try:
        code = _unix("\n".join((*imports, *map(by_evaluators_rule, tests))))
    except UnknownHelpers as error:
        return Grade("ungradable", None, str(error))
    names = tuple(name for name in _DEFINED.findall(reference) if re.search(rf"\b{name}\b", code))
    item = _Item(Checks(code, setup=reference), reference, names, _unix(setup))
    return item.grade(find_program(response, names, "", markers), plus)


class _Item:
    """An item whose tests call the program's functions.

    Attributes:
        solution: the item's own solution.
        names: the functions and classes of the program that the tests use.
        after: code of the data that runs after the program.
    """

    def __init__(self, tests: Checks, solution: str, names: tuple[str, ...], after: str = "") -> None:
        self.tests = tests
        self.solution = solution
        self.names = names
        self.after = after

    def grade(self, program: str | Grade, plus: bool) -> Grade:
        """Grade a program, or pass the grade of a response without one on. An item that shows nothing is ungradable.

        For the plus tasks the grade also has the official score, which EvalPlus gives for every item.
        """
        key = hashlib.sha256(repr((self.tests, self.solution, self.names, self.after)).encode()).hexdigest()
        fault = idle_fault(key, lambda idle: self.run(idle).grade, idle_functions(self.names))
        if isinstance(program, Grade):
            run = Run(program)
        elif fault is not None and not plus:
            return Grade("ungradable", program, fault)
        else:
            run = self._run_definitions(program) if plus else self.run(program)
        if fault is None and run.grade.state != "correct":
            fault = solution_fault(key, self.run, self.solution, run)
        grade = run.grade if fault is None else Grade("ungradable", run.grade.extracted, fault)
        return replace(grade, official=float(run.grade.state == "correct") if plus else None)

    def _run_definitions(self, program: str) -> Run:
        """Run the tests against a program and, where it fails, against its definitions alone."""
        run = self.run(program)
        definitions = None if run.grade.state == "correct" else definitions_of(program, self.names)
        if definitions is None:
            return run
        alone = self.run(definitions)
        if alone.grade.state != "correct":
            return Run(run.grade, max(run.calls, alone.calls))
        explanation = "all tests pass, without the statements beside the program's definitions"
        return Run(Grade("correct", program, explanation), alone.calls)

    def run(self, program: str) -> Run:
        """Run the tests against a program."""
        return run_tests(f"{program}\n{self.after}", self.tests, LIMITS, extracted=program)


def run_tests(program: str, tests: Checks, limits: Limits, *, extracted: str) -> Run:
    """Run tests against a program.

    Args:
        extracted: the program that the grade shows.

    Raises:
        GradingFailed: the program could not be started.
        IsolationMissing: this machine cannot isolate programs.
    """
    try:
        outcome = shared_pool().check(program, tests, limits)
    except BrokenTests as error:
        return Run(Grade("ungradable", extracted, str(error)))
    except SandboxFailed as error:
        raise GradingFailed(str(error)) from error
    return Run(as_grade(outcome, extracted), outcome.calls)


def as_grade(outcome: Outcome, program: str) -> Grade:
    """Turn an outcome into a grade: `bad_format` where the program is not Python, `wrong` for all other failures."""
    if outcome.verdict == "passed":
        return Grade("correct", program, outcome.explanation)
    if outcome.verdict == "error" and outcome.explanation.startswith(_NOT_PYTHON):
        return Grade("bad_format", program, f"the program is not Python: {outcome.explanation}")
    return Grade("wrong", program, f"{outcome.verdict}: {outcome.explanation}")


def _unix(code: str) -> str:
    return code.replace("\r\n", "\n")
