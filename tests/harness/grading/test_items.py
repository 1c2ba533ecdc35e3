"""An item that shows nothing about a program is ungradable, for every response to it, and is examined once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.grading import GradingFailed, grade_humaneval, grade_livecodebench, grade_mbpp
from harness.grading.base import Grade
from harness.grading.items import Run, idle_fault, idle_functions, solution_fault

RIGHT = Grade("correct", None, "all tests pass")
WRONG = Grade("wrong", None, "failed: it fails")


@pytest.mark.usefixtures("isolated")
@pytest.mark.parametrize(
    "response",
    [
        "```python\ndef add(a, b):\n    return a + b\n```",
        "```python\ndef add(a, b):\n    return 7\n```",
        "prose",
        "",
        "<think>",
    ],
)
def test_where_the_items_own_solution_fails_too_a_failure_shows_nothing(response: str) -> None:
    grade = grade_mbpp(response, tests=["assert add(1, 2) == 4"], reference="def add(a, b):\n    return a + b\n")
    assert grade.state == "ungradable"
    assert grade.explanation.startswith("the item's own solution fails: failed: assert add(1, 2) == 4 fails")


@pytest.mark.usefixtures("isolated")
@pytest.mark.parametrize(
    ("body", "state"),
    [
        ("return x", "ungradable"),  # fails where the item's own solution fails
        ("return 0", "ungradable"),  # fails before
        ("return 3 if x == 2 else x", "correct"),
        ("return 3 if x == 2 else 1", "wrong"),  # passes where the item's own solution fails
        ("return {1: 1, 2: 3}[x]", "wrong"),
        ("import os\n    return 3 if x == 2 else x if x < 3 else os._exit(0)", "wrong"),
    ],
)
def test_a_program_that_comes_further_than_the_items_own_solution_is_judged_by_the_tests(body: str, state: str) -> None:
    tests = ["assert f(1) == 1", "assert f(2) == 3", "assert f(3) == 3"]
    grade = grade_mbpp(f"```python\ndef f(x):\n    {body}\n```", tests=tests, reference="def f(x):\n    return x\n")
    assert grade.state == state, grade


@pytest.mark.usefixtures("isolated")
@pytest.mark.parametrize(
    ("test", "reason"),
    [
        ("candidate(1)", "a program that does nothing passes the item's tests"),
        ("assert candidate(1) in (None, 2)", "a program that does nothing passes the item's tests"),
        (
            "try:\n        assert candidate(1) == 2\n    except Exception:\n        pass",
            "a program that does nothing passes",
        ),
        ("assert candidate(1) == 3", "the item's own solution fails"),
        ("assert candidate(1) == no_such_name", "the item's own solution fails"),
        ("import no_such_module", "no_such_module"),
    ],
)
def test_what_shows_nothing_is_ungradable_with_its_reason(test: str, reason: str) -> None:
    grade = grade_humaneval(
        "```python\ndef f(x): return x + 1\n```",
        prompt="def f(x):\n",
        canonical_solution="    return x + 1\n",
        test=f"def check(candidate):\n    {test}\n",
        entry_point="f",
    )
    assert grade.state == "ungradable"
    assert reason in grade.explanation


@pytest.mark.usefixtures("isolated")
@pytest.mark.parametrize(
    ("tests", "function", "state"),
    [
        ([{"input": "1\n", "output": "\n"}], None, "ungradable"),
        ([{"input": "1\n", "output": "\n"}, {"input": "2\n", "output": "2\n"}], None, "wrong"),
        ([{"input": "1", "output": "null"}], "f", "ungradable"),
        ([{"input": "1", "output": "null"}, {"input": "2", "output": "2"}], "f", "wrong"),
        ([], None, "ungradable"),
    ],
)
def test_problems_without_a_solution_are_tried_with_a_program_that_does_nothing(
    tests: list[dict[str, str]], function: str | None, state: str
) -> None:
    program = "print(input())" if function is None else "def f(x): return x"
    assert grade_livecodebench(f"```python\n{program}\n```", tests=tests, function=function).state == state


@pytest.mark.parametrize(
    ("idle", "fault"),
    [(WRONG, None), (RIGHT, "a program that does nothing passes the item's tests"),
     (Grade("ungradable", None, "no tests"), "no tests"), (Grade("bad_format", None, "no Python"), None)],
)  # fmt: skip
def test_an_idle_program_must_fail(idle: Grade, fault: str | None) -> None:
    assert idle_fault(f"{idle}", lambda program: idle, "idle") == fault


@pytest.mark.parametrize(
    ("own", "calls", "shows_something"),
    [(Run(RIGHT, 3), 0, True), (Run(WRONG, 3), 3, False), (Run(WRONG, 3), 2, False), (Run(WRONG, 3), 4, True),
     (Run(Grade("ungradable", None, "it fails")), 0, False)],
)  # fmt: skip
def test_a_failure_shows_something_unless_the_items_own_solution_comes_no_less_far(
    own: Run, calls: int, shows_something: bool
) -> None:
    fault = solution_fault(f"{own} {calls}", lambda program: own, "own", Run(WRONG, calls))
    assert (fault is None) is shows_something
    assert fault is None or fault.startswith("the item's own solution fails: ")


def test_an_item_is_examined_once_even_by_many_threads() -> None:
    runs: list[str] = []

    def judge(program: str) -> Grade:
        runs.append(program)
        return WRONG

    with ThreadPoolExecutor(8) as threads:
        idle = set(threads.map(lambda _: idle_fault("once", judge, "idle"), range(50)))
        own = set(threads.map(lambda _: solution_fault("once", lambda p: Run(judge(p)), "own", Run(WRONG)), range(50)))
    assert (idle, own) == ({None}, {"the item's own solution fails: failed: it fails"})
    assert runs == ["idle", "own"]


def test_a_failure_to_run_is_no_fault_of_the_item_and_is_not_remembered() -> None:
    def broken(program: str) -> Grade:
        raise GradingFailed("no worker")

    with pytest.raises(GradingFailed):
        idle_fault("again", broken, "idle")
    assert idle_fault("again", lambda program: WRONG, "idle") is None


def test_an_idle_program_defines_what_is_asked_for_and_returns_nothing() -> None:
    scope: dict[str, object] = {}
    exec(idle_functions(("f", "g")), scope)  # noqa: S102
    assert callable(scope["f"])
    assert scope["f"](1, a=2) is None
    assert idle_functions(()) == "pass\n"
